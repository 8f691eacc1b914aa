"""A night with known truth: a city, an outbreak in it, what is seen, the answers of 01:05 and 05:00, the score."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ringfence.cli import clock, output

if TYPE_CHECKING:
    from ringfence.cli.demo import Scene
    from ringfence.drill.eyes import Eyes
    from ringfence.drill.paired import Twin
    from ringfence.drill.reckoning import Reckoning
    from ringfence.drill.score import Proposal, Score
    from ringfence.drill.world import Truth, World
    from ringfence.response.answer import Answer
    from ringfence.response.asked import Asked

PACK = "huzhou-2022"
SCANNING = 0.6
_FOLDERS = ("city", "truth", "seen-0105", "seen-0500", "answer-0105", "answer-0500", "rates")
_MARK = ".rehearsal"
"""Says that the folders beside it were made here and may be taken away by the next rehearsal."""
RATES = (1.0, 0.6, 0.3, 0.0)
_SINGLES_AFTER = timedelta(hours=4, minutes=30)


@dataclass(slots=True)
class Night:
    """What happened and what was answered: two answers, the scores of the second, and how the rates compare."""

    answers: list[tuple[Answer, Asked]] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    rates: list[dict[str, Any]] = field(default_factory=list)
    reckonings: dict[float, Reckoning] = field(default_factory=dict)
    tubes: int = 0
    infected: int = 0
    by_case: int = 0
    seconds: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    report: Path = Path()

    @property
    def broken(self) -> bool:
        """Whether somebody who shared a recorded visit with a case is no candidate though everything was scanned."""
        return bool(self.reckonings[1.0].broken)


def rehearse(scene: Scene, out: Path) -> Night:
    """Run a night from nothing and write everything below a folder; what an earlier rehearsal left there goes."""
    from dataclasses import asdict

    from ringfence.drill.outbreak import begins, first_with_a_pool, scene_in, truth_of, write_truth
    from ringfence.drill.paired import Twin
    from ringfence.drill.world import open_world
    from ringfence.epidemic.settings import Delay, Disease

    night, begun = Night(), perf_counter()
    _clear(out)
    with _step(night, "demo.step_city"):
        _make_city(scene, out / "city")
    world = open_world(out / "city")
    disease = Disease(r0=2.6, dispersion=0.6, incubation=Delay(3.4, 1.5), generation=Delay(3.3, 1.6), asymptomatic=0.3)
    with _step(night, "demo.step_outbreak"):
        made = scene_in(world, disease, days=scene.days, seed=scene.outbreak_seed, seeds=scene.seeds)
        since = begins(world) + scene.quiet_days * 1440
        number, spread = first_with_a_pool(
            made, world, _eyes(), since=since, infected=scene.infected, alone=scene.alone, first=scene.first
        )
        truth = truth_of(spread, begins(world))
        about = {
            "seed": scene.outbreak_seed,
            "replicate": number,
            "days": scene.days,
            "seeds": scene.seeds,
            "pack": PACK,
            "infections": len(truth),
            "parameters": asdict(disease),
        }
        write_truth(spread, begins(world), out / "truth", about)
    with _step(night, "demo.step_seen"):
        moments, night.tubes = _observe(world, truth, out)
    for name, until in moments:
        with _step(night, f"demo.step_answer_{name}"):
            night.answers.append(_answer(out, name, until))
    _write(night, out)
    with _step(night, "demo.step_score"):
        _score(night, Twin(made, number, world, _eyes()), truth, out)
    night.seconds = perf_counter() - begun
    night.report = out / "answer-0500" / "report.html"
    return night


def _clear(out: Path) -> None:
    """Take away an earlier rehearsal, known by its mark. Refused where a folder of such a name is somebody else's."""
    from ringfence.vocabulary.refusals import Refused

    mark = out / _MARK
    there = [name for name in _FOLDERS if (out / name).exists()]
    if there and not mark.is_file():
        raise Refused("demo.not_ours", folder=str(out), name=there[0])
    for name in there:
        shutil.rmtree(out / name)
    out.mkdir(parents=True, exist_ok=True)
    mark.touch()


def _step(night: Night, code: str) -> Any:
    """Return a context that says what is done, and notes how long it took."""
    from collections.abc import Iterator
    from contextlib import contextmanager

    @contextmanager
    def timed() -> Iterator[None]:
        begun = perf_counter()
        output.note(code)
        yield
        night.steps[code.removeprefix("demo.step_")] = round(perf_counter() - begun, 2)

    return timed()


def _make_city(scene: Scene, path: Path) -> None:
    import os

    from ringfence.drill.city.making import Plan
    from ringfence.drill.city.writing import write_city

    path.parent.mkdir(parents=True, exist_ok=True)
    plan = Plan(scene.people, scene.days, scene.first_day, scene.city_seed)
    with output.progress("city.making", total=1.0) as advance:
        write_city(plan, path, threads=os.cpu_count() or 1, progress=advance)


def _eyes() -> Eyes:
    from ringfence.drill.eyes import Eyes

    return Eyes(scanning=SCANNING, seed=1)


def _observe(world: World, truth: Truth, out: Path) -> tuple[list[tuple[str, int]], int]:
    """Write what is seen at 01:05 and at 05:00, the latter also at other rates of scanning.

    Returns both moments, and how many tubes read abnormal at the first.
    """
    from ringfence.drill.observe import Seen, known_by, write_all_seen

    eyes = _eyes()
    night = known_by(world, truth, eyes)
    morning = known_by(world, truth, eyes, night.signal_at + int(_SINGLES_AFTER.total_seconds()) // 60)
    others = [Seen(replace(eyes, scanning=rate), morning, _seen_at(out, rate)) for rate in RATES if rate != SCANNING]
    write_all_seen(world, [Seen(eyes, night, out / "seen-0105"), Seen(eyes, morning, out / "seen-0500"), *others])
    return [("0105", night.until), ("0500", morning.until)], len(night.tubes)


def _seen_at(out: Path, rate: float) -> Path:
    """Return the folder of what is seen at 05:00 at a rate of scanning."""
    return out / "seen-0500" if rate == SCANNING else out / "rates" / f"{rate:.0%}"


def _asked(files: Path, visits: Path | None, until: int, city: Path) -> Asked:
    from ringfence.response.asked import Asked
    from ringfence.rules.rulebook import Rulebook
    from ringfence.rules.shipped import Shelf
    from ringfence.vocabulary.moments import moment_of

    pack = Shelf({}).pack(PACK)
    now = moment_of(until, UTC)
    day = now.astimezone(_zone(pack.zone)).date()
    book = Rulebook.of(pack, day, today=clock.now().astimezone(_zone(pack.zone)).date())
    return Asked(
        pack=pack, book=book, now=now, line_list=files / "linelist.csv", contacts=(files / "contacts.csv",),
        facts=files / "facts.json", places=files / "places.csv", visits=visits,
        outline=city / "city" / "outline.geojson",
        historical=True,
    )  # fmt: skip


def _zone(name: str) -> Any:
    from ringfence.vocabulary.moments import zone_named

    return zone_named(name)


def _answer(out: Path, name: str, until: int) -> tuple[Answer, Asked]:
    """Answer from what was known at a moment, and from nothing else."""
    from ringfence.response.answer import respond

    seen = out / f"seen-{name}"
    asked = _asked(seen, seen / "visits", until, out / "city")
    return respond(asked), asked


def _write(night: Night, out: Path) -> None:
    from ringfence.cli.respond import write_all

    with _step(night, "demo.step_report"):
        for name, (answer, _) in zip(("0105", "0500"), night.answers, strict=True):
            write_all(answer, out / f"answer-{name}", replace=True, report=True)


def _score(night: Night, twin: Twin, truth: Truth, out: Path) -> None:
    """Score the answer of 05:00 with both desks, and compare rates of scanning on the same chances."""
    from ringfence.drill.observe import known_by
    from ringfence.drill.scoring import proposal_of, reckon_plan, score_proposal
    from ringfence.response.answer import respond

    world, eyes = twin.world, twin.eyes
    answer, asked = night.answers[-1]
    until = int(asked.now.timestamp()) // 60
    signal = known_by(world, truth, eyes).signal_at
    proposal = proposal_of(answer.plan, world, signal)
    night.scores = score_proposal(proposal, world, truth, eyes, twin)
    night.infected = int((truth.infected_at < until).sum())
    for rate in RATES:
        plan, seen = answer.plan, _seen_at(out, rate)
        if rate != SCANNING:
            plan = respond(replace(asked, visits=seen / "visits" if rate else None)).plan
        proposal = proposal_of(plan, world, signal)
        reckoning = reckon_plan(plan, proposal, world, truth, replace(eyes, scanning=rate), seen)
        night.reckonings[rate] = reckoning
        night.rates.append(_rate(rate, proposal, truth, reckoning))
    night.by_case = int(night.rates[0]["of"])


def _rate(rate: float, proposal: Proposal, truth: Truth, reckoning: Reckoning) -> dict[str, Any]:
    """Return how many of those whom the cases had infected are candidates, how many by name alone, at what cost."""
    theirs = {
        int(p) for p, by, at in zip(truth.person, truth.infector, truth.infected_at, strict=True)
        if int(by) in proposal.cases and at < proposal.now and int(p) not in proposal.cases
    }  # fmt: skip
    return {
        "scanning": rate, "candidates": len(proposal.order), "restricted": len(proposal.asked_days),
        "found": len(theirs & set(proposal.order)), "named_found": len(theirs & reckoning.named), "of": len(theirs),
        "person_days": round(sum(proposal.asked_days.values())), "infected": reckoning.plain(),
    }  # fmt: skip


def told(night: Night) -> dict[str, Any]:
    """Return the night for programs."""
    return {
        "answers": [
            {"now": a.plan["now"], "card": a.plan["card"], "due_now": len(a.plan["due_now"]),
             "candidates": len(a.plan["candidates"]), "seconds": a.plan["seconds"]}
            for a, _ in night.answers
        ],
        "scores": [one.plain() for one in night.scores], "rates": night.rates, "infected": night.infected,
        "by_case": night.by_case, "broken": night.broken, "seconds": round(night.seconds, 2), "steps": night.steps,
        "report": str(night.report),
    }  # fmt: skip
