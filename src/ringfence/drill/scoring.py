"""A score from folders: the city, the truth, what was seen of it, and the answer that was made from that."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from ringfence.drill.desk import FIELD_LIKE, PERFECT
from ringfence.drill.eyes import Eyes
from ringfence.drill.observe import known_by
from ringfence.drill.score import Proposal, Score, score
from ringfence.drill.world import Truth, World, open_world, read_truth
from ringfence.vocabulary.moments import floor_minute
from ringfence.vocabulary.refusals import Refused

_OPEN_CLASSES = ("", "none", "dropped", "backward", None)
_NO_SEEDS = ("none", "suspected", "discarded")


def score_plan(city: Path, truth: Path, seen: Path, plan: Path) -> list[Score]:
    """Return the scores of an answer by the perfect and by the field-like desk. Refused for folders without one."""
    world, what_happened = open_world(city), read_truth(truth)
    observed, answer = _read(seen / "observed.json"), _read(plan / "plan.json")
    eyes = Eyes(**observed["eyes"])
    proposal = proposal_of(answer, world, _minute(observed["signal_at"]))
    return score_proposal(proposal, world, what_happened, eyes)


def score_proposal(proposal: Proposal, world: World, truth: Truth, eyes: Eyes) -> list[Score]:
    """Return the scores of a proposal by both desks; later cases are those found without it, to the city's last day."""
    last = (max(world.days()) + 1) * 1440
    ever = known_by(world, truth, eyes, last)
    return [
        score(proposal, truth, world.store, cases=ever.cases, tubes=ever.tubes, desk=desk)
        for desk in (PERFECT, FIELD_LIKE)
    ]


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
    return Proposal(now=now, signal_at=signal_at, order=order, asked_days=asked, windows=windows, named=named,
                    suspects=_suspects(plan, world))  # fmt: skip


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
    if world.store.keys is not None:
        found = int(world.store.keys.find("person", [text])[0])
        if found >= 0:
            return found
    if not text.isdecimal() or int(text) >= len(world):
        raise Refused("drill.foreign_person", person=text)
    return int(text)


def _minute(text: str) -> int:
    return floor_minute(datetime.fromisoformat(text))


def _read(file: Path) -> Any:
    if not file.is_file():
        raise Refused("drill.no_plan", folder=str(file.parent))
    return json.loads(file.read_text(encoding="utf-8"))
