"""How far measures reduce R by setting: the study of Kucharski and others (2020, doi:10.1016/S1473-3099(20)30457-6).

To be compared with, not to plan with. A person meets the same others at home and new ones every day at work or school
and elsewhere. The infected infect them with a secondary attack rate by setting, evenly over five days, until they
isolate; those they met are quarantined after a delay, which averts the part of their infectious time that is left.
The study draws persons from contact diaries of the BBC Pandemic project. Its mean depends on the diaries only through
the mean numbers of contacts, so it is computed here without chance. Those means are not given in the study; they
follow from its table of contacts newly quarantined each day (38,000, 540,000 and 830,000 of 20,000 cases, of whom
90 % are tested).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Study:
    """The numbers of the study. Shares from 0 to 1, times in days."""

    home: float = 2.11
    """Others at home, all told; the next two are met each day."""
    work: float = 5.87
    other: float = 3.39
    other_limited: float = 1.58
    """Mean of the smaller of four and the contacts elsewhere: from the 560,000 quarantined under that limit."""
    attack_home: float = 0.20
    attack_away: float = 0.06
    children: float = 0.21
    symptoms_adult: float = 0.7
    symptoms_child: float = 0.3
    without_symptoms: float = 0.5
    """Infectiousness of people without symptoms, relative to those with."""
    days: int = 5
    isolated_after: tuple[float, ...] = (0.0, 0.25, 0.25, 0.2, 0.3, 0.0)
    """Share of tested cases who isolate after 0, 1, 2 … infectious days; one of them is before onset."""
    before_onset: int = 1
    tested: float = 0.9
    traced: float = 0.95
    adherence: float = 0.9
    tracing_delay: int = 2
    known_work: float = 0.79
    known_school: float = 0.9
    known_other: float = 0.52
    app: float = 0.53
    screened_a_week: float = 0.05
    as_published: bool = True
    """Whether two traits of the study's program are kept: from the first child on everybody knows as many contacts
    at work as a child at school does, and who is not reached by app elsewhere gets a second chance at it."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """What is done; each flag adds one measure."""

    isolation: bool = False
    away_from_home: bool = False
    """Isolation is not at home, so that nobody at home is infected after it either."""
    household: bool = False
    """Those at home are quarantined."""
    work: bool = False
    elsewhere: bool = False
    only_acquaintances: bool = False
    app: bool = False
    limit: bool = False
    """Nobody meets more than four others a day outside home, work and school."""
    screening: bool = False


PUBLISHED: dict[str, tuple[Strategy, float]] = {
    "mass testing of 5 % a week": (Strategy(screening=True), 0.02),
    "self-isolation at home": (Strategy(isolation=True), 0.29),
    "self-isolation outside home": (Strategy(isolation=True, away_from_home=True), 0.35),
    "and household quarantine": (Strategy(isolation=True, household=True), 0.37),
    "and tracing by app": (Strategy(isolation=True, household=True, app=True), 0.47),
    "and tracing at work or school": (Strategy(isolation=True, household=True, work=True), 0.53),
    "and manual tracing of acquaintances": (
        Strategy(isolation=True, household=True, work=True, elsewhere=True, only_acquaintances=True), 0.57),
    "and tracing of acquaintances and by app": (
        Strategy(isolation=True, household=True, work=True, elsewhere=True, only_acquaintances=True, app=True), 0.61),
    "and manual tracing of all contacts": (
        Strategy(isolation=True, household=True, work=True, elsewhere=True), 0.64),
    "and tracing of acquaintances, four others a day": (
        Strategy(isolation=True, household=True, work=True, elsewhere=True, only_acquaintances=True, limit=True), 0.64),
    "and tracing of acquaintances and by app, four others a day": (
        Strategy(isolation=True, household=True, work=True, elsewhere=True, only_acquaintances=True, app=True,
                 limit=True), 0.66),
}  # fmt: skip
"""Strategies by name with the mean reduction of R that the study found (its table 3)."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of infected person, and how often there is one."""

    weight: float
    child: bool
    strength: float
    found: bool
    """Has symptoms and is tested."""
    infectious_days: int
    app: bool


def reproduction(strategy: Strategy, study: Study | None = None) -> float:
    """Return the mean number infected by one person under a strategy, less what quarantine averts of theirs."""
    study = study or Study()
    return sum(kind.weight * _infected(kind, strategy, study) for kind in _kinds(strategy, study))


def reduction(strategy: Strategy, study: Study | None = None) -> float:
    """Return by which share a strategy reduces the reproduction number."""
    return 1 - reproduction(strategy, study) / reproduction(Strategy(), study)


def quarantined(strategy: Strategy, study: Study | None = None) -> float:
    """Return the mean number of contacts quarantined for one tested case."""
    study, sum_up = study or Study(), 0.0
    for kind in _kinds(strategy, study):
        home, work, other = _reached(kind, strategy, study)
        other_met = study.other_limited if strategy.limit else study.other
        sum_up += kind.weight * (home * study.home + study.days * (work * study.work + other * other_met))
    return sum_up


def _kinds(strategy: Strategy, study: Study) -> Iterator[_Kind]:
    """Yield every kind of infected person with its weight; the weights add up to 1."""
    phone = study.app if strategy.app else 0.0
    for child, of_age in ((True, study.children), (False, 1 - study.children)):
        ill = study.symptoms_child if child else study.symptoms_adult
        for symptoms, of_ill in ((True, ill), (False, 1 - ill)):
            for tested, of_tested in ((True, study.tested), (False, 1 - study.tested)):
                for app, of_app in ((True, phone), (False, 1 - phone)):
                    found = symptoms and tested
                    strength = 1.0 if symptoms else study.without_symptoms
                    weight = of_age * of_ill * of_tested * of_app
                    for days, share in _days(found, strategy, study):
                        yield _Kind(weight * share, child, strength, found, days, app)


def _days(found: bool, strategy: Strategy, study: Study) -> Iterator[tuple[int, float]]:
    """Yield infectious days up to isolation with their shares."""
    if strategy.isolation and found:
        yield from enumerate(study.isolated_after)
    elif strategy.screening:  # a test on some day of seven; after the fifth it comes too late
        yield study.days, 1 - study.screened_a_week
        for day in range(7):
            yield min(day, study.days), study.screened_a_week / 7
    else:
        yield study.days, 1.0


def _reached(kind: _Kind, strategy: Strategy, study: Study) -> tuple[float, float, float]:
    """Return which share of the contacts at home, at work or school and elsewhere is traced."""
    school = kind.child or study.as_published
    known_work = (study.known_school if school else study.known_work) if strategy.only_acquaintances else 1.0
    known_other = study.known_other if strategy.only_acquaintances else 1.0
    work = study.traced * known_work if strategy.work else 0.0
    other = study.traced * known_other if strategy.elsewhere else 0.0
    if strategy.app and kind.app:
        work = 1 - (1 - work) * (1 - study.app)
        other = 1 - (1 - (work if study.as_published else other)) * (1 - study.app)
    return (1.0 if strategy.household else 0.0), work, other


def _infected(kind: _Kind, strategy: Strategy, study: Study) -> float:
    """Return how many a person of this kind infects, less the part that quarantine of the traced averts."""
    part = kind.infectious_days / study.days
    other = study.other_limited if strategy.limit else study.other
    at_home = kind.strength * study.attack_home * study.home * (part if strategy.away_from_home else 1.0)
    at_work = kind.strength * study.attack_away * study.work * study.days * part
    elsewhere = kind.strength * study.attack_away * other * study.days * part
    infected = at_home + at_work + elsewhere
    if not (kind.found and strategy.household):
        return infected
    home, work, away = _reached(kind, strategy, study)
    averted = study.adherence * (home * at_home + work * at_work + away * elsewhere)
    return infected - averted * _left(kind, strategy, study)


def _left(kind: _Kind, strategy: Strategy, study: Study) -> float:
    """Return which share of the infectious time of a traced contact is still ahead when she is quarantined.

    She was infected on any day up to isolation alike, is infectious four days later, and is quarantined when the case
    isolates plus the delay of tracing. An app has none; where both trace, the app finds its share.
    """
    manual, by_app = (_left_after(kind.infectious_days, delay, study) for delay in (study.tracing_delay, 0))
    if not strategy.app:
        return manual
    if not (strategy.work or strategy.elsewhere):
        return by_app
    share = study.app if kind.app else 0.0
    return share * by_app + (1 - share) * manual


def _left_after(days: int, delay: int, study: Study) -> float:
    """Return the mean share of infectious time that quarantine averts, with a delay of so many days."""
    infectious_after = study.days - study.before_onset
    if days < 1:
        return 1.0
    lost = (max(0, days + delay - (day + infectious_after)) / study.days for day in range(1, days + 1))
    return 1 - sum(lost) / days
