"""The answer to a signal: files in, one plan out. Two parts that are never mixed: due now, and if assessed so."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import perf_counter
from typing import Any

from ringfence.response import assumed, calls, groups, places
from ringfence.response.absent import not_candidates, read_people
from ringfence.response.asked import Asked, Read, digest
from ringfence.response.both import Said, Tellers, say
from ringfence.response.card import card, counted
from ringfence.response.cases import CaseRow, read_cases
from ringfence.response.due import by_worth, due_now, folded, not_due
from ringfence.response.earlier import if_earlier
from ringfence.response.evidence import Candidate, by_person
from ringfence.response.judging import could_be, questions_of
from ringfence.response.ledger import Ledger, facts_json
from ringfence.response.not_yet import not_yet
from ringfence.response.noting import note_cases
from ringfence.response.search import Found, search, statuses_of
from ringfence.response.sources import hypotheses
from ringfence.response.timeline import told_cases
from ringfence.response.unknowns import unknowns
from ringfence.rules.duties import OPEN, Derivation, Duty, Status
from ringfence.rules.facts import current, read_facts
from ringfence.rules.strata import derive_all
from ringfence.rules.telling import Teller, in_order, names_in
from ringfence.tracing.intake.rejects import Reject
from ringfence.tracing.visits.store import VisitStore, open_store
from ringfence.vocabulary.moments import moment_of
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import mend, sentence

Progress = Callable[[str, float], None]


@dataclass(slots=True)
class Answer:
    """A plan, the facts that it rests on, and what could not be read."""

    plan: dict[str, Any]
    facts: dict[str, Any]
    reads: list[Read] = field(default_factory=list)


@dataclass(slots=True)
class _Clock:
    """How long each step took, in seconds."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, tell: Progress | None) -> Iterator[None]:
        if tell is not None:
            tell(name, 0.0)
        begun = perf_counter()
        yield
        self.seconds[name] = round(perf_counter() - begun, 3)
        if tell is not None:
            tell(name, 1.0)


def respond(asked: Asked, tell: Progress | None = None) -> Answer:
    """Return the answer to a question. Refused where nothing was given, or nothing of it can be read."""
    if not any((asked.line_list, asked.visits, asked.encounters, asked.contacts, asked.facts)):
        raise Refused("respond.nothing_given")
    if not asked.book.get("contact.classes"):
        raise Refused("respond.no_rules", pack=asked.pack.id, day=asked.book.on.isoformat())
    clock = _Clock()
    with clock.step("read", tell):
        ledger, cases, reads = _read(asked)
        store = None if asked.visits is None else _open(asked)
        where = places.read_places(asked.places, asked.outline)
    tellers = Tellers.like(Teller("en", asked.pack, asked.now, names_in(current(ledger.facts, now=asked.now))))
    with clock.step("search", tell):
        statuses = statuses_of(ledger, asked)
        told = None if tell is None else (lambda share: tell("search", share))
        found = search(ledger, cases, statuses, asked, store, progress=told)
        reads += found.reads
    with clock.step("derive", tell):
        derived = derive_all(ledger.facts, asked.book, asked.now)
    with clock.step("assume", tell):
        candidates = by_person(found.candidates.values())
        follows = assumed.follows(ledger, candidates, asked)
    with clock.step("earlier", tell):
        changed = if_earlier(ledger, cases, statuses, found, asked, store, tellers)
    with clock.step("tell", tell):
        plan = _plan(asked, ledger, cases, statuses, found, derived, candidates, follows, changed, store, where,
                     tellers, reads)  # fmt: skip
    plan["seconds"] = clock.seconds
    return Answer(plan, facts_json(ledger.facts, asked.pack.id, asked.book.zone), reads)


def _read(asked: Asked) -> tuple[Ledger, dict[str, Subject], list[Read]]:
    ledger = Ledger(asked.now)
    reads: list[Read] = []
    if asked.facts is not None:
        try:
            text = asked.facts.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise Refused("respond.not_json", file=asked.facts.name) from error
        facts, problems = read_facts(text, zone=asked.pack.zone, more_kinds=asked.pack.kinds)
        rejects = [
            Reject(number if isinstance(number := p.values.get("number"), int) else 0, str(p.values.get("field", "")),
                   p.code, p.values, str(p.values.get("id", "-")) or "-")
            for p in problems
        ]  # fmt: skip
        known = [fact for fact in facts if fact.known_at <= asked.now]
        now = f"{asked.now.astimezone(asked.book.zone):%Y-%m-%d %H:%M}"
        rejects += [
            Reject(0, "known_at", "respond.future",
                   {"text": f"{fact.known_at.astimezone(asked.book.zone):%Y-%m-%d %H:%M}", "now": now}, fact.id)
            for fact in facts if fact.known_at > asked.now
        ]  # fmt: skip
        given = len(facts) + len({r.line for r in rejects if r.line})
        reads.append(Read(asked.facts.name, "facts", given, len(known), rejects, digest(asked.facts)))
        ledger.take(known)
    rows: list[CaseRow] = []
    if asked.line_list is not None:
        rows, read = read_cases(asked.line_list, asked.book.zone, asked.now)
        reads.append(read)
    cases = note_cases(ledger, rows)
    listed = set(cases.values())
    for fact in current(ledger.facts, now=asked.now):
        if fact.kind == "case" and fact.subject not in listed:
            listed.add(fact.subject)
            cases[ledger.given[fact.subject.number]] = fact.subject
    for case, subject in cases.items():
        ledger.given[subject.number] = case
    return ledger, cases, reads


def _open(asked: Asked) -> VisitStore:
    assert asked.visits is not None
    store = open_store(asked.visits, asked.keys)
    if store.identity.kind == "live":
        raise Refused("respond.live_store", store=str(asked.visits))
    return store


def _plan(
    asked: Asked, ledger: Ledger, cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], found: Found,
    derived: Mapping[Subject, Derivation], candidates: Sequence[Candidate], follows: assumed.Follows,
    changed: dict[str, Any], store: VisitStore | None, where: places.Places, tellers: Tellers,
    reads: Sequence[Read],
) -> dict[str, Any]:  # fmt: skip
    named = [c for c in candidates if c.cls != "none" and not c.assessed]
    grouped = groups.groups_of(named)
    group_of = {c.person: g.id for g in grouped for c in g.people}
    ranks = calls.ranked(named, ledger, asked)
    due = due_now(derived, grouped, cases, asked, ledger, tellers, where, found.candidates)
    not_known = unknowns(ledger, cases, statuses, found, derived, asked, tellers)
    told_candidates = [
        _candidate(c, ledger, tellers, group_of.get(c.person, ""), ranks.get(c.person), where) for c in candidates
    ]
    classes = {*follows.by_class, *(follows.if_yes.by_class if follows.if_yes is not None else ())}
    class_names = {cls: tellers.both("named", "class", cls) for cls in classes}
    told_cases_ = told_cases(ledger, cases, statuses, asked, store, where, tellers)
    local = asked.now.astimezone(asked.book.zone)
    counts = dict(Counter(case["state"] for case in told_cases_))
    cases_said = counted(counts, f"{local:%H:%M}", tellers)
    title = say("respond.title", pack={lang: asked.pack.name.get(lang, asked.pack.id) for lang in ("en", "zh")},
                day=f"{local:%Y-%m-%d %H:%M}")  # fmt: skip
    return {
        "schema": 1,
        "pack": {"id": asked.pack.id, "version": asked.pack.version, "name": dict(asked.pack.name),
                 "historical": asked.historical or not asked.book.signable, "zone": str(asked.book.zone),
                 "on": asked.book.on.isoformat()},
        "clocks": _clocks(asked),
        "now": tellers.moment(asked.now), "title": title, "inputs": [read.told() for read in reads], "seconds": {},
        "card": card(
            cases=cases_said, candidates=len(named), groups=len(grouped), by_class=follows.by_class,
            class_names=class_names, tubes=sum(subject.kind == "tube" for subject in derived), unknowns=not_known,
            due=by_worth(due), done=sum(d.ended != OPEN for one in derived.values() for d in one.duties),
            person_days=follows.person_days, if_yes=None if follows.if_yes is None else follows.if_yes.person_days,
            as_of_day=tellers.moment(asked.now)[:10]),
        "counts": counts, "knowns": _knowns(cases_said, told_cases_, named, found, asked, tellers),
        "unknowns": not_known, "cases": told_cases_, "due_now": due,
        "assess_not_due": not_due(candidates, derived, tellers),
        "not_yet": not_yet(named, statuses, derived, cases, ledger, asked, tellers),
        "if_assessed": assumed.told(follows, {
            "names": class_names,
            "duties": folded(in_order(_soonest(follows.duties, asked)), asked, ledger, tellers),
        }),
        "candidates": told_candidates, "groups": [groups.told(g, tellers, where) for g in grouped],
        "calls": calls.told(named, ranks, derived, ledger, asked, tellers, where),
        "not_candidates": not_candidates(
            [] if asked.people is None else read_people(asked.people), ledger, cases, found, store, asked.now),
        "map": {**places.map_of(where, told_cases_, grouped),
                "synthetic": store is not None and store.identity.kind == "synthetic"},
        "calendar": _calendar(follows),
        "hypotheses": hypotheses(ledger, cases, statuses, asked, store, tellers, where),
        "if_onset_earlier": changed, "wrong": list(_wrong(reads)),
    }  # fmt: skip


def _clocks(asked: Asked) -> dict[str, Any]:
    """Return on whose clocks the files were read and the answer is told, and who chose them."""
    by = "option" if asked.zone_named else "pack"
    zone = str(asked.book.zone)
    return {"zone": zone, "by": by, **say(f"respond.clocks_{by}", zone=zone, pack=asked.pack.id)}


def _soonest(duties: Iterable[Duty], asked: Asked) -> list[Duty]:
    """Return the open duties of the coming day; the calendar has the days after."""
    until = asked.now + timedelta(days=1)
    return [d for d in duties if d.ended == OPEN and d.begins <= until and (d.due is None or d.due <= until)]


def _candidate(
    c: Candidate, ledger: Ledger, tellers: Tellers, group: str, ranked: Any, where: places.Places
) -> dict[str, Any]:
    firsts = [m.first for _, m in c.met if m.first is not None]
    lasts = [m.last for _, m in c.met if m.last is not None]
    found = c.classified
    names = sorted({place for _, m in c.met for place in m.places})
    return {
        "person": c.person, "number": c.number, "name": ledger.name.get(c.number), "case": c.case,
        "cases": sorted({case for case, _ in c.met}),
        "class": c.cls, **{f"class_{k}": v for k, v in tellers.both("named", "class", c.cls).items()},
        "could_be": could_be(c, tellers), "assessed": c.assessed or None, "band": c.band,
        "band_said": say(f"band.{c.band}"), "group": group, "minutes": c.minutes or None,
        "first": tellers.moment(moment_of(min(firsts))) if firsts else None,
        "last": tellers.moment(moment_of(max(lasts))) if lasts else None,
        "places": [where.said(name)["zh"] for name in names],
        "places_en": [where.said(name)["en"] for name in names], "channels": c.channels,
        "named_by": sorted({case for case, m in c.met if "named" in m.channels}),
        "why": tellers.why(found.because) if found is not None else [],
        "questions": questions_of(c, tellers),
        "clause": found.because[0].clause if found is not None and found.because else "",
        "call_rank": None if ranked is None else ranked.rank,
        "vulnerable": list(ranked.call.vulnerable) if ranked is not None else [],
    }  # fmt: skip


def _knowns(
    counted_: Said, cases: Sequence[Mapping[str, Any]], named: Sequence[Candidate], found: Found, asked: Asked,
    tellers: Tellers,
) -> list[Said]:  # fmt: skip
    clocks = _clocks(asked)
    rows = [counted_, {lang: clocks[lang] for lang in ("en", "zh")}]
    rests = {case["id"]: case["window_rests_on"] for case in cases}
    for case, (begins, ends) in found.windows.items():
        if case in found.unsearched:
            continue
        rows.append(say("respond.known_window", case=case, rests=rests[case],
                        begins=tellers.both("moment", begins), ends=tellers.both("end", ends)))  # fmt: skip
    channels: dict[str, int] = defaultdict(int)
    for c in named:
        for channel in c.channels:
            channels[channel] += 1
    rows += [say(f"respond.known_{channel}", n=n) for channel, n in sorted(channels.items())]
    return rows


def _calendar(follows: assumed.Follows) -> list[dict[str, Any]]:
    days = sorted({*follows.tests, *follows.rooms, *follows.seats, *follows.releases})
    return [
        {"day": day, "tests": follows.tests[day], "releases": follows.releases[day], "rooms": follows.rooms[day],
         "seats": follows.seats[day], "reports": 1}
        for day in days
    ]  # fmt: skip


def _wrong(reads: Sequence[Read]) -> Iterator[dict[str, Any]]:
    for read in reads:
        for reject in read.rejects:
            values = {"field": reject.field} | dict(reject.values)
            yield {"file": read.file, "row": reject.line, "field": reject.field,
                   "en": sentence(reject.code, values, "en"), "zh": sentence(reject.code, values, "zh"),
                   "mend_en": mend(reject.code, values, "en"), "mend_zh": mend(reject.code, values, "zh")}  # fmt: skip


def written(answer: Answer) -> str:
    """Return the plan as the text of plan.json."""
    return json.dumps(answer.plan, ensure_ascii=False, indent=1) + "\n"
