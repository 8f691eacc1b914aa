"""`ringfence respond`: one signal in, an explained proposal out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ringfence.cli import clock, output
from ringfence.cli.options import MaxDistance, Steps
from ringfence.cli.shelf import Now, On, Packs, day_of, historical, shelf_with

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from rich.console import Console

    from ringfence.response.answer import Answer
    from ringfence.response.asked import Asked

_SHOWN = 8


LineList = Annotated[
    Path | None,
    typer.Option(
        "--linelist", help="cli.respond.linelist", metavar="FILE", exists=True, dir_okay=False, show_default=False
    ),
]
Visits = Annotated[
    Path | None, typer.Option("--visits", help="cli.respond.visits", metavar="STORE", exists=True, show_default=False)
]
Keys = Annotated[Path | None, typer.Option("--keys", help="cli.respond.keys", metavar="DIR", show_default=False)]
Encounters = Annotated[
    list[Path] | None,
    typer.Option(
        "--encounters", help="cli.respond.encounters", metavar="FILE", exists=True, dir_okay=False, show_default=False
    ),
]
Contacts = Annotated[
    list[Path] | None,
    typer.Option(
        "--contacts", help="cli.respond.contacts", metavar="FILE", exists=True, dir_okay=False, show_default=False
    ),
]
FactsFile = Annotated[
    Path | None,
    typer.Option("--facts", help="cli.respond.facts", metavar="FILE", exists=True, dir_okay=False, show_default=False),
]
PlacesFile = Annotated[
    Path | None,
    typer.Option(
        "--places", help="cli.respond.places", metavar="FILE", exists=True, dir_okay=False, show_default=False
    ),
]
Outline = Annotated[
    Path | None,
    typer.Option(
        "--outline", help="cli.respond.outline", metavar="FILE", exists=True, dir_okay=False, show_default=False
    ),
]
Pack = Annotated[str, typer.Option("--pack", help="cli.respond.pack", metavar="ID", show_default=False)]
Out = Annotated[Path, typer.Option("--out", help="cli.respond.out", metavar="DIR", show_default=False)]
Replace = Annotated[bool, typer.Option("--replace", help="cli.respond.replace")]
People = Annotated[
    Path | None,
    typer.Option(
        "--people", help="cli.respond.people", metavar="FILE", exists=True, dir_okay=False, show_default=False
    ),
]
Zone = Annotated[str | None, typer.Option("--tz", help="cli.respond.tz", metavar="ZONE", show_default=False)]
Report = Annotated[bool, typer.Option("--report/--no-report", help="cli.respond.report")]


def command(
    pack: Pack,
    out: Out,
    linelist: LineList = None,
    visits: Visits = None,
    keys: Keys = None,
    encounters: Encounters = None,
    contacts: Contacts = None,
    facts: FactsFile = None,
    places: PlacesFile = None,
    outline: Outline = None,
    now: Now = None,
    on: On = None,
    packs: Packs = None,
    replace: Replace = False,
    report: Report = True,
    steps: Steps = None,
    max_distance: MaxDistance = None,
    people: People = None,
    tz: Zone = None,
) -> int:
    """Answer, write the files, and print what is due first."""
    asked = asked_of(pack, packs, now, on, tz, line_list=linelist, visits=visits, keys=keys,
                     encounters=tuple(encounters or ()), contacts=tuple(contacts or ()), facts=facts, places=places,
                     outline=outline, steps=steps, max_distance_m=max_distance, people=people)  # fmt: skip
    answer = answered(asked)
    files = write_all(answer, out, replace=replace, report=report)

    def told_to(console: Console) -> None:
        print_answer(console, answer, asked)
        output.line("respond.files", out=str(out), files=", ".join(files))

    plan = answer.plan
    told = {
        "out": str(out), "files": files, "card": plan["card"], "seconds": plan["seconds"], "inputs": plan["inputs"],
        "due_now": len(plan["due_now"]), "candidates": len(plan["candidates"]), "groups": len(plan["groups"]),
        "by_class": plan["if_assessed"]["by_class"], "person_days": plan["if_assessed"]["person_days"],
        "unknowns": len(plan["unknowns"]), "wrong": plan["wrong"], "historical": plan["pack"]["historical"],
        "clocks": plan["clocks"], "not_candidates": plan["not_candidates"]["counts"],
    }  # fmt: skip
    output.answer(told, people=told_to)
    return 0 if plan["cases"] or plan["due_now"] else 1


def asked_of(
    pack: str, packs: Path | None, now: str | None, on: str | None, tz: str | None = None, **files: Any
) -> Asked:
    """Return the question: the pack on its day and on the clocks named, the moment, the files."""
    from dataclasses import replace
    from datetime import UTC

    from ringfence.response.asked import Asked
    from ringfence.rules.rulebook import Rulebook
    from ringfence.vocabulary.moments import parse_moment, zone_named

    read = shelf_with(packs).pack(pack)
    if tz is not None:
        read = replace(read, zone=str(_zone(tz)))
    zone = zone_named(read.zone)
    moment = parse_moment(now, zone).astimezone(UTC) if now else clock.now()
    day = day_of(on, moment.astimezone(zone).date())
    book = Rulebook.of(read, day, today=clock.now().astimezone(zone).date())
    return Asked(pack=read, book=book, now=moment, historical=bool(historical(read, day)),
                 zone_named=tz is not None, **files)  # fmt: skip


def _zone(name: str) -> ZoneInfo:
    """Return a time zone; refused with the nearest names that there are."""
    import difflib
    from zoneinfo import available_timezones

    from ringfence.vocabulary.moments import zone_named
    from ringfence.vocabulary.refusals import Refused

    try:
        return zone_named(name)
    except Refused as refusal:
        zones = {zone.casefold(): zone for zone in available_timezones()}
        zones |= {zone.rsplit("/", 1)[-1].casefold(): zone for zone in sorted(available_timezones())}
        wanted = (name.casefold(), name.rsplit("/", 1)[-1].casefold())
        near = dict.fromkeys(zones[found] for one in wanted for found in difflib.get_close_matches(one, zones, 3))
        raise Refused("respond.unknown_zone", zone=name, nearest=", ".join(list(near)[:3]) or "–") from refusal


def answered(asked: Asked) -> Answer:
    """Return the answer, with a line of progress for each step that takes a while."""
    from ringfence.response.answer import respond

    with output.progress("respond.step.search", total=6.0) as advance:
        seen: dict[str, float] = {}

        def step(name: str, share: float) -> None:
            advance(share - seen.get(name, 0.0))
            seen[name] = share

        return respond(asked, step)


def write_all(answer: Answer, out: Path, *, replace: bool, report: bool) -> list[str]:
    """Write the files of an answer and, if asked, its report; return their names."""
    from ringfence.response.writing import write_answer

    files = write_answer(answer, out, replace=replace)
    if report:
        from ringfence.exchange.report import write_html, write_pdf

        write_html(answer.plan, out / "report.html")
        write_pdf(answer.plan, out / "report.pdf")
        files += ["report.html", "report.pdf"]
    return files


def print_answer(console: Console, answer: Answer, asked: Asked) -> None:
    """Print the card, what is due, what would follow, and what is not known, each a screen line at most."""
    lang, plan = output.manner().language, answer.plan
    banner = historical(asked.pack, asked.book.on)
    if banner:
        console.print(banner, style="bold red", markup=False, soft_wrap=True)
    console.print(plan["title"][lang], style="bold", markup=False, soft_wrap=True)
    console.print(f"  {plan['clocks'][lang]}", markup=False, soft_wrap=True)
    for row in plan["card"][lang]["known"]:
        console.print(f"  {row}", markup=False, soft_wrap=True)
    _section(console, "respond.due")
    for duty in plan["due_now"][:_SHOWN]:
        console.print(_duty_line(duty, lang), markup=False, soft_wrap=True)
    if len(plan["due_now"]) > _SHOWN:
        output.line("respond.more", n=len(plan["due_now"]) - _SHOWN, file="duties.csv")
    _section(console, "respond.assumed")
    _follows(plan["if_assessed"], lang)
    _section(console, "respond.unknowns")
    for row in plan["unknowns"][:_SHOWN]:
        console.print(f"  {row[lang]} · {row['who'][lang]} · {row['by'][5:16].replace('T', ' ')}", markup=False,
                      soft_wrap=True)  # fmt: skip
    if plan["wrong"]:
        output.line("respond.wrong", n=len(plan["wrong"]))
    output.line("respond.took", seconds=round(sum(plan["seconds"].values()), 2))


def _section(console: Console, code: str) -> None:
    console.print()
    output.line(code)


def _duty_line(duty: dict[str, Any], lang: str) -> str:
    due = (duty["due"] or duty["until"] or duty["begins"])[5:16].replace("T", " ")
    who = duty["who"] or ("" if duty.get("group") else duty[f"subject_{lang}"])
    return "  " + " · ".join(part for part in (due, duty[lang], who, duty[f"desk_{lang}"]) if part)


def _follows(part: dict[str, Any], lang: str) -> None:
    for cls, n in part["by_class"].items():
        output.line("respond.class_line", cls=part["names"][cls][lang], n=n, asking=part["with_questions"].get(cls, 0))
    rooms, seats = (next((row["n"] for row in part[key]), 0) for key in ("rooms_by_day", "seats_by_day"))
    tests = sum(row["n"] for row in part["tests_by_day"][:2])
    output.line("respond.cost_line", days=round(part["person_days"]), sure=round(part["person_days_without_questions"]),
                rooms=rooms, seats=seats, tests=tests)  # fmt: skip
    if part["if_yes"] is not None:
        output.line("respond.if_yes_line", days=round(part["if_yes"]["person_days"]))
