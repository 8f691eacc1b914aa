"""Line lists become facts, what cannot be so is told, and real outbreaks run through their packs."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ringfence.rules.duties import Derivation
from ringfence.rules.facts import Fact
from ringfence.rules.gap import equations
from ringfence.rules.linelist import LineListColumns, facts_of_line_list
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import Shelf, shipped_pack
from ringfence.rules.strata import derive_all
from ringfence.vocabulary.moments import zone_named
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import sentence

ROOT = Path(__file__).resolve().parents[2]
SEOUL = zone_named("Asia/Seoul")
FREETOWN = zone_named("Africa/Freetown")
WORDS = LineListColumns(
    case="id", onset="ill", infected="infected", hospitalised="admitted", ended="ended", died="died",
    outcome="outcome", sex="sex", age="age", exposed_from="from", exposed_to="to", reported="reported",
    infector="by", infectee="who", setting="where", settings={"burial": "funeral"}, other_setting="household",
    assessed_class="class", assessed_by="judge",
)  # fmt: skip
KOREA = LineListColumns(
    case="id", onset="dt_onset", exposed_from="dt_start_exp", exposed_to="dt_end_exp", reported="dt_report",
    died="dt_death", outcome="outcome", sex="sex", age="age", infector="from", infectee="to", setting="exposure",
    settings={"Family member": "household"}, other_setting="health_care", deaths=frozenset({"dead"}),
)  # fmt: skip
SIMULATED = LineListColumns(
    case="case_id", infected="date_of_infection", onset="date_of_onset", hospitalised="date_of_hospitalisation",
    ended="date_of_outcome", outcome="outcome", sex="gender", infector="infector", infectee="case_id",
    setting="source", settings={"funeral": "funeral"}, other_setting="care",
)  # fmt: skip


def read(cases, links=(), **more):
    return facts_of_line_list(cases, links, columns=WORDS, zone=SEOUL, **more)


def told(problems: list[Refused]) -> list[tuple[str, object, object]]:
    return [(p.code, p.values["row"], p.values["field"]) for p in problems]


def of(facts: list[Fact], kind: str) -> list[Fact]:
    return [fact for fact in facts if fact.kind == kind]


# ── a small list ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_row_becomes_a_case_with_onset_stay_and_death_on_the_days_of_the_zone():
    facts, problems = read([{"id": "Wei", "ill": "2015-05-11", "admitted": "2015-05-14", "died": "2015-05-20",
                             "sex": "m", "age": "68"}])  # fmt: skip
    assert problems == []
    assert [(f.kind, str(f.subject)) for f in facts] == [
        ("onset", "infection:1"), ("case", "infection:1"), ("stay", "infection:1"), ("death", "infection:1"),
        ("person", "person:1"),
    ]  # fmt: skip
    assert facts[0].at == datetime(2015, 5, 10, 15, tzinfo=UTC)
    assert facts[2].until == datetime(2015, 5, 19, 15, tzinfo=UTC)
    assert facts[-1].value == {"name": "Wei", "sex": "male", "age_years": 68.0}


def test_given_ids_stand_in_person_facts_alone():
    facts, _ = read([{"id": "Wei", "ill": "2015-05-11"}, {"id": "Fang", "infected": "2015-05-12"}],
                    [{"by": "Wei", "who": "Fang"}])  # fmt: skip
    assert {f.value["name"]: f.subject.number for f in of(facts, "person")} == {"Wei": 1, "Fang": 2}
    assert not [f for f in facts if f.kind != "person" and ("Wei" in str(f) or "Fang" in str(f))]


def test_a_link_becomes_an_exposure_on_the_whole_day_of_infection():
    facts, _ = read([{"id": "Wei", "ill": "2015-05-11"}, {"id": "Fang", "infected": "2015-05-12"}],
                    [{"by": "Wei", "who": "Fang", "where": "burial"}])  # fmt: skip
    (exposure,) = of(facts, "exposure")
    assert (str(exposure.subject), exposure.until - exposure.at) == ("contact:2", timedelta(days=1))
    assert exposure.value == {"to": Subject("infection", 1), "setting": "funeral"}


def test_nothing_of_a_case_is_known_before_it_was_reported_and_no_exposure_before_the_infector():
    facts, _ = read([{"id": "Wei", "ill": "2015-05-11", "reported": "2015-05-15"},
                     {"id": "Fang", "infected": "2015-05-12"}], [{"by": "Wei", "who": "Fang"}])  # fmt: skip
    reported = datetime(2015, 5, 14, 15, tzinfo=UTC)
    assert [f.known_at for kind in ("onset", "case", "exposure") for f in of(facts, kind)][:2] == [reported, reported]
    assert of(facts, "exposure")[0].known_at == reported


def test_nobody_is_assessed_by_a_list_that_does_not_say_who_assessed():
    cases = [{"id": "Wei", "ill": "2015-05-11"}, {"id": "Fang", "infected": "2015-05-12"}]
    links = [{"by": "Wei", "who": "Fang"}]
    assert of(read(cases, links)[0], "assessment") == []
    cases[1] |= {"class": "high", "judge": "Dr Kim"}
    (assessment,) = of(read(cases, links)[0], "assessment")
    assert assessment.value == {"class": "high", "by": "Dr Kim"}


@pytest.mark.parametrize(
    ("dates", "field", "kept"),
    [
        ({"ill": "2015-05-11", "died": "2015-05-10"}, "died", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "infected": "2015-05-12"}, "infected", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "infected": "2015-05-09", "admitted": "2015-05-08"}, "admitted",
         ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "from": "2015-05-12"}, "from", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "to": "2015-05-12"}, "to", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "died": "soon"}, "died", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "died": "2051-05-12"}, "died", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "outcome": "death"}, "outcome", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "outcome": "flown"}, "outcome", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "sex": "?"}, "sex", ["onset", "case", "person"]),
        ({"ill": "2015-05-11", "age": "old"}, "age", ["onset", "case", "person"]),
    ],
)  # fmt: skip
def test_what_cannot_be_so_is_told_with_row_and_column_and_the_rest_is_kept(dates, field, kept):
    facts, problems = read([{"id": "Wei", **dates}], drawn_up_at=datetime(2016, 1, 1, tzinfo=UTC))
    assert [(row, column) for _, row, column in told(problems)] == [(1, field)]
    assert [fact.kind for fact in facts] == kept
    assert all(sentence(p.code, p.values, language) for p in problems for language in ("en", "zh"))


def test_dangling_ids_are_told_and_the_exposure_to_the_stranger_is_kept():
    facts, problems = read([{"id": "Fang", "infected": "2015-05-12"}], [{"by": "Zhao", "who": "Fang"}])
    assert told(problems) == [("linelist.dangling", 1, "by")]
    assert [str(f.value["to"]) for f in of(facts, "exposure")] == ["infection:2"]


def test_links_without_a_day_twice_or_to_oneself_are_told():
    facts, problems = read([{"id": "Wei", "ill": "2015-05-11"}, {"id": "Fang", "ill": "2015-05-20"}],
                           [{"by": "Wei", "who": "Fang"}, {"by": "Wei", "who": "Fang"}, {"by": "Wei", "who": "Wei"},
                            {"by": "Wei", "who": ""}])  # fmt: skip
    assert [code for code, _, _ in told(problems)] == [
        "linelist.undated_link", "linelist.same_link", "linelist.own_infector", "linelist.no_id",
    ]  # fmt: skip
    assert of(facts, "exposure") == []


def test_a_case_twice_counts_once_and_one_without_any_date_is_a_person_only():
    facts, problems = read([{"id": "Wei", "ill": "2015-05-11"}, {"id": "Wei", "ill": "2015-05-12"}, {"id": "Li"}])
    assert told(problems) == [("linelist.same_case", 2, "id"), ("linelist.no_date", 3, "ill")]
    assert Counter(f.kind for f in facts) == {"onset": 1, "case": 1, "person": 2}


# ── real outbreaks ───────────────────────────────────────────────────────────────────────────────────────────────


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.fixture(scope="module")
def korea(data):
    folder = data / "linelist_mers_korea_2015"
    return facts_of_line_list(rows(folder, "linelist.csv"), rows(folder, "contacts.csv"), columns=KOREA, zone=SEOUL)


@pytest.fixture(scope="module")
def simulated(data):
    folder = data / "linelist_ebola_sim_clean"
    return facts_of_line_list(rows(folder, "linelist.csv"), rows(folder, "contacts.csv"), columns=SIMULATED,
                              zone=FREETOWN)  # fmt: skip


def assessed(facts: list[Fact], cls: str) -> list[Fact]:
    """Return the facts with a human's word on each contact: a day after her last exposure, once the case was known."""
    last: dict[Subject, datetime] = {}
    for fact in of(facts, "exposure"):
        assert fact.until is not None
        last[fact.subject] = max(fact.until, fact.known_at, last.get(fact.subject, fact.until))
    words = [Fact(f"assessed-{s.number}", "assessment", s, at, at, source="test", value={"class": cls, "by": "Dr Kim"})
             for s, at in last.items()]  # fmt: skip
    return [*facts, *words]


def duties(derived: Mapping[Subject, Derivation], kind: str, subject_kind: str = "contact"):
    return [d for s, one in derived.items() if s.kind == subject_kind for d in one.duties if d.kind == kind]


@pytest.mark.io
def test_korea_loads_whole_and_what_it_lacks_is_told(korea):
    facts, problems = korea
    assert Counter(f.kind for f in facts) == {
        "person": 162, "case": 162, "onset": 135, "exposure": 96, "death": 10,
    }  # fmt: skip
    assert Counter((p.code, p.values["field"]) for p in problems) == {
        ("linelist.undated_outcome", "outcome"): 9, ("linelist.impossible", "dt_end_exp"): 3,
        ("linelist.undated_link", "to"): 2,
    }  # fmt: skip


@pytest.mark.io
def test_korea_on_10_june_owes_the_assessment_of_everybody_who_was_named(korea):
    facts, _ = korea
    now = datetime(2015, 6, 10, 3, tzinfo=UTC)
    derived = derive_all(facts, Rulebook.of(shipped_pack("mers"), now.date()), now)
    known = {f.subject for f in of(facts, "exposure") if f.at <= now}
    owed = {d.subject for d in duties(derived, "assess")}
    assert owed <= known
    assert len(owed) == len(duties(derived, "assess")) > 80


@pytest.mark.io
def test_korea_watches_each_contact_to_the_end_of_the_fourteenth_day(korea):
    facts, _ = korea
    county = 'schema = 1\nid = "korea"\nversion = "1"\nover = "mers"\nzone = "Asia/Seoul"\n' \
             'name = {en = "Korea 2015"}\nin_force = {from = 2015-05-20, until = 2015-12-31}\n'  # fmt: skip
    book = Rulebook.of(Shelf({"korea": {"pack": county}}).pack("korea"), datetime(2015, 6, 20).date())
    now = datetime(2015, 6, 20, 3, tzinfo=UTC)
    derived = derive_all(assessed(facts, "close"), book, now)
    spans = duties(derived, "monitor")
    assert len(spans) > 60
    for span in spans:
        last = derived[span.subject].status.last_exposure
        assert last is not None
        assert book.day_of(span.until) == book.day_of(last) + 15, span.key
        assert span.until.astimezone(SEOUL).hour == 0
    assert any(d.values["missed"] for d in spans)  # nobody wrote down a call: the gap shows


@pytest.mark.io
def test_the_simulated_outbreak_tells_its_dangling_ids_and_impossible_dates(simulated, data):
    facts, problems = simulated
    listed = {row["case_id"] for row in rows(data / "linelist_ebola_sim_clean", "linelist.csv")}
    links = rows(data / "linelist_ebola_sim_clean", "contacts.csv")
    dangling = {column: sum(row[column] not in listed for row in links) for column in ("infector", "case_id")}
    found = Counter((p.code, p.values["field"]) for p in problems)
    assert found == {
        ("linelist.dangling", "infector"): 1657, ("linelist.dangling", "case_id"): 59,
        ("linelist.undated_link", "case_id"): 59, ("linelist.impossible", "date_of_outcome"): 197,
        ("linelist.undated_outcome", "outcome"): 881,
    }  # fmt: skip
    assert dangling == {"infector": 1657, "case_id": 59}
    assert (len(of(facts, "case")), len(of(facts, "exposure"))) == (5829, 3800 - 59)


@pytest.mark.io
def test_the_simulated_outbreak_owes_each_contact_21_boxes_after_the_last_exposure(simulated):
    facts, _ = simulated
    now = datetime(2014, 9, 15, 12, tzinfo=UTC)
    book = Rulebook.of(shipped_pack("ebola"), now.date())
    derived = derive_all(assessed(facts, "physical"), book, now)
    sheets: Counter[Subject] = Counter()
    for box in duties(derived, "observe"):
        last = derived[box.subject].status.last_exposure
        assert last is not None
        assert book.day_of(box.begins) == book.day_of(last) + box.values["day"], box.key
        sheets[box.subject] += 1
    assert len(sheets) > 300
    # Day 0 has a box too where the assessment fell on it; here each was assessed on the day after.
    assert max(sheets.values()) == 21
    lost = [p for one in derived.values() for p in one.proposals if p.kind == "lost"]
    assert lost  # nobody was visited: two days missed put them on the list


@pytest.mark.io
def test_the_simulated_outbreak_owes_a_burial_for_each_death(simulated):
    facts, _ = simulated
    now = datetime(2014, 11, 1, 12, tzinfo=UTC)
    derived = derive_all(facts, Rulebook.of(shipped_pack("ebola"), now.date()), now)
    dead = {f.subject for f in of(facts, "death") if f.at <= now}
    assert {d.subject for d in duties(derived, "bury", "infection")} == dead
    assert len(dead) > 900


@pytest.mark.io
def test_the_gap_of_the_simulated_outbreak_closes_by_the_visits_that_were_written_down_and_names_the_rest(simulated):
    facts, _ = simulated
    now = datetime(2014, 9, 15, 12, tzinfo=UTC)
    book = Rulebook.of(shipped_pack("ebola"), now.date())
    known = assessed(facts, "physical")
    before = derive_all(known, book, now)
    # Boxes of contacts who have become cases are due no more.
    owed = [box for box in duties(before, "observe") if box.begins <= now and box.ended == "open"]
    by_contact: dict[Subject, list] = {}
    for box in owed:
        by_contact.setdefault(box.subject, []).append(box)
    seen = sorted(by_contact)[:100]
    visits = [
        Fact(f"visit-{box.key}", "observation", contact, box.begins, box.begins, source="sheet",
             value={"seen": "seen", "by": "visit", "temperature_c": 36.6})
        for contact in seen for box in by_contact[contact]
    ]  # fmt: skip
    after = derive_all([*known, *visits], book, now)
    (whole,) = (e for e in equations((d for one in after.values() for d in one.duties), now) if e.kind == "observe")
    assert whole.due == len(owed) == whole.proved + whole.open
    assert whole.proved == len(visits)
    assert {str(one.duty.subject) for one in whole.missing} == {str(s) for s in by_contact if s not in seen}
    lost = {p.subject for one in after.values() for p in one.proposals if p.kind == "lost"}
    assert not lost & set(seen)


@pytest.mark.io
def test_the_gap_of_korea_adds_up_and_names_every_case_that_nobody_was_shown_to_isolate(korea):
    facts, _ = korea
    now = datetime(2015, 6, 10, 3, tzinfo=UTC)
    derived = derive_all(facts, Rulebook.of(shipped_pack("mers"), now.date()), now)
    by_kind = {e.kind: e for e in equations((d for one in derived.values() for d in one.duties), now)}
    assert all(e.due == sum(e.parts()) for e in by_kind.values())
    living = {f.subject for f in of(facts, "case") if f.at <= now} - {
        f.subject for f in of(facts, "death") if f.at <= now
    }
    assert {one.duty.subject for one in by_kind["transfer"].missing} == living
