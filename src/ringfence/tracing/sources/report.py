"""A place hypothesis as values that JSON can hold: no NaN, no infinity, sentences in the reader's language."""

from __future__ import annotations

from math import isinf

from ringfence.tracing.sources.search import PlaceHypothesis


def to_json(hypothesis: PlaceHypothesis, *, place: str | int, language: str = "en") -> dict[str, object]:
    """Return an entry of `places`; `place` is what the reader knows it by. An unbounded `high` is null, with a flag."""
    h = hypothesis
    return {
        "place": place,
        "cases": h.cases,
        "cases_asked": h.cases_asked,
        "controls": h.controls,
        "controls_asked": h.controls_asked,
        "odds_ratio": h.odds_ratio,
        "low": h.low,
        "high": None if isinf(h.high) else h.high,
        "high_unbounded": isinf(h.high),
        "alone_low": h.alone_low,
        "alone_high": None if isinf(h.alone_high) else h.alone_high,
        "p": h.p,
        "p_adjusted": h.p_adjusted,
        "leave_one_out_low": h.leave_one_out_low,
        "leave_one_out_high": h.leave_one_out_high,
        "judgeable": h.judgeable,
        "significant": h.significant,
        "note": h.note.said(language),
        "note_code": h.note.code,
        "reasons": [{"code": r.code, "values": dict(r.values), "sentence": r.said(language)} for r in h.reasons],
    }
