"""`ringfence demo --office`: the contact search on real people with badges, one of whom we imagine infected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ringfence.exchange.trace_view import TraceView
    from ringfence.tracing.encounters.exposure import EncounterExposures
    from ringfence.tracing.encounters.files import EncounterFile
    from ringfence.tracing.encounters.search import EncounterList, SecondHop

_FILE = Path("workplace-2013") / "contacts.csv.gz"
_ZONE = "Europe/Paris"
_FIRST_DAY, _DAYS = (2013, 6, 25), 4


def show(out: Path, data: Path | None) -> None:
    """Search the encounters of an office in 2013 for whom one employee met, and write a page in both languages."""
    from ringfence.cli import output

    found = search_office(data or _shipped())
    pages = write_pages(found.view, out)
    result = {**found.plain, "elapsed_ms": found.elapsed_ms, "pages": pages}
    output.answer(result, people=lambda console: _print(console, found, pages, output.manner().language))


class Answer(NamedTuple):
    """The answer of the demonstration: for a page, for a program, and how long the search took."""

    view: TraceView
    plain: dict[str, Any]
    elapsed_ms: float


def search_office(data: Path) -> Answer:
    """Return whom the typical employee of the office met, and who met those afterwards."""
    from datetime import datetime
    from time import perf_counter
    from zoneinfo import ZoneInfo

    from ringfence.tracing.encounters.exposure import exposures_by_encounter
    from ringfence.tracing.encounters.files import EncounterReading, read_encounters
    from ringfence.tracing.encounters.search import second_hop_by_encounter
    from ringfence.vocabulary.moments import MINUTES_PER_DAY, floor_minute
    from ringfence.vocabulary.places import PlaceKind

    zone = ZoneInfo(_ZONE)
    file = read_encounters(data, reading=EncounterReading(zone=zone, stamped="end", step_seconds=20))
    start = floor_minute(datetime(*_FIRST_DAY, tzinfo=zone))
    end = start + _DAYS * MINUTES_PER_DAY
    case, typical = typical_person(file.encounters, start, end)
    began = perf_counter()
    near = exposures_by_encounter(file.encounters, [case], start, end, kind=PlaceKind.WORKPLACE)
    hop = second_hop_by_encounter(file.encounters, [case], near.met, end, threshold_minutes=1)
    found = _Found(case, typical, near, hop)
    elapsed_ms = round((perf_counter() - began) * 1000, 3)
    view = _view(file, found, (start, end))
    return Answer(view, _plain(view, file, hop), elapsed_ms)


def typical_person(encounters: EncounterList, start: int, end: int) -> tuple[int, int]:
    """Return who has the median number of contacts in the window, and that number.

    Of several, the one whose time with others is the middle one of theirs.
    """
    import numpy as np

    from ringfence.tracing.encounters.search import met_by_encounter

    inside = (encounters.start_s < end * 60) & (encounters.end_s > start * 60)
    persons = np.unique(np.concatenate([encounters.a[inside], encounters.b[inside]]))
    met = [met_by_encounter(encounters, [person], start, end) for person in persons]
    counts = np.array([len(m) for m in met])
    seconds = np.array([int(m.seconds.sum()) for m in met])
    typical = int(np.sort(counts)[len(counts) // 2])
    candidates = np.flatnonzero(counts == typical)
    by_time = candidates[np.argsort(seconds[candidates], kind="stable")]
    return int(persons[by_time[len(by_time) // 2]]), typical


def write_pages(view: TraceView, out: Path) -> list[Path]:
    """Write the page and the picture in both languages; refused when the folder cannot be written."""
    from ringfence.exchange.trace_page import trace_page, trace_svg
    from ringfence.vocabulary.refusals import Refused

    paths = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for language, other in (("en", "zh"), ("zh", "en")):
            page, picture = out / f"trace.{language}.html", out / f"trace.{language}.svg"
            page.write_text(trace_page(view, language, other_page=f"trace.{other}.html"), encoding="utf-8")
            picture.write_text(trace_svg(view, language), encoding="utf-8")
            paths += [page, picture]
    except OSError as error:
        raise Refused("demo.cannot_write", folder=str(out), why=error.strerror or str(error)) from error
    return paths


def _shipped() -> Path:
    """Return the list shipped with the program: inside the package when installed, in the repository otherwise."""
    from ringfence.vocabulary.refusals import Refused

    package = Path(__file__).resolve().parents[1]
    for folder in (package / "examples", package.parents[1] / "examples", Path("examples")):
        if (folder / _FILE).is_file():
            return folder / _FILE
    raise Refused("demo.no_data", file=str(Path("examples") / _FILE))


class _Found(NamedTuple):
    """What was searched for, and what was found."""

    case: int
    typical: int
    near: EncounterExposures
    hop: SecondHop


def _view(file: EncounterFile, found: _Found, window: tuple[int, int]) -> TraceView:
    from zoneinfo import ZoneInfo

    from ringfence.cli.trace_pages import weighing
    from ringfence.exchange.trace_view import ContactLine, TraceView
    from ringfence.tracing.encounters.lists import facts_of_times
    from ringfence.tracing.encounters.told import LocalNumbers
    from ringfence.vocabulary.bands import Band
    from ringfence.vocabulary.moments import MINUTES_PER_DAY, moment_of
    from ringfence.vocabulary.reasons import Reason

    assert isinstance(file.numbers, LocalNumbers)  # nobody else gave numbers to this file
    case, typical, near, hop = found
    zone, given = ZoneInfo(_ZONE), file.numbers.given
    met, episodes, bands = near.met, near.episodes, near.exposures.band
    lines = []
    for row in near.order():
        mine = near.episodes_of(row)
        seconds = [(int(episodes.start_s[i]), int(episodes.end_s[i])) for i in mine]
        overall, *factors = near.exposures.reasons_for(int(row))
        facts = facts_of_times(seconds, [int(episodes.seconds[i]) for i in mine], zone)
        lines.append(
            ContactLine(
                person=given[met.person[row]],
                minutes=int(met.minutes[row]),
                encounters=int(met.encounters[row]),
                first=int(met.first[row]),
                last=int(met.last[row]),
                band=Band(int(bands[row])),
                reasons=(overall, *facts, *weighing(factors)),
                spans=tuple((start // 60, -(-end // 60)) for start, end in seconds),
            )
        )
    presence = _presence(file.encounters, case, window)
    seen = {moment_of(span[0], zone).date() for span in presence}
    days = [moment_of(minute, zone).date() for minute in range(window[0], window[1], MINUTES_PER_DAY)]
    unseen = tuple(Reason("demo.unknown_day", {"day": day}) for day in days if day not in seen)
    return TraceView(
        seeds=(given[case],),
        start=window[0],
        end=window[1],
        as_of=window[1],
        zone=zone,
        source=Reason("demo.source", {"records": file.loaded, "people": len(given)}),
        remark=Reason("demo.remark"),
        contacts=tuple(lines),
        presence=presence,
        presence_note=Reason("demo.presence"),
        known=(
            Reason("demo.known_met", {"met": len(met), "minutes": -(-int(met.seconds.sum()) // 60)}),
            Reason("demo.known_typical", {"who": given[case], "typical": typical}),
            Reason("demo.known_hop", {"people": hop.at_least[1], "longer": hop.at_least[15]}),
        ),
        unknown=unseen + tuple(Reason(f"demo.unknown_{name}") for name in ("badges", "where", "outside", "ill")),
        second_hop=hop.at_least,
    )


def _presence(encounters: EncounterList, case: int, window: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return from the first to the last record of the case on each UTC day of the window; offices sleep at night."""
    import numpy as np

    mine = (encounters.a == case) | (encounters.b == case)
    starts, ends = encounters.start_s[mine] // 60, -(-encounters.end_s[mine] // 60)
    inside = (starts < window[1]) & (ends > window[0])
    starts, ends = starts[inside], ends[inside]
    days = starts // 1440
    return tuple((int(starts[days == d].min()), int(ends[days == d].max())) for d in np.unique(days))


def _plain(view: TraceView, file: EncounterFile, hop: SecondHop) -> dict[str, Any]:
    from ringfence.tracing.encounters.told import LocalNumbers
    from ringfence.vocabulary.moments import moment_of

    def at(minute: int | None) -> str | None:
        return None if minute is None else moment_of(minute, view.zone).isoformat(timespec="minutes")

    contacts: list[dict[str, Any]] = [
        {
            "person": line.person,
            "minutes": line.minutes,
            "encounters": line.encounters,
            "places": [],
            "first": at(line.first),
            "last": at(line.last),
            "band": line.band.slug,
            "reasons": [{"code": r.code, **r.values} for r in line.reasons],
            "hop": 1,
        }
        for line in view.contacts
    ]
    assert isinstance(file.numbers, LocalNumbers)
    given: Sequence[str] = file.numbers.given
    for row in hop.seconds.argsort(kind="stable")[::-1]:
        contacts.append(
            {
                "person": given[hop.person[row]],
                "minutes": int(hop.score_minutes[row]),
                "encounters": int(hop.encounters[row]),
                "places": [],
                "first": at(int(hop.first_s[row]) // 60),
                "last": at(-(-int(hop.last_s[row]) // 60)),
                "band": None,
                "reasons": [{"code": "demo.reason_hop", "contacts": int(hop.through[row])}],
                "hop": 2,
            }
        )
    return {
        "case": view.seeds[0],
        "from": at(view.start),
        "to": at(view.end),
        "contacts": contacts,
        "second_hop": {str(step): people for step, people in hop.at_least.items()},
    }


def _print(console: Console, found: Answer, pages: list[Path], lang: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    from ringfence.exchange import writing
    from ringfence.exchange.timeline import window
    from ringfence.vocabulary.bands import Band
    from ringfence.vocabulary.moments import moment_of
    from ringfence.vocabulary.words import sentence

    def word(code: str, **values: object) -> str:
        return escape(sentence(code, values, lang))

    view = found.view
    wide = console.width >= 120  # the reasons need room; a narrow terminal finds them on the page
    console.print(f"[bold]{word('page.title', who=view.seeds[0])}[/bold]  {window(view, lang)} · {view.zone}")
    if view.remark:
        console.print(escape(writing.told(view.remark, lang, view.zone)))
    for said in view.known:
        console.print(f"· {escape(writing.told(said, lang, view.zone))}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (
        ("rank", "right"), ("contact", "left"), ("exposure", "left"), ("together", "right"), ("times", "right"),
        ("first", "left"), ("last", "left"), *([("why", "left")] * wide),
    ):  # fmt: skip
        table.add_column(word(f"page.{name}"), justify=justify)  # type: ignore[arg-type]
    for rank, line in enumerate(view.contacts, start=1):
        table.add_row(
            str(rank),
            escape(line.person),
            "■" * line.band + "□" * (max(Band) - line.band) + " " + word(line.band.code),
            writing.duration(line.minutes, lang),
            str(line.encounters),
            *("" if m is None else writing.moment(moment_of(m, view.zone), lang) for m in (line.first, line.last)),
            *([escape(writing.listed([writing.told(r, lang, view.zone) for r in line.reasons], lang))] * wide),
        )
    console.print()
    console.print(table)
    console.print()
    console.print(word("page.read_human"))
    console.print(word("demo.searched", ms=f"{found.elapsed_ms:.1f}"))
    for path in pages:
        console.print(f"  {escape(str(path))}", soft_wrap=True)
