"""What a line list says of its cases, as facts. What the facts given already say is not repeated."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ringfence.response.cases import CaseRow
from ringfence.response.ledger import Ledger
from ringfence.vocabulary.subjects import Subject


def note_cases(ledger: Ledger, cases: Sequence[CaseRow]) -> dict[str, Subject]:
    """Note what a line list says and return the infection of each case by its id."""
    subjects = {}
    for case in cases:
        number = ledger.person_of(case.id, case.name, case.phone, case.birth)
        infection, person = Subject("infection", number), Subject("person", number)
        subjects[case.id] = infection
        known = case.reported or ledger.now  # without a time of report no clock starts before now
        _person(ledger, case, person, known)
        if case.onset is not None and ledger.of("onset", infection) is None:
            ledger.enter("onset", infection, case.onset, {"of": "symptoms"}, known=max(known, case.onset))
        if case.first_positive is not None and ledger.of("result", infection) is None:
            own = ledger.enter("sample", infection, case.first_positive, {"specimen": "np"}, known=known)
            told = max(known, case.first_positive)
            ledger.enter(
                "result", infection, told, {"outcome": "positive", "sample": own.id, "test": "pcr"}, known=told
            )
        if ledger.of("case", infection) is None:
            state = case.state or ("confirmed" if case.first_positive or case.reported else "suspected")
            ledger.enter("case", infection, known, {"state": state}, known=known)
        if case.isolation is not None and ledger.of("stay", infection) is None:
            ended = case.died or case.ended
            until = ended if ended is not None and ended > case.isolation else None
            ledger.enter("stay", infection, case.isolation, {"kind": "hospital"}, until=until,
                         known=max(known, case.isolation))  # fmt: skip
        _outcome(ledger, case, infection)
        if case.exposed is not None:
            ledger.exposed[infection] = case.exposed
    return subjects


def _outcome(ledger: Ledger, case: CaseRow, infection: Subject) -> None:
    """Note how an illness ended. Where the list does not tell the day, it is known from now on."""
    died = case.died or (ledger.now if case.gone == "died" else None)
    ended = case.ended or (ledger.now if case.gone == "recovered" else None)
    if died is not None and ledger.of("death", infection) is None:
        ledger.enter("death", infection, died, {}, known=died)
    elif died is None and ended is not None and ledger.of("discharge", infection) is None:
        if ledger.of("stay", infection) is None:  # who was discharged was in hospital, from when on is not told
            ledger.enter("stay", infection, ended, {"kind": "hospital"}, until=ended, known=ended)
        ledger.enter("discharge", infection, ended, {}, known=ended)


def _person(ledger: Ledger, case: CaseRow, person: Subject, known: datetime) -> None:
    if ledger.of("person", person) is not None:
        return
    value: dict[str, Any] = {"name": case.name or case.id}
    if case.sex:
        value["sex"] = case.sex
    if case.age is not None:
        value["age_years"] = case.age
    for name, told in (("community", case.community), ("phone", case.phone), ("birth_date", case.birth)):
        if told:
            value[name] = told
    ledger.enter("person", person, known, value, known=known)
