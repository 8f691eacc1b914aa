"""Which column of a file holds what, from its header in English or Chinese, or as the caller says."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from ringfence.vocabulary.refusals import Refused

REQUIRED = ("person", "place", "start")

# Best name first: where two columns of a file would do, the earlier name wins.
NAMES: Mapping[str, tuple[str, ...]] = {
    "person": (
        "person", "person_id", "personid", "user", "user_id", "userid", "patient", "patient_id", "case_ref",
        "case_id", "subject", "subject_id", "pid", "uid", "id", "人员", "人员编号", "人员id", "姓名编号",
        "个案编号", "用户", "用户编号", "用户id", "病例编号", "编号", "姓名",
    ),
    "place": (
        "place", "place_id", "placeid", "venue", "venue_id", "poi", "poi_id", "location", "location_id", "site",
        "site_id", "场所", "场所编号", "场所id", "场所码", "地点", "地点编号", "地址", "场所名称", "地点名称",
    ),
    "start": (
        "start", "start_time", "start_at", "starttime", "arrival", "arrival_time", "arrived", "arrived_at",
        "check_in", "checkin", "check_in_time", "checkin_time", "enter", "entered", "begin", "from", "time",
        "datetime", "timestamp", "utc_time", "开始", "开始时间", "到达", "到达时间", "进入", "进入时间", "扫码时间",
        "到店", "到店时间", "时间",
    ),
    "end": (
        "end", "end_time", "end_at", "endtime", "leave", "left", "leave_time", "left_at", "departure",
        "departure_time", "check_out", "checkout", "check_out_time", "checkout_time", "exit", "until", "to", "结束",
        "结束时间", "离开", "离开时间", "离去时间", "离店", "离店时间",
    ),
    "kind": (
        "kind", "place_kind", "kind_of_place", "place_type", "venue_type", "poi_type", "场所类型", "场所类别",
        "地点类型", "类型",
    ),
    "source": (
        "source", "来源", "数据来源",
    ),
    "certain": (
        "certain", "certainty", "确定", "是否确定",
    ),
    "date": (
        "date", "day", "visit_date", "日期",
    ),
    "vehicle": (
        "vehicle", "vehicle_no", "vehicle_number", "train_no", "flight_no", "车次", "班次", "车次航班", "航班号",
        "交通工具编号",
    ),
}  # fmt: skip


def plain(name: str) -> str:
    """Return a header as it is compared: small letters, without blanks, dashes, dots and brackets."""
    return "".join(c for c in name.casefold() if c not in " \ufeff\u3000\t_-.()（）")


def choose_columns(
    header: Sequence[str],
    wanted: Mapping[str, str] | None = None,
    *,
    names: Mapping[str, Sequence[str]] = NAMES,
    required: Sequence[str] = REQUIRED,
) -> dict[str, tuple[int, ...]]:
    """Return the columns of each field that a header has; refused where a needed one cannot be found.

    `wanted` names the column of a field, or several to be joined, as in latitude+longitude. `names` are what each field
    is known as, the best name first.
    """
    explicit = dict(wanted or {})
    for field in explicit:
        if field not in names:
            raise Refused("intake.unknown_field", field=field, fields=", ".join(names))
    known = [plain(name) for name in header]
    chosen: dict[str, tuple[int, ...]] = {}
    for field in sorted(names, key=lambda field: field not in explicit):
        if field in explicit:
            chosen[field] = _asked(field, explicit[field], header, known)
            continue
        taken = {at for several in chosen.values() for at in several}
        free = [at for at in range(len(known)) if at not in taken]
        found = next((at for name in names[field] for at in free if known[at] == plain(name)), None)
        if found is not None:
            chosen[field] = (found,)
        elif field in required:
            raise _missing(field, names[field], header, known)
    if len(set(chosen.values())) < len(chosen):
        told = ", ".join(f"{field}={'+'.join(header[at] for at in several)}" for field, several in chosen.items())
        raise Refused("intake.column_twice", columns=told)
    return chosen


def unused_columns(header: Sequence[str], columns: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Return the named columns of a header that no field was taken from."""
    used = {at for several in columns.values() for at in several}
    return tuple(name.strip() for at, name in enumerate(header) if at not in used and name.strip())


def _asked(field: str, column: str, header: Sequence[str], known: Sequence[str]) -> tuple[int, ...]:
    """Return the columns that the caller names: one, or several joined by +."""
    parts = [column] if plain(column) in known else column.split("+")
    for part in parts:
        if plain(part) not in known:
            told = _missing(field, (part,), header, known).values
            raise Refused("intake.no_such_column", column=part, **told)
    return tuple(known.index(plain(part)) for part in parts)


def _missing(field: str, candidates: Sequence[str], header: Sequence[str], known: Sequence[str]) -> Refused:
    near = [
        (difflib.SequenceMatcher(None, plain(candidate), name).ratio(), at)
        for candidate in candidates
        for at, name in enumerate(known)
    ]
    score, at = max(near, default=(0.0, 0))
    found = ", ".join(name.strip() for name in header) or "–"
    nearest = header[at].strip() if score >= 0.5 else "–"
    return Refused(
        "intake.missing_column",
        field=field,
        found=found,
        nearest=nearest,
        example=f"{field}={nearest if score >= 0.5 else header[0].strip() if header else '–'}",
    )
