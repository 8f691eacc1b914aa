"""Examples run one by one: each thing that one expects is derived and compared."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from ringfence.rules.classify import classify
from ringfence.rules.duties import Derivation, Duty, Proposal, Status
from ringfence.rules.examples.form import EXPECTATIONS, Run, Touched, check_form
from ringfence.rules.examples.values import NONE, agrees, as_json, as_written, shown
from ringfence.rules.facts import Fact, current, kinds, read_fact
from ringfence.rules.immunity import immunity_of
from ringfence.rules.packfile import Entry, Pack, own_keys, rule_of
from ringfence.rules.rulebook import Rulebook, in_force
from ringfence.rules.strata import derive_all
from ringfence.rules.typing import nearest
from ringfence.vocabulary.moments import zone_named
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject


class Outcome(NamedTuple):
    """How one example went: `failures` say by key what was expected and what was found."""

    name: Mapping[str, str]
    passed: bool
    failures: tuple[Refused, ...]

    def said(self, language: str) -> str:
        """Return the name of the example."""
        return self.name.get(language) or next(iter(self.name.values()), "-")


def run_examples(text: str, pack: Pack) -> list[Outcome]:
    """Return how each example of an `examples.toml` went under its pack."""
    return tried(text, pack)[0]


def untouched(pack: Pack, texts: Iterable[str]) -> list[tuple[str, date]]:
    """Return the values that stand in the pack itself and that no example touches: key, and the day it holds from."""
    return untouched_by(pack, set().union(*(tried(text, pack)[1] for text in texts)))


def untouched_by(pack: Pack, touched: Touched) -> list[tuple[str, date]]:
    """Return the values that stand in the pack itself and are not among those touched."""
    return [
        (key, entry.since)
        for key, entries in own_keys(pack).items()
        for entry in entries
        if (key, entry.since, pack.id) not in touched
    ]


def tried(text: str, pack: Pack) -> tuple[list[Outcome], Touched]:
    """Return how each example went, and the values of packs that they touched. Refused where the text is no TOML."""
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused("example.not_toml", pack=pack.id, text=str(error)) from error
    outcomes: list[Outcome] = []
    touched: Touched = set()
    for name in written:
        if name != "example":
            raise Refused("example.unknown_at_top", pack=pack.id, field=name)
    for number, example in enumerate(written.get("example", []), 1):
        given = example.get("name")
        called = given if isinstance(given, dict) and given else {"en": str(given or f"no. {number}")}
        run = Run(example, pack, called)
        _perform(run)
        outcomes.append(Outcome(called, not run.failures, tuple(run.failures)))
        touched |= run.touched
    return outcomes, touched


def _perform(run: Run) -> None:
    """Run one example: its form first, then each thing that it expects."""
    check_form(run)
    if run.failures:
        return
    written = run.written
    try:
        now = run.moment(written["now"]) if "now" in written else None
    except Refused as refusal:
        run.failures.append(refusal)
        return
    for row in written.get("values", ()):
        _look_up(run, row)
    if now is None:
        if set(written) & (set(EXPECTATIONS) - {"values", "classify"}):
            run.fail("example.no_now")
            return
        on = written.get("on") or run.pack.begins
        now = run.moment(on)
    on = written.get("on") or now.astimezone(zone_named(run.pack.zone)).date()
    book = run.book(on)
    for number, row in enumerate(written.get("classify", ()), 1):
        _classify(run, row, number, book, now)
    for number, row in enumerate(written.get("immunity", ()), 1):
        _immunity(run, row, number, book, now)
    if set(written) & {"duties", "absent", "proposals", "no_proposals", "statuses"}:
        _derive(run, book, now)
    run.touched |= {touch for touch in (_touch(run.pack, key, book.on) for book in run.books.values()
                                        for key in book.asked) if touch}  # fmt: skip


def _touch(pack: Pack, key: str, on: date) -> tuple[str, date, str] | None:
    entry: Entry | None = in_force(pack.entries.get(key, ()), on)
    return None if entry is None else (key, entry.since, entry.pack)


def _look_up(run: Run, row: Mapping[str, Any]) -> None:
    """Compare a value of the pack on a day with what the example says; `none` is a value that is not there."""
    key, on = row["key"], row.get("on") or run.written.get("on") or run.pack.begins
    if rule_of(key) is None:
        run.fail("example.unknown_key", key=key, nearest=nearest(key, run.pack.entries))
        return
    if type(on) is not date:
        run.fail("example.ill_formed", field="on", value=on)
        return
    entry = in_force(run.pack.entries.get(key, ()), on)
    found = None if entry is None else entry.value
    if entry is not None:
        run.touched.add((key, entry.since, entry.pack))
    if not agrees(row["is"], found):
        run.fail("example.other_value", key=key, on=on.isoformat(), expected=shown(row["is"]), found=shown(found))


def _facts(run: Run, rows: Iterable[Mapping[str, Any]], now: datetime) -> list[Fact] | None:
    """Return the facts of an example, or None where one cannot be read."""
    known = {**kinds(), **run.pack.kinds}
    zone = zone_named(run.pack.zone)
    facts: list[Fact] = []
    wrong: list[Refused] = []
    for number, row in enumerate(rows, 1):
        plain = {"id": f"f{number}", "grade": "B", "source": "example", "at": now.isoformat(), **as_json(row)}
        fact, problems = read_fact(plain, zone, known, number)
        wrong += problems
        if fact is not None:
            facts.append(fact)
    run.failures += wrong
    ids = [fact.id for fact in facts]
    for number, one in enumerate(ids, 1):
        if one in ids[: number - 1]:
            run.failures.append(Refused("facts.same_id", number=number, id=one))
    return None if run.failures else facts


def _derive(run: Run, book: Rulebook, now: datetime) -> None:
    """Derive from the facts of an example and compare with the duties and proposals that it expects."""
    facts = _facts(run, run.written.get("facts", ()), now)
    if facts is None:
        return
    derived: Mapping[Subject, Derivation] = derive_all(facts, book, now)
    duties = {duty.key: duty for one in derived.values() for duty in one.duties}
    proposals = [proposal for one in derived.values() for proposal in one.proposals]
    for row in run.written.get("duties", ()):
        duty = duties.get(row["key"])
        if duty is None:
            run.fail("example.no_duty", key=row["key"], nearest=nearest(row["key"], duties))
        else:
            _compare_duty(run, row, duty, book, now)
    for code, name, there in (
        ("example.duty_there", "absent", list(duties)),
        ("example.proposal_there", "no_proposals", [proposal.key for proposal in proposals]),
    ):
        for pattern in run.written.get(name, ()):
            for key in _matching(pattern, there):
                run.fail(code, key=key, pattern=pattern)
    for row in run.written.get("proposals", ()):
        _find_proposal(run, row, proposals)
    for row in run.written.get("statuses", ()):
        _compare_status(run, row, derived)


def _matching(pattern: str, keys: Iterable[str]) -> Iterator[str]:
    whole = not pattern.endswith("*")
    stem = pattern.removesuffix("*")
    return (key for key in keys if (key == stem if whole else key.startswith(stem)))


def _compare_duty(run: Run, row: Mapping[str, Any], duty: Duty, book: Rulebook, now: datetime) -> None:
    found: dict[str, Any] = {
        "on": date.fromordinal(book.day_of(duty.begins)), "begins": duty.begins, "due": duty.due, "until": duty.until,
        "state": duty.state(now), "ended": duty.ended, "desk": duty.desk,
        "grade": None if duty.grade is None else duty.grade.name,
    }  # fmt: skip
    for name, expected in row.items():
        if name != "key":
            _compare(run, duty.key, name, expected, found[name])


def _compare_status(run: Run, row: Mapping[str, Any], derived: Mapping[Subject, Derivation]) -> None:
    subject = _subject(run, row["subject"])
    if subject is None:
        return
    status = derived[subject].status if subject in derived else Status()
    values = dict(status.values)
    for name, expected in row.items():
        if name == "values":
            for inner, value in expected.items():
                _compare(run, f"{subject}", inner, value, values.get(inner))
        elif name != "subject":
            _compare(run, f"{subject}", name, expected, getattr(status, name))


def _compare(run: Run, key: str, name: str, expected: Any, found: Any) -> None:
    """Compare one field; moments are compared as moments, on the clocks of the pack."""
    zone = zone_named(run.pack.zone)
    alike = False
    if isinstance(found, datetime) and expected != NONE:
        try:
            alike = run.moment(expected) == found
        except Refused as refusal:
            run.failures.append(refusal)
            return
        found = found.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    else:
        alike = agrees(str(expected) if isinstance(found, Subject) else expected, found)
    if not alike:
        run.fail("example.other", key=key, field=name, expected=shown(expected), found=shown(found))


def _find_proposal(run: Run, row: Mapping[str, Any], proposals: Iterable[Proposal]) -> None:
    near = [one for one in proposals if one.kind == row["kind"] and str(one.subject) == row["subject"]]
    wanted = row.get("values", {})
    for one in near:
        said = {name: as_written(value) for name, value in one.values.items()}
        fits = all(name in said and agrees(as_written(value), said[name]) for name, value in wanted.items())
        if fits and row.get("signable", one.signable) == one.signable and row.get("key", one.key) == one.key:
            return
    found = "; ".join(f"{one.kind} {one.subject} {shown(dict(one.values))}" for one in near)
    run.fail("example.no_proposal", key=f"{row['kind']} {row['subject']}", expected=shown(wanted), found=found or "-")


def _classify(run: Run, row: Mapping[str, Any], number: int, book: Rulebook, now: datetime) -> None:
    """Compare the class that the pack proposes for one exposure; `none` where it proposes none."""
    at = row.get("at", now.isoformat())
    exposure = {"to": "infection:1", **row["exposure"]}
    facts = _facts(run, [{"kind": "exposure", "subject": "contact:2", "at": at, "value": exposure}], now)
    person = _facts(run, [{"kind": "person", "subject": "person:2", "at": at, "value": row.get("person", {})}], now)
    if facts is None or person is None:
        return
    since = facts[0].at - timedelta(days=1)
    met = Status("confirmed", infectious_from=since, first_exposure=since, last_exposure=since)
    found = classify(facts[0], book, index=met, person=person[0].value or None).cls or NONE
    if found != row["class"]:
        run.fail("example.other_class", number=number, exposure=shown(row["exposure"]), expected=row["class"],
                 found=found)  # fmt: skip


def _immunity(run: Run, row: Mapping[str, Any], number: int, book: Rulebook, now: datetime) -> None:
    """Compare what is known of a person's immunity on the day of the example."""
    born = (
        [{"id": "person", "kind": "person", "subject": "person:2", "value": row["person"]}] if "person" in row else []
    )
    facts = _facts(run, [*born, *row["facts"]], now)
    if facts is None:
        return
    try:
        exposed = run.moment(row["first_exposure"]) if "first_exposure" in row else None
    except Refused as refusal:
        run.failures.append(refusal)
        return
    exposed = exposed or min((fact.at for fact in facts if fact.kind == "exposure"), default=None)
    found = immunity_of(current(facts, now=now), book, now, exposed).state
    if found != row["state"]:
        run.fail("example.other_immunity", number=number, expected=row["state"], found=found)


def _subject(run: Run, text: Any) -> Subject | None:
    try:
        return Subject.read(str(text))
    except Refused as refusal:
        run.failures.append(refusal)
        return None
