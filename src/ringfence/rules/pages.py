"""What the rules say: a page for health officers, made from a pack, with the source of each number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ringfence.rules.packfile import Entry, Pack, rule_of
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.telling import Teller, timeline
from ringfence.vocabulary.words import sentence, table

TOPICS: Mapping[str, tuple[str, ...]] = {
    "act_on": ("act_on",),
    "disease": ("incubation", "infectious", "exposure"),
    "contacts": ("contact", "backward"),
    "courses": ("course", "ladder"),
    "immunity": ("immunity", "dose"),
    "patients": ("patient", "discharge"),
    "clocks": ("clock", "proof", "second_signer"),
    "tests": ("pool", "round", "test_groups"),
    "zones": ("zone", "community_zero", "cluster"),
    "end": ("outbreak_end", "review"),
    "doors": ("door", "gate", "arrival", "gathering"),
}
"""Which keys stand in which section, by their first part; who may sign what has a section of its own."""

_ONE = {"times a day": "time a day"}


def topic_of(key: str) -> str:
    """Return the section in which a key stands."""
    first = key.split(".", 1)[0]
    return next((topic for topic, firsts in TOPICS.items() if first in firsts), "authority")


def page(pack: Pack, language: str) -> str:
    """Return the page of a pack as Markdown."""
    return "\n".join(_page(Teller(language, pack))) + "\n"


def _page(teller: Teller) -> Iterator[str]:
    pack = teller.pack
    yield f"# {teller.say('page.rules.title', name=pack.said(teller.language))}"
    yield ""
    yield teller.say("page.rules.generated", pack=pack.id, version=pack.version)
    yield ""
    if pack.ends is not None:
        yield f"> **{historical_mark()}** {teller.say('page.rules.historical', begins=pack.begins, ends=pack.ends)}"
    else:
        yield f"> {teller.say('page.rules.in_force', begins=pack.begins)}"
    yield ""
    if pack.over:
        yield teller.say("page.rules.over", packs=", ".join(pack.over))
        yield ""
    note = pack.note.get(teller.language)
    if note:
        yield note
        yield ""
    by_topic: dict[str, list[str]] = {}
    for key in sorted(pack.entries):
        by_topic.setdefault(topic_of(key), []).append(key)
    for topic in (*TOPICS, "authority"):
        if topic in by_topic:
            yield f"## {teller.word('topic', topic)}"
            yield ""
            yield from _calendars(teller) if topic == "courses" else ()
            yield from _authority(teller) if topic == "authority" else ()
            yield from _values(teller, by_topic[topic])
    yield from _sources(teller)
    yield teller.say("page.rules.no_advice")


def historical_mark() -> str:
    """Return the mark of packs whose period is over, in both languages."""
    return " ".join(sentence("pack.historical", {}, language) for language in ("en", "zh"))


def _values(teller: Teller, keys: list[str]) -> Iterator[str]:
    """Yield a table of values: what, how much, since when, by which clause of which document, how sure."""
    columns = ("what", "value", "since", "clause", "document", "confidence", "pack")
    yield _row(teller.say(f"page.rules.{name}") for name in columns)
    yield _row("---" for _ in columns)
    for key in keys:
        label = f"{key_said(key, teller)}<br>`{key}`"
        for since, entry in timeline(teller.pack.entries[key]):
            yield _row((label, value_said(key, entry.value, teller), since.isoformat(), entry.clause,
                        _document(entry, teller), teller.word("confidence", entry.confidence), entry.pack))  # fmt: skip
            label = ""
    yield ""


def _row(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _document(entry: Entry, teller: Teller) -> str:
    return f"{teller.title(entry.source)}, {teller.pack.sources.get(entry.source, {}).get('date', '—')}"


def key_said(key: str, teller: Teller) -> str:
    """Return what a key means: the names that it holds, and the meaning that the schema gives it."""
    rule = rule_of(key)
    meaning = key if rule is None else rule.meaning(teller.language)
    names = names_in_key(key, teller)
    return f"{', '.join(names)}{teller.colon}{meaning}" if names else meaning


def names_in_key(key: str, teller: Teller) -> list[str]:
    """Return the names that a pack gives its classes, courses, stages and so on, for those that a key holds."""
    parts, rule = key.split("."), rule_of(key)
    if rule is None:
        return []
    found = []
    for part, pattern in zip(parts, rule.pattern.split("."), strict=True):
        if pattern.startswith("<"):
            kind = pattern.strip("<>")
            found.append(teller.word("duty_kind", part) if kind == "duty" else _named(kind, part, teller))
    return found


def _named(kind: str, name: str, teller: Teller) -> str:
    named = teller.named(kind, name)
    return teller.word("word", name) if named == name.replace("_", " ") and f"word.{name}" in table() else named


def value_said(key: str, value: Any, teller: Teller) -> str:
    """Return a value in words, with its unit."""
    if value is None:
        return teller.word("word", "none")
    parts, rule = key.split("."), rule_of(key)
    kind = {"classes": "class", "stages": "stage", "levels": "level", "course": "course", "then": "level",
            "upgrade": "class", "not_when": "dose"}.get(parts[-1], "")  # fmt: skip
    if len(parts) > 2 and parts[-2] == "course":
        kind = "course"
    said = teller.value(kind, value)
    unit = "" if rule is None or not rule.unit else teller.word("unit", rule.unit)
    if value == 1 and teller.language == "en":
        unit = _ONE.get(unit, unit.removesuffix("s"))
    return f"{said} {unit}".strip()


# ── courses ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _calendars(teller: Teller) -> Iterator[str]:
    """Yield each course as a calendar of days, as it stands on the last day on which a value changes."""
    book = _latest(teller.pack)
    courses = sorted({key.split(".")[1] for key in book.values if key.startswith("course.")})
    for course in courses:
        yield f"### {teller.named('course', course)} (`{course}`)"
        yield ""
        anchor = book.get(f"course.{course}.count_from", "last_exposure")
        yield teller.say("page.rules.day_0", anchor=teller.word("word", anchor))
        yield ""
        yield _row((teller.say("page.rules.day"), teller.say("page.rules.what_then")))
        yield _row(("---", "---"))
        for day, lines in calendar(course, book, teller):
            yield _row((day, "; ".join(lines)))
        yield ""


def _latest(pack: Pack) -> Rulebook:
    days = [entry.since for entries in pack.entries.values() for entry in entries]
    return Rulebook.of(pack, max([pack.begins, *days]))


def calendar(course: str, book: Rulebook, teller: Teller) -> list[tuple[int, list[str]]]:
    """Return what happens on which day of a course, counted from its day 0."""
    days: dict[int, list[str]] = {}
    zero = 0
    for stage in book.get(f"course.{course}.stages", []):
        key = f"course.{course}.{stage}"
        first, length = book.get(f"{key}.from"), book.get(f"{key}.days")
        begins = zero if first is None else first
        asks = teller.word("word", book.get(f"{key}.asks", "watch_self"))
        observe = book.get(f"{key}.observe")
        more = teller.say("page.rules.observed", times=observe) if observe else ""
        other = None if first is None else book.get(f"{key}.from_anchor")
        whence = teller.say("page.rules.counted_from", anchor=teller.word("word", other)) if other else ""
        days.setdefault(begins, []).append(
            teller.say("page.rules.begins", stage=teller.named("stage", stage), asks=asks) + more + whence
        )
        tests = book.get(f"{key}.tests", [])
        pool = book.get(f"{key}.pool", 1)
        specimen = book.get(f"{key}.specimen")
        for day in tests:
            twice = day == tests[-1] and book.get(f"{key}.last_test") == "double_swab"
            said = teller.say("page.rules.test_twice" if twice else "page.rules.test", stage_day=day)
            if specimen:
                said += f" ({teller.word('word', specimen)})"
            if pool > 1:
                said += teller.say("page.rules.pooled", pool=pool)
            days.setdefault(zero + day, []).append(said)
        if length is not None:
            zero += length
            needs = book.get(f"{key}.release", [])
            said = teller.say("page.rules.ends", stage=teller.named("stage", stage))
            if needs:
                said += teller.say("page.rules.if", needs=", ".join(teller.word("word", need) for need in needs))
            days.setdefault(zero, []).append(said)
    return sorted(days.items())


# ── who may sign, and where it is written ────────────────────────────────────────────────────────────────────────


def _authority(teller: Teller) -> Iterator[str]:
    columns = ("body", "rung", "asks", "longest", "heard", "law")
    yield _row(teller.say(f"page.rules.{name}") for name in columns)
    yield _row("---" for _ in columns)
    book = _latest(teller.pack)
    for key in sorted(book.values):
        if key.startswith("authority."):
            _, body, rung = key.split(".")
            value = book.get(key)
            heard = value.get("hearing_hours")
            hours = f"{heard:g} {teller.word('unit', 'hours')}" if heard is not None else "—"
            days = f"{value['days']} {teller.word('unit', 'days')}"
            asks = ", ".join(teller.word("word", one) for one in value["asks"])
            yield _row(
                (teller.named("body", body), teller.word("word", rung), asks, days, hours, value.get("law", "—"))
            )
    yield ""


def _sources(teller: Teller) -> Iterator[str]:
    yield f"## {teller.say('page.rules.sources')}"
    yield ""
    used = {entry.source for entries in teller.pack.entries.values() for entry in entries}
    for name, source in sorted(teller.pack.sources.items(), key=lambda pair: (str(pair[1].get("date")), pair[0])):
        if name in used:
            issuer = source.get("issuer", {})
            by = issuer.get(teller.language, "") if isinstance(issuer, Mapping) else str(issuer)
            said = f"- `{name}` {teller.title(name)}, {source.get('date', '—')}"
            yield said + (f", {by}" if by else "")
    yield ""


def index(packs: Iterable[Pack]) -> str:
    """Return the page that leads to the pages of packs, in both languages."""
    lines = [
        "# What the rules say 规则说明",
        "",
        "| pack 规则包 | name 名称 | period 有效期 | page | 说明 |",
        "|---|---|---|---|---|",
    ]
    for pack in packs:
        span = f"{pack.begins} – {pack.ends}" if pack.ends else f"{pack.begins} –"
        links = [f"[English]({pack.id}.en.md)", f"[中文]({pack.id}.zh.md)"]
        lines.append(_row((f"`{pack.id}`", f"{pack.said('en')} {pack.said('zh')}", span, *links)))
    return "\n".join(lines) + "\n"
