"""What lies on the disk: no given id in any byte, nothing new for what is known, nothing named before it is safe."""

from __future__ import annotations

import itertools
import os
import uuid
from pathlib import Path

import pytest

from ringfence.tracing.intake import IntakeSettings
from ringfence.tracing.visits.loading import erase_person, load_files, open_or_create
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.writing import writing
from tests.tracing import survival
from tests.tracing.survival import CAST, CHEN, DAY, FANG, HOME, LI, MARKET, MIDNIGHT, TOWN, WEI, ZHAO

pytestmark = pytest.mark.io

TOLD = [*survival.passers(61, 400), (FANG, HOME, MIDNIGHT + DAY - 30, MIDNIGHT + DAY + 400)]
LATER = survival.passers(62, 200)
LATE_MINUTE = MIDNIGHT + 30 * DAY
IDS = [*CAST, *TOWN, "passer-过客-"]


def load(store: Path, *files: Path, zone: str | None = None):
    """Load files here and now, and return the counts."""
    opened = open_or_create(store, None, zone=zone)
    rejects = survival.keys_of(store) / "rejects" / f"{uuid.uuid4().hex}.csv"
    return load_files(opened, files, IntakeSettings(zone=zone), rejects_file=rejects)


def contents(store: Path) -> dict[str, bytes]:
    """Return the bytes of all segments and kinds of a store."""
    return {path.name: path.read_bytes() for path in [*store.glob("days/*/*"), *store.glob("kinds/*")]}


# ── no id ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_given_id_occurs_in_any_byte_of_a_store_whatever_was_done_to_it(desk, tmp_path):
    store = tmp_path / "city"
    named = survival.write_csv(tmp_path / f"{WEI}.csv", TOLD, broken=[f"{WEI},{HOME},soon,later", f"{FANG},,,"])
    later = survival.write_csv(tmp_path / "later.csv", LATER)
    assert desk.run("visits", "load", named, "--store", store, "--json").json["rejected"] == 2
    assert survival.bytes_naming(IDS, store) == []
    assert survival.bytes_naming([WEI], survival.keys_of(store)), "what the scan looks for is found where it may stand"
    for words in (
        ("load", later),
        ("erase", "--person", CHEN),
        ("compact",),
        ("export", "--parquet", tmp_path / "out"),
        ("retain", "--days", 20, "--today", "2022-03-20"),
        ("erase", "--person", "nobody"),
    ):
        desk.run("visits", *words, "--store", store, "--json")
        assert survival.bytes_naming(IDS, store, *tmp_path.glob("out")) == []


def test_no_given_id_occurs_in_what_a_killed_load_leaves_in_a_store(desk, tmp_path):
    file = survival.write_csv(tmp_path / "told.csv", TOLD, broken=[f"{WEI},{HOME},soon,later"])
    done, step = None, 0
    while done is None or done.code:
        store = tmp_path / f"town-{step}" / "city"
        store.parent.mkdir()
        done = desk.run("visits", "load", file, "--store", store, "--json", steps=step, below=store.parent)
        assert not store.exists() or survival.bytes_naming(IDS, store) == []
        step += 3
    assert step > 20


def test_whoever_is_erased_is_gone_from_rejects_and_leftovers_of_the_keys_too(tmp_path):
    store = tmp_path / "city"
    file = survival.write_csv(tmp_path / "told.csv", TOLD, broken=[f"{FANG},{HOME},soon,later", f"{LI},{HOME},soon,"])
    told = load(store, file)
    keys = survival.keys_of(store)
    (keys / "rejects" / "crashed.csv.part").write_text(f"{FANG},half a row")
    (keys / "person-0000000000-crashed.ids").write_text(FANG)
    (keys / "CURRENT.crashed").write_text(FANG)
    erase_person(open_store(store), FANG, at_minute=LATE_MINUTE)
    assert survival.bytes_naming([FANG], store, keys) == []
    assert told.rejects_file is not None
    assert LI in told.rejects_file.read_text(encoding="utf-8")


def test_what_a_crash_left_in_the_keys_goes_with_the_next_writing(desk, tmp_path):
    store = tmp_path / "city"
    load(store, survival.write_csv(tmp_path / "told.csv", TOLD))
    keys = survival.keys_of(store)
    for name in ("rejects/crashed.csv.part", "person-0000000000-crashed.ids", "CURRENT.crashed", "suppression.key.new"):
        (keys / name).write_text(ZHAO)
    assert desk.run("visits", "compact", "--store", store, "--json").code == 0
    assert survival.unnamed_files(store) == []


# ── what is known changes nothing ────────────────────────────────────────────────────────────────────────────────


def test_loading_a_file_twice_changes_no_byte_of_the_visits(tmp_path):
    store, file = tmp_path / "city", survival.write_csv(tmp_path / "told.csv", TOLD)
    first = load(store, file)
    known = contents(store)
    again = load(store, file)
    assert first.loaded == len(set(TOLD))
    assert (again.loaded, again.duplicates, again.known_files) == (0, len(TOLD), ["told.csv"])
    assert contents(store) == known


def test_rows_that_another_file_repeats_are_duplicates_nights_and_long_stays_too(tmp_path):
    store = tmp_path / "city"
    load(store, survival.write_csv(tmp_path / "told.csv", TOLD))
    known = contents(store)
    again = load(store, survival.write_csv(tmp_path / "again.csv", TOLD[::-1]))
    assert (again.loaded, again.duplicates) == (0, len(TOLD))
    assert contents(store) == known
    mixed = load(store, survival.write_csv(tmp_path / "mixed.csv", [*LATER, *TOLD]))
    assert mixed.loaded == len(set(LATER) - set(TOLD))
    assert mixed.loaded + mixed.duplicates == len(TOLD) + len(LATER)
    assert survival.stays_in(store) == survival.stays_of([*TOLD, *LATER])
    with writing(open_store(store)) as writer:
        writer.compact()
    assert load(store, survival.write_csv(tmp_path / "third.csv", [*TOLD, *LATER])).loaded == 0
    assert survival.stays_in(store) == survival.stays_of([*TOLD, *LATER])


def test_a_file_with_rejects_is_read_again_and_only_what_is_mended_is_new(tmp_path):
    store = tmp_path / "city"
    file = survival.write_csv(tmp_path / "told.csv", TOLD, broken=[f"{WEI},{MARKET},soon,later"])
    assert load(store, file).rejected == 1
    known = contents(store)
    again = load(store, file)
    assert (again.loaded, again.rejected, again.duplicates) == (0, 1, len(TOLD))
    assert contents(store) == known


def test_a_zone_given_later_makes_good_rows_of_those_that_lacked_one(tmp_path):
    store, file = tmp_path / "city", tmp_path / "local.csv"
    local = [f"{WEI},{MARKET},2022-03-08 18:00,2022-03-08 19:30", f"{FANG},{HOME},2022-03-08T22:00,2022-03-09T07:00"]
    good = f"{LI},{MARKET},2022-03-08T18:10+08:00,2022-03-08T18:20+08:00"
    file.write_text("\n".join(["person,place,start,end", *local, good, ""]), encoding="utf-8")
    first = load(store, file)
    assert (first.loaded, first.rejected) == (1, 2)
    second = load(store, file, zone="Asia/Shanghai")
    assert (second.loaded, second.duplicates, second.rejected) == (2, 1, 0)
    third = load(store, file, zone="Asia/Shanghai")
    assert (third.loaded, third.duplicates, third.known_files) == (0, 3, ["local.csv"])
    assert (WEI, MARKET, MIDNIGHT + 600, MIDNIGHT + 690) in survival.stays_in(store)


# ── nothing is named before it is safe ───────────────────────────────────────────────────────────────────────────


class Ledger:
    """Which files and names are safe from a loss of power: flushed with all their bytes, and their directory after."""

    def __init__(self) -> None:
        self._turn = itertools.count()
        self._born: dict[Path, int] = {}
        self._flushed: dict[Path, tuple[int, int]] = {}
        self.pointed: dict[Path, int] = {}
        self.unsafe: list[str] = []
        self._fsync, self._rename, self._mkdir = os.fsync, Path.rename, Path.mkdir

    def fsync(self, handle: int) -> None:
        self._fsync(handle)
        path = Path(f"/proc/self/fd/{handle}").readlink()
        self._flushed[path] = (next(self._turn), os.fstat(handle).st_size)
        if not path.is_dir():
            self._born[path] = self._flushed[path][0]

    def mkdir(self, path: Path, *how, **more) -> None:
        there = path.exists()
        self._mkdir(path, *how, **more)
        if not there:
            self._born[path] = next(self._turn)

    def rename(self, path: Path, target: Path) -> Path:
        if target.name == "CURRENT":
            self.unsafe += self._unsafe_below(target.parent, path)
            self.pointed[target] = next(self._turn)
        elif path in self._flushed:
            self._flushed[target], self._born[target] = self._flushed[path], next(self._turn)
        return self._rename(path, target)

    def flushed_at(self, path: Path) -> int:
        return self._flushed.get(path, (-1, 0))[0]

    def _unsafe_below(self, room: Path, pointer: Path):
        for path in [room, *room.rglob("*")]:
            if path.name in ("LOCK", "CURRENT") or {"aside", "rejects"} & set(path.parts):
                continue
            if path.is_file() and self._flushed.get(path, (0, -1))[1] != path.stat().st_size:
                yield f"bytes of {path}"
            if path != pointer and self.flushed_at(path.parent) < self._born.get(path, 0):
                yield f"name of {path}"


def test_whatever_a_pointer_names_is_flushed_before_it_is_named_and_its_directory_too(tmp_path, monkeypatch):
    ledger = Ledger()
    monkeypatch.setattr(os, "fsync", ledger.fsync)
    monkeypatch.setattr(Path, "rename", lambda *told: ledger.rename(*told))  # noqa: PLW0108 — bound methods take no path
    monkeypatch.setattr(Path, "mkdir", lambda *told, **how: ledger.mkdir(*told, **how))  # noqa: PLW0108
    store = tmp_path / "new" / "city"
    load(store, survival.write_csv(tmp_path / "told.csv", TOLD))
    load(store, survival.write_csv(tmp_path / "later.csv", LATER))
    erase_person(open_store(store), FANG, at_minute=LATE_MINUTE)
    with writing(open_store(store)) as writer:
        writer.compact()
    assert ledger.unsafe == []
    assert set(ledger.pointed) == {store / "CURRENT", survival.keys_of(store) / "CURRENT"}
    assert all(ledger.flushed_at(pointer.parent) > when for pointer, when in ledger.pointed.items())
