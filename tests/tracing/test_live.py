"""A live store is noise without keys, opens inside a warrant only, and then answers as a research store does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from live_city import (
    BUS,
    CHEN,
    DAY,
    FANG,
    HOME,
    LI,
    MARKET,
    NOODLE_SHOP,
    NOW,
    SIGNER,
    VISITS,
    WEI,
    WORKSHOP,
    ZHAO,
    at,
    batch,
    live_store,
    signed_for,
    warrant_for,
    why_refused,
)

from ringfence.tracing import search
from ringfence.tracing.live.opening import Opening, admit
from ringfence.tracing.live.warrants import Seed, sign
from ringfence.tracing.search import SecondHopSettings, TraceSettings
from ringfence.tracing.visits import aside
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.store import create_store, open_store
from ringfence.tracing.visits.upkeep import info, verify
from ringfence.tracing.visits.writing import writing

WINDOW = (at(0), at(0, day=2))


def opening_of(store, **changes) -> Opening:
    return admit(store, signed_for(store, **changes), now=NOW)


def load(store, rows):
    with writing(store) as writer:
        writer.add(batch(rows))
        return writer.commit()


def assert_same(one, other):
    one, other = (answer.reordered(np.argsort(answer.person)) for answer in (one, other))
    for name in ("person", "minutes", "after_minutes", "encounters", "first", "last"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    for name in ("contact", "place", "start", "end", "minutes", "after_minutes", "crowd"):
        assert getattr(one.evidence, name).tolist() == getattr(other.evidence, name).tolist(), name


# The same answers ----------------------------------------------------------------------------------------------------

MINUTES = st.integers(0, 4 * 1440 // 30).map(lambda step: at(0) + 30 * step)
ROWS = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.integers(0, 3),
        MINUTES,
        st.sampled_from([1, 15, 30, 60, 180, 720, 1440, 2000, 4000]),
    ).map(lambda row: (row[0], row[1], row[2], row[2] + row[3])),
    min_size=1,
    max_size=25,
)


@settings(max_examples=settings.default.max_examples // 4)
@given(
    loads=st.lists(ROWS, min_size=1, max_size=3),
    seeds=st.sets(st.integers(0, 6), min_size=1, max_size=2),
    start=MINUTES,
    length=st.sampled_from([1, 30, 600, 1440, 4000]),
    residual=st.sampled_from([0, 30, 2000]),
    min_overlap=st.sampled_from([0, 31]),
    erased=st.sets(st.integers(0, 6), max_size=1),
    compacted=st.booleans(),
)
def test_a_live_store_answers_as_a_research_store_does(
    loads, seeds, start, length, residual, min_overlap, erased, compacted
):
    with TemporaryDirectory() as folder:
        live = live_store(Path(folder), *(batch(rows) for rows in loads))
        research = create_store(Path(folder) / "research")
        for rows in loads:
            load(research, rows)
        for store in (live, research):
            with writing(store) as writer:
                writer.erase(erased)
                if compacted:
                    writer.compact()
        opening = opening_of(
            live,
            start=NOW - 60 * 1440,
            end=NOW + 30 * 1440,
            residual=2880,
            seeds=tuple(Seed(s, "clinician", "r") for s in seeds),
        )
        persons, end = sorted(seeds), start + length
        cut = TraceSettings(residual, min_overlap)
        plain = search.trace(research, persons, start, end, cut)
        opened = opening.trace(persons, start, end, cut, now=NOW)
        assert_same(opened, plain)
        listing = SecondHopSettings(1)
        reached = search.second_hop(research, persons, start, end, plain, listing)
        told = opening.second_hop(persons, start, end, opened, listing, now=NOW)
        assert_same(told.listed, reached.listed)
        assert told.at_or_above == reached.at_or_above
        visits, seen = research.visits_of(persons, start, end), opening.visits_of(persons, start, end, now=NOW)
        for name in ("person", "place", "start", "end"):
            assert getattr(visits, name).tolist() == getattr(seen, name).tolist()
        shared = search.common_places(research, persons, start, end, least=1)
        assert opening.common_places(persons, start, end, now=NOW, least=1).place.tolist() == shared.place.tolist()
        assert verify(live) == []


def test_whom_wei_met_and_whom_those_met(store):
    opening = opening_of(store)
    met = opening.trace([WEI], *WINDOW, TraceSettings(30), now=NOW)
    assert dict(zip(met.person.tolist(), met.minutes.tolist(), strict=True)) == {FANG: 13 * 60, CHEN: 180, LI: 0}
    met = opening.trace([WEI], *WINDOW, now=NOW)
    reached = opening.second_hop([WEI], *WINDOW, met, now=NOW)
    assert reached.listed.person.tolist() == [LI]
    assert reached.listed.minutes.tolist() == [25]


# Only what the warrant reaches ---------------------------------------------------------------------------------------


def test_only_place_days_that_the_case_reached_are_opened(store, monkeypatch):
    opened = []
    unseal = Opening._unseal

    def watched(self, side, block, *rest):
        opened.append((side, *block))
        return unseal(self, side, block, *rest)

    monkeypatch.setattr(Opening, "_unseal", watched)
    opening = opening_of(store)
    met = opening.trace([WEI], *WINDOW, now=NOW)
    first = {("person", WEI, DAY), ("person", WEI, DAY + 1), ("place", HOME, DAY), ("place", HOME, DAY + 1),
             ("place", WORKSHOP, DAY + 1), ("place", NOODLE_SHOP, DAY + 1)}  # fmt: skip
    assert set(opened) == first
    opening.second_hop([WEI], *WINDOW, met, now=NOW)
    assert set(opened) - first == {("person", FANG, DAY), ("person", FANG, DAY + 1), ("person", CHEN, DAY + 1),
                                   ("place", BUS, DAY + 1)}  # fmt: skip
    assert ("place", MARKET, DAY + 1) not in opened
    assert len(opened) == len(set(opened)), "each block is opened once in an opening"


def test_the_air_after_midnight_opens_the_next_day_and_no_other(tmp_path):
    rows = (
        (WEI, MARKET, at(23), at(23, 50)),
        (LI, MARKET, at(0, 5, day=1), at(1, day=1)),
        (LI, HOME, at(2, day=1), at(3, day=1)),
    )
    store = live_store(tmp_path, batch(rows))
    met = opening_of(store).trace([WEI], at(0), at(0, day=1), TraceSettings(30), now=NOW)
    assert met.after_minutes.tolist() == [15]
    assert store.opened.totals().place_days == 2


def test_a_block_outside_the_reach_is_not_opened_even_by_the_inside(store):
    opening = opening_of(store)
    (block, (key, pieces)), *_ = opening._sealed_blocks("place", [(MARKET, DAY + 1)]).items()
    assert why_refused(opening._unseal, "place", block, key, pieces) == "live.no_warrant"


# Counted -------------------------------------------------------------------------------------------------------------


def test_every_opened_window_is_counted_and_told(store):
    opening = opening_of(store)
    met = opening.trace([WEI], *WINDOW, now=NOW)
    assert info(store).opened.person_days == 2
    assert info(store).opened.place_days == 4
    opening.trace([WEI], *WINDOW, now=NOW)
    assert info(store).opened.openings == 2, "what is open already is not opened again"
    opening.second_hop([WEI], *WINDOW, met, now=NOW)
    opening_of(store, id="w-8").trace([WEI], *WINDOW, now=NOW)
    told = info(store).opened
    assert (told.warrants, told.person_days, told.place_days) == (2, 2 + 3 + 2, 4 + 1 + 4)


def test_nothing_is_opened_that_could_not_be_counted(store, monkeypatch):
    opening = opening_of(store)
    monkeypatch.setattr(Opening, "_unseal", lambda *_: pytest.fail("opened before it was counted"))
    (store.path / "opened.log").mkdir()
    assert why_refused(opening.trace, [WEI], *WINDOW, now=NOW) == "live.not_counted"


def test_the_line_is_there_before_the_words_are(store, monkeypatch):
    unseal = Opening._unseal

    def watched(self, side, *rest):
        told = store.opened.totals()
        assert told.person_days == 2
        assert side == "person" or told.place_days == 4
        return unseal(self, side, *rest)

    monkeypatch.setattr(Opening, "_unseal", watched)
    opening_of(store).trace([WEI], *WINDOW, now=NOW)


def test_a_line_changed_or_removed_from_the_log_is_noticed(store):
    for name in ("w-1", "w-2", "w-3"):
        opening_of(store, id=name).trace([WEI], *WINDOW, now=NOW)
    log = store.path / "opened.log"
    whole, head = log.read_bytes(), store.opened.totals().head
    lines = whole.split(b"\n")
    for forged in (
        whole.replace(b'"place_days":4', b'"place_days":3', 1),
        b"\n".join(lines[:2] + lines[3:]),
        b"x" + whole,
    ):
        log.write_bytes(forged)
        assert why_refused(opening_of, store) == "live.log_broken"
        assert [fault.code for fault in verify(store)] == ["live.log_broken"]
    log.write_bytes(b"\n".join(lines[:-2]) + b"\n")
    assert store.opened.totals().head != head, "who has the head in print sees that the tail was cut"


def test_half_a_line_left_by_a_crash_is_written_over(store):
    opening_of(store).trace([WEI], *WINDOW, now=NOW)
    log = store.path / "opened.log"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"before":"12')
    opening_of(store, id="w-8").trace([WEI], *WINDOW, now=NOW)
    assert log.read_bytes().startswith(whole)
    assert store.opened.totals().openings == 4


def test_the_log_tells_nothing_about_who_and_where(store):
    opening_of(store).trace([WEI], *WINDOW, now=NOW)
    for line in (store.path / "opened.log").read_text().splitlines():
        assert set(json.loads(line)) == {"before", "warrant", "at_minute", "person_days", "place_days"}


# Writing -------------------------------------------------------------------------------------------------------------


def test_rows_are_known_again_without_opening_any(store, monkeypatch):
    monkeypatch.setattr(Opening, "_unseal", lambda *_: pytest.fail("a load has opened a block"))
    again = load(store, [*VISITS, (WEI, HOME, at(18), at(7, 1, day=1)), (ZHAO, MARKET, at(6, day=1), at(7, day=1))])
    assert (again.loaded, again.duplicates) == (1, len(VISITS) + 1)
    with writing(store) as writer:
        assert writer.compact() == 2
    assert load(store, VISITS).loaded == 0
    assert info(store).visits == len(VISITS) + 1
    assert info(store).segments == 2


def test_compaction_keeps_every_block_and_opens_none(store, monkeypatch):
    load(store, [(LI, WORKSHOP, at(10, day=1), at(11, day=1)), (CHEN, WORKSHOP, at(16, day=1), at(18, day=1))])
    before = opening_of(store).trace([WEI], *WINDOW, now=NOW)
    with monkeypatch.context() as watched:
        watched.setattr(Opening, "_unseal", lambda *_: pytest.fail("compaction has opened a block"))
        with writing(store) as writer:
            assert writer.compact() == 1
    assert verify(store) == []
    assert_same(opening_of(store).trace([WEI], *WINDOW, now=NOW), before)


def test_an_erased_person_is_not_found_any_more(store):
    sizes = {
        entry.day: len(store.sealed_file(entry.file).sections["person_marks"]) for entry in store.manifest.segments
    }
    with writing(store) as writer:
        writer.erase([FANG])
    assert sorted(opening_of(store).trace([WEI], *WINDOW, now=NOW).person.tolist()) == [CHEN]
    with writing(store) as writer:
        assert writer.compact() == 2
    assert sorted(opening_of(store).trace([WEI], *WINDOW, now=NOW).person.tolist()) == [CHEN]
    after = {
        entry.day: len(store.sealed_file(entry.file).sections["person_marks"]) for entry in store.manifest.segments
    }
    assert after == {day: size - 1 for day, size in sizes.items()}, "her person-days are gone"
    assert FANG in store.erased, "her number may still stand in sealed place-days, so her tombstone stays"


def test_an_erased_seed_is_searched_in_vain(store):
    with writing(store) as writer:
        writer.erase([WEI])
    assert len(opening_of(store).trace([WEI], *WINDOW, now=NOW)) == 0
    assert store.opened.totals().openings == 0


def test_forgetting_days_destroys_their_keys(store):
    files = sorted((store.path.parent / "live.keys" / "days").glob("*.key"))
    copy = store.path.parent / "copy"
    shutil.copytree(store.path, copy)
    with writing(store) as writer:
        assert writer.retain(DAY + 1) == 1
    assert [file.exists() for file in files] == [False, True]
    older = open_store(copy, store.path.parent / "live.keys")
    assert why_refused(opening_of(older).trace, [WEI], *WINDOW, now=NOW) == "live.day_key_missing"
    late = load(store, [(LI, MARKET, at(1), at(2)), (LI, HOME, at(23), at(1, day=1))])
    assert (late.loaded, late.expired) == (0, 2)
    assert not files[0].exists(), "the key of a forgotten day is never made again"


def test_a_crash_between_forgetting_days_and_their_keys_is_made_good(store, monkeypatch):
    def crash(self, day):
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr(type(store.day_keys), "destroy_before", crash)
        with pytest.raises(KeyboardInterrupt), writing(store) as writer:
            writer.retain(DAY + 1)
    room = store.path.parent / "live.keys" / "days"
    assert len(list(room.glob("*.key"))) == 2
    with writing(open_store(store.path)):
        pass
    assert len(list(room.glob("*.key"))) == 1


# At rest -------------------------------------------------------------------------------------------------------------


def test_a_stolen_store_without_its_keys_cannot_be_opened(store, tmp_path):
    stolen = tmp_path / "elsewhere" / "live"
    shutil.copytree(store.path, stolen)
    thief = open_store(stolen)
    assert why_refused(admit, thief, signed_for(thief), now=NOW) == "live.keys_missing"
    room = tmp_path / "elsewhere" / "live.keys" / "days"
    room.mkdir(parents=True)
    shutil.copy(tmp_path / "live.keys" / "days" / "founding", room)
    for file in (tmp_path / "live.keys" / "days").glob("*.key"):
        (room / file.name).write_bytes(bytes(32))
    assert why_refused(opening_of(open_store(stolen)).trace, [WEI], *WINDOW, now=NOW) == "live.day_key_wrong"


def test_no_word_of_a_visit_stands_in_the_bytes_of_a_live_store(tmp_path):
    rows = [(0x00C0FFEE + i, 0x00ABCDEF + i, at(8) + i, at(9) + 2 * i) for i in range(40)]
    store = live_store(tmp_path, batch(rows))
    research = create_store(tmp_path / "research")
    load(research, rows)
    words = [w for s in research.segments for side in ("place", "person") for w in s.sections[f"{side}_words"].tolist()]
    numbers = [n for person, place, *_ in rows for n in (person, place)]
    wanted = {w.to_bytes(8, "little") for w in words} | {n.to_bytes(4, "little") for n in numbers[:-2]}
    found = {
        path.name: hits
        for path in store.path.rglob("*")
        if path.is_file() and (hits := [w for w in wanted if w in path.read_bytes()])
    }
    assert found == {}
    held = b"".join(path.read_bytes() for path in research.path.rglob("*.seg"))
    assert all(w in held for w in wanted), "the same bytes are found where nothing is sealed"


def test_visits_put_aside_on_disk_are_covered(tmp_path, monkeypatch):
    monkeypatch.setattr(aside, "SPILL_ROWS", 3)
    store = live_store(tmp_path, batch([(LI, BUS, at(1), at(2))]))
    words = {int(w).to_bytes(8, "little") for w in research_words(tmp_path)}
    with writing(store) as writer:
        for row in VISITS:
            writer.add(batch([row]))
        spilled = b"".join(path.read_bytes() for path in (store.path / "aside").iterdir())
        assert spilled
        assert not any(word in spilled for word in words)
        assert writer.commit().loaded == len(VISITS)
    assert sorted(opening_of(store).trace([WEI], *WINDOW, now=NOW).person.tolist()) == [FANG, CHEN]


def research_words(folder):
    research = create_store(folder / "plain")
    load(research, VISITS)
    return np.concatenate([s.sections["place_words"] for s in research.segments])


def test_keys_are_for_their_owner_only(store):
    room = store.path.parent / "live.keys" / "days"
    assert room.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in room.iterdir())


def test_a_block_moved_to_another_day_or_store_is_noticed(store, tmp_path):
    other = live_store(tmp_path / "other", batch())
    shutil.rmtree(other.path / "days")
    shutil.copytree(store.path / "days", other.path / "days")
    shutil.copy(store.path / (store.path / "CURRENT").read_text().strip(), other.path)
    for key in (tmp_path / "live.keys" / "days").glob("*.key"):
        shutil.copy(key, tmp_path / "other" / "live.keys" / "days")
    mixed = open_store(other.path)
    assert why_refused(opening_of(mixed).trace, [WEI], *WINDOW, now=NOW) == "store.damaged"


def marks_of(store):
    return int(store.sealed_of(DAY)[0].sections["place_marks"][0])


def test_damage_is_found_without_opening(store, monkeypatch):
    monkeypatch.setattr(Opening, "_unseal", lambda *_: pytest.fail("verifying has opened a block"))
    assert verify(store) == []
    path = store.path / store.manifest.segments[0].file
    data = bytearray(path.read_bytes())
    data[data.index(store.sealed_of(DAY)[0].blocks("place", marks_of(store))[0])] ^= 1
    path.write_bytes(bytes(data))
    assert [fault.code for fault in verify(open_store(store.path))] == ["store.damaged"]


def test_what_may_be_known_without_a_warrant(store):
    told = info(store)
    assert (told.kind, told.visits, told.days) == ("live", len(VISITS), ["2022-03-09", "2022-03-10"])
    assert (told.persons, told.places, told.imputed) == (None, None, None)
    assert store.numbers_used() == (ZHAO + 1, BUS + 1)


def test_an_empty_live_store_is_searched_without_harm(tmp_path):
    store = live_store(tmp_path, VisitBatch.of([], [], [], []))
    opening = admit(store, sign(warrant_for(store), SIGNER), now=NOW)
    met = opening.trace([WEI], *WINDOW, now=NOW)
    assert len(met) == 0
    assert len(opening.second_hop([WEI], *WINDOW, met, now=NOW).listed) == 0
    assert store.opened.totals().openings == 0
    assert store.numbers_used() == (0, 0)


def test_joining_one_day_asks_for_the_key_of_no_other(store, monkeypatch):
    asked = []
    key_of = type(store).key_of
    monkeypatch.setattr(type(store), "key_of", lambda self, day: asked.append(day) or key_of(self, day))
    days = sorted({entry.day for entry in store.manifest.segments})
    with writing(store) as writer:
        writer.compact(days=days[:1])
    assert set(asked) <= set(days[:1])
