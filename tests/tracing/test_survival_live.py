"""kill -9 at random moments of load, compact, erase, retain and trace, on live stores.

After each kill the store opens and verifies, and answers right under a warrant; what was acknowledged is there; nothing
erased or forgotten returns, not even with an older copy; without a warrant nothing is read and no visit stands in the
open on the disk; the log of openings holds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ringfence.cli.clock import now
from ringfence.tracing.contacts import ContactSearch, search_contacts
from ringfence.tracing.live.opening import Opening, admit
from ringfence.tracing.live.store import LiveStore
from ringfence.tracing.live.warrants import Seed, SignedWarrant, Warrant, new_private_key, public_of, public_text, sign
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.upkeep import verify
from ringfence.vocabulary.moments import date_of, floor_minute
from ringfence.vocabulary.refusals import Refused
from tests.tracing import survival
from tests.tracing.survival import CHEN, DAY, FANG, HOME, MIDNIGHT, WEI, Desk, Row, Stays
from tests.tracing.test_survival_kills import moments

pytestmark = [pytest.mark.crash, pytest.mark.io]

SIGNER = new_private_key()
PRESENT = floor_minute(now())  # Commands ask this machine's clock whether a warrant holds.
START, END = MIDNIGHT - 9 * DAY, MIDNIGHT + 20 * DAY
STANDING = [
    *survival.passers(41, 600),
    (FANG, HOME, MIDNIGHT + DAY - 30, MIDNIGHT + DAY + 400),
    (CHEN, HOME, MIDNIGHT + 1000, MIDNIGHT + 3 * DAY + 60),
]
COMING = survival.passers(42, 2_000)
KEPT_FROM = MIDNIGHT + 2 * DAY
RETAIN = ("visits", "retain", "--days", 2, "--today", date_of(MIDNIGHT // DAY + 4).isoformat())


def stays(*loads: list[Row], without: str = "", since: int = START) -> Stays:
    """Return what is known after some loads, of all but one person, from a minute on."""
    rows = (row for rows in loads for row in rows if row[0] != without and row[3] > since)
    return survival.stays_of((person, place, max(start, since), end) for person, place, start, end in rows)


def city(desk: Desk, folder: Path, *loads: list[Row], kind: str = "live") -> Path:
    """Return a store of a kind into which some loads went one after the other."""
    folder.mkdir()
    (folder / "signer.pub.pem").write_bytes(public_text(public_of(SIGNER)))
    told = ("--trust", folder / "signer.pub.pem") if kind == "live" else ()
    for number, rows in enumerate(loads):
        file = survival.write_csv(folder / f"{number}.csv", rows)
        words = ("visits", "load", file, "--store", folder / "city", "--kind", kind, *told)
        assert desk.run(*words, "--json").code == 0
    return folder / "city"


def warrant_for(store: LiveStore, seeds: list[int], since: int = START) -> SignedWarrant:
    """Return a warrant over many persons: it is how a test sees all that a store can show."""
    warrant = Warrant(
        id="w-9",
        store=store.identity.id,
        incident="incident-1",
        purpose="See whether the store holds what it should.",
        names=("Liu Min", "Sun Jie"),
        start=since,
        end=END,
        issued=PRESENT - 60,
        expires=PRESENT + 2 * DAY,
        seeds=tuple(Seed(number, "laboratory", "PCR-118") for number in seeds),
        residual=30,
    )
    return sign(warrant, SIGNER)


def opened(store: Path) -> LiveStore:
    found = open_store(store)
    assert isinstance(found, LiveStore)
    return found


def all_persons(store: LiveStore, since: int = START) -> tuple[Opening, list[int]]:
    """Return an opening of every number that was ever given, erased ones too."""
    everybody = list(range(store.numbers_used()[0]))
    return admit(store, warrant_for(store, everybody, since), now=PRESENT), everybody


def stays_in(store: LiveStore, since: int = START) -> Stays:
    """Return all the stays that a store shows under a warrant, by the names given."""
    opening, everybody = all_persons(store, since)
    found = opening.visits_of(everybody, since, END, now=PRESENT)
    people, places = store.names_of("person", found.person), store.names_of("place", found.place)
    return frozenset(zip(people, places, found.start.tolist(), found.end.tolist(), strict=True))


def met_in(store: LiveStore, case: str) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Return whom a case met by the store's place-days, in the form of `survival.met_by`."""
    opening, _ = all_persons(store)
    asked = ContactSearch(seeds=(case,), start=START, end=END, residual_minutes=30, limit=0)
    found = search_contacts(store, asked, opening=opening, now=PRESENT)
    return {row.person: (row.minutes, row.encounters, row.places) for row in found}


def words_in_the_open(desk: Desk, folder: Path, *loads: list[Row]) -> np.ndarray:
    """Return each visit's word as a store that seals nothing has it on its disk, as places and as persons see it."""
    plain = open_store(city(desk, folder, *loads, kind="research"))
    sides = [words for s in plain.segments for words in (s.place_words, s.person_words)]
    return np.unique(np.concatenate(sides))


def check_shut(store: Path, in_the_open: np.ndarray) -> None:
    """See that nothing is read without a warrant, by the program or from the bytes."""
    live = opened(store)
    for reading in (lambda: live.table, lambda: live.segments, live.persons_seen):
        with pytest.raises(Refused) as refused:
            reading()
        assert refused.value.code == "live.no_warrant"
    for path in store.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            parts = [np.frombuffer(data, "<u8", (len(data) - by) // 8, by) for by in range(min(8, len(data) // 8))]
            # A word in which most bits are zero may stand among lengths and offsets by chance; many do not.
            assert np.isin(in_the_open, np.concatenate(parts or [in_the_open[:0]])).mean() < 0.01, path


def check(store: Path, before: Stays, after: Stays, in_the_open: np.ndarray, *, acknowledged: bool) -> bool:
    """Check a live store after a kill, and return whether the command had come through."""
    check_shut(store, in_the_open)
    live = opened(store)
    assert verify(live) == []
    assert live.keys is not None
    live.keys.verify()
    counted = live.opened.totals()
    assert counted.openings >= 1, "what was counted before the kill is still counted"
    found = stays_in(live)
    assert found == after if acknowledged else found in (before, after)
    for case in (WEI, FANG):
        assert met_in(live, case) == survival.met_by(found, case)
    assert live.opened.totals().openings > counted.openings
    return found == after


def killed_at_random(desk, tmp_path, kills, *, loads, words, before, after, erased="", coming=()):
    """Kill a command at random moments, each time on a fresh copy of one live store; yield the copy, done to its end.

    The one standing was opened before, so that its log has something to lose.
    """
    standing = city(desk, tmp_path / "standing", *loads)
    in_the_open = words_in_the_open(desk, tmp_path / "plain", *loads, *coming)
    assert stays_in(opened(standing)) == stays(*loads)
    if erased:
        assert desk.run("visits", "erase", "--store", standing, "--person", erased, "--json").code == 0
    trial = survival.copy_of(standing, tmp_path / "trial")
    whole = desk.run(*words, "--store", trial, "--json")
    assert whole.acknowledged, whole
    assert stays_in(opened(trial)) == after
    outcomes = []
    for moment in moments(len(words), kills, whole.seconds):
        store = survival.copy_of(standing, tmp_path / "trial")
        running = desk.start(*words, "--store", store, "--json")
        if not running.ends_within(moment):
            running.kill()
        done = running.done()
        outcomes.append(check(store, before, after, in_the_open, acknowledged=done.acknowledged))
        again = desk.run(*words, "--store", store, "--json")
        assert again.code == 0, again
        assert survival.unnamed_files(store) == ["opened.log"]
        assert check(store, before, after, in_the_open, acknowledged=True)
        yield standing, store
    if before != after:
        assert not all(outcomes), "no kill came before the end: the moments were not random"


def test_a_load_into_a_live_store_killed_at_any_moment_is_there_whole_or_not_at_all(desk, tmp_path, kills):
    file = survival.write_csv(tmp_path / "coming.csv", COMING)
    before, after = stays(STANDING), stays(STANDING, COMING)
    done = killed_at_random(
        desk, tmp_path, kills, loads=[STANDING], words=("visits", "load", file), before=before, after=after,
        coming=[COMING],
    )  # fmt: skip
    assert [stays_in(opened(store)) == after for _, store in done] == [True] * kills


def test_a_compaction_of_a_live_store_killed_at_any_moment_changes_no_answer(desk, tmp_path, kills):
    left = stays(STANDING, COMING, without=CHEN)
    loads, words = [STANDING, COMING], ("visits", "compact")
    for standing, store in killed_at_random(
        desk, tmp_path, kills, loads=loads, words=words, before=left, after=left, erased=CHEN
    ):
        assert survival.bytes_naming([CHEN], store, survival.keys_of(store)) == []
        survival.lay_over(standing, store)
        assert stays_in(opened(store)) == left


def test_whoever_is_erased_from_a_live_store_stays_so_after_any_kill_and_any_older_copy(desk, tmp_path, kills):
    before, after = stays(STANDING, COMING), stays(STANDING, COMING, without=CHEN)
    loads, words = [STANDING, COMING], ("visits", "erase", "--person", CHEN)
    for standing, store in killed_at_random(
        desk, tmp_path, kills, loads=loads, words=words, before=before, after=after
    ):
        survival.replace_tree(standing, store)
        assert stays_in(opened(store)) == after
        assert desk.run("visits", "compact", "--store", store, "--json").code == 0
        assert stays_in(opened(store)) == after
        assert survival.bytes_naming([CHEN], store, survival.keys_of(store)) == []


def test_days_that_a_live_store_forgot_are_noise_after_any_kill_in_every_older_copy(desk, tmp_path, kills):
    before, after = stays(STANDING, COMING), stays(STANDING, COMING, since=KEPT_FROM)
    for standing, store in killed_at_random(
        desk, tmp_path, kills, loads=[STANDING, COMING], words=RETAIN, before=before, after=after
    ):
        days = {path.stem for path in (survival.keys_of(store) / "days").glob("*.key")}
        assert min(days) == date_of(KEPT_FROM // DAY).isoformat()
        survival.replace_tree(standing, store)
        with pytest.raises(Refused) as refused:
            stays_in(opened(store))
        assert refused.value.code == "live.day_key_missing"
        assert stays_in(opened(store), KEPT_FROM) == after


def test_a_search_under_a_warrant_killed_at_any_moment_told_nothing_that_was_not_counted(desk, tmp_path, kills):
    standing = city(desk, tmp_path / "standing", STANDING)
    (number,) = opened(standing).numbers_of([WEI]).tolist()
    (tmp_path / "w.json").write_bytes(warrant_for(opened(standing), [number]).text())
    words = (*survival.trace_words(standing, WEI), "--warrant", tmp_path / "w.json")
    whole = desk.run(*words)
    known = survival.met_by(stays(STANDING), WEI)
    assert survival.told_by(whole.json) == known
    in_all = opened(standing).opened.totals()
    for moment in moments(3, kills, whole.seconds):
        before = opened(standing).opened.totals()
        running = desk.start(*words)
        if not running.ends_within(moment):
            running.kill()
        done, counted = running.done(), opened(standing).opened.totals()
        assert before.openings <= counted.openings <= before.openings + in_all.openings
        if done.acknowledged:
            assert survival.told_by(done.json) == known
            assert counted.place_days - before.place_days == in_all.place_days
    assert survival.told_by(desk.run(*words).json) == known
