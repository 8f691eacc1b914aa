"""Excel sheets as columns of text: the first sheet with something in it, its first full row as header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from ringfence.tracing.encounters.told import Told
from ringfence.tracing.intake.columns import choose_columns, unused_columns
from ringfence.vocabulary.refusals import Refused

_ENDINGS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")


def is_sheet(path: Path) -> bool:
    """Return whether a file is a workbook by its ending."""
    return path.suffix.lower() in _ENDINGS


def read_sheet(path: Path, names: Mapping[str, Sequence[str]], *, required: Sequence[str] = ()) -> Told:
    """Return the columns of a workbook that our names stand over, with the line of each row. Refused if unreadable."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names]
    except (CalamineError, OSError) as error:
        raise Refused("respond.bad_sheet", file=path.name, why=(str(error).splitlines() or [""])[0]) from error
    rows = next((rows for rows in sheets if any(any(_text(c) for c in row) for row in rows)), None)
    if rows is None:
        raise Refused("respond.empty_sheet", file=path.name)
    full = [at for at, row in enumerate(rows) if sum(bool(_text(c)) for c in row) > 1 or len(row) == 1]
    top = full[0] if full else next(at for at, row in enumerate(rows) if any(_text(c) for c in row))
    header = tuple(_text(cell) for cell in rows[top])
    chosen = choose_columns(header, names=names, required=required)
    columns: dict[str, list[str]] = {field: [] for field in chosen}
    lines = []
    for line, row in enumerate(rows[top + 1 :], top + 2):
        if not any(_text(cell) for cell in row):
            continue
        lines.append(line)
        for field, several in chosen.items():
            columns[field].append(" ".join(_text(row[at]) for at in several if at < len(row)).strip())
    return Told(header, columns, lines, [], unused_columns(header, chosen))


def _text(value: Any) -> str:
    """Return a cell as text: whole numbers without a point, days and moments as ISO 8601 writes them."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        plain = value.isoformat(sep="T", timespec="minutes")
        return plain.removesuffix("T00:00")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
