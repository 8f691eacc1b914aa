"""Which column of a file holds what, from its header in English or Chinese, or as the caller says."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

FIELDS = ("person", "place", "start", "end", "kind", "source", "certain", "date")
REQUIRED = ("person", "place", "start")

# Best name first: where two columns of a file would do, the earlier name wins.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "person": (
        "person",
        "person_id",
        "personid",
        "user",
        "user_id",
        "userid",
        "patient",
        "patient_id",
        "case_ref",
        "case_id",
        "subject",
        "subject_id",
        "pid",
        "uid",
        "id",
        "人员",
        "人员编号",
        "人员id",
        "姓名编号",
        "个案编号",
        "用户",
        "用户编号",
        "用户id",
        "病例编号",
        "编号",
        "姓名",
    ),
    "place": (
        "place",
        "place_id",
        "placeid",
        "venue",
        "venue_id",
        "poi",
        "poi_id",
        "location",
        "location_id",
        "site",
        "site_id",
        "场所",
        "场所编号",
        "场所id",
        "场所码",
        "地点",
        "地点编号",
        "地址",
        "场所名称",
        "地点名称",
    ),
    "start": (
        "start",
        "start_time",
        "start_at",
        "starttime",
        "arrival",
        "arrival_time",
        "arrived",
        "arrived_at",
        "check_in",
        "checkin",
        "check_in_time",
        "checkin_time",
        "enter",
        "entered",
        "begin",
        "from",
        "time",
        "datetime",
        "timestamp",
        "utc_time",
        "开始",
        "开始时间",
        "到达",
        "到达时间",
        "进入",
        "进入时间",
        "扫码时间",
        "时间",
    ),
    "end": (
        "end",
        "end_time",
        "end_at",
        "endtime",
        "leave",
        "left",
        "leave_time",
        "left_at",
        "departure",
        "departure_time",
        "check_out",
        "checkout",
        "check_out_time",
        "checkout_time",
        "exit",
        "until",
        "to",
        "结束",
        "结束时间",
        "离开",
        "离开时间",
        "离去时间",
    ),
    "kind": (
        "kind",
        "place_kind",
        "kind_of_place",
        "place_type",
        "venue_type",
        "poi_type",
        "场所类型",
        "场所类别",
        "地点类型",
    ),
    "source": ("source", "来源", "数据来源"),
    "certain": ("certain", "certainty", "确定", "是否确定"),
    "date": ("date", "day", "visit_date", "日期"),
}


def _plain(name: str) -> str:
    return "_".join(name.strip().strip("\ufeff").lower().replace("-", " ").replace("_", " ").split())


def choose_columns(header: Sequence[str], wanted: Mapping[str, str] | None = None) -> dict[str, int]:
    """Return the column number of each field that a header has; refused where a needed one cannot be found.

    A column `date` is used only where the caller names it, or where no known name of `start` holds more than a clock.
    """
    explicit = dict(wanted or {})
    for field in explicit:
        if field not in FIELDS:
            raise Refused("intake.unknown_field", field=field, fields=", ".join(FIELDS))
    names = [_plain(name) for name in header]
    chosen: dict[str, int] = {}
    for field in sorted(FIELDS, key=lambda field: field not in explicit):
        candidates = (explicit[field],) if field in explicit else _NAMES[field]
        free = [at for at in range(len(names)) if field in explicit or at not in chosen.values()]
        at = next((at for name in candidates for at in free if names[at] == _plain(name)), None)
        if at is not None:
            chosen[field] = at
        elif field in explicit or field in REQUIRED:
            raise _missing(field, candidates, header, names)
    return chosen


def _missing(field: str, candidates: Sequence[str], header: Sequence[str], names: Sequence[str]) -> Refused:
    near = [
        (difflib.SequenceMatcher(None, _plain(candidate), name).ratio(), at)
        for candidate in candidates
        for at, name in enumerate(names)
    ]
    score, at = max(near, default=(0.0, 0))
    found = ", ".join(name.strip() for name in header) or "–"
    nearest = header[at].strip() if score >= 0.5 else "–"
    return Refused("intake.missing_column", field=field, found=found, nearest=nearest, example=f"{field}={nearest}")


_KIND_WORDS = {
    "家": PlaceKind.HOME, "住宅": PlaceKind.HOME, "住所": PlaceKind.HOME, "单位": PlaceKind.WORKPLACE,
    "工作单位": PlaceKind.WORKPLACE, "企业": PlaceKind.WORKPLACE, "工厂": PlaceKind.WORKPLACE, "学校": PlaceKind.SCHOOL,
    "市场": PlaceKind.MARKET, "农贸市场": PlaceKind.MARKET, "商店": PlaceKind.SHOP, "超市": PlaceKind.SHOP,
    "商场": PlaceKind.SHOP, "餐馆": PlaceKind.RESTAURANT, "餐饮": PlaceKind.RESTAURANT, "饭店": PlaceKind.RESTAURANT,
    "医院": PlaceKind.HOSPITAL, "诊所": PlaceKind.HOSPITAL, "养老院": PlaceKind.CARE_HOME,
    "交通工具": PlaceKind.VEHICLE,
    "公交": PlaceKind.VEHICLE, "公交车": PlaceKind.VEHICLE, "火车": PlaceKind.VEHICLE, "高铁": PlaceKind.VEHICLE,
    "酒店": PlaceKind.HOTEL, "宾馆": PlaceKind.HOTEL, "宗教场所": PlaceKind.WORSHIP,
    "娱乐场所": PlaceKind.ENTERTAINMENT,
    "健身房": PlaceKind.GYM, "户外": PlaceKind.OUTDOORS, "公园": PlaceKind.OUTDOORS, "车站": PlaceKind.STATION,
    "隔离点": PlaceKind.QUARANTINE_SITE, "集中隔离点": PlaceKind.QUARANTINE_SITE,
}  # fmt: skip


def named_kind(word: str) -> PlaceKind:
    """Return the kind of place of an English name, a Chinese word or a number; OTHER for anything else."""
    if word.isascii() and word.isdigit() and int(word) in PlaceKind.__members__.values():
        return PlaceKind(int(word))
    return _KIND_WORDS.get(word.strip(), PlaceKind.named(word))
