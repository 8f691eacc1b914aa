"""Files of visits: every row is loaded as it says, or told with its line, field, reason and mend."""

from __future__ import annotations

import csv
import gzip
import secrets
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.tracing.intake import DwellSettings, IntakeSettings, RejectsFile, VisitReader, content_hash, read_visits
from ringfence.tracing.intake.columns import choose_columns
from ringfence.tracing.intake.rejects import purge_rejects
from ringfence.tracing.keys import KeyMap
from ringfence.tracing.visits.batch import IMPUTED, SOURCE_MASK, SOURCE_SHIFT, UNCERTAIN, VisitBatch, concatenate
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.refusals import Refused

HEADER = "person,place,start,end\n"
MORNING = "Wei,workshop,2022-03-08T08:00+08:00,2022-03-08T12:00+08:00\n"


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // 60


class Desk:
    """Someone who loads files: a key map, and what came of the last file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.keys = KeyMap.create(directory / "city.keys")
        self.reader: VisitReader
        self.rejects_path: Path | None = None

    def load(self, content: bytes | str, name: str = "visits.csv", **told: object) -> VisitBatch:
        path = self.directory / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.load_path(path, **told)

    def load_path(self, path: Path, **told: object) -> VisitBatch:
        rejects = RejectsFile(self.keys.rejects_directory / f"{path.name}.{secrets.token_hex(4)}.csv")
        with self.keys, rejects:
            self.reader = read_visits(path, keys=self.keys, settings=IntakeSettings(**told), rejects=rejects)
            batch = concatenate(list(self.reader))
            self.rejects_path = rejects.close()
            self.keys.commit()
        return batch

    @property
    def told(self) -> list[dict[str, str]]:
        if self.rejects_path is None:
            return []
        with self.rejects_path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def rules(self) -> list[tuple[int, str]]:
        return [(int(row["line"]), row["rule"].removeprefix("intake.")) for row in self.told]

    def people(self, batch: VisitBatch) -> list[str | None]:
        return self.keys.ids_of("person", batch.person)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_plain_file_is_loaded_as_it_says(desk: Desk) -> None:
    batch = desk.load(HEADER + MORNING + "Fang,home,2022-03-07T23:59:30Z,2022-03-08T00:00:01Z\n")
    assert desk.people(batch) == ["Wei", "Fang"]
    assert desk.keys.ids_of("place", batch.place) == ["workshop", "home"]
    assert batch.start.tolist() == [minute("2022-03-08T00:00+00:00"), minute("2022-03-07T23:59+00:00")]
    assert batch.end.tolist() == [minute("2022-03-08T04:00+00:00"), minute("2022-03-08T00:01+00:00")]
    assert batch.flags.tolist() == [0, 0]
    assert desk.rejects_path is None
    assert list(desk.keys.rejects_directory.iterdir()) == []


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_are_found_by_content(desk: Desk, mark: str, end_of_line: str) -> None:
    text = (HEADER + MORNING).replace(",", mark).replace("\n", end_of_line)
    batch = desk.load(text, name="export.txt")
    assert desk.people(batch) == ["Wei"]
    assert batch.end[0] - batch.start[0] == 240


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_files_are_read_in_their_encodings(desk: Desk, encoding: str) -> None:
    text = "人员编号,场所,到达时间,离开时间\n伟,面馆,2022-03-08 12:00,2022-03-08 12:40\n"
    batch = desk.load(text.encode(encoding), zone="Asia/Shanghai")
    assert desk.people(batch) == ["伟"]
    assert desk.keys.ids_of("place", batch.place) == ["面馆"]
    assert batch.start.tolist() == [minute("2022-03-08T04:00+00:00")]


def test_an_encoding_that_shows_late_is_still_found(desk: Desk) -> None:
    text = HEADER + MORNING * 50 + MORNING.replace("Wei", "伟")
    batch = desk.load(text.encode("gb18030"), block_bytes=64)
    assert desk.people(batch)[-1] == "伟"


@pytest.mark.parametrize("name", ["José", "Ирина", "Ελένη", "Müller"])
def test_letters_of_other_languages_in_utf8_stay_what_they_are(desk: Desk, name: str) -> None:
    assert desk.people(desk.load(HEADER + MORNING.replace("Wei", name))) == [name]


def test_packed_files_are_known_by_content_not_by_name(desk: Desk) -> None:
    batch = desk.load(gzip.compress((HEADER + MORNING).encode()), name="visits.csv")
    assert desk.people(batch) == ["Wei"]


def test_any_order_of_columns_and_names_will_do(desk: Desk) -> None:
    batch = desk.load("Departure,Check-In,POI_id,extra,User ID\n2022-03-08T12:00Z,2022-03-08T11:00Z,market,x,Chen\n")
    assert desk.people(batch) == ["Chen"]
    assert batch.end[0] - batch.start[0] == 60


def test_the_caller_may_name_columns(desk: Desk) -> None:
    batch = desk.load(
        "who,where,t,person\nLi,bus,2022-03-08T11:00Z,nobody\n",
        columns={"person": "who", "place": "where", "start": "t"},
    )
    assert desk.people(batch) == ["Li"]


def test_a_missing_column_is_refused_naming_the_columns_and_the_nearest() -> None:
    with pytest.raises(Refused) as refused:
        choose_columns(["persom", "venue", "start"])
    assert refused.value.code == "intake.missing_column"
    assert refused.value.values["found"] == "persom, venue, start"
    assert refused.value.values["nearest"] == "persom"


@pytest.mark.parametrize("columns", [{"person": "nowhere"}, {"persom": "person"}])
def test_a_named_column_that_is_not_there_is_refused(columns: dict[str, str]) -> None:
    with pytest.raises(Refused):
        choose_columns(["person", "place", "start"], columns)


def test_an_empty_file_names_what_it_lacks(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.load("")
    assert refused.value.code == "intake.missing_column"


def test_a_header_alone_is_no_visit(desk: Desk) -> None:
    assert len(desk.load(HEADER.strip())) == 0
    assert desk.reader.counts.rows == 0


def test_a_missing_end_is_filled_by_the_kind_of_place_and_flagged(desk: Desk) -> None:
    batch = desk.load(
        "person,place,start,end,kind\nWei,market,2022-03-08T08:00Z,,market\nWei,hut,2022-03-08T10:00Z,,\n"
        "Fang,market,2022-03-08T09:00Z,,\n",
        dwell=DwellSettings({PlaceKind.MARKET: 45, PlaceKind.OTHER: 7}),
    )
    assert (batch.end - batch.start).tolist() == [45, 7, 45]
    assert (batch.flags & IMPUTED).tolist() == [IMPUTED] * 3
    assert desk.reader.counts.imputed == 3
    assert desk.reader.place_kinds == {0: PlaceKind.MARKET}


def test_a_second_kind_for_a_place_is_counted_and_the_first_stays(desk: Desk) -> None:
    desk.load(
        "person,place,start,kind\nWei,corner,2022-03-08T08:00Z,餐馆\nFang,corner,2022-03-08T09:00Z,shop\n"
        "Li,corner,2022-03-08T09:00Z,shop\n"
    )
    assert desk.reader.place_kinds == {0: PlaceKind.RESTAURANT}
    assert desk.reader.counts.kind_conflicts == 1


def test_a_dwell_must_be_positive() -> None:
    with pytest.raises(ValueError, match="MARKET"):
        DwellSettings({PlaceKind.MARKET: 0})


def test_source_and_certainty_become_flags(desk: Desk) -> None:
    batch = desk.load(
        "person,place,start,source,certain\nWei,bus,2022-03-08T08:00Z,扫码,是\nWei,bus,2022-03-08T09:00Z,interview,no\n"
        "Wei,bus,2022-03-08T10:00Z,,\nWei,bus,2022-03-08T11:00Z,rumour,yes\n"
    )
    assert ((batch.flags >> SOURCE_SHIFT) & SOURCE_MASK).tolist() == [1, 2, 0, 3]
    assert (batch.flags & UNCERTAIN).tolist() == [0, UNCERTAIN, 0, 0]


@pytest.mark.parametrize(
    ("row", "rule", "field"),
    [
        (",home,2022-03-08T08:00Z,", "person_empty", "person"),
        ("Wei, ,2022-03-08T08:00Z,", "place_empty", "place"),
        ("Wei,home,,", "time_empty", "start"),
        ("Wei,home,soon,", "unreadable", "start"),
        ("Wei,home,2022-03-08T08:00,", "no_zone", "start"),
        ("Wei,home,2022-03-08,", "date_only", "start"),
        ("Wei,home,2022-02-30T08:00Z,", "no_such_day", "start"),
        ("Wei,home,2022-03-08T08:00Z,2022-03-08T24:00Z", "no_such_clock", "end"),
        ("Wei,home,2022-03-08T08:00Z,2022-03-08T07:59Z", "end_before_start", "end"),
        ("Wei,home,2022-03-08T08:00Z,2022-06-08T07:59Z", "too_long", "end"),
        ("Wei,home,1969-12-31T23:00Z,", "before_1970", "start"),
        ("Wei,home", "too_few", ""),
        ("Wei,home,2022-03-08T08:00Z,,,", "too_many", ""),
        ('"Wei,home,2022-03-08T08:00Z,', "bad_quote", ""),
        ('"We"i,home,2022-03-08T08:00Z,', "bad_quote", ""),
    ],
)
def test_a_bad_row_is_told_and_the_good_ones_load(desk: Desk, row: str, rule: str, field: str) -> None:
    batch = desk.load(HEADER + MORNING + row + "\n" + MORNING)
    assert len(batch) == 2
    assert desk.rules() == [(3, rule)]
    told = desk.told[0]
    assert (told["field"], told["row"], told["file"]) == (field, row, "visits.csv")
    assert all(told[name] for name in ("reason_en", "reason_zh", "mend_en", "mend_zh"))
    counts = desk.reader.counts
    assert (counts.rows, counts.loaded, counts.rejected) == (3, 2, 1)


def test_the_future_is_rejected_when_the_caller_says_what_time_it_is(desk: Desk) -> None:
    desk.load(HEADER + MORNING, latest_minute=minute("2022-03-07T23:59+00:00"))
    assert desk.rules() == [(2, "too_late")]


def test_zero_length_is_one_minute(desk: Desk) -> None:
    batch = desk.load(HEADER + "Wei,bus,2022-03-08T08:00:00Z,2022-03-08T08:00:00Z\n")
    assert (batch.end - batch.start).tolist() == [1]


def test_bytes_that_are_no_text_cost_their_row_only(desk: Desk) -> None:
    good = MORNING.replace("Wei", "伟").encode()
    batch = desk.load(HEADER.encode() + good + good.replace("伟".encode(), b"\xff\xfe\xfa") + good)
    assert len(batch) == 2
    assert desk.rules() == [(3, "bad_text")]


def test_quotes_may_hold_separators_quotes_and_line_ends(desk: Desk) -> None:
    batch = desk.load(
        HEADER + '"Wei, the ""index""",home,2022-03-08T08:00Z,\r\n"Fang\nand son",home,2022-03-08T08:00Z,\nLi,home,x,\n'
    )
    assert desk.people(batch) == ['Wei, the "index"', "Fang\nand son"]
    assert desk.rules() == [(5, "unreadable")]


def test_an_open_quote_does_not_swallow_the_rest_of_the_file(desk: Desk) -> None:
    batch = desk.load(HEADER + '"Wei,home,2022-03-08T08:00Z,\n' + MORNING * 3000)
    assert len(batch) == 3000
    assert desk.rules() == [(2, "bad_quote")]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("block_bytes", [7, 100, 4096, 2**24])
def test_line_numbers_are_right_over_thousands_of_rows_blank_lines_and_block_borders(
    desk: Desk, packed: bool, block_bytes: int
) -> None:
    rng = np.random.default_rng(8)
    size = 300 if block_bytes == 7 else 6000
    lines, expected = [HEADER.strip()], []
    while len(lines) < size:
        at = len(lines) + 1
        what = rng.integers(0, 40)
        if what == 0:
            lines.append("")
        elif what == 1:
            lines.append("Wei,home")
            expected.append((at, "too_few"))
        elif what == 2:
            lines.append("Wei,home,2022-03-08T08:00Z,,,")
            expected.append((at, "too_many"))
        elif what == 3:
            lines.append('Wei,home,"never",')
            expected.append((at, "unreadable"))
        elif what == 4:
            lines += ['"Wei', '",home,', ""][:2]  # a value over two lines, and too few columns
            expected.append((at, "too_few"))
        else:
            lines.append(MORNING.strip())
    content = "\r\n".join(lines).encode()
    desk.load(gzip.compress(content) if packed else content, block_bytes=block_bytes)
    assert desk.rules() == expected
    assert desk.reader.counts.loaded == lines.count(MORNING.strip())


cells = st.text(st.sampled_from('ab,"\n\r 伟;'), max_size=6)


@given(st.lists(st.tuples(cells, cells), max_size=12), st.integers(1, 64))
def test_fields_are_those_of_the_standard_library(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], block_bytes: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "quoted.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["person", "place", "start"])
        writer.writerows([(f"p{a}p", f"q{b}q", "2022-03-08T08:00Z") for a, b in rows])
    directory = tmp_path_factory.getbasetemp() / "quoted.keys"
    with KeyMap.open_or_create(directory) as keys, RejectsFile(directory / "r.csv") as rejects:
        settings = IntakeSettings(block_bytes=block_bytes)
        batch = concatenate(list(read_visits(path, keys=keys, settings=settings, rejects=rejects)))
        assert keys.ids_of("person", batch.person) == [f"p{a}p" for a, _ in rows]
        assert keys.ids_of("place", batch.place) == [f"q{b}q" for _, b in rows]
        assert rejects.count == 0


def test_a_file_that_stands_where_rejected_rows_should_go_is_refused_and_kept(tmp_path: Path) -> None:
    visits = tmp_path / "visits.csv"
    visits.write_text(HEADER + MORNING)
    with pytest.raises(Refused) as refused:
        RejectsFile(visits)
    assert refused.value.code == "intake.rejects_exist"
    assert visits.read_text() == HEADER + MORNING


def test_a_file_made_meanwhile_where_rejected_rows_should_go_is_kept(tmp_path: Path) -> None:
    told = RejectsFile(tmp_path / "rejects.csv")
    told.path.write_text("made by another")
    assert told.close() is None
    told.discard()
    told.add(file="visits.csv", line=2, field="person", value="", rule="intake.person_empty", row="", values={})
    with pytest.raises(Refused):
        told.close()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("rejects.csv", "made by another")]


def test_the_rejects_file_is_private_and_no_formula(desk: Desk) -> None:
    desk.load(HEADER + "=HYPERLINK(1),home,-soon,\n")
    assert desk.rejects_path is not None
    assert stat.S_IMODE(desk.rejects_path.stat().st_mode) == 0o600
    assert desk.told[0]["value"] == "'-soon"
    assert desk.told[0]["row"].startswith("'=HYPERLINK")


def test_rejected_rows_of_one_person_can_be_removed(tmp_path: Path) -> None:
    with RejectsFile(tmp_path / "rejects" / "x.csv") as rejects:
        for person in ("12", "1", "伟", 'a"b'):
            row = f'"{person.replace(chr(34), chr(34) * 2)}",home,soon'
            rejects.add(file="x", line=2, field="start", value="soon", rule="intake.unreadable", row=row, values={})
    assert purge_rejects(tmp_path / "rejects", "1") == 1
    assert purge_rejects(tmp_path / "rejects", 'a"b') == 1
    text = (tmp_path / "rejects" / "x.csv").read_text(encoding="utf-8-sig")
    assert "12" in text
    assert "伟" in text
    assert purge_rejects(tmp_path / "rejects", "伟") == 1
    assert purge_rejects(tmp_path / "rejects", "12") == 1
    assert list((tmp_path / "rejects").iterdir()) == []


def parquet(path: Path, **columns: pa.Array) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=3)
    return path


MOMENTS: dict[str, Callable[[list[datetime]], pa.Array]] = {
    "zoned": lambda moments: pa.array(moments, pa.timestamp("us", "UTC")),
    "nanoseconds": lambda moments: pa.array(moments, pa.timestamp("ns", "Asia/Shanghai")),
    "seconds": lambda moments: pa.array([int(m.timestamp()) for m in moments], pa.int64()),
    "milliseconds": lambda moments: pa.array([int(m.timestamp()) * 1000 for m in moments], pa.int64()),
    "floating": lambda moments: pa.array([m.timestamp() for m in moments], pa.float64()),
    "text": lambda moments: pa.array([m.isoformat() for m in moments], pa.large_string()),
    "repeated": lambda moments: pa.array([m.isoformat() for m in moments]).dictionary_encode(),
}


@pytest.mark.parametrize("kind", MOMENTS)
def test_parquet_is_read_in_every_type_of_time(desk: Desk, kind: str) -> None:
    starts = [datetime(2022, 3, 8, 8, 0, 30, tzinfo=UTC), datetime(2022, 3, 8, 9, tzinfo=UTC)]
    ends = [datetime(2022, 3, 8, 8, 1, 1, tzinfo=UTC), datetime(2022, 3, 8, 9, 30, tzinfo=UTC)]
    path = parquet(
        desk.directory / "visits.data",
        person=pa.array(["Wei", "Fang"]),
        place=pa.array([7, 8], pa.int32()),
        start=MOMENTS[kind](starts),
        end=MOMENTS[kind](ends),
    )
    batch = desk.load_path(path)
    assert desk.people(batch) == ["Wei", "Fang"]
    assert desk.keys.ids_of("place", batch.place) == ["7", "8"]
    assert batch.start.tolist() == [minute("2022-03-08T08:00+00:00"), minute("2022-03-08T09:00+00:00")]
    assert batch.end.tolist() == [minute("2022-03-08T08:02+00:00"), minute("2022-03-08T09:30+00:00")]


def test_parquet_rows_that_are_bad_are_told_by_row_number(desk: Desk) -> None:
    moments = [datetime(2022, 3, 8, 8)] * 7
    path = parquet(
        desk.directory / "visits.parquet",
        person=pa.array(["Wei", None, "Fang", "Li", "", "Chen", "Zhao"]),
        place=pa.array(["home"] * 7).dictionary_encode(),
        start=pa.array([*moments[:5], None, moments[0]], pa.timestamp("s")),
    )
    batch = desk.load_path(path, zone="Asia/Shanghai", block_rows=2)
    assert desk.people(batch) == ["Wei", "Fang", "Li", "Zhao"]
    assert set(batch.start.tolist()) == {minute("2022-03-08T00:00+00:00")}
    assert desk.rules() == [(2, "person_empty"), (5, "person_empty"), (6, "time_empty")]


def test_a_number_missing_in_a_data_frame_costs_its_own_row_only(desk: Desk) -> None:
    path = parquet(
        desk.directory / "frame.parquet",
        person=pa.array([7301.0, float("nan"), 7303.0, 2.5]),
        place=pa.array([1.0, 2.0, float("nan"), 4.0]),
        start=pa.array([1646735400.0] * 4),
    )
    batch = desk.load_path(path)
    assert desk.people(batch) == ["7301", "2.5"]
    assert desk.keys.ids_of("place", batch.place) == ["1", "4"]
    assert desk.rules() == [(2, "person_empty"), (3, "place_empty")]


def test_a_joined_place_lacks_what_a_data_frame_lacks(desk: Desk) -> None:
    path = parquet(
        desk.directory / "frame.parquet",
        person=pa.array(["Wei", "Li"]),
        x=pa.array([121.5, float("nan")]),
        y=pa.array([31.25, 31.25]),
        start=pa.array([1646735400] * 2),
    )
    batch = desk.load_path(path, columns={"place": "x+y"})
    assert desk.keys.ids_of("place", batch.place) == ["121.5 31.25"]
    assert desk.rules() == [(2, "place_empty")]


def test_a_timestamp_without_a_zone_needs_one(desk: Desk) -> None:
    path = parquet(
        desk.directory / "v.parquet",
        person=pa.array(["Wei"]),
        place=pa.array(["home"]),
        start=pa.array([datetime(2022, 3, 8)], pa.timestamp("ms")),
    )
    desk.load_path(path)
    assert desk.rules() == [(1, "no_zone")]


@pytest.mark.parametrize("cut", [10, 200])
def test_a_cut_off_packed_file_is_refused_whole_and_numbers_nobody(desk: Desk, cut: int) -> None:
    rng = np.random.default_rng(3)
    rows = "".join(MORNING.replace("Wei", f"p{n}") for n in rng.integers(0, 10**9, 3000))
    content = gzip.compress((HEADER + rows).encode())[:-cut]
    with pytest.raises(Refused) as refused:
        desk.load(content, block_bytes=4096)
    assert refused.value.code == "intake.damaged"
    assert KeyMap.open(desk.keys.directory).count("person") == 0
    assert list(desk.keys.rejects_directory.iterdir()) == []


def test_a_cut_off_parquet_file_is_refused_whole(desk: Desk) -> None:
    path = parquet(
        desk.directory / "v.parquet", person=pa.array(["Wei"] * 50), place=pa.array(["home"] * 50),
        start=pa.array([1646735400] * 50),
    )  # fmt: skip
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Refused) as refused:
        desk.load_path(path)
    assert refused.value.code == "intake.damaged"


@pytest.mark.parametrize("content", [(HEADER + MORNING).encode("utf-16"), b"\x00\x01\x02\x03" * 50])
def test_what_is_no_text_is_refused(desk: Desk, content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        desk.load(content)
    assert refused.value.code == "intake.not_text"


def test_a_file_that_is_not_there_is_refused(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        desk.load_path(desk.directory / "nowhere.csv")
    assert refused.value.code == "intake.cannot_open"


def test_the_same_bytes_have_the_same_hash_under_any_name(tmp_path: Path) -> None:
    for name in ("monday.csv", "tuesday.csv"):
        (tmp_path / name).write_text(HEADER + MORNING)
    assert content_hash(tmp_path / "monday.csv") == content_hash(tmp_path / "tuesday.csv")
    (tmp_path / "tuesday.csv").write_text(HEADER)
    assert content_hash(tmp_path / "monday.csv") != content_hash(tmp_path / "tuesday.csv")


def test_an_old_file_does_not_bring_an_erased_person_back(desk: Desk) -> None:
    text = HEADER + MORNING + MORNING.replace("Wei", "Chen-2201") + "Chen-2201,home,soon,\nChen-2201\n"
    batch = desk.load(text)
    chen = int(batch.person[1])
    desk.keys.forget(chen, at_minute=minute("2022-04-01T00:00+00:00"))
    (desk.directory / "visits.csv").unlink()
    again = desk.load(text)
    assert desk.people(again) == ["Wei"]
    counts = desk.reader.counts
    assert (counts.rows, counts.loaded, counts.rejected, counts.suppressed) == (4, 1, 0, 3)
    assert not any(b"Chen-2201" in p.read_bytes() for p in desk.keys.directory.rglob("*") if p.is_file())


def test_progress_is_told_up_to_the_size_of_the_file(desk: Desk) -> None:
    path = desk.directory / "visits.csv"
    path.write_text(HEADER + MORNING * 500)
    told: list[tuple[int, int]] = []
    with desk.keys, RejectsFile(desk.directory / "r.csv") as rejects:
        settings = IntakeSettings(block_bytes=1000)
        reader = read_visits(
            path, keys=desk.keys, settings=settings, rejects=rejects, progress=lambda *step: told.append(step)
        )
        assert sum(len(batch) for batch in reader) == 500
    size = path.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)


def test_a_date_column_goes_before_clock_times_and_vague_words(desk: Desk) -> None:
    batch = desk.load(
        "case_ref,date,start,end,place\n甲,2022-03-28,10:48,17:58,高铁\n甲,2022-03-28,上午,,市场\n"
        "甲,2022-03-28,21:00,2022-03-29 07:00,家\n",
        zone="Asia/Shanghai",
    )
    assert (batch.end - batch.start).tolist() == [430, 360, 600]
    assert batch.flags.tolist() == [0, UNCERTAIN | IMPUTED, 0]
