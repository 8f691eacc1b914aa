"""A tiny town for answers: Wei is the case; who met him stands in visits, in his own word, or nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ringfence.response.answer import Answer, respond
from ringfence.response.asked import Asked
from ringfence.rules.rulebook import Rulebook
from ringfence.rules.shipped import Shelf
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import create_store, open_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.moments import floor_minute
from ringfence.vocabulary.places import PlaceKind

SHANGHAI = ZoneInfo("Asia/Shanghai")
PACK = Shelf({}).pack("huzhou-2022")
WEI, FANG, CHEN, LI, ZHAO = (str(n) for n in range(5))
WORKSHOP, NOODLES, MARKET = range(3)
KINDS = (PlaceKind.WORKPLACE, PlaceKind.RESTAURANT, PlaceKind.MARKET)
VISITS = (
    (0, WORKSHOP, "2022-03-06T08:00", "2022-03-06T12:00"),
    (2, WORKSHOP, "2022-03-06T08:00", "2022-03-06T12:00"),
    (0, NOODLES, "2022-03-06T12:10", "2022-03-06T12:50"),
    (3, NOODLES, "2022-03-06T12:30", "2022-03-06T13:00"),
    (0, MARKET, "2022-03-01T12:10", "2022-03-01T12:50"),
    (4, MARKET, "2022-03-01T12:30", "2022-03-01T13:00"),
)
LINE_LIST = "id,onset,first_positive_sample,isolation\n0,2022-03-06,2022-03-07 15:00,\n"
NAMED = "case,contact,last_contact,relation\n0,1,2022-03-07,household\n"


def at(text: str) -> datetime:
    """Return a moment on the clocks of the town."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def store_of(path: Path, visits=VISITS, kinds=KINDS, flags=0):
    """Write visits to a store in numbers and return it."""
    store = create_store(path, kind="synthetic", zone="Asia/Shanghai")
    with writing(store) as writer:
        rows = [(p, q, floor_minute(at(s)), floor_minute(at(e))) for p, q, s, e in visits]
        person, place, start, end = zip(*rows, strict=True)
        writer.add(VisitBatch.of(person, place, start, end, [flags] * len(rows)))
        writer.set_kinds({place: int(kind) for place, kind in enumerate(kinds)})
        writer.commit()
    return open_store(path)


def asked(now: str = "2022-03-08T05:00", *, pack=PACK, **files) -> Asked:
    """Return a question as of a moment, as if it were that day."""
    moment = at(now)
    day = moment.astimezone(SHANGHAI).date()
    return Asked(pack=pack, book=Rulebook.of(pack, day, today=day), now=moment, **files)


def written(folder: Path, name: str, text: str) -> Path:
    """Write a file of a question."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def answer(folder: Path, now: str = "2022-03-08T05:00", *, line_list=LINE_LIST, named=NAMED, visits=True) -> Answer:
    """Return the answer to the night's signal."""
    files = {}
    if line_list is not None:
        files["line_list"] = written(folder, "cases.csv", line_list)
    if named is not None:
        files["contacts"] = (written(folder, "named.csv", named),)
    if visits:
        files["visits"] = folder / "visits"
        store_of(files["visits"])
    return respond(asked(now, **files))
