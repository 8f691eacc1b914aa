"""The small language in which `kinds.toml` and `schema.toml` say what a value may be.

`text`, `number`, `whole`, `yes`, `moment`, `subject`, `subjects`, `fact`, `texts`, `names`, `wholes`; one of `"a|b|c"`;
several of `"a|b|c*"`; a trailing `!` says that a field must be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache

from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.subjects import Subject

NEVER = frozenset(
    {"nationality", "ethnicity", "ethnic_group", "race", "religion", "registered_home", "hukou", "recovered",
     "recovered_status", "skin_colour", "political_status", "code_colour", "colour", "citizenship"}
)  # fmt: skip
"""What no rule may read, under whatever spelling; each is refused by name rather than as unknown."""

_STEMS = ("nationalit", "ethnic", "religio", "citizen", "hukou", "huji", "recovered", "racial", "registeredhome",
          "homeregist", "householdregist", "registeredresid", "placeofregist", "permanentresid", "skincolo",
          "politicalstatus", "codecolo", "colour", "minzu", "guoji", "zongjiao", "passportcountry", "countryofbirth",
          "birthcountry", "placeofbirth", "birthplace", "nativeplace", "jiguan", "mothertongue", "faith", "caste",
          "previouslyinfected", "recoverystatus", "pastinfection", "formerpatient", "migrant")  # fmt: skip
_PARTS = frozenset({"race", "races", "colour", "color", "nation", "tribe", "creed"})
_CHINESE = ("民族", "国籍", "宗教", "信仰", "户籍", "户口", "籍贯", "康复", "痊愈", "肤色", "种族", "码色", "政治面貌")

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what it may hold, and whether it must be there."""

    form: str
    choices: tuple[str, ...] = ()
    many: bool = False
    required: bool = False

    def fits(self, value: object) -> bool:
        """Return whether a value is of this form."""
        if self.many:
            return isinstance(value, list | tuple) and all(v in self.choices for v in value)
        if self.choices:
            return value in self.choices
        return _FORMS[self.form](value)

    @property
    def said(self) -> str:
        """Return the form as a pack or fact writes it."""
        if self.choices:
            return ("+ " if self.many else "") + " | ".join(self.choices)
        return self.form


@cache
def field(written: str) -> Field:
    """Return the field that a text such as `"female|male"` or `"whole!"` describes."""
    required = written.endswith("!")
    form = written.removesuffix("!")
    many = form.endswith("*")
    form = form.removesuffix("*")
    if "|" in form or many:
        return Field("choice", tuple(form.split("|")), many, required)
    if form not in _FORMS and not form.startswith("table:"):
        return Field("choice", (form,), False, required)
    return Field(form, required=required)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name nearest to one that is not known, or the first few when none is near."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return close[0] if close else ", ".join(names[:8])


def is_never(name: str) -> bool:
    """Return whether a name is of something that no rule may read."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    parts = re.sub(r"[^a-z]+", "_", split).strip("_").split("_")
    joined = "".join(parts)
    return (
        "_".join(parts) in NEVER
        or any(part in NEVER or part in _PARTS for part in parts)
        or any(stem in joined for stem in _STEMS)
        or any(word in name for word in _CHINESE)
    )


def _never_in(table: object) -> Iterator[str]:
    """Yield the names in a nested value that no rule may read."""
    if isinstance(table, Mapping):
        for key, given in table.items():
            if is_never(str(key)):
                yield str(key)
            yield from _never_in(given)
    elif isinstance(table, list | tuple):
        for given in table:
            yield from _never_in(given)


def problems_of(value: Mapping[str, object], fields: Mapping[str, Field], **where: object) -> list[Refused]:
    """Return what is wrong with a table of fields: unknown, missing or ill-formed ones; `where` goes into each."""
    found: list[Refused] = []
    for name, given in value.items():
        if name not in fields:
            code = "rules.never_an_input" if is_never(name) else "rules.unknown_field"
            found.append(Refused(code, field=name, nearest=nearest(name, fields), **where))
        elif not fields[name].fits(given):
            found.append(Refused("rules.ill_formed", field=name, value=given, form=fields[name].said, **where))
        elif isinstance(given, Mapping):
            found += [Refused("rules.never_an_input", field=key, nearest=name, **where) for key in _never_in(given)]
    found += [
        Refused("rules.missing_field", field=name, form=entry.said, **where)
        for name, entry in fields.items()
        if entry.required and name not in value
    ]
    return found


def _is_subject(value: object) -> bool:
    if isinstance(value, Subject):
        return True
    try:
        return isinstance(value, str) and Subject.read(value) is not None
    except Refused:
        return False


def _is_list(test: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list | tuple) and all(test(v) for v in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FORMS: Mapping[str, Callable[[object], bool]] = {
    "text": _is_text,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "whole": _is_whole,
    "yes": lambda value: isinstance(value, bool),
    "table": lambda value: isinstance(value, Mapping),
    "moment": lambda value: isinstance(value, datetime),
    "subject": _is_subject,
    "subjects": _is_list(_is_subject),
    "fact": _is_text,
    "texts": _is_list(_is_text),
    "names": _is_list(lambda value: isinstance(value, str) and _NAME.fullmatch(value) is not None),
    "wholes": _is_list(_is_whole),
}
