"""The end of a stage: what stands against a release, the release, the last sample of her surroundings, who goes on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ringfence.rules.derive import lapse
from ringfence.rules.derive.body import Signed
from ringfence.rules.derive.courses import DAY, HOUR, Laid, Stage
from ringfence.rules.derive.sheet import best
from ringfence.rules.duties import OPEN, Because, resting

if TYPE_CHECKING:
    from ringfence.rules.derive.measures import Walk


def environment(walk: Walk, laid: Laid, ends: datetime) -> None:
    """Owe a sample of her surroundings on the last day."""
    stage, sheet = laid.stage, walk.sheet
    begins = ends - DAY
    proofs = [f for f in walk.body.of("environment_sample") if f.at >= begins and f.value["outcome"] != "invalid"]
    why = (*walk.why, sheet.because("duty.environment", f"{stage.key}.environment_sample"))
    sheet.duty("environment_sample", stage.name, begins=begins, due=ends, because=why, proofs=best(proofs))


def release(walk: Walk, laid: Laid, chain: Signed, ends: datetime) -> None:
    """Write the release: at the end of what was signed, or at once where the facts now free her sooner."""
    stage, sheet, book, now = laid.stage, walk.sheet, walk.body.book, walk.sheet.now
    late = book.hours("release_late", 1.0) or HOUR
    theirs, ours = _unmet(walk, laid, min(ends, laid.ends or ends))
    begins, due = ends - DAY, ends + late
    signed = tuple([fact.id for fact in chain.rests_on])
    because = (*walk.why, resting(stage.said["release"], signed, {"ends": ends}))
    freed = laid.ends is not None and laid.ends < chain.ends
    if freed and laid.ends is not None:
        within = book.hours("free_within", 1.0) or HOUR
        free_at = max(laid.ends, walk.changed_at)
        begins, due = max(laid.ends - DAY, walk.changed_at), min(free_at + within, ends + late)
        sooner = sheet.because("duty.freed_sooner", f"{stage.key}.days", ends=laid.ends, signed=chain.ends)
        because = (*because, sooner)
    against = (*theirs, *ours)
    proofs = [walk.released] if walk.released is not None and walk.released.at >= chain.begins else []
    values = {
        "theirs": [b.code for b in theirs],
        "ours": [b.code for b in ours],
        "ends": min(ends, laid.ends or ends),
    }
    sheet.duty("release", stage.name, begins=begins, due=due, because=because + against, proofs=proofs,
               values=values)  # fmt: skip
    if now >= ends:
        lapse.say(sheet, walk.body, stage.name, chain, ends, why=walk.why, patient=walk.cls == "case",
                  advice=walk.advice)  # fmt: skip
    if proofs:
        return
    lapse.warn(sheet, stage.name, chain.rests_on, ends)
    sheet.wake(ends - DAY)
    ordered = any(fact.value.get("new_order") for fact in chain.rests_on) or walk.stepped_down(chain)
    if now >= ends:
        against = tuple(theirs)
    if against and now >= ends - DAY and not ordered:
        sheet.propose("new_order", stage.name, against, before=ends, hours=24)
    if ours and now >= ends - DAY:
        sheet.propose("release_alarm" if now < ends else "appointment", stage.name, tuple(ours), ends=ends)
    if now >= ends:
        sheet.propose("lapsed", stage.name, (sheet.because("proposal.lapsed", facts=chain.rests_on),), ended=ends)


def _unmet(walk: Walk, laid: Laid, ends: datetime) -> tuple[list[Because], list[Because]]:
    """Return what stands against release: of hers (symptoms, positive), and of ours (tests, rooms, rulings)."""
    stage, sheet, body, key = laid.stage, walk.sheet, walk.body, f"{laid.stage.key}.release"
    theirs: list[Because] = []
    ours: list[Because] = []
    asked = stage.release
    if "no_symptoms" in asked and (ill := body.ill(since=ends - 2 * DAY)):
        theirs.append(sheet.because("release.symptoms", key, (ill,)))
    if (positive := body.positive()) is not None:
        theirs.append(sheet.because("release.positive", key, (positive.sample,)))
    if "own_tests" in asked:
        missing = [d.values["day"] for d in sheet.duties if d[1] == "test" and d[7] == OPEN
                   and d.key.rsplit("/", 1)[1].startswith(stage.test_slots)]  # fmt: skip
        waiting = [t.sample for t in body.taken() if t.outcome == "waiting" and t.sample.at < ends]
        if missing:
            ours.append(sheet.because("release.tests_missing", key, days=", ".join(str(d) for d in missing)))
        if waiting:
            ours.append(sheet.because("release.results_waiting", key, waiting, count=len(waiting)))
    ours += _unmet_around(walk, stage, ends, key)
    return theirs, ours


def _unmet_around(walk: Walk, stage: Stage, ends: datetime, key: str) -> list[Because]:
    """Return what of ours does not lie in her: the contact she met, her room, a ruling that is awaited."""
    sheet, body, asked = walk.sheet, walk.body, stage.release
    found: list[Because] = []
    needed = 2 if "linked_first_two" in asked else None
    if walk.linked and ("linked_tests" in asked or needed):
        outcomes = [[o for _, o in status.tests] for status in walk.linked]
        short = [o for o in outcomes if not o or any(x != "negative" for x in (o[:needed] if needed else o))
                 or (needed and len(o) < needed)]  # fmt: skip
        if short:
            found.append(sheet.because("release.linked_tests", key))
    if "environment" in asked:
        samples = [f for f in body.of("environment_sample") if f.at >= ends - DAY]
        if not samples or samples[-1].value["outcome"] != "negative":
            found.append(sheet.because("release.environment", key, samples[-1:]))
    if walk.frozen is not None and "no_cross_infection" in asked:
        found.append(sheet.because("release.ruling", key, (walk.frozen,)))
    return found


def hand_over(walk: Walk, stage: Stage, ends: datetime) -> None:
    """Owe that she is handed over at the end to those who go on."""
    sheet, book = walk.sheet, walk.body.book
    hours = book.hours("hand_over", 24.0) or DAY
    proofs = [f for f in walk.body.of("hand_over") if f.at >= ends - DAY]
    why = (*walk.why, sheet.because("duty.hand_over", f"{stage.key}.hand_over"))
    sheet.duty("hand_over", stage.name, begins=ends, due=ends + hours, because=why, proofs=best(proofs))
