"""What is to go is gone, stays gone, and can be looked at before; whatever cannot be meant is refused."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli import visits as cli_visits
from ringfence.cli.main import run
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.refusals import Refused

TODAY = datetime(2022, 3, 20, 12, tzinfo=UTC)
ROWS = [
    ("wei", "workshop", "2022-03-01T08:00Z", "2022-03-01T12:00Z"),
    ("fang", "workshop", "2022-03-01T09:00Z", "2022-03-01T10:00Z"),
    ("chen", "workshop", "2022-03-08T22:00Z", "2022-03-09T02:00Z"),
    ("fang", "workshop", "2022-03-08T23:00Z", "2022-03-09T01:00Z"),
    ("fang", "home", "2022-03-20T08:00Z", "2022-03-20T09:00Z"),
]
FUTURE = ("fang", "home", "2022-09-01T08:00Z", "2022-09-01T09:00Z")
WINDOW = ("--from", "2022-01-01T00:00Z", "--to", "2022-12-31T00:00Z")


class Town:
    """A store in a folder, and the commands that one gives it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.store = folder / "city"

    def file(self, *rows: tuple[str, ...], name: str = "visits.csv") -> str:
        with (self.folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("person", "place", "start", "end"), *rows])
        return str(self.folder / name)

    def say(self, *words: object, code: int = 0) -> Any:
        self.capsys.readouterr()
        assert run([*map(str, words), "--store", str(self.store), "--json"]) == code
        return json.loads(self.capsys.readouterr().out)

    def refused(self, *words: object) -> str:
        return str(self.say(*words, code=1)["refused"][0]["code"])

    def alone(self) -> None:
        """Take the key map away."""
        Path(f"{self.store}.keys").rename(self.folder / "elsewhere")


@pytest.fixture
def town(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(cli_visits, "now", lambda: TODAY)
    town = Town(tmp_path, capsys)
    town.say("visits", "load", town.file(*ROWS))
    return town


# ── erasing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_old_file_brings_an_erased_person_back_though_its_dates_lie_ahead_of_the_clock(town: Town) -> None:
    old = town.file(*ROWS, FUTURE)
    town.say("visits", "load", old, "--allow-future")
    town.say("visits", "erase", "--person", "fang")
    town.say("visits", "compact")
    told = town.say("visits", "load", town.file(*ROWS, FUTURE, name="again.csv"), "--allow-future", "--whole-days")
    assert told["suppressed"] == 4
    assert town.refused("trace", "--person", "fang", *WINDOW) == "store.unknown_person"


def test_what_an_erased_person_does_after_the_last_day_that_was_known_may_be_loaded(town: Town) -> None:
    town.say("visits", "load", town.file(*ROWS, FUTURE), "--allow-future")
    town.say("visits", "erase", "--person", "fang")
    later = ("fang", "home", "2022-09-02T00:00Z", "2022-09-02T01:00Z")
    assert town.say("visits", "load", town.file(later, name="later.csv"), "--allow-future")["loaded"] == 1


def test_erasing_again_tells_that_nobody_was_erased(town: Town) -> None:
    assert town.say("visits", "erase", "--person", "fang")["erased"] == 1
    again = town.say("visits", "erase", "--person", "fang")
    assert again["erased"] == 0
    assert "before" in again["note"]


def test_a_number_that_nobody_has_is_not_erased(town: Town) -> None:
    town.alone()
    for number in ("3", "4294967296", "99999999999999999999999"):
        assert town.refused("visits", "erase", "--person", number) == "store.unknown_person"
    assert open_store(town.store).manifest.tombstones == ()
    assert town.say("visits", "erase", "--person", "1")["erased"] == 1
    assert town.say("visits", "erase", "--person", "1")["erased"] == 0


def test_a_writer_takes_no_number_that_cannot_be(town: Town) -> None:
    with writing(open_store(town.store)) as writer:
        for number in (-1, 1 << 32):
            with pytest.raises(Refused):
                writer.erase([number])


def test_a_look_at_an_erasure_changes_nothing(town: Town) -> None:
    before = open_store(town.store).manifest
    assert town.say("visits", "erase", "--person", "fang", "--preview") == {"preview": True, "days": 4, "visits": 3}
    assert town.refused("visits", "erase", "--person", "zhao", "--preview") == "store.unknown_person"
    assert open_store(town.store).manifest == before
    assert town.say("visits", "erase", "--person", "fang")["erased"] == 1


# ── forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_days_are_not_counted_back_from_a_day_to_come(town: Town) -> None:
    before = open_store(town.store).manifest
    assert town.refused("visits", "retain", "--days", 28, "--today", "2202-03-20") == "store.retain_future"
    assert town.refused("visits", "retain", "--days", 28, "--today", "2022-03-22") == "store.retain_future"
    assert open_store(town.store).manifest == before


def test_a_look_at_forgetting_changes_nothing(town: Town) -> None:
    before = open_store(town.store).manifest
    would = town.say("visits", "retain", "--days", 11, "--preview")
    assert would == {"preview": True, "days": 2, "visits": 4, "retained_from": "2022-03-09"}
    assert open_store(town.store).manifest == before
    assert town.say("visits", "retain", "--days", 11)["days_deleted"] == 2


# ── exporting ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_exporting_again_takes_the_days_away_that_the_store_has_forgotten(town: Town) -> None:
    out = town.folder / "out"
    town.say("visits", "export", "--parquet", out)
    town.say("visits", "retain", "--days", 11)
    town.say("visits", "export", "--parquet", out)
    assert sorted(path.name for path in out.iterdir()) == [
        "date=2022-03-09", "date=2022-03-20", "export.json", "places.parquet",
    ]  # fmt: skip


def test_a_folder_with_days_of_another_origin_is_refused_and_kept(town: Town) -> None:
    out = town.folder / "out"
    (out / "date=2022-03-01").mkdir(parents=True)
    assert town.refused("visits", "export", "--parquet", out) == "store.foreign_export"
    assert [path.name for path in out.rglob("*")] == ["date=2022-03-01"]


def test_a_forgotten_day_with_files_of_others_in_it_is_refused_and_kept(town: Town) -> None:
    out = town.folder / "out"
    town.say("visits", "export", "--parquet", out)
    town.say("visits", "retain", "--days", 11)
    (out / "date=2022-03-08" / "notes.txt").write_text("mine")
    assert town.refused("visits", "export", "--parquet", out) == "store.foreign_export"
    assert (out / "date=2022-03-01" / "visits.parquet").exists()
    assert (out / "date=2022-03-08" / "notes.txt").exists()


@pytest.mark.parametrize("engine", ["duckdb", "reference"])
def test_other_engines_find_nobody_in_an_old_export_who_was_erased_since(town: Town, engine: str) -> None:
    out = town.folder / "out"
    town.say("visits", "export", "--parquet", out)
    asked = ("trace", "--person", "wei", *WINDOW, "--hops", "2", "--engine", engine, "--exported", out)
    assert [row["person"] for row in town.say(*asked)["contacts"]] == ["fang", "chen"]
    town.say("visits", "erase", "--person", "fang")
    assert town.say(*asked)["contacts"] == []


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_number_without_an_id_is_not_taken_for_a_given_id(town: Town) -> None:
    opened = open_store(town.store)
    assert opened.names_of("person", [1, 7]) == ["fang", "#7"]
    assert opened.names_of("place", [0, 7]) == ["workshop", "#7"]
    town.alone()
    assert open_store(town.store).names_of("person", [1, 7]) == ["1", "7"]
