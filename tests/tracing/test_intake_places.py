"""Places as files tell them: joined columns, categories, trains; and words for kinds."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.tracing.intake import IntakeSettings, RejectsFile, read_visits
from ringfence.tracing.intake.kinds import known_kind
from ringfence.tracing.intake.vehicles import place_of_vehicle
from ringfence.tracing.intake.visits import VisitReader
from ringfence.tracing.keys import KeyMap
from ringfence.tracing.visits.batch import IMPUTED, VisitBatch, concatenate
from ringfence.vocabulary.places import PlaceKind


def load(path: Path, **told: object) -> tuple[VisitBatch, VisitReader, list[str | None]]:
    with KeyMap.create(path.parent / "city.keys") as keys, RejectsFile(path.parent / "rejects.csv") as rejects:
        reader = read_visits(path, keys=keys, settings=IntakeSettings(**told), rejects=rejects)
        batch = concatenate(list(reader))
        return batch, reader, keys.ids_of("place", batch.place)


def written(folder: Path, text: str) -> Path:
    path = folder / "visits.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_several_columns_make_one_place_and_a_day_and_a_clock_one_start(tmp_path: Path) -> None:
    text = "person,lat,lon,day,clock\nwei,30.87,120.09,2022-03-08,10:30\nfang,30.87,,2022-03-08,11:00\n"
    batch, reader, places = load(
        written(tmp_path, text), columns={"place": "lat+lon", "start": "day+clock"}, zone="Asia/Shanghai"
    )
    assert places == ["30.87 120.09"]
    assert batch.start.tolist() == [int(1646706600 / 60)]  # 10:30 in Shanghai
    assert reader.counts.rejected == 1  # half a place is none


def test_the_same_holds_for_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "person": ["wei"],
            "lat": [30.5],
            "lon": [120.25],
            "date": ["2022-03-08"],
            "start": ["10:30"],
            "end": ["11:00"],
        }
    )
    pq.write_table(table, tmp_path / "visits.parquet")
    batch, _, places = load(tmp_path / "visits.parquet", columns={"place": "lat+lon"}, zone="Asia/Shanghai")
    assert places == ["30.5 120.25"]
    assert (batch.start.tolist(), (batch.end - batch.start).tolist()) == ([int(1646706600 / 60)], [30])


def test_a_column_whose_name_holds_a_plus_is_itself(tmp_path: Path) -> None:
    text = "person,a+b,start\nwei,market,2022-03-08T10:30Z\n"
    assert load(written(tmp_path, text), columns={"place": "a+b"})[2] == ["market"]


def test_a_word_for_a_kind_that_nobody_knows_is_counted_and_says_nothing_of_the_place(tmp_path: Path) -> None:
    text = "person,place,start,kind\nwei,x,2022-03-08T10:30Z,dragon den\nwei,x,2022-03-08T12:30Z,cafe\n"
    batch, reader, _ = load(written(tmp_path, text))
    assert dict(reader.counts.unknown_kinds) == {"dragon den": 1}
    assert reader.counts.kind_conflicts == 0
    assert list(reader.place_kinds.values()) == [PlaceKind.RESTAURANT]
    assert (batch.flags & IMPUTED).all()


def test_who_is_aboard_is_in_the_carriage_on_its_local_day(tmp_path: Path) -> None:
    text = (
        "人员,场所,开始时间,车次\n伟,上海-杭州,2022-03-08 00:10,G7 08车03B\n"
        "陈,,2022-03-08 00:10,G7 08车05A\n李,面馆,2022-03-08 00:10,\n"
    )
    _, reader, places = load(written(tmp_path, text), zone="Asia/Shanghai")
    assert places == ["G7 2022-03-08 08", "G7 2022-03-08 08", "面馆"]
    assert list(reader.place_kinds.values()) == [PlaceKind.VEHICLE]


@pytest.mark.parametrize(
    ("written_as", "place"),
    [
        ("G2193 08车03B", "G2193 2022-03-28 08"),
        ("g688 7号车厢 01C号", "G688 2022-03-28 07"),
        ("G1 05车02A,02B", "G1 2022-03-28 05"),
        ("K80 12车上铺", "K80 2022-03-28 12"),
        ("G7 coach 8 seat 3B", "G7 2022-03-28 08"),
        ("D2281", "D2281 2022-03-28"),
        ("CZ3803 53C,53H", "CZ3803 2022-03-28"),
        ("MU5101 12A", "MU5101 2022-03-28"),
        ("浙E12345", "浙E12345 2022-03-28"),
    ],
)
def test_a_seat_is_left_out_of_a_place_and_a_carriage_is_not(written_as: str, place: str) -> None:
    assert place_of_vehicle(written_as, "2022-03-28") == place


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Thai Restaurant", PlaceKind.RESTAURANT),
        ("Bar", PlaceKind.RESTAURANT),
        ("coffee_shop", PlaceKind.RESTAURANT),
        ("Bridal Shop", PlaceKind.SHOP),
        ("Train Station", PlaceKind.STATION),
        ("care-home", PlaceKind.CARE_HOME),
        ("高铁", PlaceKind.VEHICLE),
        ("etc", PlaceKind.OTHER),
        ("6", PlaceKind.RESTAURANT),
        ("99", None),
        ("Neighborhood", None),
    ],
)
def test_words_of_maps_and_of_forms_mean_kinds_of_place(word: str, kind: PlaceKind | None) -> None:
    assert known_kind(word) == kind
