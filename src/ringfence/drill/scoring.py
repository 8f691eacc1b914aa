"""A score from folders: the city, the truth, what was seen of it, and the answer that was made from that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ringfence.drill.desk import FIELD_LIKE, PERFECT
from ringfence.drill.eyes import Eyes
from ringfence.drill.observe import known_by
from ringfence.drill.paired import Twin, twin_of
from ringfence.drill.reckoning import Reckoning, reckon
from ringfence.drill.score import Known, Proposal, Score, score
from ringfence.drill.world import Truth, World, open_world, read_truth
from ringfence.tracing.visits.store import open_store
from ringfence.vocabulary.moments import MINUTES_PER_DAY, floor_minute
from ringfence.vocabulary.refusals import Refused

_OPEN_CLASSES = ("", "none", "dropped", "backward", None)
_NO_SEEDS = ("none", "suspected", "discarded")


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer against the truth: what became of every infected person, and the measures by both desks."""

    reckoning: Reckoning
    scores: list[Score]
    scanning: float

    @property
    def broken(self) -> bool:
        """Whether what must hold when everything is scanned does not."""
        return self.scanning >= 1 and bool(self.reckoning.broken)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"scanning": self.scanning, "infected": self.reckoning.plain(),
                "scores": [one.plain() for one in self.scores]}  # fmt: skip


def score_plan(city: Path, truth: Path, seen: Path, plan: Path) -> Scored:
    """Return an answer against the truth, by the perfect and by the field-like desk. Refused for folders without."""
    world, what_happened = open_world(city), read_truth(truth)
    observed, answer = _read(seen / "observed.json"), _read(plan / "plan.json")
    eyes = Eyes(**observed["eyes"])
    proposal = proposal_of(answer, world, _minute(observed["signal_at"]))
    twin = twin_of(truth, what_happened, world, eyes)
    scores = score_proposal(proposal, world, what_happened, eyes, twin)
    return Scored(reckon_plan(answer, proposal, world, what_happened, eyes, seen), scores, eyes.scanning)


def score_proposal(proposal: Proposal, world: World, truth: Truth, eyes: Eyes, twin: Twin | None) -> list[Score]:
    """Return the scores of a proposal by both desks; later cases are those found without it, to the city's last day."""
    ever = known_by(world, truth, eyes, (max(world.days()) + 1) * MINUTES_PER_DAY)
    known = Known(cases=ever.cases, tubes=ever.tubes, residents=len(world),
                  singles_after_minutes=int(eyes.singles_after_hours * 60),
                  infections=None if twin is None else twin.infections)  # fmt: skip
    return [score(proposal, truth, world.store, known=known, desk=desk) for desk in (PERFECT, FIELD_LIKE)]


def reckon_plan(
    plan: dict[str, Any], proposal: Proposal, world: World, truth: Truth, eyes: Eyes, seen: Path
) -> Reckoning:
    """Return what became of every infected person in a plan, given the folder that it was made from."""
    store = open_store(seen / "visits") if (seen / "visits").is_dir() else None
    named = frozenset(_number(row["person"], world) for row in plan["candidates"] if "named" in row["channels"])
    return reckon(truth, world, eyes, proposal, store, named=named)


def proposal_of(plan: dict[str, Any], world: World, signal_at: int) -> Proposal:
    """Return what is scored of a plan: candidates by rank of calling, days asked by class, windows of its cases."""
    candidates = sorted(plan["candidates"], key=lambda row: (row.get("call_rank") or 10**9, str(row["person"])))
    order = list(dict.fromkeys(_number(row["person"], world) for row in candidates))
    days = _days_by_class(plan)
    asked = {
        _number(row["person"], world): days[row["class"]]
        for row in candidates
        if row["class"] not in _OPEN_CLASSES and days.get(row["class"], 0.0) > 0
    }
    now = _minute(plan["now"])
    windows = {}
    for case in plan["cases"]:
        begins, ends = (case.get("infectious") or (None, None))[:2]
        if begins is not None and case.get("state") not in _NO_SEEDS:
            windows[_number(case["id"], world)] = (_minute(begins), min(_minute(ends) if ends else now, now))
    named = frozenset(_number(case, world) for row in candidates for case in row.get("named_by", ()))
    cases = frozenset(_number(case["id"], world) for case in plan["cases"] if case.get("state") not in _NO_SEEDS)
    return Proposal(now=now, signal_at=signal_at, order=order, asked_days=asked, windows=windows, named=named,
                    cases=cases, suspects=_suspects(plan, world))  # fmt: skip


def _days_by_class(plan: dict[str, Any]) -> dict[str, float]:
    """Return the days of restriction that somebody of each class would be asked for on average, over all stages."""
    part = plan["if_assessed"]
    days: dict[str, float] = {}
    for row in part.get("measures", ()):
        days[row["class"]] = days.get(row["class"], 0.0) + row["person_days"]
    return {cls: total / part["by_class"][cls] for cls, total in days.items()}


def _suspects(plan: dict[str, Any], world: World) -> frozenset[int]:
    """Return the places that the plan calls worth inspecting; one to ask about is no hypothesis yet."""
    places = [str(row["place"]) for row in plan.get("hypotheses", ())
              if row.get("place") is not None and row.get("status") == "to_inspect"]  # fmt: skip
    return frozenset(int(place) for place in places if place.isdecimal() and int(place) < len(world.kind))


def _number(person: object, world: World) -> int:
    """Return the number of somebody whom the plan names: her number, or the id of the city's key map."""
    text = str(person)
    if text.isdecimal() and int(text) < len(world):
        return int(text)
    if world.store.keys is not None:
        found = int(world.store.keys.find("person", [text])[0])
        if found >= 0:
            return found
    raise Refused("drill.foreign_person", person=text)


def _minute(text: str) -> int:
    return floor_minute(datetime.fromisoformat(text))


def _read(file: Path) -> Any:
    if not file.is_file():
        raise Refused("drill.no_plan", folder=str(file.parent))
    return json.loads(file.read_text(encoding="utf-8"))
