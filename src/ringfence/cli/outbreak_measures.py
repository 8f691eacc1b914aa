"""What `ringfence outbreak` is asked for: which disease a pack means, and a policy from a file and options."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.epidemic.settings import Policy

_REPORTED = 0.8
"""The share of the ill who are found when measures need somebody found and nobody says how many are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options about measures, as they were given."""

    file: Path | None = None
    traced: str | None = None
    reported: float | None = None
    delay: float | None = None
    testing_every: int | None = None
    reduction: str | None = None


def policy_asked(asked: Asked) -> Policy | None:
    """Return the policy of a file with the options over it; None when neither was given.

    Refused when nobody would ever be found though contacts are to be traced.
    """
    from ringfence.epidemic.policies import read_policy, shares_of
    from ringfence.epidemic.settings import NOTHING, Delay
    from ringfence.vocabulary.refusals import Refused

    if asked == Asked():
        return None
    policy = read_policy(asked.file) if asked.file is not None else NOTHING
    over: dict[str, Any] = {}
    if asked.traced is not None:
        over["traced"] = shares_of(asked.traced, option="--traced")
    if asked.reduction is not None:
        over["reduction"] = shares_of(asked.reduction, option="--reduction")
    if asked.testing_every is not None:
        over["screening_every"] = asked.testing_every
    if asked.delay is not None:
        over["onset_to_isolation"] = Delay(asked.delay, asked.delay / 2)
    if asked.reported is not None:
        over["reported"] = asked.reported
    elif asked.file is None and (asked.traced is not None or asked.delay is not None):
        over["reported"] = _REPORTED
    policy = replace(policy, **over)
    if any(policy.traced) and not policy.reported and not policy.screening_every:
        raise Refused("outbreak.nobody_found")
    return policy


def disease_meant(pack: str, folder: Path | None) -> str:
    """Return the name under which a disease is known: of itself, of a shipped pack, or of the disease of a pack.

    Refused, with the nearest names, for what is neither a pack nor a disease, and for a pack about another disease.
    """
    from ringfence.cli.shelf import shelf_with
    from ringfence.epidemic.presets import diseases, meant_by, names, source_of
    from ringfence.vocabulary.refusals import Refused

    if pack in names():
        return pack
    shelf = shelf_with(folder)
    if pack in shelf.ids():
        about = shelf.pack(pack).disease
        if (means := meant_by(about)) is None:
            raise Refused("outbreak.pack_of_other", pack=pack, disease=about or "–", choices=", ".join(diseases()))
        return means
    source_of(pack)
    return pack
