"""The searches as SQL, one text for DuckDB and Apache Spark: only what both dialects read alike is used.

A *piece* is a visit cut at UTC midnight: person, place, s, e (minutes, end excluded). A query named `...ROWS` yields
pieces or spans; `islands` joins those that overlap or touch. Answers call the first and last minute `since` and
`until`, because `first`, `last` and `end` are words of SQL.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringfence.tracing.reference import SCORES_COUNTED


def numbers(values: Iterable[int]) -> str:
    """Return a list for `in (...)`; a list of nobody holds a number that nobody has."""
    return ", ".join(str(int(value)) for value in sorted(set(values))) or "-1"


def islands(rows: str, *, by: str) -> str:
    """Return a query that joins spans (by, s, e) that overlap or touch into the longest ones."""
    return f"""
    select {by}, min(s) as s, max(e) as e
    from (
        select {by}, s, e, sum(case when s <= reached then 0 else 1 end)
            over (partition by {by} order by s, e rows between unbounded preceding and current row) as island
        from (
            select {by}, s, e, max(e)
                over (partition by {by} order by s, e rows between unbounded preceding and 1 preceding) as reached
            from ({rows}) as spans
        ) as looking_back
    ) as numbered
    group by {by}, island"""


def stays(pieces: str, persons: Iterable[int], *, start: int, end: int) -> str:
    """Return a query for the pieces of persons, clipped to [start, end)."""
    return f"""
    select person, place, greatest(s, {start}) as s, least(e, {end}) as e
    from {pieces} as pieces
    where person in ({numbers(persons)}) and s < {end} and e > {start}"""


def direct(pieces: str, seeds: Iterable[int], *, start: int, end: int) -> str:
    """Return a query for when any seed was at each place: place, s, e."""
    return islands(stays(pieces, seeds, start=start, end=end), by="place")


def air(residual_minutes: int) -> str:
    """Return a query, over the table `direct`, for when a place held a seed or the air after one."""
    return islands(f"select place, s, e + {residual_minutes} as e from direct", by="place")


def met(pieces: str, seeds: Iterable[int], *, min_overlap_minutes: int) -> str:
    """Return the query, over the tables `direct` and `air`, for everybody met."""
    inside = f"""
        select pieces.person, pieces.place, greatest(pieces.s, air.s) as s, least(pieces.e, air.e) as e
        from {pieces} as pieces join air on pieces.place = air.place and pieces.s < air.e and pieces.e > air.s
        where pieces.person not in ({numbers(seeds)})"""
    return f"""
    with runs as ({islands(inside, by="person, place")}),
    encounters as (
        select runs.person, runs.place, runs.s, runs.e,
            sum(case when direct.s is null then 0 else least(runs.e, direct.e) - greatest(runs.s, direct.s) end)
                as together
        from runs left join direct on runs.place = direct.place and runs.s < direct.e and runs.e > direct.s
        group by runs.person, runs.place, runs.s, runs.e
    )
    select cast(person as bigint) as person, cast(sum(together) as bigint) as minutes,
        cast(sum(e - s - together) as bigint) as after_minutes, count(*) as encounters,
        array_sort(array_agg(distinct cast(place as bigint))) as places, min(s) as since, max(e) as until
    from encounters group by person having sum(together) >= {min_overlap_minutes}"""


def probes(pieces: str, *, end: int) -> str:
    """Return a query, over the table `met`, for the stays of people met after their first exposure."""
    exposed = f"""
        select pieces.person, pieces.place, greatest(pieces.s, met.since) as s, least(pieces.e, {end}) as e
        from {pieces} as pieces join met on pieces.person = met.person and pieces.e > met.since
        where pieces.s < {end}"""
    return islands(exposed, by="person, place")


def reached(pieces: str, seeds: Iterable[int], *, start: int, end: int) -> str:
    """Return the query, over the tables `met` and `probes`, for everybody who shared places with people met.

    No pair is formed. All bounds of a place stand in one order of time; what has started and ended by then, and how
    many people met were there, are running sums, and a stay's answer is the difference between its two bounds. With
    n(t) people met present and w(t) the sum of their starts less the sum of their ends, the person-minutes up to t
    are t·n(t) − w(t). Where bounds are equal a stay's end comes before a probe's start, and its start after a
    probe's end, because ends are excluded.
    """
    near = f"""
        select person, place, greatest(s, {start}) as s, least(e, {end}) as e
        from {pieces} as pieces
        where s < {end} and e > {start} and person not in ({numbers(seeds)})
            and exists (select 1 from probes where probes.place = pieces.place)
            and not exists (select 1 from met where met.person = pieces.person)"""
    so_far = "over (partition by place order by t, turn rows between unbounded preceding and current row)"
    to_come = "over (partition by place order by t, turn rows between current row and unbounded following)"
    return f"""
    with stays as ({islands(near, by="person, place")}),
    bounds as (
        select place, e as t, 0 as turn, person, s, e, 0 as started, 0 as ended, null as from_s, null as to_e from stays
        union all select place, e, 1, null, null, null, 0, 1, s, null from probes
        union all select place, s, 2, person, s, e, 0, 0, null, null from stays
        union all select place, s, 3, null, null, null, 1, 0, null, e from probes
    ),
    sums as (
        select place, t, turn, person, s, e, sum(started) {so_far} as started, sum(ended) {so_far} as ended,
            t * sum(started - ended) {so_far} - sum(t * (started - ended)) {so_far} as person_minutes,
            max(to_e) {so_far} as latest_e, min(from_s) {to_come} as earliest_s
        from bounds
    ),
    shared as (
        select person, place, s, e,
            sum(case turn when 0 then person_minutes else -person_minutes end) as score_minutes,
            sum(case turn when 0 then started else -ended end) as encounters,
            greatest(s, max(case turn when 2 then earliest_s end)) as since,
            least(e, max(case turn when 0 then latest_e end)) as until
        from sums where turn in (0, 2) group by person, place, s, e
    )
    select cast(person as bigint) as person, cast(sum(score_minutes) as bigint) as score_minutes,
        cast(sum(encounters) as bigint) as encounters, array_sort(array_agg(distinct cast(place as bigint))) as places,
        min(since) as since, max(until) as until
    from shared where encounters > 0 group by person"""


def counted() -> str:
    """Return the query, over the table `reached`, for how many stand at or above each usual score."""
    sums = ", ".join(
        f"count(case when score_minutes >= {score} then 1 end) as at_or_above_{score}" for score in SCORES_COUNTED
    )
    return f"select {sums} from reached"


def common(pieces: str, persons: Iterable[int], *, start: int, end: int, at_least: int) -> str:
    """Return the query for places that several of the persons visited."""
    return f"""
    select cast(place as bigint) as place, count(distinct person) as persons, cast(sum(e - s) as bigint) as minutes,
        min(s) as since, max(e) as until
    from ({islands(stays(pieces, persons, start=start, end=end), by="person, place")}) as stays
    group by place having count(distinct person) >= {at_least} order by place"""
