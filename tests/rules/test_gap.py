"""The equation of the gap: every due duty stands in one term, and the missing ones are named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from ringfence.rules.duties import ENDS, KINDS, OPEN, Duty
from ringfence.rules.gap import PARTS, equations, total, uncovered
from ringfence.vocabulary.subjects import Subject

NOW = datetime(2022, 3, 8, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def duty(kind="test", *, of=2, ended=OPEN, begins=-9, due=15, until=None, covered=()):
    def at(hours):
        return None if hours is None else NOW + hours * HOUR

    spans = tuple((at(start), at(stop)) for start, stop in covered)
    subject = Subject("contact", of)
    key = f"{kind}/{subject}/1/d{of}{begins}{due}"
    return Duty(key, kind, subject, "testing", at(begins), at(due), at(until), ended, None, (), (), spans)


def test_a_duty_stands_in_the_term_of_its_end():
    ends = {"proved": 3, "attested": 1, "excused": 1, "impossible": 1, "refused": 1, "unknown": 2, OPEN: 2}
    listed = [duty(of=number, ended=end) for end, count in ends.items() for number in range(count)]
    (tests,) = equations(listed, NOW)
    assert (tests.due, *tests.parts()) == (11, 3, 1, 3, 2, 2)
    assert len(tests.not_done) == 5
    assert len(tests.missing) == 2


def test_what_has_not_begun_and_what_was_superseded_is_not_due():
    (tests,) = equations([duty(begins=1), duty(ended="superseded"), duty(begins=1, ended="proved")], NOW)
    assert (tests.due, tests.proved, tests.waiting, tests.superseded) == (1, 1, 1, 1)


def test_the_missing_are_named_the_longest_due_first_with_how_late_they_are():
    (tests,) = equations([duty(of=3, due=2), duty(of=2, due=-3)], NOW)
    assert [(one.duty.subject.number, one.late_by) for one in tests.missing] == [(2, 3 * HOUR), (3, None)]
    assert tests.late == 1


def test_of_a_span_the_uncovered_hours_up_to_now_are_missing():
    stay = duty("remain", begins=-20, due=None, until=40, covered=[(-18, -10), (-12, -5), (-2, 30)])
    assert uncovered(stay, NOW) == 5 * HOUR
    assert uncovered(duty("remain", begins=-20, due=None, until=-10, covered=[(-30, -12)]), NOW) == 2 * HOUR
    assert uncovered(duty(), NOW) is None


def test_a_span_that_goes_on_and_is_covered_so_far_is_open_and_misses_nothing():
    (stays,) = equations([duty("remain", due=None, until=40, covered=[(-9, 40)])], NOW)
    assert (stays.open, stays.running, stays.late) == (1, 1, 0)


DUTIES = some.builds(
    duty,
    some.sampled_from(KINDS),
    of=some.integers(0, 9),
    ended=some.sampled_from((OPEN, *ENDS)),
    begins=some.integers(-30, 30),
    due=some.integers(-30, 60),
)


@given(some.lists(DUTIES))
def test_the_equation_holds_for_every_kind_and_nobody_is_lost(listed):
    found = equations(listed, NOW)
    for one in found:
        assert one.due == sum(one.parts())
        assert one.open == len(one.missing)
    whole = total(found)
    assert whole.due + whole.waiting + whole.superseded == len(listed)
    assert whole.due == sum(getattr(whole, name) for name in PARTS)
