"""Which class of contact a pack proposes for an exposure, by which clause, and what is still to be asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules.classify import Classified, classify, propose_changes
from ringfence.rules.duties import Status
from ringfence.rules.facts import Fact, kinds
from ringfence.rules.packfile import table_forms
from ringfence.rules.windows import infectious_window
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import sentence, table
from tests.rules.packs_for_tests import small_book

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEI = Subject("infection", 1)
FANG, CHEN = Subject("contact", 2), Subject("contact", 3)
UNPROTECTED = ["none", "mask", "breached"]

COVID = {
    "infectious.anchor": "symptoms",
    "infectious.anchor_without_symptoms": "first_positive_sample",
    "infectious.from": -2,
    "infectious.ends_by": ["isolated"],
    "incubation.longest": 14,
    "contact.classes": ["close", "secondary", "general", "spacetime"],
    "contact.close.of": "infection",
    "contact.close.when.household": {"setting": ["household"]},
    "contact.close.when.meal": {"setting": ["meal"], "minutes": 15},
    "contact.close.when.face": {"setting": ["work", "room"], "contact": ["face_to_face"], "protection": UNPROTECTED},
    "contact.close.when.metre": {"setting": ["work", "room"], "distance_m": 1, "protection": UNPROTECTED},
    "contact.close.when.aircraft": {"setting": ["vehicle"], "vehicle": ["aircraft"], "seats": "rows", "rows": 3},
    "contact.close.when.train": {"setting": ["vehicle"], "vehicle": ["train_sealed"], "seats": "carriage"},
    "contact.close.when.coach": {"setting": ["vehicle"], "vehicle": ["coach_sealed"], "seats": "everyone"},
    "contact.close.when.crew": {"setting": ["vehicle"], "vehicle": ["aircraft", "train_sealed"], "crew": True},
    "contact.secondary.of": "contact",
    "contact.secondary.when.shared": {"setting": ["household", "meal"]},
    "contact.secondary.upgrade": "close",
    "contact.general.of": "infection",
    "contact.general.when.same_place": {"setting": ["work", "room", "vehicle", "shop"]},
    "contact.spacetime.of": "infection",
    "contact.spacetime.when.grid": {"setting": ["grid"], "minutes": 10, "cumulative_hours": 30, "human_only": True},
    "course.offer.stages": ["watch"],
    "course.offer.watch.asks": "test",
    "backward.course": "offer",
}
MEASLES = {
    "infectious.anchor": "rash",
    "infectious.from": -4,
    "infectious.to": 4,
    "infectious.ends_by": ["isolated", "days"],
    "exposure.residual": 120,
    "contact.classes": ["contact"],
    "contact.contact.of": "infection",
    "contact.contact.when.air": {"setting": ["room", "class", "health_care"], "after_case_left": True},
    "contact.contact.when.shop": {"setting": ["shop"], "minutes": 15},
    "contact.contact.when.weak": {"setting": ["shop"], "only_if": ["immunosuppressed", "health_worker"]},
}
BOOK = small_book(COVID)
MEASLES_BOOK = small_book(MEASLES)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def exposure(at: str = "2022-03-06T12:00", until: str | None = None, *, to: Subject = WEI, **value) -> Fact:
    known = local("2022-03-08T09:00")
    return Fact("f1", "exposure", FANG, local(at), known, local(until) if until else None, value={"to": to, **value})


INFECTIOUS = Status("confirmed", local("2022-03-05"), local("2022-03-08T03:00"))


def proposed(book=BOOK, index: Status | None = INFECTIOUS, person=None, onset=None, **said) -> Classified:
    found = classify(exposure(**said), book, index=index, person=person, onset=onset)
    for because in (*found.because, *found.unknowns):
        assert because.facts == ("f1",)
        for language in ("en", "zh"):
            assert sentence(because.code, because.values, language)
    assert found.because
    return found


def asked(found: Classified) -> list[str]:
    return [because.code.removeprefix("classify.ask_") for because in found.unknowns]


def codes(found: Classified) -> list[str]:
    return [because.code for because in found.because]


# ── classes ──


def test_fang_lives_with_wei_and_is_close_by_its_clause():
    found = proposed(setting="household")
    assert (found.cls, found.rule, asked(found)) == ("close", "contact.close.when.household", [])
    assert codes(found) == ["classify.class", "classify.setting_household"]
    assert found.because[0].clause == "plan §1"
    assert found.may_restrict


@pytest.mark.parametrize(
    ("said", "cls", "ask"),
    [
        ({"setting": "meal", "minutes": 40}, "close", []),
        ({"setting": "meal", "minutes": 15}, "close", []),
        ({"setting": "meal", "minutes": 14}, None, []),
        ({"setting": "meal"}, "close", ["minutes"]),
        ({"setting": "meal", "until": "2022-03-06T12:40"}, "close", []),
        ({"setting": "meal", "until": "2022-03-06T12:10"}, None, []),
        ({"setting": "meal", "until": "2022-03-06T20:00", "minutes": 10}, None, []),
        ({"setting": "work", "contact": "face_to_face", "protection": "none"}, "close", []),
        ({"setting": "work", "contact": "face_to_face", "protection": "respirator"}, "general", []),
        ({"setting": "work", "contact": "none", "distance_m": 0.5, "protection": "mask"}, "close", []),
        ({"setting": "work", "contact": "none", "distance_m": 1.5, "protection": "none"}, "general", []),
        ({"setting": "work", "contact": "none", "protection": "none"}, "close", ["distance"]),
        ({"setting": "work"}, "close", ["protection", "contact"]),
        ({"setting": "shop"}, "general", []),
        ({"setting": "needle"}, None, []),
        ({"setting": "vehicle", "vehicle": "aircraft", "seat": "15F", "case_seat": "12A"}, "close", []),
        ({"setting": "vehicle", "vehicle": "aircraft", "seat": "16A", "case_seat": "12A"}, "general", []),
        ({"setting": "vehicle", "vehicle": "aircraft", "case_seat": "12A"}, "close", ["seat"]),
        ({"setting": "vehicle", "vehicle": "aircraft", "crew": True}, "close", []),
        ({"setting": "vehicle", "vehicle": "train_sealed", "seat": "05车12F号", "case_seat": "5车3A"}, "close", []),
        ({"setting": "vehicle", "vehicle": "train_sealed", "seat": "6车12F", "case_seat": "5车3A"}, "general", []),
        ({"setting": "vehicle", "vehicle": "coach_sealed"}, "close", []),
        ({"setting": "vehicle", "vehicle": "ship"}, "general", []),
        ({"setting": "vehicle", "seat": "15F", "case_seat": "12A"}, "close", ["vehicle"]),
    ],
)
def test_chen_is_classified_by_what_is_known_and_asked_what_is_not(said, cls, ask):
    found = proposed(**said)
    assert found.cls == cls
    assert asked(found) == ask


def test_milder_classes_that_match_too_are_named():
    assert proposed(setting="work", contact="face_to_face", protection="none").others == ("general",)
    assert proposed(setting="household").others == ()


def test_only_what_an_example_uses_is_marked_as_asked():
    book = small_book(COVID)
    classify(exposure(setting="household"), book, index=INFECTIOUS)
    assert book.asked == {"contact.classes", "contact.close.of", "contact.close.when.household"}


@pytest.mark.parametrize(
    ("minutes", "hours", "cls", "ask"),
    [(9, 40, None, []), (12, 20, None, []), (12, 30, "spacetime", []), (12, None, "spacetime", ["hours"])],
)
def test_two_phones_in_one_grid_square_are_for_a_human_to_judge_and_never_restrict(minutes, hours, cls, ask):
    more = {} if hours is None else {"cumulative_hours": hours}
    found = proposed(setting="grid", minutes=minutes, **more)
    assert (found.cls, asked(found)) == (cls, ask)
    assert not found.may_restrict
    assert ("classify.human_only" in codes(found)) is (cls is not None)


# ── the window ──


@pytest.mark.parametrize(
    ("days", "granularity", "cls"), [(-2, "day", "close"), (-2, "hour", None), (-4, "day", "close")]
)
def test_a_meal_on_the_fifth_counts_by_how_far_the_window_reaches_back(days, granularity, cls):
    book = small_book({**COVID, "infectious.from": days, "infectious.granularity": granularity})
    window = infectious_window(book, anchor=local("2022-03-07T16:00"), without_symptoms=True)
    index = Status("asymptomatic", window.begins, window.ends)
    found = proposed(book, index, at="2022-03-05T08:00", setting="meal", minutes=30)
    assert found.cls == cls
    if cls is None:
        assert codes(found) == ["classify.before_window"]
        assert found.because[0].clause == "plan §1"


def test_after_isolation_there_is_no_class_and_the_reason_says_so():
    found = proposed(at="2022-03-08T04:00", setting="household")
    assert (found.cls, codes(found)) == (None, ["classify.after_window"])


def test_only_the_minutes_inside_the_window_count():
    assert proposed(at="2022-03-08T02:50", until="2022-03-08T05:00", setting="meal").cls is None
    assert proposed(at="2022-03-08T02:50", setting="meal", minutes=60).cls is None
    found = proposed(at="2022-03-08T02:30", until="2022-03-08T05:00", setting="meal")
    assert found.cls == "close"
    assert found.counts == (local("2022-03-08T02:30"), local("2022-03-08T03:00"))


def test_while_the_window_is_not_known_the_class_stands_with_a_question():
    for index in (None, Status("presumptive")):
        found = proposed(index=index, setting="household")
        assert (found.cls, asked(found)) == ("close", ["window"])


def test_nobody_is_a_contact_of_a_case_that_was_ruled_out():
    found = proposed(index=INFECTIOUS._replace(state="discarded"), setting="household")
    assert (found.cls, codes(found)) == (None, ["classify.discarded"])


def test_what_goes_on_has_lasted_at_least_until_it_became_known():
    open_index = INFECTIOUS._replace(infectious_until=None)
    assert asked(proposed(index=open_index, setting="meal", going_on=True)) == []
    late = proposed(index=open_index, at="2022-03-08T08:50", setting="meal", going_on=True)
    assert (late.cls, asked(late)) == ("close", ["minutes"])


@pytest.mark.parametrize(("after", "cls"), [(119, "contact"), (120, "contact"), (121, None), (0, "contact")])
def test_wei_leaves_the_room_at_two_and_his_air_counts_for_two_hours(after, cls):
    index = Status("confirmed", local("2022-03-06"), local("2022-03-06T14:00"))
    at = f"{local('2022-03-06T14:00').astimezone(SHANGHAI) + timedelta(minutes=after or -30):%Y-%m-%dT%H:%M}"
    found = proposed(MEASLES_BOOK, index, at=at, setting="room", after_minutes=after)
    assert found.cls == cls
    if after and cls:
        assert "classify.after_case_left" in codes(found)


@pytest.mark.parametrize(("at", "cls"), [("2022-03-06T15:59", "contact"), ("2022-03-06T16:01", None)])
def test_his_air_counts_too_where_nobody_wrote_down_when_he_left_but_he_was_isolated(at, cls):
    index = Status("confirmed", local("2022-03-06"), local("2022-03-06T14:00"))
    assert proposed(MEASLES_BOOK, index, at=at, setting="room").cls == cls


def test_air_left_behind_counts_only_by_rules_that_say_so():
    assert proposed(MEASLES_BOOK, setting="shop", minutes=60, after_minutes=5).cls is None


@pytest.mark.parametrize(
    ("person", "cls", "ask"),
    [
        ({"immunosuppressed": True}, "contact", []),
        ({"work": "health_worker"}, "contact", []),
        ({"immunosuppressed": False, "work": "school"}, None, []),
        ({"immunosuppressed": False}, "contact", ["health_worker"]),
        (None, "contact", ["health_worker", "immunosuppressed"]),
    ],
)
def test_a_rule_for_the_weak_asks_who_is_weak(person, cls, ask):
    found = proposed(MEASLES_BOOK, person=person, setting="shop", minutes=5)
    assert (found.cls, asked(found)) == (cls, ask)


def test_a_rule_that_holds_is_preferred_to_one_of_the_same_class_that_asks():
    found = proposed(MEASLES_BOOK, setting="shop", minutes=30)
    assert (found.rule, asked(found)) == ("contact.contact.when.shop", [])


# ── contacts of contacts, and contacts backward ──

FANG_AS_CONTACT = Status("close", first_exposure=local("2022-03-05T18:00"), separated_at=local("2022-03-08T10:00"))


@pytest.mark.parametrize(
    ("at", "cls", "code"),
    [
        ("2022-03-05T17:00", None, "classify.before_first_exposure"),
        ("2022-03-05T18:00", "secondary", "classify.class"),
        ("2022-03-08T09:00", "secondary", "classify.class"),
        ("2022-03-08T10:00", None, "classify.after_separated"),
    ],
)
def test_who_met_fang_counts_from_her_first_exposure_until_she_was_separated(at, cls, code):
    found = proposed(index=FANG_AS_CONTACT, to=FANG, at=at, setting="meal")
    assert found.cls == cls
    assert codes(found)[0] == code


def test_who_met_a_contact_is_never_in_a_class_of_those_who_met_a_case():
    assert (
        proposed(index=FANG_AS_CONTACT, to=FANG, setting="work", contact="face_to_face", protection="none").cls is None
    )
    assert asked(proposed(index=None, to=FANG, setting="meal")) == ["first_exposure"]
    assert codes(proposed(index=Status("candidate"), to=FANG, setting="meal")) == ["classify.contact_not_exposed"]
    assert codes(proposed(MEASLES_BOOK, index=FANG_AS_CONTACT, to=FANG, setting="room")) == ["classify.not_of_contacts"]


def test_who_may_have_been_the_source_is_asked_and_never_restricted():
    onset = local("2022-03-07T08:00")
    for said in ({"backward": True}, {"onset": onset}, {"onset": onset, "backward": True}):
        found = proposed(at="2022-03-01T19:00", setting="meal", minutes=60, **said)
        assert (found.cls, found.may_restrict) == ("backward", False)
    assert proposed(at="2022-02-01T19:00", setting="meal", minutes=60, onset=onset).cls is None
    assert proposed(index=None, setting="meal", minutes=60, backward=True).cls == "backward"
    assert proposed(setting="meal", minutes=60, backward=True).cls == "close"


# ── assess again ──


def test_when_fang_turns_positive_chen_is_proposed_as_close_and_nothing_more():
    found = proposed(index=FANG_AS_CONTACT, to=FANG, setting="meal", minutes=60)
    assert propose_changes("secondary", found, FANG_AS_CONTACT, BOOK) == []
    (change,) = propose_changes("secondary", found, FANG_AS_CONTACT._replace(state="positive"), BOOK)
    assert (change.kind, change.cls, change.because[0].code) == ("upgrade", "close", "classify.again_linked")
    assert change.because[0].clause == "plan §1"


def test_a_class_that_has_no_upgrade_stands():
    found = proposed(setting="household")
    assert propose_changes("close", found, FANG_AS_CONTACT._replace(state="positive"), BOOK) == []


@pytest.mark.parametrize(
    ("was", "said", "change"),
    [
        ("close", {"setting": "household"}, None),
        ("close", {"setting": "shop"}, ("downgrade", "general", "classify.again_less")),
        ("secondary", {"setting": "shop"}, ("downgrade", "general", "classify.again_less")),
        ("close", {"setting": "meal", "minutes": 5}, ("downgrade", "none", "classify.again_no_longer")),
        ("close", {"setting": "household", "at": "2022-03-01"}, ("downgrade", "none", "classify.again_no_longer")),
        ("general", {"setting": "household"}, ("upgrade", "close", "classify.again_more")),
        ("none", {"setting": "household"}, ("upgrade", "close", "classify.again_more")),
        ("general", {"setting": "work"}, None),
        ("none", {"setting": "grid", "minutes": 20, "cumulative_hours": 50}, None),
        ("a_class_of_yesterday", {"setting": "household"}, None),
    ],
)
def test_what_evidence_says_anew_is_proposed_and_open_questions_never_make_it_stricter(was, said, change):
    found = propose_changes(was, proposed(**said), None, BOOK)
    assert [(c.kind, c.cls, c.because[0].code) for c in found] == ([] if change is None else [change])
    for one in found:
        for because in one.because:
            assert sentence(because.code, because.values, "zh")


def test_who_has_no_exposure_left_is_proposed_as_no_contact():
    (change,) = propose_changes("close", None, None, BOOK)
    assert (change.kind, change.cls) == ("downgrade", "none")


# ── words ──


def test_every_setting_protection_contact_vehicle_and_seat_rule_has_words():
    of_exposure = kinds()["exposure"][1]
    for name in ("setting", "protection", "contact", "vehicle"):
        for choice in of_exposure[name].choices:
            assert f"classify.{name}_{choice}" in table()
    for choice in table_forms()["table:exposure"]["seats"].choices:
        assert f"seat.{choice}" in table()
    for choice in table_forms()["table:exposure"]["only_if"].choices:
        assert f"classify.{choice}" in table()
        assert f"classify.ask_{choice}" in table()


# ── properties ──

PROTECTIONS = ["breached", "none", "mask", "both_masks", "medical_mask", "respirator", "full"]
SETTINGS = ["household", "meal", "work", "room", "shop"]


@st.composite
def shipped_like(draw):
    """Return a pack whose classes accept more minutes, less protection and less distance, as all shipped ones do."""
    values = {
        "contact.classes": ["close", "middling", "general"],
        "exposure.residual": draw(st.sampled_from([0, 60, 120])),
    }
    for cls in values["contact.classes"]:
        values[f"contact.{cls}.of"] = "infection"
        for number in range(draw(st.integers(1, 3))):
            rule = {"setting": draw(st.lists(st.sampled_from(SETTINGS), min_size=1, unique=True))}
            if draw(st.booleans()):
                rule["minutes"] = draw(st.integers(1, 60))
            if draw(st.booleans()):
                rule["distance_m"] = draw(st.integers(1, 5))
            if draw(st.booleans()):
                rule["protection"] = PROTECTIONS[: draw(st.integers(1, 7))]
            if draw(st.booleans()):
                rule["after_case_left"] = True
            if draw(st.booleans()):
                rule["only_if"] = ["immunosuppressed"]
            values[f"contact.{cls}.when.r{number}"] = rule
    return small_book(values)


exposures = st.fixed_dictionaries(
    {"setting": st.sampled_from(SETTINGS)},
    optional={
        "minutes": st.integers(0, 120),
        "distance_m": st.integers(0, 6),
        "protection": st.sampled_from(PROTECTIONS),
        "after_minutes": st.integers(0, 150),
    },
)
hours = st.integers(-72, 72).map(lambda h: local("2022-03-06T12:00") + timedelta(hours=h))
people = st.none() | st.fixed_dictionaries({}, optional={"immunosuppressed": st.booleans()})


def strictness(book, value, at, index, person) -> int:
    fact = Fact("f1", "exposure", FANG, at, at, value={"to": WEI, **value})
    found = classify(fact, book, index=index, person=person)
    assert found == classify(fact, book, index=index, person=person)
    classes = book.values["contact.classes"].value
    return len(classes) - classes.index(found.cls) if found.cls is not None else 0


@given(shipped_like(), exposures, hours, st.none() | st.just(INFECTIOUS), people, st.data())
def test_more_protection_more_distance_or_fewer_minutes_never_make_a_class_stricter(
    book, value, at, index, person, data
):
    before = strictness(book, value, at, index, person)
    milder = dict(value)
    if data.draw(st.booleans()):
        least = PROTECTIONS.index(value["protection"]) if "protection" in value else 0
        milder["protection"] = data.draw(st.sampled_from(PROTECTIONS[least:]))
    if data.draw(st.booleans()):
        milder["distance_m"] = value.get("distance_m", 0) + data.draw(st.integers(0, 5))
    if "minutes" in value and data.draw(st.booleans()):
        milder["minutes"] = data.draw(st.integers(0, value["minutes"]))
    assert strictness(book, milder, at, index, person) <= before


@given(shipped_like(), exposures, hours, people)
def test_an_answer_to_a_question_never_makes_a_class_stricter(book, value, at, person):
    before = strictness(book, {"setting": value["setting"]}, at, INFECTIOUS, None)
    # Before she is infectious nothing is asked; a length that reaches into that time is news, not an answer.
    unasked = ("after_minutes", "minutes") if at < INFECTIOUS.infectious_from else ("after_minutes",)
    known = {k: v for k, v in value.items() if k not in unasked}
    assert strictness(book, known, at, INFECTIOUS, person) <= before


@given(shipped_like(), exposures, hours, people)
def test_outside_the_window_there_is_never_a_class(book, value, at, person):
    residual = timedelta(minutes=book.values["exposure.residual"].value)
    length = timedelta(minutes=value.get("minutes", 0))
    if at + length < INFECTIOUS.infectious_from or at > INFECTIOUS.infectious_until + residual:
        assert strictness(book, value, at, INFECTIOUS, person) == 0
