"""Two worlds that differ in nothing but what an answer asks for: the same outbreak run again on the same chances.

In both, whoever the laboratory confirms is isolated from then on; what it finds depends on who is infected, so that a
world is run until its cases and its isolations agree. Time runs one way: each run is right up to the first case that
the last one did not have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ringfence.drill.eyes import Eyes
from ringfence.drill.laboratory import Laboratory, abnormal_tubes
from ringfence.drill.observe import confirmed
from ringfence.drill.outbreak import begins, scene_in, truth_of
from ringfence.drill.world import Truth, World
from ringfence.epidemic.outbreak import Scene, simulate
from ringfence.epidemic.settings import Delay, Disease

_MOST_RUNS = 60
"""The laboratory reports twice a day, so that this covers a month of cases found one run after the other."""
Spans = Mapping[int, tuple[int, int]]
"""From and until which minute (since 1970) somebody is apart from all others."""


@dataclass(frozen=True)
class Twin:
    """An outbreak that can be run again: its scene and number, and the eyes that see it."""

    scene: Scene
    replicate: int
    world: World
    eyes: Eyes
    _known: dict[Any, int] = field(default_factory=dict)

    @cached_property
    def _laboratory(self) -> Laboratory:
        return Laboratory(self.world, self.eyes)

    @cached_property
    def end(self) -> int:
        """The minute at which a run ends."""
        return begins(self.world) + self.scene.days * 1440

    def is_that_of(self, truth: Truth) -> bool:
        """Return whether running it again without any measure gives a truth."""
        again = self.run({})
        return len(again) == len(truth) and all(
            np.array_equal(getattr(again, name), getattr(truth, name)) for name in ("person", "infector", "infected_at")
        )

    def run(self, apart: Spans) -> Truth:
        """Return who is infected when some people are apart, and nobody else."""
        origin = begins(self.world)
        spans = {person: (since - origin, until - origin) for person, (since, until) in apart.items()}
        return truth_of(simulate(self.scene, replicate=self.replicate, apart=spans), origin)

    def infections(self, apart: Spans) -> int:
        """Return how many are infected by the end when some are apart and every confirmed case is isolated."""
        key = tuple(sorted(apart.items()))
        if key not in self._known:
            self._known[key] = len(self._settled(apart))
        return self._known[key]

    def _settled(self, apart: Spans) -> Truth:
        isolated: dict[int, int] = {}
        for _ in range(_MOST_RUNS):
            truth = self.run(self._joined(apart, isolated))
            tubes = abnormal_tubes(self.world, truth, self.eyes, self._laboratory)
            found = confirmed(tubes, self.eyes, self.end)
            if found == isolated:
                break
            isolated = found
        return truth

    def _joined(self, apart: Spans, isolated: Mapping[int, int]) -> dict[int, tuple[int, int]]:
        """Return one span a person; a gap between being apart and being isolated counts as apart."""
        spans = {person: (since, self.end) for person, since in isolated.items()}
        for person, (since, until) in apart.items():
            begun, ends = spans.get(person, (since, until))
            spans[person] = (min(since, begun), max(until, ends))
        return spans


def twin_of(folder: Path, truth: Truth, world: World, eyes: Eyes) -> Twin | None:
    """Return an outbreak from its folder, None where running it again does not give the truth that stands there."""
    file = folder / "truth.json"
    if not file.is_file():
        return None
    about = json.loads(file.read_text(encoding="utf-8"))
    if not {"parameters", "days", "seed", "seeds"} <= about.keys():
        return None
    scene = scene_in(world, disease_of(about["parameters"]), days=about["days"], seed=about["seed"],
                     seeds=about["seeds"])  # fmt: skip
    twin = Twin(scene, int(about.get("replicate", 0)), world, eyes)
    return twin if twin.is_that_of(truth) else None


def disease_of(parameters: Mapping[str, Any]) -> Disease:
    """Return a disease from the parameters that stand beside a truth."""
    delays = {name: Delay(**value) for name, value in parameters.items() if isinstance(value, Mapping)}
    return Disease(**{**parameters, **delays})
