"""Older copies put back: whoever was erased since does not return, and what was loaded since can be loaded again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from ringfence.tracing.intake import IntakeSettings
from ringfence.tracing.visits.layout import OTHER_SHIFT
from ringfence.tracing.visits.loading import erase_person, load_files, open_or_create
from ringfence.tracing.visits.store import open_store
from ringfence.vocabulary.refusals import Refused
from tests.tracing import survival
from tests.tracing.survival import DAY, FANG, HOME, MARKET, MIDNIGHT, WEI, Desk

pytestmark = pytest.mark.io

TOLD = [*survival.passers(31, 300), (FANG, HOME, MIDNIGHT + 1300, MIDNIGHT + 3 * DAY)]
LATER = survival.passers(32, 200)
BROKEN = [f"{FANG},{HOME},soon,later", f"somebody,{HOME},soon,{FANG}"]
BACK = (FANG, MARKET, MIDNIGHT + 15 * 366 * DAY, MIDNIGHT + 15 * 366 * DAY + 60)


@pytest.fixture
def town(desk, tmp_path):
    """A store with a copy from before Fang's erasure: (store, the copy of it, what the load was told, a later file)."""
    folder = tmp_path / "town"
    folder.mkdir()
    store = folder / "city"
    told = survival.write_csv(tmp_path / "told.csv", TOLD, broken=BROKEN)
    later = survival.write_csv(tmp_path / "later.csv", LATER)
    assert desk.run("visits", "load", told, "--store", store, "--json").code == 0
    old = survival.copy_of(store, tmp_path / "old")
    assert desk.run("visits", "load", later, "--store", store, "--json").code == 0
    assert desk.run("visits", "erase", "--person", FANG, "--store", store, "--json").code == 0
    return store, old, told, later


def number_of(old: Path, person: str) -> int:
    return int(open_store(old).numbers_of([person])[0])


def numbers_in(store: Path) -> set[int]:
    """Return every number of a person that stands anywhere in the words of a store, erased or not."""
    found = [np.empty(0, np.uint64)]
    for segment in open_store(store).segments:
        found += [(segment.place_words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF), segment.person_keys]
        found += [segment.conflicts & np.uint64(0xFFFFFFFF), segment.long_rows["person"]]
    return set(np.concatenate([part.astype(np.uint64) for part in found]).tolist())


def gone(desk: Desk, store: Path, number: int, tmp_path: Path) -> None:
    """See that Fang is found by no trace, no information, no export, and after a compaction by no byte."""
    assert FANG not in {stay[0] for stay in survival.stays_in(store)}
    asked = desk.run(*survival.trace_words(store, FANG))
    assert (asked.code, asked.refusals) == (1, ["store.unknown_person"])
    expected = survival.stays_of(row for row in (*TOLD, *LATER) if row[0] != FANG)
    assert survival.answers(desk, store, WEI) == survival.met_by(expected, WEI)
    alone = survival.copy_of(store, tmp_path / "alone")  # Without keys she must not be found by her number, either.
    survival.remove(survival.keys_of(alone))
    asked = survival.trace_words(alone, str(number))
    assert survival.told_by(desk.run(*asked).json) == {}
    told = desk.run("visits", "info", "--store", store, "--json").json
    assert told["persons"] == len({stay[0] for stay in expected})
    assert told["erased"] == 1
    out = tmp_path / "out"
    assert desk.run("visits", "export", "--parquet", out, "--store", store, "--json").code == 0
    for part in out.glob("date=*/visits.parquet"):
        assert number not in pq.ParquetFile(part).read()["person"].to_pylist()
    assert desk.run("visits", "compact", "--store", store, "--json").code == 0
    assert number not in numbers_in(store)
    assert survival.bytes_naming([FANG], store, survival.keys_of(store)) == []
    assert survival.unnamed_files(store) == []


def test_whoever_is_erased_is_gone_at_once_and_from_the_bytes_at_compaction(desk, town, tmp_path):
    store, old, told, later = town
    gone(desk, store, number_of(old, FANG), tmp_path)
    again = desk.run("visits", "load", told, later, "--store", store, "--json").json
    assert again["loaded"] == 0
    assert again["suppressed"] == sum(row[0] == FANG for row in TOLD) + len(BROKEN)
    gone(desk, store, number_of(old, FANG), tmp_path)


@pytest.mark.parametrize(
    "put", [survival.replace_tree, survival.lay_over], ids=["in place of the present one", "laid over the present one"]
)
def test_an_older_copy_of_the_store_does_not_bring_her_back(desk, town, tmp_path, put):
    store, old, told, later = town
    put(old, store)
    assert FANG not in {stay[0] for stay in survival.stays_in(store)}
    assert desk.run("visits", "load", told, later, "--store", store, "--json").code == 0
    gone(desk, store, number_of(old, FANG), tmp_path)


def test_an_older_copy_of_the_keys_does_not_bring_her_back(desk, town, tmp_path):
    store, old, told, _ = town
    survival.replace_tree(survival.keys_of(old), survival.keys_of(store))
    asked = desk.run(*survival.trace_words(store, FANG))
    assert asked.refusals == ["store.unknown_person"], "the store remembers before anything is written"
    assert desk.run("visits", "load", told, "--store", store, "--json").code == 0
    known = {row[0] for row in TOLD}
    expected = {stay for stay in survival.stays_of((*TOLD, *LATER)) if stay[0] in known and stay[0] != FANG}
    found = survival.stays_in(store)
    assert {stay for stay in found if stay[0] in known} == expected
    assert {stay[0] for stay in found if stay[0] not in known} <= {str(number) for number in range(500)}
    assert desk.run("visits", "compact", "--store", store, "--json").code == 0
    assert number_of(old, FANG) not in numbers_in(store)
    assert survival.bytes_naming([FANG], store, survival.keys_of(store)) == []


def test_an_older_copy_of_the_keys_gives_no_number_twice(desk, town, tmp_path):
    store, old, _, _ = town
    survival.replace_tree(survival.keys_of(old), survival.keys_of(store))
    newcomer = survival.write_csv(tmp_path / "new.csv", [("newcomer", HOME, MIDNIGHT + 10, MIDNIGHT + 500)])
    assert desk.run("visits", "load", newcomer, "--store", store, "--json").code == 0
    assert [stay for stay in survival.stays_in(store) if stay[0] == "newcomer"] == [
        ("newcomer", HOME, MIDNIGHT + 10, MIDNIGHT + 500)
    ]


def test_whoever_was_erased_may_be_seen_again_later_and_be_erased_again(desk, town, tmp_path):
    store, old, told, later = town
    back = survival.write_csv(tmp_path / "back.csv", [BACK])
    assert desk.run("visits", "load", back, "--store", store, "--allow-future", "--json").json["loaded"] == 1
    number = number_of(store, FANG)
    assert number != number_of(old, FANG)
    seen = survival.copy_of(store, tmp_path / "seen")
    erase_person(open_store(store), FANG, at_minute=BACK[3])
    # A store from before the second erasure learns of it, though it knew her digest already.
    survival.replace_tree(seen, store)
    assert desk.run("visits", "compact", "--store", store, "--json").code == 0
    assert {told.number for told in open_store(store).manifest.suppressions} == {number_of(old, FANG), number}
    assert desk.run("visits", "load", told, later, back, "--store", store, "--allow-future", "--json").code == 0
    assert numbers_in(store).isdisjoint({number_of(old, FANG), number})
    assert survival.bytes_naming([FANG], store, survival.keys_of(store)) == []


def test_erasing_twice_is_done_both_times_and_a_stranger_is_refused(desk, town):
    store, *_ = town
    assert desk.run("visits", "erase", "--person", FANG, "--store", store, "--json").code == 0
    stranger = desk.run("visits", "erase", "--person", "nobody", "--store", store, "--json")
    assert (stranger.code, stranger.refusals) == (1, ["store.unknown_person"])


# ── parts missing or damaged ─────────────────────────────────────────────────────────────────────────────────────


def test_a_store_whose_keys_are_elsewhere_gets_no_new_keys(desk, town, tmp_path):
    store, _, told, _ = town
    survival.keys_of(store).rename(tmp_path / "hidden")
    done = desk.run("visits", "load", told, "--store", store, "--json")
    assert (done.code, done.refusals) == (1, ["store.keys_missing"])
    assert not survival.keys_of(store).exists()
    assert desk.run("visits", "load", told, "--store", store, "--keys", tmp_path / "hidden", "--json").code == 0


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("CURRENT", b""),
        ("CURRENT", b"\xff\xfe\x00"),
        ("CURRENT", b"MANIFEST-00009999\n"),
        ("store.json", None),
        ("store.json", b"{}"),
        ("store.json", b"\xff not a word"),
    ],
)
def test_a_damaged_store_is_refused_with_the_name_of_the_file(town, file, content):
    store, *_ = town
    if content is None:
        (store / file).unlink()
    else:
        (store / file).write_bytes(content)
    with pytest.raises(Refused) as refused:
        open_store(store)
    assert refused.value.code == "store.damaged"
    assert json.dumps(dict(refused.value.values)).count(file if content != b"MANIFEST-00009999\n" else "00009999") == 1


def test_a_changed_byte_of_a_segment_or_of_the_keys_is_found(desk, town):
    store, *_ = town
    for path in (next(store.glob("days/*/*")), next(survival.keys_of(store).glob("*.ids"))):
        content = bytearray(path.read_bytes())
        content[-3 if path.suffix == ".ids" else 2 * len(content) // 3] ^= 4
        path.write_bytes(content)
        assert desk.run("visits", "verify", "--store", store, "--json").code == 1


# ── retention ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_rows_older_than_what_is_retained_are_told_as_expired_and_not_stored(tmp_path):
    rows = [
        ("Wei", "workshop", MIDNIGHT + 60, MIDNIGHT + 90),
        ("Fang", "home", MIDNIGHT + 1200, MIDNIGHT + DAY + 300),
        ("Chen", "ward", MIDNIGHT + 100, MIDNIGHT + 3 * DAY + 200),
        ("Li", "market", MIDNIGHT + 2 * DAY + 10, MIDNIGHT + 2 * DAY + 40),
    ]
    file = survival.write_csv(tmp_path / "rows.csv", rows)
    kept = {
        ("Chen", "ward", MIDNIGHT + 2 * DAY, MIDNIGHT + 3 * DAY + 200),
        ("Li", "market", MIDNIGHT + 2 * DAY + 10, MIDNIGHT + 2 * DAY + 40),
    }

    def load(store, file):
        told = load_files(open_or_create(store, None), [file], IntakeSettings(), rejects_file=tmp_path / "rejects.csv")
        return told.loaded, told.duplicates, told.expired

    early, late = tmp_path / "early", tmp_path / "late"
    assert load(early, file) == (4, 0, 0)
    retain(early)
    assert survival.stays_in(early) == kept
    assert load(early, survival.write_csv(tmp_path / "again.csv", rows[::-1])) == (0, 2, 2)
    assert survival.stays_in(early) == kept
    open_or_create(late, None)
    retain(late)
    assert load(late, file) == (2, 0, 2)
    assert survival.stays_in(late) == kept, "whether rows come before or after makes no difference"
    assert load(late, survival.write_csv(tmp_path / "other.csv", rows[::-1])) == (0, 2, 2)
    assert not any((late / "days").glob("2022-03-08"))


def retain(store: Path) -> None:
    """Forget what is before the third day."""
    from ringfence.tracing.visits.writing import writing

    with writing(open_store(store)) as writer:
        writer.retain(MIDNIGHT // DAY + 2)


def test_newcomers_to_a_store_without_keys_that_was_emptied_never_get_the_number_of_somebody_erased(tmp_path):
    from ringfence.tracing.visits.batch import VisitBatch
    from ringfence.tracing.visits.store import create_store
    from ringfence.tracing.visits.writing import writing

    store = create_store(tmp_path / "town")
    with writing(store) as writer:
        writer.add(VisitBatch.of([0, 1, 2], [0, 0, 0], [MIDNIGHT] * 3, [MIDNIGHT + 60] * 3))
        writer.commit()
    with writing(store) as writer:
        writer.erase([1])
    retain(tmp_path / "town")
    rows = [(person, HOME, MIDNIGHT + 3 * DAY, MIDNIGHT + 3 * DAY + 60) for person in (WEI, FANG)]
    file = survival.write_csv(tmp_path / "rows.csv", rows)
    told = load_files(open_or_create(tmp_path / "town", None), [file], IntakeSettings())
    assert told.loaded == 2
    assert survival.stays_in(tmp_path / "town") == set(rows)
