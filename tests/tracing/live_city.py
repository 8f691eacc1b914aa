"""A live store of the tiny city, its keys, and a warrant about Wei that a test may change in one point.

Numbers in place of names: Wei 伟 the index case, Fang 芳 his wife, Chen 陈 the colleague, Li 李 the passer-by, Zhao 赵
who is never near; home, workshop, noodle shop, market, bus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ringfence.tracing.live.store import LiveStore
from ringfence.tracing.live.warrants import Seed, Warrant, new_private_key, public_of, sign
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import create_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.refusals import Refused

WEI, FANG, CHEN, LI, ZHAO = range(5)
HOME, WORKSHOP, NOODLE_SHOP, MARKET, BUS = range(5)
DAY = 19060  # 9 March 2022
SIGNER = new_private_key()
STRANGER = new_private_key()
NOW = (DAY + 4) * 1440


def at(hour: int, minute: int = 0, *, day: int = 0) -> int:
    """Return a minute of the city's time, which is UTC."""
    return (DAY + day) * 1440 + hour * 60 + minute


VISITS = (
    (WEI, HOME, at(18), at(7, day=1)),
    (FANG, HOME, at(17), at(8, day=1)),
    (WEI, WORKSHOP, at(8, day=1), at(12, day=1)),
    (CHEN, WORKSHOP, at(9, day=1), at(17, day=1)),
    (WEI, NOODLE_SHOP, at(12, 10, day=1), at(12, 40, day=1)),
    (LI, NOODLE_SHOP, at(12, 45, day=1), at(13, day=1)),
    (CHEN, BUS, at(17, 5, day=1), at(17, 45, day=1)),
    (LI, BUS, at(17, 20, day=1), at(17, 45, day=1)),
    (ZHAO, MARKET, at(6, day=1), at(7, day=1)),
)


def batch(rows=VISITS) -> VisitBatch:
    """Return visits as a batch."""
    return VisitBatch.of(*zip(*rows, strict=True))


def live_store(folder: Path, *loads: VisitBatch) -> LiveStore:
    """Return a new live store that trusts SIGNER, with some loads in it (by default the city's visits)."""
    store = create_store(folder / "live", kind="live", trusted=[public_of(SIGNER)])
    assert isinstance(store, LiveStore)
    for load in loads or (batch(),):
        with writing(store) as writer:
            writer.add(load)
            writer.commit()
    return store


def warrant_for(live: LiveStore, /, **changes) -> Warrant:
    """Return a warrant to search two hops from Wei over three days, with some fields changed."""
    plain = Warrant(
        id="w-7",
        store=live.identity.id,
        incident="incident-1",
        purpose="Find whom Wei met while he was infectious.",
        names=("Liu Min", "Sun Jie"),
        start=at(0),
        end=at(0, day=3),
        issued=NOW - 60,
        expires=NOW + 60,
        seeds=(Seed(WEI, "laboratory", "PCR 20220312-118"),),
        hops=2,
        residual=30,
    )
    return replace(plain, **changes)


def signed_for(live: LiveStore, key=SIGNER, /, **changes):
    """Return a signed warrant of the city."""
    return sign(warrant_for(live, **changes), key)


def why_refused(doing: Callable[..., object], *args: object, **settings: object) -> str:
    """Do something and return the code of its refusal, or that it was not refused."""
    try:
        doing(*args, **settings)
    except Refused as refusal:
        return refusal.code
    return "not refused"
