"""Files of bulletins: a text with one bulletin a block, a CSV or lines of JSON with a column of text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.refusals import Refused

KNOWN: Mapping[str, tuple[str, ...]] = {
    "text": (
        "text",
        "detail_info",
        "detail",
        "bulletin",
        "content",
        "内容",
        "正文",
        "通报",
        "轨迹",
        "活动轨迹",
        "行程",
    ),
    "id": ("id", "doc_id", "case_id", "case", "case_ref", "编号", "病例", "病例编号", "序号"),
    "published": (
        "published",
        "published_at",
        "date_published",
        "publication_date",
        "发布日期",
        "通报日期",
        "发布时间",
    ),
}
_NEW_CASE = re.compile(
    r"\s*(?:新增)?(?:确诊)?(?:病例|患者|感染者|病人)\s?(?:\d{1,4}|[一二三四五六七八九十]{1,3})\s?[：:，,（(]"
)
_INNER_CASE = re.compile(
    r"(?<=[。；;\n])\s*(?=(?:新增)?(?:确诊)?(?:病例|患者|感染者)\s?(?:\d{1,4}|[一二三四五六七八九十]{1,3})\s?[：:，,（(][^。；;]{0,40}?(?:[男女]|\d岁))"
)
_ENCODINGS = ("utf-8-sig", "gb18030")
_LONGEST = 20_000  # characters; more is no bulletin but a book


@dataclass(frozen=True, slots=True)
class Told:
    """One bulletin as it stands in a file: its key, the line it begins on, its text and its day."""

    key: str
    line: int
    text: str
    published: date | None = None


@dataclass(slots=True)
class Bulletins:
    """The bulletins of a file, and the rows that hold none."""

    told: list[Told] = field(default_factory=list)
    problems: list[Reject] = field(default_factory=list)
    unused: tuple[str, ...] = ()
    own_ids: bool = False


def read_bulletins(path: Path, *, columns: Mapping[str, str], published: date | None) -> Bulletins:
    """Return the bulletins of a file; what it is goes by its name: .csv, .jsonl, else text.

    `columns` says which column holds text, id and published; several are joined by a plus. `published` is the day of
    bulletins that tell none. Refused: a file that is no text, or has no column of text.
    """
    unknown = sorted(set(columns) - set(KNOWN))
    if unknown:
        raise Refused("itinerary.unknown_field", field=unknown[0], fields=", ".join(KNOWN))
    content = _decoded(path)
    if path.suffix.lower() in (".csv", ".tsv"):
        found = _of_rows(path, list(_csv_rows(path, content)), columns, published)
    elif path.suffix.lower() in (".jsonl", ".ndjson"):
        rows, problems = _json_rows(content)
        found = _of_rows(path, rows, columns, published)
        found.problems[:0] = problems
    else:
        found = Bulletins(list(_blocks(content, published)))
    found.told = [part for told in found.told for part in _cases(told)]
    if not found.told and not found.problems:
        raise Refused("itinerary.empty", file=path.name)
    return found


def _cases(told: Told) -> Iterator[Told]:
    """Yield one bulletin for each numbered case with age or sex that a sentence of the text begins with."""
    parts = [part for part in _INNER_CASE.split(told.text) if part.strip()]
    for number, part in enumerate(parts, 1):
        yield Told(told.key if number == 1 else f"{told.key}/{number}", told.line, part, told.published)


def _decoded(path: Path) -> str:
    raw = path.read_bytes()
    if b"\x00" in raw[:4096]:
        raise Refused("itinerary.no_text", file=path.name)
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("itinerary.no_text", file=path.name)


def _blocks(content: str, published: date | None) -> Iterator[Told]:
    """Yield blocks between blank lines; a line that begins with a numbered case begins a bulletin, too."""
    held: list[str] = []
    begun = number = 0
    for line, text in enumerate([*content.splitlines(), ""], 1):
        if held and (not text.strip() or _NEW_CASE.match(text)):
            number += 1
            yield Told(str(number), begun, "\n".join(held), published)
            held = []
        if text.strip():
            if not held:
                begun = line
            held.append(text)


def _csv_rows(path: Path, content: str) -> Iterator[tuple[int, dict[str, Any]]]:
    csv.field_size_limit(2**24)
    head = content[:4096].splitlines()[:1]
    mark = max(",;\t|", key=head[0].count) if head else ","
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=mark)
    try:
        header = [name.strip() for name in next(reader, [])]
        before = reader.line_num
        for row in reader:
            line, before = before + 1, reader.line_num
            if row:
                yield line, dict(zip(header, row, strict=False))
    except csv.Error as error:
        raise Refused("itinerary.broken_table", file=path.name, line=reader.line_num) from error


def _json_rows(content: str) -> tuple[list[tuple[int, dict[str, Any]]], list[Reject]]:
    rows, problems = [], []
    for line, text in enumerate(content.splitlines(), 1):
        if not text.strip():
            continue
        try:
            entry = json.loads(text)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            rows.append((line, entry))
        else:
            problems.append(Reject(line, "line", "itinerary.no_object", {"line": line}))
    return rows, problems


def _of_rows(
    path: Path, rows: Sequence[tuple[int, dict[str, Any]]], columns: Mapping[str, str], published: date | None
) -> Bulletins:
    header = list(dict.fromkeys(name for _, row in rows[:100] for name in row))
    chosen = {name: _chosen(path, name, header, columns) for name in KNOWN}
    if rows and not chosen["text"]:
        raise Refused("itinerary.no_text_column", file=path.name, columns=", ".join(header) or "-")
    used = {column for listed in chosen.values() for column in listed}
    found = Bulletins(unused=tuple(name for name in header if name not in used), own_ids=bool(chosen["id"]))
    keys = set[str]()
    for number, (line, row) in enumerate(rows, 1):
        text = "，".join(filter(None, (_cell(row, name) for name in chosen["text"])))
        if not text:
            found.problems.append(Reject(line, "text", "itinerary.no_bulletin", {"line": line}))
            continue
        if len(text) > _LONGEST:
            found.problems.append(
                Reject(line, "text", "itinerary.too_long", {"characters": len(text), "most": _LONGEST})
            )
            continue
        day, problem = _day(line, " ".join(_cell(row, name) for name in chosen["published"]), published)
        if problem:
            found.problems.append(problem)
        key = " ".join(filter(None, (_cell(row, name) for name in chosen["id"]))) or str(number)
        key = key if key not in keys else f"{key} ({line})"
        keys.add(key)
        found.told.append(Told(key, line, text, day))
    return found


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


def _chosen(path: Path, name: str, header: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """Return the columns of a field: those that were named, which must be there, else the first with a known name."""
    if name in columns:
        asked = [column.strip() for column in columns[name].split("+")]
        for column in asked:
            if column not in header:
                near = get_close_matches(column, header, 1, 0.0)
                raise Refused(
                    "itinerary.no_such_column", file=path.name, column=column, nearest=near[0] if near else "-",
                    columns=", ".join(header) or "-",
                )  # fmt: skip
        return asked
    by_plain = {column.strip().lower(): column for column in reversed(header)}
    return next(([by_plain[known]] for known in KNOWN[name] if known in by_plain), [])


def _day(line: int, text: str, otherwise: date | None) -> tuple[date | None, Reject | None]:
    """Return the day of publication of a row, or the one for all; a day that cannot be read is told."""
    if not text:
        return otherwise, None
    digits = re.match(r"(20\d\d)[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})", text)
    try:
        return date(*(int(group) for group in digits.groups())), None  # type: ignore[union-attr]
    except (AttributeError, ValueError):
        return otherwise, Reject(line, "published", "itinerary.bad_day", {"text": text})
