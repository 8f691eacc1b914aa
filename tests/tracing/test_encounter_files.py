"""Lists that people send: what is read, what is set aside, and what is said about it."""

import csv
import gzip
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ringfence.tracing.encounters.files import EncounterReading, read_encounters, read_steps
from ringfence.tracing.encounters.named import named_by, read_named
from ringfence.tracing.encounters.search import met_by_encounter
from ringfence.tracing.intake.rejects import RejectsFile
from ringfence.vocabulary.refusals import Refused

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = int(datetime(2022, 3, 8, 4, tzinfo=UTC).timestamp())  # 12:00 in Shanghai
DAY = NOON // 60 - 720


def told(tmp_path, text, name="badges.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def faults(file):
    return [(r.line, r.field, r.code) for r in file.rejects]


def test_steps_of_a_badge_become_spans_and_the_length_of_a_step_is_found_and_said(tmp_path):
    path = told(tmp_path, "person_a,person_b,time\n" + "".join(f"wei,chen,{NOON + s}\n" for s in (0, 20, 40, 100)))
    file = read_encounters(path)
    assert (file.loaded, file.step_seconds, file.notes[0].values["percent"]) == (4, 20, 67)
    assert "20 s" in file.notes[0].said("en")
    assert met_by_encounter(file.encounters, [0], NOON // 60, NOON // 60 + 9).seconds.tolist() == [80]


def test_headers_in_chinese_and_times_without_a_zone_are_read_in_the_zone_given(tmp_path):
    path = told(tmp_path, "甲,乙,开始时间,结束时间,距离（米）\nwei,chen,2022-03-08 12:00,2022-03-08 12:05,1.5\n")
    file = read_encounters(path, reading=EncounterReading(zone=SHANGHAI))
    assert file.encounters.span_s == (NOON, NOON + 300)
    assert file.encounters.distance.tolist() == [1.5]


def test_a_stamp_may_mark_the_end_of_its_record(tmp_path):
    path = told(tmp_path, f"a;b;time\nwei;chen;{NOON}\n")
    file = read_encounters(path, reading=EncounterReading(step_seconds=20, stamped="end"))
    assert file.encounters.span_s == (NOON - 20, NOON)


def test_plain_numbers_may_count_from_an_origin(tmp_path):
    path = told(tmp_path, "a,b,time\nwei,chen,60\nwei,chen,80\n")
    file = read_encounters(path, reading=EncounterReading(origin=datetime.fromtimestamp(NOON, UTC)))
    assert file.encounters.span_s == (NOON + 60, NOON + 100)


def test_steps_may_stand_in_a_table_of_their_own(tmp_path):
    table = told(tmp_path, "step,time_bst\n1,Thu 12 Oct 2017 07:00:00\n2,Thu 12 Oct 2017 07:05:00\n", "steps.csv")
    path = told(tmp_path, "step,user_a,user_b,distance_m\n1,wei,li,9\n2,wei,li,3\n7,wei,li,3\n")
    file = read_encounters(path, reading=EncounterReading(steps=read_steps(table, ZoneInfo("Europe/London"))))
    seven = int(datetime(2017, 10, 12, 6, tzinfo=UTC).timestamp())
    assert (file.encounters.span_s, file.step_seconds) == ((seven, seven + 600), 300)
    assert faults(file) == [(4, "time", "told.unknown_step")]


def test_every_bad_row_is_set_aside_with_its_line_field_and_reason_and_none_is_lost(tmp_path):
    rows = (
        f"wei,chen,{NOON},1.5",
        f"chen,wei,{NOON},2.5",
        f"wei,wei,{NOON},1",
        f",chen,{NOON},1",
        "wei,chen,yesterday,1",
        "wei,chen,2022-03-08T12:00,1",
        f"wei,chen,{NOON}000,1",  # milliseconds: the same record once more
        f"wei,chen,{NOON + 20},near",
        f"wei,chen,{NOON + 20},-4",
        f"wei,chen,{NOON + 20}",
        "",
    )
    file = read_encounters(
        told(tmp_path, "a,b,time,distance_m\n" + "\n".join(rows) + "\n"), reading=EncounterReading(step_seconds=20)
    )
    assert faults(file) == [
        (4, "person_b", "told.self_pair"),
        (5, "person_a", "told.empty"),
        (6, "time", "moment.unreadable"),
        (7, "time", "moment.no_zone"),
        (9, "distance_m", "told.bad_distance"),
        (10, "distance_m", "told.bad_distance"),
        (11, "", "intake.too_few"),
    ]
    assert (file.loaded, file.duplicates, file.encounters.distance.tolist()) == (1, 2, [1.0])
    assert file.loaded + file.duplicates + len(file.rejects) == len(rows) - 1


def test_rejects_are_written_with_reason_and_mend_in_both_languages(tmp_path):
    file = read_encounters(told(tmp_path, f"a,b,time\nwei,wei,{NOON}\n"), reading=EncounterReading(step_seconds=20))
    with RejectsFile(tmp_path / "rejects.csv") as rejects:
        rejects.add_all(file.rejects, file="badges.csv")
    (row,) = csv.DictReader((tmp_path / "rejects.csv").read_text(encoding="utf-8-sig").splitlines())
    assert (row["file"], row["line"], row["field"], row["rule"]) == ("badges.csv", "2", "person_b", "told.self_pair")
    assert (row["reason_en"], row["reason_zh"]) == ("The row pairs a person with the same person.", "两列为同一人。")
    assert row["row"] == f"wei,wei,{NOON}"


def test_a_quoted_line_break_does_not_shift_the_lines_that_are_told(tmp_path):
    path = told(tmp_path, f'a,b,time,note\nwei,chen,{NOON},"two\nlines"\nwei,wei,{NOON},x\n')
    assert faults(read_encounters(path, reading=EncounterReading(step_seconds=20))) == [
        (4, "person_b", "told.self_pair")
    ]


@pytest.mark.parametrize("kind", ["gz", "gb18030", "parquet"])
def test_the_same_list_reads_alike_from_gzip_from_a_chinese_spreadsheet_and_from_parquet(tmp_path, kind):
    text = f"甲,乙,时间,距离\n伟,陈,{NOON},1.5\n伟,李,{NOON},\n"
    if kind == "gz":
        path = tmp_path / "list.csv.gz"
        path.write_bytes(gzip.compress(text.encode()))
    elif kind == "gb18030":
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode("gb18030"))
    else:
        path = tmp_path / "list.parquet"
        moment = datetime.fromtimestamp(NOON, UTC)
        pq.write_table(
            pa.table({"甲": ["伟", "伟"], "乙": ["陈", "李"], "时间": [moment] * 2, "距离": [1.5, None]}), path
        )
    file = read_encounters(path, reading=EncounterReading(step_seconds=20))
    assert file.numbers.given == ("伟", "陈", "李")
    assert (file.encounters.span_s, file.loaded) == ((NOON, NOON + 20), 2)
    assert np.isnan(file.encounters.distance[1])


def test_a_list_that_gives_no_way_to_tell_the_length_of_a_record_is_refused(tmp_path):
    with pytest.raises(Refused, match="how long a record lasts"):
        read_encounters(told(tmp_path, f"a,b,time\nwei,chen,{NOON}\n"))


def test_a_missing_column_and_a_missing_file_are_refused_with_a_mend(tmp_path):
    with pytest.raises(Refused) as refusal:
        read_encounters(told(tmp_path, f"a,time\nwei,{NOON}\n"))
    assert refusal.value.values["field"] == "person_b"
    with pytest.raises(Refused, match="cannot be opened"):
        read_encounters(tmp_path / "nowhere.csv")


def test_an_empty_list_is_an_empty_answer(tmp_path):
    file = read_encounters(told(tmp_path, "a,b,time\n"))
    assert (file.loaded, file.duplicates, file.rejects) == (0, 0, ())


NAMED_ROWS = (
    "病例,接触者,最后接触时间,关系,接触地点,分钟\n"
    "伟,芳,2022-03-08,妻子,家,600\n"
    "伟,陈,2022-03-08 12:00,同事,车间,\n"
    "伟,李,2022-03-01,路人,市场,2\n"
    "伟,赵,,朋友,,\n"
    "伟,芳,2022-03-08,妻子,家,600\n"
    "伟,伟,2022-03-08,,,\n"
    "伟,芳,2022-03-08,,,一会儿\n"
)


def test_named_contacts_are_read_with_their_day_or_minute_and_bad_rows_set_aside(tmp_path):
    file = read_named(told(tmp_path, NAMED_ROWS), zone=SHANGHAI)
    assert (file.loaded, file.duplicates, file.undated) == (4, 1, 1)
    assert faults(file) == [(7, "contact", "told.self_pair"), (8, "minutes", "told.bad_minutes")]
    assert (file.named.first.tolist()[:2], file.named.last.tolist()[:2]) == (
        [DAY, NOON // 60],
        [DAY + 1440, NOON // 60 + 1],
    )


def test_somebody_last_met_before_the_window_is_left_out_and_counted_and_an_undated_one_stays(tmp_path):
    file = read_named(told(tmp_path, NAMED_ROWS), zone=SHANGHAI)
    fang, chen, zhao = (file.numbers.number_of(name) for name in "芳陈赵")
    found = named_by(file.named, [file.numbers.number_of("伟")], DAY, DAY + 600)
    assert (sorted(found.person.tolist()), found.before_window) == (sorted([fang, chen, zhao]), 1)
    assert dict(zip(found.person.tolist(), found.minutes.tolist(), strict=True)) == {fang: 600, chen: -1, zhao: -1}


def test_a_day_without_a_zone_is_set_aside(tmp_path):
    assert faults(read_named(told(tmp_path, "case,contact,date\nwei,chen,2022-03-08\n"))) == [
        (2, "last_contact", "moment.no_zone")
    ]
