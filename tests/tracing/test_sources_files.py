"""Case and control lists as they come: Wei's line is good, others are told with line, field, reason and mend."""

from zoneinfo import ZoneInfo

import pytest

from ringfence.tracing.sources import number_cases, number_controls, read_cases, read_controls
from ringfence.vocabulary.moments import day_number
from ringfence.vocabulary.refusals import Refused

DAY = 1440
EIGHTH = 19_059 * DAY  # 2022-03-08


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_chinese_list_in_gb18030_reads_like_an_english_one(tmp_path):
    chinese = written(
        tmp_path,
        "人员,发病日期,户号,社区,年龄,发现途径,感染来源\n伟,2022年3月8日,3-502,东街,34岁,筛查：面馆,不明\n",
        "gb18030",
    )
    (wei,) = read_cases(chinese).records
    assert wei.onset == (EIGHTH, EIGHTH + DAY)
    assert (wei.found_by, wei.screened_place, wei.infector_known) == ("screening", "面馆", False)
    english = written(
        tmp_path,
        "person,onset,household,community,age,found_by,infector\n伟,2022-03-08,3-502,东街,34,screening:面馆,unknown\n",
    )
    assert read_cases(english).records == (wei,)


@pytest.mark.parametrize(
    ("text", "days_before", "days_after"),
    [
        ("2022-03-08", 0, 1),
        ("2022/3/8", 0, 1),
        ("20220308", 0, 1),
        ("2022-03-08±2", 2, 3),
        ("2022-03-08 +/- 1 days", 1, 2),
    ],
)
def test_a_date_is_a_whole_day_widened_by_its_doubt(tmp_path, text, days_before, days_after):
    (wei,) = read_cases(written(tmp_path, f"person,onset\nWei,{text}\n")).records
    assert wei.onset == (EIGHTH - days_before * DAY, EIGHTH + days_after * DAY)


def test_a_column_of_doubt_widens_the_onset_but_not_the_sample(tmp_path):
    path = written(tmp_path, "person,onset,onset_uncertainty_days,sample\nWei,2022-03-08,2,2022-03-09\n")
    (wei,) = read_cases(path).records
    assert wei.onset == (EIGHTH - 2 * DAY, EIGHTH + 3 * DAY)
    assert wei.sample == (EIGHTH + DAY, EIGHTH + 2 * DAY)


def test_a_day_is_a_day_of_the_zone(tmp_path):
    (wei,) = read_cases(written(tmp_path, "person,onset\nWei,2022-03-08\n"), zone=ZoneInfo("Asia/Shanghai")).records
    assert wei.onset == (EIGHTH - 480, EIGHTH - 480 + DAY)


def test_a_moment_with_its_zone_is_one_minute(tmp_path):
    (wei,) = read_cases(written(tmp_path, "person,onset\nWei,2022-03-08T10:30+08:00\n")).records
    assert wei.onset == (EIGHTH + 150, EIGHTH + 151)


def test_bad_rows_are_told_all_at_once_and_good_rows_go_on(tmp_path):
    path = written(
        tmp_path,
        "person,onset,sample,age\nWei,2022-03-08,,34\n,2022-03-08,,\nChen,yesterday,,\nLi,,,\nZhao,2022-03-08,,old\n"
        "Wei,2022-03-09,,\n\nFang,2022-02-30,,\n",
    )
    rows = read_cases(path)
    assert [r.person for r in rows.records] == ["Wei"]
    assert [(p.line, p.field, p.code.rsplit(".", 1)[1]) for p in rows.problems] == [
        (3, "person", "no_person"),
        (4, "onset", "bad_date"),
        (5, "onset", "no_date"),
        (6, "age", "bad_age"),
        (7, "person", "twice"),
        (9, "onset", "bad_date"),
    ]
    for problem in rows.problems:
        for language in ("en", "zh"):
            assert problem.reason(language)
            assert problem.mend(language)
    with pytest.raises(Refused) as refusal:
        rows.refuse_if_problems()
    assert refusal.value.values["number"] == 6


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "intake.empty"),
        ("name_of_dog,onset\nWei,2022-03-08\n", "intake.missing_column"),
        ("person,人员\nWei,伟\n", "hypothesis.file.twice"),
    ],
)
def test_a_file_that_cannot_be_a_list_is_refused(tmp_path, text, code):
    with pytest.raises(Refused) as refusal:
        read_cases(written(tmp_path, text))
    assert refusal.value.code == code
    assert str(refusal.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Refused, match="cannot be opened"):
        read_controls(tmp_path / "nowhere.csv")


def test_columns_nobody_asked_for_are_named(tmp_path):
    rows = read_cases(written(tmp_path, "person,onset,shoe size\nWei,2022-03-08,42\n"))
    assert rows.unknown_columns == ("shoe size",)


@pytest.mark.parametrize(
    ("text", "age"), [("34", 34), ("60-69", 60), ("80+", 80), ("8个月", 0), ("不详", None), ("0", 0)]
)
def test_ages_are_read_as_people_write_them(tmp_path, text, age):
    (wei,) = read_controls(written(tmp_path, f"person,age\nWei,{text}\n")).records
    assert wei.age == age
    assert wei.found_by == "resident"


def test_given_ids_become_numbers_and_strangers_are_told(tmp_path):
    rows = read_cases(
        written(
            tmp_path,
            "person,onset,found_by\nWei,2022-03-08,screening:noodles\nLi,2022-03-08,screening:x\nZhao,2022-03-08,\n",
        )
    )
    cases, problems = number_cases(rows.records, persons={"Wei": 7, "Li": 8}, places={"noodles": 3})
    assert [(c.person, c.screened_place) for c in cases] == [(7, 3), (8, None)]
    assert [(p.line, p.code.rsplit(".", 1)[1]) for p in problems] == [(3, "unknown_place"), (4, "unknown_person")]
    controls, unknown = number_controls(
        read_controls(written(tmp_path, "person\nWei\nMa\n")).records, persons={"Wei": 7}, places={}
    )
    assert [c.person for c in controls] == [7]
    assert len(unknown) == 1


def test_the_day_number_used_here_is_that_of_the_calendar():
    from datetime import date

    assert day_number(date(2022, 3, 8)) * DAY == EIGHTH
