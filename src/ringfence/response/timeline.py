"""Each case with her timeline: what happened to her, and where she was while she could infect others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ringfence.response import windowed
from ringfence.response.asked import Asked
from ringfence.response.both import Said, Tellers, say
from ringfence.response.ledger import Ledger
from ringfence.response.places import Places
from ringfence.response.search import store_number
from ringfence.rules.duties import Status
from ringfence.rules.facts import Fact, current
from ringfence.tracing.visits.store import VisitStore
from ringfence.vocabulary.moments import ceil_minute, floor_minute, moment_of
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.subjects import Subject

MOST_STAYS = 200
_TOLD = ("onset", "sample", "result", "case", "stay", "interview", "separated", "death", "discharge")


def told_cases(
    ledger: Ledger, cases: Mapping[str, Subject], statuses: Mapping[Subject, Status], asked: Asked,
    store: VisitStore | None, where: Places, tellers: Tellers,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the cases as the answer carries them, in the order in which they became known."""
    facts_of: dict[int, list[Fact]] = defaultdict(list)
    for fact in current(ledger.facts, now=asked.now):
        if fact.subject.kind in ("infection", "person"):
            facts_of[fact.subject.number].append(fact)
    rows = []
    for case, subject in cases.items():
        own = facts_of[subject.number]
        person = next((f.value for f in own if f.kind == "person"), {})
        status = statuses.get(subject) or Status()
        at = {kind: next((f.at for f in own if f.kind == kind), None) for kind in ("onset", "stay")}
        window = [status.infectious_from, status.infectious_until]
        stays = _stays(subject, ledger, status, asked, store, where, tellers)
        events = [_event(f, tellers) for f in own if f.kind in _TOLD]
        events += _exposed(ledger.exposed.get(subject), tellers)
        rows.append({
            "id": case, "subject": str(subject), "state": status.state,
            "state_said": tellers.both("word", "word", status.state), "age": person.get("age_years"),
            "sex": person.get("sex"), "name": person.get("name"), "phone": person.get("phone"),
            "onset": _or_none(at["onset"], tellers), "first_positive": _or_none(windowed.first_positive(own), tellers),
            "isolated": _or_none(status.isolated_at, tellers), "infectious": [_or_none(m, tellers) for m in window],
            "window_rests_on": windowed.told(own, asked.book, tellers),
            "timeline": sorted([*events, *stays], key=lambda row: str(row["at"])),
        })  # fmt: skip
    return rows


def _exposed(span: tuple[datetime, datetime] | None, tellers: Tellers) -> Iterator[dict[str, Any]]:
    """Yield when a case was infected, where a list tells it."""
    if span is not None:
        yield {"at": tellers.moment(span[0]), "until": tellers.moment(span[1]), "kind": "exposed",
               **say("respond.exposed")}  # fmt: skip


def _event(fact: Fact, tellers: Tellers) -> dict[str, Any]:
    value = fact.value.get("state") or fact.value.get("outcome") or fact.value.get("kind") or fact.value.get("stage")
    kind = tellers.both("word", "fact_kind", fact.kind)
    said = kind
    if value is not None:
        worded = tellers.both("word", "word", str(value))
        said = {"en": f"{kind['en']}: {worded['en']}", "zh": f"{kind['zh']}：{worded['zh']}"}
    return {"at": tellers.moment(fact.at), "until": None if fact.until is None else tellers.moment(fact.until),
            "kind": fact.kind, **said}  # fmt: skip


def _stays(
    subject: Subject, ledger: Ledger, status: Status, asked: Asked, store: VisitStore | None, where: Places,
    tellers: Tellers,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Yield where the case was in her window, as the visits tell."""
    if store is None or status.infectious_from is None:
        return
    until = min(status.infectious_until or asked.now, asked.now)
    number = store_number(store, ledger, subject.number)
    if number is None:
        return
    visits = store.visits_of([number], floor_minute(status.infectious_from), ceil_minute(until))
    names = store.names_of("place", visits.place)
    kinds = store.place_kinds()
    for place, number_, start, end in list(zip(names, visits.place, visits.start, visits.end, strict=True))[
        :MOST_STAYS
    ]:
        kind = PlaceKind(int(kinds[number_])) if number_ < len(kinds) else PlaceKind.OTHER
        name = where.said(place)
        lon, lat = where.at.get(place, (None, None))
        yield {"at": tellers.moment(moment_of(int(start))), "until": tellers.moment(moment_of(int(end))),
               "kind": "visit", **_at(name, say(f"respond.place_{kind.name.lower()}")),
               "place": name["zh"], "place_en": name["en"], "place_id": place, "lon": lon, "lat": lat}  # fmt: skip


def _or_none(moment: Any, tellers: Tellers) -> str | None:
    return None if moment is None else tellers.moment(moment)


def _at(place: Said, kind: Said) -> Said:
    return {"en": f"{place['en']} ({kind['en']})", "zh": f"{place['zh']}（{kind['zh']}）"}
