"""What is known of somebody's immunity, and which doses are due: Fang 芳 and Mei 梅 around Wei 伟's measles."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ringfence.rules.facts import Fact
from ringfence.rules.immunity import STATES, DoseDue, Immunity, doses_due, immunity_of
from ringfence.rules.packfile import read_pack
from ringfence.rules.rulebook import Rulebook
from ringfence.vocabulary.proofs import Grade
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import sentence

EXPOSED = datetime(2026, 3, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FANG = Subject("person", 2)


def key(name: str, value: str) -> str:
    return (
        f"[{name}]\nvalues = "
        f'[{{since = 2000-01-01, value = {value}, source = "s", clause = "1", confidence = "uncertain"}}]\n'
    )


HEAD = """schema = 1
id = "tiny"
version = "1"
name = {en = "Tiny"}
disease = "measles"
zone = "UTC"
in_force = {from = 2000-01-01}
[sources.s]
title = {en = "A guide"}
date = 2000-01-01
"""
KEYS = {
    "immunity.accepts": '["doses", "igg", "laboratory", "birth_year"]',
    "immunity.vaccines": '["mmr", "mmrv"]',
    "immunity.doses": "2",
    "immunity.doses_young": "1",
    "immunity.young_below": "5",
    "immunity.doses_adult": "1",
    "immunity.adult_from": "18",
    "immunity.youngest": "12",
    "immunity.born_before": "1957",
    "course.after.stages": '["after"]',
    "course.after.after.asks": '"watch_self"',
    "course.care.stages": '["care"]',
    "course.care.care.asks": '"stay_off_work"',
    "course.long.stages": '["long"]',
    "course.long.long.asks": '"stay_apart"',
    "dose.mmr.product": '"mmr"',
    "dose.mmr.within": "72",
    "dose.mmr.from": '"first_exposure"',
    "dose.mmr.for": '["no_evidence"]',
    "dose.mmr.not_for": '["pregnant", "immunosuppressed", "health_worker"]',
    "dose.mmr.youngest": "6",
    "dose.mmr.course": '"after"',
    "dose.mmr_care.product": '"mmr"',
    "dose.mmr_care.within": "72",
    "dose.mmr_care.for": '["health_worker"]',
    "dose.mmr_care.youngest": "6",
    "dose.mmr_care.course": '"care"',
    "dose.ig.product": '"ig_im"',
    "dose.ig.within": "144",
    "dose.ig.for": '["infant", "infant_late"]',
    "dose.ig.course": '"long"',
    "dose.ig.not_when": '"mmr"',
    "dose.ig_vein.product": '"ig_iv"',
    "dose.ig_vein.within": "144",
    "dose.ig_vein.for": '["pregnant", "immunosuppressed"]',
    "dose.ig_vein.course": '"long"',
}


def written(keys: dict[str, str]) -> Rulebook:
    """Return a rulebook of a pack with these keys."""
    text = HEAD + "".join(key(name, value) for name, value in keys.items())

    def none_below(name: str) -> Any:
        raise KeyError(name)

    return Rulebook.of(read_pack(text, file="tiny", find=none_below), date(2026, 3, 1))


@pytest.fixture
def book() -> Rulebook:
    return written(KEYS)


def fact(kind: str, at: datetime, /, known_at: datetime | None = None, **value: Any) -> Fact:
    name = f"{kind}-{at:%m%dT%H}-{len(value)}"
    return Fact(name, kind, FANG, at, known_at or at, None, "clinic", Grade.B, value)


def dose(day: str, product: str = "mmr", **value: Any) -> Fact:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return Fact(f"{product}-{day}", "dose", FANG, at, at, None, "card", Grade.B, {"product": product, **value})


def person(**value: Any) -> Fact:
    return fact("person", datetime(2026, 2, 1, tzinfo=UTC), **value)


def state(book: Rulebook, *facts: Fact, exposed: datetime | None = EXPOSED, at: datetime = NOW) -> str:
    found = immunity_of(facts, book, at, exposed)
    for why in found.because:
        for language in ("zh", "en"):
            assert sentence(why.code, why.values, language)
    return found.state


def due(book: Rulebook, *facts: Fact, at: datetime = NOW) -> dict[str, DoseDue]:
    immunity = immunity_of(facts, book, at, EXPOSED)
    found = doses_due(facts, book, EXPOSED, EXPOSED + timedelta(days=2), immunity, at)
    for why in (why for owed in found for why in owed.because):
        for language in ("zh", "en"):
            assert sentence(why.code, why.values, language)
    return {owed.dose: owed for owed in found}


def test_nothing_known_is_unknown_never_none(book: Rulebook) -> None:
    assert state(book) == "unknown"
    assert state(book, person(birth_date="1990-05-01")) == "unknown"


def test_two_doses_are_evidence_and_the_same_dose_from_two_cards_is_one(book: Rulebook) -> None:
    school = person(birth_date="2016-01-01")
    assert state(book, school, dose("2017-02-01"), dose("2020-02-01", "MMRV")) == "evidence"
    assert state(book, school, dose("2017-02-01"), dose("2017-02-01", "MMRV")) == "unknown"
    assert state(book, school, dose("2020-02-01", number=2)) == "evidence"


def test_one_dose_is_enough_below_school_age_and_for_adults_but_not_in_a_hospital(book: Rulebook) -> None:
    assert state(book, person(birth_date="2023-01"), dose("2024-03-01")) == "evidence"
    assert state(book, person(birth_date="1990"), dose("1992-03-01")) == "evidence"
    assert state(book, person(birth_date="1990", work="health_worker"), dose("1992-03-01")) == "unknown"
    assert state(book, dose("1992-03-01")) == "unknown"


def test_a_dose_before_the_first_birthday_is_no_evidence_and_neither_is_another_vaccine(book: Rulebook) -> None:
    child = person(birth_date="2023-01-01")
    assert state(book, child, dose("2023-08-01")) == "unknown"
    assert state(book, child, dose("2024-02-01", "bcg")) == "unknown"


def test_a_dose_on_the_day_of_the_exposure_or_after_it_is_no_evidence(book: Rulebook) -> None:
    adult = person(birth_date="1990-05-01")
    assert state(book, adult, dose("2026-03-01")) == "unknown"
    assert state(book, adult, dose("2026-03-02")) == "unknown"
    assert state(book, adult, dose("2026-02-28")) == "evidence"
    assert state(book, adult, dose("2026-03-01"), exposed=None) == "evidence"


def test_birth_long_ago_is_evidence_and_an_age_counts_from_the_day_it_was_told(book: Rulebook) -> None:
    assert state(book, person(birth_date="1956-12-31")) == "evidence"
    assert state(book, person(birth_date="1957")) == "unknown"
    assert state(book, person(age_years=72)) == "evidence"
    assert state(book, person(age_years=68)) == "unknown"


def test_igg_answers_and_a_serum_sample_without_result_waits(book: Rulebook) -> None:
    serum = fact("sample", datetime(2026, 3, 2, 7, tzinfo=UTC), specimen="serum")
    answer = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert state(book, serum) == "waiting"
    assert state(book, serum, fact("result", answer, sample=serum.id, test="igg", outcome="positive")) == "evidence"
    assert state(book, serum, fact("result", answer, test="igg", outcome="negative")) == "none"
    assert state(book, serum, fact("result", answer, sample=serum.id, test="igg", outcome="indeterminate")) == "unknown"
    assert state(book, serum, fact("result", answer, sample=serum.id, test="igm", outcome="negative")) == "unknown"


def test_igg_from_after_a_dose_given_upon_the_exposure_says_nothing(book: Rulebook) -> None:
    serum = fact("sample", datetime(2026, 3, 2, 7, tzinfo=UTC), specimen="serum")
    yes = fact("result", datetime(2026, 3, 2, 8, tzinfo=UTC), sample=serum.id, test="igg", outcome="positive")
    assert state(book, dose("2026-03-01T20:00", "ig_im"), serum, yes) == "unknown"
    assert state(book, serum, yes, dose("2026-03-02T08:30")) == "evidence"


def test_documented_doses_stand_against_a_negative_igg(book: Rulebook) -> None:
    no = fact("result", datetime(2026, 3, 2, 8, tzinfo=UTC), test="igg", outcome="negative")
    assert state(book, person(birth_date="1990-05-01"), dose("1992-03-01"), no) == "evidence"


def test_the_word_of_a_human_wins_over_all_that_was_known_when_it_was_given(book: Rulebook) -> None:
    early, late = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, 8, tzinfo=UTC)
    forged = fact("immunity", late, state="unknown", by="Dr Sun")
    assert state(book, dose("2017-02-01"), dose("2020-02-01"), forged) == "unknown"
    no = fact("result", late, test="igg", outcome="negative")
    assert state(book, fact("immunity", early, state="evidence", by="Dr Sun"), no) == "evidence"
    yes = fact("result", late, test="igg", outcome="positive")
    for said, then in (("none", "evidence"), ("unknown", "evidence"), ("waiting", "evidence")):
        assert state(book, fact("immunity", early, state=said, by="Dr Sun"), yes) == then
    assert state(book, fact("immunity", early, state="waiting", by="Dr Sun"), no) == "none"
    assert state(book, fact("immunity", early, state="none", by="Dr Sun")) == "none"


def test_a_word_on_another_disease_is_not_heard(book: Rulebook) -> None:
    assert state(book, fact("immunity", NOW, state="evidence", disease="mumps")) == "unknown"
    assert state(book, fact("immunity", NOW, state="evidence", disease="Measles")) == "evidence"


def test_the_hours_of_appendix_d_vector_7(book: Rulebook) -> None:
    fang = due(book, person(birth_date="1990-05-01"))
    assert [owed.due for owed in fang.values()] == [datetime(2026, 3, 4, 10, tzinfo=UTC)]
    mei = due(book, person(birth_date="2025-11-01"))
    assert {name: owed.due for name, owed in mei.items()} == {"ig": datetime(2026, 3, 7, 10, tzinfo=UTC)}
    assert mei["ig"].begins == EXPOSED


def test_a_child_of_7_months_gets_immunoglobulin_once_the_hours_of_the_vaccine_are_over(book: Rulebook) -> None:
    mei = person(birth_date="2025-08-01")
    after_72_h = datetime(2026, 3, 4, 10, 1, tzinfo=UTC)
    assert set(due(book, mei)) == {"mmr"}
    assert set(due(book, mei, at=after_72_h)) == {"mmr", "ig"}
    vaccinated = due(book, mei, dose("2026-03-03", "mmrv"), at=after_72_h)
    assert set(vaccinated) == {"mmr"}
    assert vaccinated["mmr"].in_time
    assert vaccinated["mmr"].course == "after"
    early = due(book, mei, dose("2026-03-02", "ig_im"))
    assert early["ig"].in_time
    assert early["ig"].course == "long"


def test_a_late_dose_is_shown_as_given_but_frees_nobody(book: Rulebook) -> None:
    owed = due(book, dose("2026-03-04T11:00"), at=datetime(2026, 3, 5, tzinfo=UTC))["mmr"]
    assert owed.given is not None
    assert not owed.in_time
    assert owed.course is None


def test_pregnancy_and_weak_immunity_rule_the_vaccine_out_and_evidence_helps_only_the_first(book: Rulebook) -> None:
    card = (dose("1992-03-01"), dose("1995-03-01"))
    assert set(due(book, person(pregnant=True))) == {"ig_vein"}
    assert set(due(book, person(pregnant=True), *card)) == set()
    assert set(due(book, person(immunosuppressed=True), *card)) == {"ig_vein"}


def test_a_health_worker_follows_the_course_of_health_workers_after_a_timely_dose(book: Rulebook) -> None:
    owed = due(book, person(work="health_worker"), dose("2026-03-02"))
    assert {name: one.course for name, one in owed.items()} == {"mmr_care": "care"}


def test_evidence_of_immunity_or_no_exposure_leaves_no_dose_due(book: Rulebook) -> None:
    assert due(book, person(birth_date="1950-01-01")) == {}
    assert doses_due((), book, None, None, Immunity("none"), NOW) == ()


def test_a_dose_for_all_is_due_whatever_the_immunity_and_may_count_from_the_last_exposure() -> None:
    ring = written({
        "dose.ring.product": '"rvsv"', "dose.ring.within": "240", "dose.ring.for": '["any"]',
        "dose.ring.from": '"last_exposure"',
    })  # fmt: skip
    assert immunity_of((), ring, NOW, EXPOSED) == Immunity("unknown")
    last = EXPOSED + timedelta(days=2)
    (owed,) = doses_due((), ring, EXPOSED, last, Immunity("evidence"), NOW)
    assert (owed.dose, owed.begins, owed.due) == ("ring", last, last + timedelta(hours=240))


def test_a_pack_without_doses_and_immunity_asks_nothing() -> None:
    bare = written({"incubation.longest": "14"})
    assert immunity_of((dose("2017-02-01"),), bare, NOW, EXPOSED) == Immunity("unknown")
    assert doses_due((), bare, EXPOSED, EXPOSED, Immunity("unknown"), NOW) == ()


def test_a_value_counts_as_touched_only_where_it_decided(book: Rulebook) -> None:
    immunity_of((), book, NOW, EXPOSED)
    assert "immunity.born_before" not in book.asked
    immunity_of((person(birth_date="1950"),), book, NOW, EXPOSED)
    assert "immunity.born_before" in book.asked
    assert "dose.ig.within" not in book.asked
    due(book, person(birth_date="2025-11-01"))
    assert {"dose.ig.within", "dose.ig.for", "dose.ig.product", "dose.mmr.youngest"} <= book.asked


def test_the_states_are_four() -> None:
    assert STATES == ("evidence", "none", "unknown", "waiting")
