"""The difference between duties that stood and duties that follow now, in words and by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ringfence.rules.compare import Change, Difference
from ringfence.rules.duties import OPEN, Duty, Proposal
from ringfence.rules.facts import Fact
from ringfence.rules.telling import Teller
from ringfence.vocabulary.subjects import Subject

_INSTANT = timedelta(microseconds=1)
_TIMES = ("begins", "due", "until")
_TELLING = (*_TIMES, "ended", "desk")
"""The fields of which a change is told; reasons that are only worded anew change nothing for anybody."""


def difference_said(
    difference: Difference,
    teller: Teller,
    corrected: Mapping[Subject, str] | None = None,
    *,
    proposed: tuple[Iterable[Proposal], Iterable[Proposal]] = ((), ()),
) -> dict[Subject, list[str]]:
    """Return what changes, by subject, in sentences.

    `corrected` says by subject which facts brought it about; `proposed` are the proposals before and after.
    """
    said: dict[Subject, list[str]] = defaultdict(list)
    before = {proposal.key: proposal for proposal in proposed[0]}
    for proposal in sorted(proposed[1], key=lambda p: p.key):
        why = (corrected or {}).get(proposal.subject, "")
        said[proposal.subject] += _proposal(before.get(proposal.key), proposal, teller, why)
    for change in sorted(difference.changed, key=lambda c: (c.after.kind != "release", c.after.begins, c.after.key)):
        if set(change.what) & set(_TELLING) and not _done_both_times(change):
            why = (corrected or {}).get(change.after.subject, "")
            said[change.after.subject] += _change(change, teller, why)
    for duty in difference.opened:
        said[duty.subject].append(_one("change.opened", duty, teller))
    stopped = {duty.key for duty in difference.stand_down}
    for duty in difference.withdrawn:
        code = "change.stand_down" if duty.key in stopped else "change.withdrawn"
        said[duty.subject].append(_one(code, duty, teller))
    return {subject: lines for subject, lines in sorted(said.items()) if lines}


def _done_both_times(change: Change) -> bool:
    """Return whether a duty had ended and has ended as it had: that its times moved changes nothing for anybody."""
    return change.before.ended == change.after.ended != OPEN and change.before.desk == change.after.desk


def _one(code: str, duty: Duty, teller: Teller) -> str:
    return teller.say(code, what=teller.what(duty), when=_when(duty.begins, duty.due or duty.until, teller))


def _proposal(before: Proposal | None, after: Proposal, teller: Teller, why: str) -> list[str]:
    """Return what a proposal newly says: of an end beyond what was signed, that nothing is extended by itself."""
    if after.kind == "extend":
        old, new = (before or after).values["ends" if before else "signed"], after.values["ends"]
        if old == new:
            return []
        moved = _moved("change.release", old, new, teller, why)
        return [_whole([moved, teller.say("change.nothing_extended" if new > old else "change.frees")], teller)]
    if before is not None:
        return []
    return [teller.say("change.proposed", what=teller.what(after))]


def _whole(parts: list[str], teller: Teller) -> str:
    """Return parts as one sentence."""
    end, between = ("。", "；") if teller.language == "zh" else (".", "; ")
    return between.join(parts) + end


def _when(begins: datetime, ends: datetime | None, teller: Teller) -> str:
    """Return a day for what is due on one day, else the two ends."""
    local = begins.astimezone(teller.zone)
    if ends is None:
        return teller.moment(begins)
    if (local.hour, local.minute) == (0, 0) and ends - begins <= timedelta(hours=25):
        return teller.day(local.date())
    return f"{teller.moment(begins)} – {teller.end(ends)}"


def _change(change: Change, teller: Teller, why: str) -> list[str]:
    """Return the sentences of one duty that changed."""
    before, after = change.before, change.after
    parts: list[str] = []
    if after.kind == "release" and "begins" in change.what:
        old, new = (duty.values.get("ends") or duty.begins for duty in (before, after))
        parts.append(_moved("change.release", old, new, teller, why))
        parts.append(teller.say("change.nothing_extended" if new > old else "change.frees"))
    elif "until" in change.what and before.until and after.until:
        parts.append(_moved("change.until", before.until, after.until, teller, why, what=teller.what(after)))
    elif "begins" in change.what:
        parts.append(_moved("change.moved", before.begins, after.begins, teller, why, what=teller.what(after)))
    elif "due" in change.what and before.due and after.due:
        parts.append(_moved("change.due", before.due, after.due, teller, why, what=teller.what(after)))
    if "ended" in change.what:
        states = [teller.word("duty_state", duty.ended) for duty in (before, after)]
        parts.append(teller.say("change.ended", what=teller.what(after), old=states[0], new=states[1]))
    if "desk" in change.what:
        desks = [teller.word("desk", duty.desk) for duty in (before, after)]
        parts.append(teller.say("change.desk", what=teller.what(after), old=desks[0], new=desks[1]))
    return [_whole(parts, teller)] if parts else []


def _moved(code: str, old: datetime, new: datetime, teller: Teller, why: str, **values: object) -> str:
    there, here = (moment.astimezone(teller.zone) for moment in (old, new))
    whole = there.date() != here.date() and (there.hour, there.minute) == (here.hour, here.minute)
    ends = code in ("change.until", "change.due")
    last = _INSTANT if ends else timedelta()
    at = teller.end if ends else teller.moment
    told = [teller.day((m - last).date()) if whole else at(m) for m in (there, here)]
    said = teller.say(code, old=told[0], new=told[1], **values)
    return teller.say("change.because", said=said, why=why) if why else said


def corrections(old: Iterable[Fact], new: Iterable[Fact], teller: Teller) -> dict[Subject, str]:
    """Return by subject which facts changed between two lists of facts that stand, in words."""
    before, after = ({fact.id: fact for fact in facts} for facts in (old, new))
    gone = [fact for key, fact in before.items() if after.get(key) != fact]
    come = [fact for key, fact in after.items() if before.get(key) != fact]
    lost: dict[Subject, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    found: dict[Subject, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for facts, by in ((gone, lost), (come, found)):
        for fact in facts:
            for subject in _about(fact):
                by[subject][fact.kind].append(fact)
    said = {}
    for subject in lost.keys() | found.keys():
        kinds = sorted(lost[subject].keys() | found[subject].keys())
        said[subject] = teller.say("change.and").join(
            _corrected(kind, lost[subject][kind], found[subject][kind], teller) for kind in kinds
        )
    return said


def _about(fact: Fact) -> list[Subject]:
    """Return the subjects whose duties a fact may move: its own, and the same body under other kinds."""
    if fact.subject.kind not in ("person", "contact", "infection"):
        return [fact.subject]
    return [Subject(kind, fact.subject.number) for kind in ("person", "contact", "infection")]


def _corrected(kind: str, lost: list[Fact], found: list[Fact], teller: Teller) -> str:
    if kind == "exposure" and lost and found:
        ends = [max(fact.until or fact.at for fact in facts) for facts in (lost, found)]
        if ends[0] != ends[1]:
            return teller.say("change.last_exposure")
    code = "change.corrected" if lost and found else "change.added" if found else "change.taken_back"
    return teller.say(code, kind=teller.word("fact_kind", kind))
