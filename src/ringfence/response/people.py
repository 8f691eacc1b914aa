"""What a list of named contacts tells of people beside whom they met: telephone, address, name; and rows of nobody."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ringfence.tracing.encounters.named import NAMED_NAMES
from ringfence.tracing.encounters.told import read_told
from ringfence.tracing.intake.columns import plain
from ringfence.tracing.intake.rejects import Reject

PHONE = ("phone", "telephone", "mobile", "phone_number", "tel", "电话", "联系电话", "手机", "手机号", "电话号码")
BIRTH = ("birth_date", "date_of_birth", "dob", "birth", "born", "出生日期", "生日")
ADDRESS = ("address", "home_address", "住址", "现住址", "地址", "家庭住址")
NAME = ("name", "full_name", "contact_name", "姓名", "接触者姓名")
DETAILS: Mapping[str, tuple[str, ...]] = {
    **NAMED_NAMES, "phone": PHONE, "address": ADDRESS, "birth": BIRTH, "full_name": NAME,
}  # fmt: skip
ALIKE = 0.75


@dataclass(frozen=True, slots=True)
class Detail:
    """One row of a list of named contacts: whom the case named, and what it tells of her."""

    line: int
    case: str
    contact: str
    name: str = ""
    phone: str = ""
    address: str = ""
    birth: str = ""


def read_details(path: Path) -> tuple[list[Detail], list[Reject]]:
    """Return the rows of a list of named contacts and a question for each header that nothing is taken from."""
    told = read_told(path, DETAILS, required=("case", "contact"))
    columns = (told.column(name) for name in ("case", "contact", "full_name", "phone", "address", "birth"))
    rows = [Detail(line, *cells) for line, *cells in zip(told.lines, *columns, strict=True)]
    return rows, unknown_headers(told.unused, told.columns, DETAILS)


def unknown_headers(unused: Iterable[str], taken: Collection[str], names: Mapping[str, Sequence[str]]) -> list[Reject]:
    """Return a question for each header that nothing was taken from, with the nearest one that is known."""
    known = {plain(name): (field, name) for field, several in names.items() for name in several}
    asked = []
    for header in unused:
        near = difflib.get_close_matches(plain(header), known, 1, ALIKE)
        if near and known[near[0]][0] not in taken:
            field, name = known[near[0]]
            asked.append(Reject(1, header, "respond.header_near", {"text": header, "nearest": name, "field": field}))
        else:
            asked.append(Reject(1, header, "respond.header_unknown", {"text": header}))
    return asked


def of_nobody(rows: Iterable[Detail], known: Collection[str]) -> list[Reject]:
    """Return a reject for each row whose case is none that the answer knows."""
    return [
        Reject(row.line, "case", "respond.no_such_case", {"text": row.case, "contact": row.contact},
               f"{row.case},{row.contact}")
        for row in rows if row.case and row.contact and row.case not in known
    ]  # fmt: skip
