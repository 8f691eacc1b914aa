"""Read encounter lists: one record a row, persons, moment or span, and the distance where it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ringfence.tracing.encounters.search import EncounterList
from ringfence.tracing.encounters.told import LocalNumbers, PersonNumbers, Told, moment_reader, read_told, seconds_of
from ringfence.tracing.intake.rejects import Reject
from ringfence.vocabulary.reasons import Reason
from ringfence.vocabulary.refusals import Refused

ENCOUNTER_NAMES: Mapping[str, tuple[str, ...]] = {
    "person_a": (
        "person_a",
        "a",
        "node_a",
        "user_a",
        "id_a",
        "person1",
        "person_1",
        "i",
        "甲",
        "人员甲",
        "人员1",
        "本人",
    ),
    "person_b": (
        "person_b",
        "b",
        "node_b",
        "user_b",
        "id_b",
        "person2",
        "person_2",
        "j",
        "乙",
        "人员乙",
        "人员2",
        "对方",
    ),
    "start": ("start", "start_at", "started_at", "begin", "from", "开始", "开始时间", "起始时间"),
    "end": ("end", "end_at", "ended_at", "finish", "to", "结束", "结束时间", "截止时间"),
    "time": ("datetime", "timestamp", "time", "at", "t", "step", "时间", "时刻", "日期时间"),
    "distance_m": ("distance_m", "distance", "dist", "metres", "meters", "距离", "距离米", "距离m"),
}
_STEPS = {"step": ("step", "时段"), "time": ("time_bst", "time_local", "start", "datetime", "时间")}
_FARTHEST_M = 100_000.0
_STEP_FORMATS = ("%a %d %b %Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterReading:
    """How to read an encounter file.

    `zone`: for times written without one. `step_seconds`: the length of one record where the file gives only one
    time a record; found from the data when not given. `stamped`: whether that time is the start or the end of the
    record. `origin`: the moment from which plain numbers count seconds. `steps`: the start of each step by its
    label. `columns`: headers by our names, where ours are not recognised.
    """

    zone: ZoneInfo | None = None
    step_seconds: int | None = None
    stamped: Literal["start", "end"] = "start"
    origin: datetime | None = None
    steps: Mapping[str, datetime] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.step_seconds is not None and self.step_seconds <= 0:
            raise ValueError("step_seconds must be positive.")
        if self.origin is not None and self.origin.tzinfo is None:
            raise ValueError("origin needs a time zone.")


@dataclass(frozen=True, slots=True)
class EncounterFile:
    """What a file held. `loaded` + `duplicates` + len(`rejects`) is the number of its rows that are not blank."""

    encounters: EncounterList
    numbers: PersonNumbers
    loaded: int
    duplicates: int
    rejects: tuple[Reject, ...]
    notes: tuple[Reason, ...]
    step_seconds: int | None
    unused: tuple[str, ...] = ()


def read_encounters(
    path: Path, *, reading: EncounterReading | None = None, numbers: PersonNumbers | None = None
) -> EncounterFile:
    """Read an encounter list from CSV, gzipped CSV or Parquet; persons get their numbers from `numbers`.

    Refused when the file cannot be read, lacks a column, or gives no way to tell how long a record is.
    """
    reading = reading or EncounterReading()
    numbers = numbers if numbers is not None else LocalNumbers()
    told = read_told(path, ENCOUNTER_NAMES, required=("person_a", "person_b"), columns=reading.columns)
    faults = _Faults(told)
    one, two = told.columns["person_a"], told.columns["person_b"]
    faults.where([not text for text in one], "person_a", "told.empty", field="person_a")
    faults.where([not text for text in two], "person_b", "told.empty", field="person_b")
    faults.where([bool(a) and a == b for a, b in zip(one, two, strict=True)], "person_b", "told.self_pair")
    distance = _distances(told, faults)
    spanned = "start" in told.columns and "end" in told.columns
    stamps, ends = _spans(told, faults, reading) if spanned else (_stamps(told, faults, reading), None)
    good = np.flatnonzero(faults.clean)
    a = numbers.numbers_of([one[row] for row in good])
    b = numbers.numbers_of([two[row] for row in good])
    step, notes = (None, ()) if spanned else _step(a, b, stamps[good], reading.step_seconds)
    if ends is not None:
        starts_good, ends_good = stamps[good], ends[good]
    else:
        length = step or 1
        starts_good = stamps[good] - (length if reading.stamped == "end" else 0)
        ends_good = starts_good + length
    found = EncounterList.of(a, b, starts_good, ends_good, distance[good])
    rejects = tuple(sorted((*told.rejects, *faults.rejects), key=lambda r: r.line))
    return EncounterFile(found, numbers, len(found), len(good) - len(found), rejects, notes, step, told.unused)


def read_steps(path: Path, zone: ZoneInfo) -> dict[str, datetime]:
    """Read a table of steps (label, local time of its start) for lists that count steps instead of telling times."""
    told = read_told(path, _STEPS, required=("step", "time"))
    if told.rejects:
        first = told.rejects[0]
        raise Refused("told.steps_damaged", file=path.name, line=first.line)
    rows = zip(told.columns["step"], told.columns["time"], strict=True)
    return {label: _local(text, zone) for label, text in rows}


def _local(text: str, zone: ZoneInfo) -> datetime:
    for form in _STEP_FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise Refused("moment.unreadable", text=text)


class _Faults:
    """The rows of a table found wanting; only the first fault of a row is told."""

    def __init__(self, told: Told) -> None:
        self.clean: NDArray[np.bool_] = np.ones(len(told), bool)
        self.rejects: list[Reject] = []
        self._told = told

    def where(self, wrong: list[bool], field_name: str, code: str, **values: object) -> None:
        for row in np.flatnonzero(np.asarray(wrong, bool) & self.clean):
            self.add(int(row), field_name, code, values)

    def add(self, row: int, field_name: str, code: str, values: Mapping[str, object]) -> None:
        if self.clean[row]:
            self.clean[row] = False
            self.rejects.append(Reject(self._told.lines[row], field_name, code, dict(values), self._told.row(row)))


def _moments(
    texts: list[str], name: str, faults: _Faults, reading: EncounterReading, *, up: bool = False
) -> NDArray[np.int64]:
    read = moment_reader(reading.zone, reading.origin, reading.steps)
    seconds, bad = seconds_of(texts, read, up=up)
    if bad:
        for row, text in enumerate(texts):
            if text in bad:
                faults.add(row, name, bad[text].code, bad[text].values)
    return seconds


def _stamps(told: Told, faults: _Faults, reading: EncounterReading) -> NDArray[np.int64]:
    name = "time" if "time" in told.columns else "start"
    if name not in told.columns:
        raise Refused("told.no_time", headers=", ".join(told.header))
    return _moments(told.columns[name], name, faults, reading)


def _spans(told: Told, faults: _Faults, reading: EncounterReading) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    starts = _moments(told.columns["start"], "start", faults, reading)
    ends = _moments(told.columns["end"], "end", faults, reading, up=True)
    faults.where((ends <= starts).tolist(), "end", "told.ends_before_start")
    return starts, ends


def _distances(told: Told, faults: _Faults) -> NDArray[np.float32]:
    distance = np.full(len(told), np.nan, np.float32)
    for row, text in enumerate(told.columns.get("distance_m", [])):
        if text:
            try:
                distance[row] = float(text)
            except ValueError:
                faults.add(row, "distance_m", "told.bad_distance", {"text": text})
                continue
            if not 0 <= distance[row] <= _FARTHEST_M:
                faults.add(row, "distance_m", "told.bad_distance", {"text": text})
    return distance


def _step(
    a: NDArray[np.uint32], b: NDArray[np.uint32], stamps: NDArray[np.int64], given: int | None
) -> tuple[int | None, tuple[Reason, ...]]:
    """Return the length of a record: as given, or the commonest time between two records of one pair, with a note."""
    if given is not None or not len(stamps):
        return given, ()
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((stamps, high, low))
    low, high, ordered = low[order], high[order], stamps[order]
    apart = np.diff(ordered)[(low[1:] == low[:-1]) & (high[1:] == high[:-1])]
    lengths, counts = np.unique(apart[apart > 0], return_counts=True)
    if not len(lengths):
        raise Refused("told.no_step")
    step = int(lengths[np.argmax(counts)])
    share = round(100 * int(counts.max()) / int(counts.sum()))
    return step, (Reason("told.step_found", {"seconds": step, "percent": share}),)
