"""Public files as they are: what they say is loaded, what they lack is told."""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from ringfence.tracing.batch import IMPUTED, UNCERTAIN, VisitBatch, concatenate
from ringfence.tracing.intake import IntakeCounts, IntakeSettings, RejectsFile, read_visits
from ringfence.tracing.keys import KeyMap


@pytest.fixture(scope="module")
def shared_files() -> Path:
    usual = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("RINGFENCE_SHARED_DATA", usual))
    if not folder.is_dir():
        pytest.skip("the public data sets are not at hand (RINGFENCE_SHARED_DATA)")
    return folder


def load(path: Path, directory: Path, settings: IntakeSettings) -> tuple[VisitBatch, IntakeCounts, Counter[str]]:
    with KeyMap.create(directory / "keys") as keys, RejectsFile(directory / "rejects.csv") as rejects:
        reader = read_visits(path, keys=keys, settings=settings, rejects=rejects)
        batch = concatenate(list(reader))
        told = rejects.close()
    rules: Counter[str] = Counter()
    if told is not None:
        with told.open(encoding="utf-8-sig", newline="") as file:
            rules.update(row["rule"] for row in csv.DictReader(file))
    return batch, reader.counts, rules


def test_check_ins_without_leave_times_are_all_loaded_with_assumed_ends(shared_files: Path, tmp_path: Path) -> None:
    settings = IntakeSettings(time_format="%a %b %d %H:%M:%S %z %Y")
    batch, counts, rules = load(shared_files / "checkins_nyc_2012" / "NYC_test.csv.gz", tmp_path, settings)
    assert (counts.rows, counts.loaded, counts.imputed) == (10944, 10944, 10944)
    assert not rules
    assert set((batch.end - batch.start).tolist()) == {60}


def test_check_ins_in_an_unknown_spelling_are_told_one_by_one(shared_files: Path, tmp_path: Path) -> None:
    _, counts, rules = load(shared_files / "checkins_nyc_2012" / "NYC_val.csv.gz", tmp_path, IntakeSettings())
    assert (counts.loaded, counts.rejected) == (0, 10462)
    assert rules == {"intake.unreadable": 10462}


def test_dated_visits_with_vague_words_lose_no_row_in_silence(shared_files: Path, tmp_path: Path) -> None:
    path = shared_files / "cn_visits_2020_2022" / "visits.csv"
    settings = IntakeSettings(columns={"date": "date"}, zone="Asia/Shanghai")
    batch, counts, rules = load(path, tmp_path, settings)
    assert counts.rows == counts.loaded + counts.rejected == 56
    assert counts.loaded > 40
    assert (batch.flags & UNCERTAIN).any()
    assert (batch.flags & IMPUTED).any()
    assert set(rules) <= {"intake.date_only", "intake.unreadable", "intake.end_before_start"}


def test_routes_with_dates_only_are_rejected_unless_whole_days_are_asked_for(
    shared_files: Path, tmp_path: Path
) -> None:
    path = shared_files / "korea_ds4c_2020" / "PatientRoute.csv"
    told = {"columns": {"person": "patient_id", "place": "city", "start": "date"}, "time_format": "%m/%d/%Y"}
    (tmp_path / "strict").mkdir()
    _, counts, rules = load(path, tmp_path / "strict", IntakeSettings(**told, zone="Asia/Seoul"))
    assert counts.loaded == 0
    assert rules["intake.date_only"] == counts.rejected
    _, counts, rules = load(path, tmp_path, IntakeSettings(**told, zone="Asia/Seoul", whole_days=True))
    assert counts.rows == counts.loaded + counts.rejected
    assert counts.uncertain == counts.loaded > 6000
