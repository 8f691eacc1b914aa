"""Where may independent cases have been infected? A case-control search whose answers are hypotheses to inspect."""

from ringfence.tracing.sources.files import (
    CaseRecord,
    ControlRecord,
    FileRows,
    number_cases,
    number_controls,
    read_cases,
    read_controls,
)
from ringfence.tracing.sources.matching import MatchedPersons, draw_resident_controls, match_persons
from ringfence.tracing.sources.records import (
    IncubationSettings,
    SourceCase,
    SourceControl,
    SourceSettings,
)
from ringfence.tracing.sources.report import to_json
from ringfence.tracing.sources.search import PlaceHypothesis, exposure_span, search_sources

__all__ = [
    "CaseRecord",
    "ControlRecord",
    "FileRows",
    "IncubationSettings",
    "MatchedPersons",
    "PlaceHypothesis",
    "SourceCase",
    "SourceControl",
    "SourceSettings",
    "draw_resident_controls",
    "exposure_span",
    "match_persons",
    "number_cases",
    "number_controls",
    "read_cases",
    "read_controls",
    "search_sources",
    "to_json",
]
