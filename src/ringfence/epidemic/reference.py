"""The same outbreak slowly, in plain Python: its own chance, every meeting looked at when its moment comes.

It shares with the engine only the city (who meets whom) and the meaning of the settings. The two must agree in
distribution on small cities. No screening: a round is but another way to be found.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import cache
from math import exp
from typing import Any

import numpy as np

from ringfence.epidemic.settings import Delay, Disease, Mixing, Policy, setting_of

Meeting = tuple[int, int, int, int, int]
"""The other person, the minute of the day, minutes together, crowd, kind of place."""


@cache
def infectiousness(generation: Delay, shift: float, hour: int) -> float:
    """Return infectiousness in an hour after infection or onset, per day."""
    law = generation.law
    return float(24 * (law.cdf((hour + 1) / 24 - shift) - law.cdf(hour / 24 - shift)))


def drawn(delay: Delay, rng: np.random.Generator) -> float:
    """Return a delay in days."""
    if delay.law is None:
        return delay.mean
    ratio = delay.sd / delay.mean
    if delay.family == "gamma":
        return rng.gamma(1 / ratio**2, delay.mean * ratio**2)
    return float(delay.law.rvs(random_state=rng))


def outbreak(  # noqa: PLR0915 — one page, read from top to bottom
    meetings: Callable[[int, int], list[Meeting]], people: int, disease: Disease, policy: Policy, *,
    scale: float, days: int, seeds: int, mixing: Mixing, rng: np.random.Generator,
) -> dict[int, dict[str, Any]]:  # fmt: skip
    """Return the infected by person: infected_at, infector, onset, found_at."""
    infected: dict[int, dict[str, Any]] = {}
    held: dict[int, tuple[int, int]] = {}
    immune = {p for p in range(people) if rng.random() < disease.immune}
    obeys = [rng.random() < policy.adherence for _ in range(people)]
    events: list[tuple[int, int, str, Any]] = []

    def later(at: int, what: str, about: Any) -> None:
        heapq.heappush(events, (at, len(events) + int(rng.integers(1 << 40)), what, about))

    def minutes(delay: Delay) -> int:
        return int(1440 * drawn(delay, rng))

    def away(person: int, at: int) -> bool:
        found = infected.get(person, {}).get("found_at")
        since, until = held.get(person, (0, 0))
        return (found is not None and found <= at) or since <= at < until

    def happens(a: int, b: int, at: int, kind: int) -> bool:
        if at >= policy.reduction_from * 1440 and rng.random() < policy.reduction[setting_of(kind)]:
            return False
        return not (away(a, at) or away(b, at)) or (kind == 1 and rng.random() < policy.household_leak)

    def infect(person: int, infector: int, at: int) -> None:
        symptoms = rng.random() >= disease.asymptomatic
        onset = at + minutes(disease.incubation)
        strength = rng.gamma(disease.dispersion, 1 / disease.dispersion)
        strength *= 1.0 if symptoms else disease.asymptomatic_infectiousness
        anchor = onset if disease.from_onset else at
        infected[person] = {"infected_at": at, "infector": infector, "onset": onset if symptoms else None,
                            "found_at": None, "strength": strength, "anchor": anchor}  # fmt: skip
        if symptoms and rng.random() < policy.reported:
            later(onset + minutes(policy.onset_to_isolation), "found", person)
        if person in held and at < held[person][1]:
            test(person)
        later(at, "day", (person, at // 1440))

    def test(person: int) -> None:
        case, (since, until) = infected[person], held[person]
        first, last = disease.positive_after * 1440, (disease.positive_after + disease.positive_days) * 1440
        taken = [since + round(day * 1440) for day in policy.quarantine_tests]
        best = [t for t in taken if t < until and first <= t - case["infected_at"] < last
                and rng.random() < policy.sensitivity]  # fmt: skip
        if case["onset"] is not None and case["onset"] < until and (case["onset"] >= since or policy.reported > 0):
            best.append(max(since, case["onset"]))
        if best:
            later(min(best) + round(policy.turnaround * 1440), "found", person)

    def trace(person: int, now: int) -> None:
        onset = infected[person]["onset"]
        since = max(0, (onset if onset is not None and onset <= now else now) - policy.look_back * 1440)
        remembered: dict[Any, bool] = {}
        latest: dict[int, int] = {}
        for day in range(since // 1440, now // 1440 + 1):
            for other, minute, together, _crowd, kind in meetings(person, day):
                at, setting = day * 1440 + minute, setting_of(kind)
                known = (other, setting) if setting < 2 else (other, setting, day, minute)
                if not since <= at < now or together < policy.traced_minutes:
                    continue
                if not remembered.setdefault(known, rng.random() < policy.traced[setting]) or not obeys[other]:
                    continue
                if infected.get(other, {}).get("found_at") is None and happens(person, other, at, kind):
                    latest[other] = max(at, latest.get(other, 0))
        for other, at in latest.items():
            begin, end = now + minutes(policy.tracing_delay), at + round(policy.quarantine_days * 1440)
            if begin >= end:
                continue
            old = held.get(other, (begin, begin))
            held[other] = (min(old[0], begin), max(old[1], end)) if begin <= old[1] else (begin, end)
            if held[other] != old and other in infected:
                test(other)

    for person in rng.choice(people, seeds, replace=False):
        infect(int(person), -1, 0)
    while events:
        at, _, what, about = heapq.heappop(events)
        if at >= days * 1440:
            break
        if what == "found" and infected[about]["found_at"] is None:
            infected[about]["found_at"] = at
            if any(policy.traced):
                trace(about, at)
        elif what == "day":
            person, day = about
            for other, minute, together, crowd, kind in meetings(person, day):
                if day * 1440 + minute > infected[person]["infected_at"]:
                    later(day * 1440 + minute, "meet", (person, other, together, crowd, kind))
            if (day + 1) * 1440 - infected[person]["anchor"] < 30 * 1440:
                later((day + 1) * 1440, "day", (person, day + 1))
        elif what == "meet":
            person, other, together, crowd, kind = about
            case = infected[person]
            hour = (at - case["anchor"]) // 60
            infectious = infectiousness(disease.generation, disease.shift, hour)
            share = mixing.room[kind] / (mixing.room[kind] + max(0, crowd - 2))
            dose = scale * case["strength"] * infectious * mixing.hazard[kind] * together * share
            reached = rng.random() < 1 - exp(-dose) and other not in infected and other not in immune
            if reached and happens(person, other, at, kind):
                infect(other, person, at)
    return infected
