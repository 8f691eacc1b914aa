"""The questions in SQL, as both DuckDB and PostgreSQL read it.

Tables: by_place and by_person hold place, began, ended, person (numbers; minutes since 1970, half-open, rounded). The
visits of a person never touch each other in this city, so a candidate's visits need no merging and a join suffices;
the cases' own visits are merged per place, so that minutes shared with two of them count once. A probe is a run
[ds, de) of presence and the air after it until `ae`, which ends early where the next run begins. `opens` is false when
a probe continues the one before, so that whoever sat through both is one encounter.
"""

from __future__ import annotations

from collections.abc import Iterable

from benchmarks.questions import SCORE_LISTED, SCORE_STEPS, Question


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(str(n) for n in numbers)


def _seen(question: Question, longest: int, by_person: str) -> str:
    return (
        f"SELECT place, person, greatest(began, {question.start}) AS ds, least(ended, {question.end}) AS de"
        f" FROM {by_person} WHERE person IN ({_list(question.persons)})"
        f" AND began > {question.start - longest} AND began < {question.end} AND ended > {question.start}"
    )


def probes(question: Question, longest: int, by_person: str = "by_person") -> str:
    """The cases' presence as disjoint runs with the air after them: place, ds, de, ae, opens."""
    return f"""
WITH seen AS ({_seen(question, longest, by_person)}),
edges AS (SELECT place, ds, de, CASE WHEN ds <= max(de) OVER (PARTITION BY place ORDER BY ds, de
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 0 ELSE 1 END AS fresh FROM seen),
isles AS (SELECT place, ds, de, sum(fresh) OVER (PARTITION BY place ORDER BY ds, de
    ROWS UNBOUNDED PRECEDING) AS isle FROM edges),
runs AS (SELECT place, min(ds) AS ds, max(de) AS de FROM isles GROUP BY place, isle)
SELECT place, ds, de, least(de + {question.residual}, lead(ds) OVER w) AS ae,
    coalesce(lag(de) OVER w + {question.residual} < ds, TRUE) AS opens
FROM runs WINDOW w AS (PARTITION BY place ORDER BY ds)"""


def met(question: Question, longest: int, probes_sql: str, by_place: str = "by_place") -> str:
    """Everybody met: person, minutes, after, encounters, first, last."""
    return f"""
SELECT v.person,
    sum(greatest(0, least(v.ended, p.de) - greatest(v.began, p.ds))) AS minutes,
    sum(greatest(0, least(v.ended, p.ae) - greatest(v.began, p.de))) AS after_minutes,
    sum(CASE WHEN p.opens OR v.began >= p.ds THEN 1 ELSE 0 END) AS encounters,
    min(greatest(v.began, p.ds)) AS first, max(least(v.ended, p.ae)) AS last
FROM ({probes_sql}) p JOIN {by_place} v
    ON v.place = p.place AND v.began < p.ae AND v.began > p.ds - {longest} AND v.ended > p.ds
WHERE v.person NOT IN ({_list(question.persons)})
GROUP BY v.person"""


def common(question: Question, longest: int, least_persons: int, by_person: str = "by_person") -> str:
    """Places where at least so many of the persons were: place, persons, minutes, first, last."""
    return f"""
SELECT place, count(DISTINCT person) AS persons, sum(de - ds) AS minutes, min(ds) AS first, max(de) AS last
FROM ({_seen(question, longest, by_person)}) seen GROUP BY place HAVING count(DISTINCT person) >= {least_persons}"""


def _presence(question: Question, longest: int, by_person: str) -> str:
    """Visits of the people met, from each one's first exposure to the end of the window (table `met`)."""
    return (
        f"SELECT v.place, greatest(v.began, m.first) AS ps, least(v.ended, {question.end}) AS pe"
        f" FROM {by_person} v JOIN met m ON v.person = m.person"
        f" WHERE v.ended > m.first AND v.began < {question.end} AND v.began > {question.start - longest}"
    )


def hop2_pairs(question: Question, longest: int, by_place: str = "by_place", by_person: str = "by_person") -> str:
    """Contacts of contacts by forming every pair: short and surely right, for small cities only."""
    return f"""
CREATE TEMP TABLE scored AS
SELECT v.person, sum(least(v.ended, p.pe) - greatest(v.began, p.ps)) AS score, count(*) AS encounters,
    min(greatest(v.began, p.ps)) AS first, max(least(v.ended, p.pe)) AS last
FROM ({_presence(question, longest, by_person)}) p JOIN {by_place} v
    ON v.place = p.place AND v.began < p.pe AND v.ended > p.ps AND v.began > p.ps - {longest}
WHERE v.person NOT IN ({_list(question.persons)}) AND v.person NOT IN (SELECT person FROM met)
GROUP BY v.person"""


def hop2_sweep(question: Question, longest: int, by_place: str = "by_place", by_person: str = "by_person") -> str:
    """Contacts of contacts without pairs, in DuckDB's SQL: occupancy of each place as a step function.

    Each step knows how many people met are there (`inside`), how many came and went so far, the integral of presence
    up to it and when the next one comes; a visit looks up the step at its start and the one before its end.
    """
    return f"""
CREATE TEMP TABLE scored AS
WITH presence AS ({_presence(question, longest, by_person)}),
moves AS (SELECT place, ps AS moment, 1 AS came, 0 AS went FROM presence
    UNION ALL SELECT place, pe, 0, 1 FROM presence
    UNION ALL SELECT DISTINCT place, 0, 0, 0 FROM presence),
steps AS (SELECT place, moment, sum(came)::INTEGER AS came, sum(went)::INTEGER AS went
    FROM moves GROUP BY place, moment),
sums AS (SELECT place, moment, came AS fresh, sum(came) OVER w::INTEGER AS came, sum(went) OVER w::INTEGER AS went
    FROM steps WINDOW w AS (PARTITION BY place ORDER BY moment ROWS UNBOUNDED PRECEDING)),
spans AS (SELECT place, moment, fresh, came, went,
    (came - went)::BIGINT * (lead(moment) OVER (PARTITION BY place ORDER BY moment) - moment) AS area FROM sums),
ramp AS (SELECT place, moment, came, went, came - went AS inside,
    coalesce(sum(area) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)::BIGINT AS area,
    min(CASE WHEN fresh > 0 THEN moment END) OVER (w ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_comes
    FROM spans WINDOW w AS (PARTITION BY place ORDER BY moment)),
others AS (SELECT place, began, ended, person FROM {by_place}
    WHERE began > {question.start - longest} AND began < {question.end}
    AND person NOT IN ({_list(question.persons)}) AND person NOT IN (SELECT person FROM met)),
entered AS (SELECT o.*, r.went AS went_before, r.inside AS inside_then, r.next_comes,
    r.area + r.inside::BIGINT * (o.began - r.moment) AS area_before
    FROM others o ASOF JOIN ramp r ON o.place = r.place AND o.began >= r.moment),
left_ AS (SELECT e.*, r.came AS came_by, r.inside AS inside_last, r.moment AS last_step,
    r.area + r.inside::BIGINT * (e.ended - r.moment) AS area_by
    FROM entered e ASOF JOIN ramp r ON e.place = r.place AND e.ended > r.moment)
SELECT person, sum(area_by - area_before) AS score, sum(came_by - went_before) AS encounters,
    min(CASE WHEN inside_then > 0 THEN began ELSE next_comes END) AS first,
    max(CASE WHEN inside_last > 0 THEN ended ELSE last_step END) AS last
FROM left_ WHERE came_by > went_before GROUP BY person"""


HOP2_LISTED = f"SELECT person, score, encounters, first, last FROM scored WHERE score >= {SCORE_LISTED}"
HOP2_COUNTS = "SELECT " + ", ".join(f"count(*) FILTER (WHERE score >= {step})" for step in SCORE_STEPS) + " FROM scored"
