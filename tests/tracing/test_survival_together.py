"""Several processes at one store: loaders queue, searches go on, and every answer is one of a moment that was."""

from __future__ import annotations

import pytest

from ringfence.tracing.visits.durable import only_writer
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.upkeep import verify
from ringfence.vocabulary.places import PlaceKind
from ringfence.vocabulary.words import sentence
from tests.tracing import survival
from tests.tracing.survival import CHEN, FANG, WEI, Row

pytestmark = [pytest.mark.crash, pytest.mark.io]


@pytest.fixture(scope="module")
def desks(tmp_path_factory):
    rooms = (tmp_path_factory.mktemp("writer"), tmp_path_factory.mktemp("reader"))
    with survival.desk_in(rooms[0]) as writer, survival.desk_in(rooms[1]) as reader:
        yield writer, reader


def expected(*loads: list[Row], without: str = ""):
    return survival.stays_of(row for rows in loads for row in rows if row[0] != without)


def test_two_first_loaders_at_once_both_finish_and_the_union_is_there_once(desks, tmp_path, soak):
    one, other = survival.passers(41, 600), survival.passers(42, 600)
    shared = survival.passers(43, 300)
    files = [
        survival.write_csv(tmp_path / "one.csv", [*one, *shared]),
        survival.write_csv(tmp_path / "other.csv", [*shared, *other]),
    ]
    for attempt in range(20 if soak else 5):
        store = tmp_path / f"town-{attempt}" / "city"
        store.parent.mkdir()
        running = [
            desk.start("visits", "load", file, "--store", store, "--json")
            for desk, file in zip(desks, files, strict=True)
        ]
        done = [each.done() for each in running]
        assert [each.code for each in done] == [0, 0], done
        rows = set(one) | set(other) | set(shared)
        assert sum(each.json["loaded"] for each in done) == len(rows)
        assert sum(each.json["duplicates"] for each in done) == len(one) + len(other) + 2 * len(shared) - len(rows)
        assert survival.stays_in(store) == expected(one, other, shared)
        assert survival.unnamed_files(store) == []


def test_a_person_is_told_that_her_load_waits_for_another(desks, tmp_path):
    rows, more = survival.passers(44, 20), survival.passers(45, 20)
    store = tmp_path / "city"
    _, waiter = desks
    for name, told in (("rows", rows), ("more", more)):
        survival.write_csv(tmp_path / f"{name}.csv", told)
    assert waiter.run("visits", "load", tmp_path / "rows.csv", "--store", store, "--json").code == 0
    with only_writer(store):
        waiting = waiter.start("visits", "load", tmp_path / "more.csv", "--store", store, "--lang", "en")
        while not waiting.said():
            assert not waiting.ends_within(0.01)
    told = waiting.done()
    assert told.code == 0
    assert told.err.strip() == sentence("visits.waiting", {"store": store}, "en")
    assert survival.stays_in(store) == expected(rows, more)


def test_searches_during_loads_compactions_and_an_erasure_each_see_a_moment_that_was(desks, tmp_path, soak):
    writer, reader = desks
    store = tmp_path / "city"
    loads = [survival.passers(50 + number, 300) for number in range(12 if soak else 6)]
    words, states = [], []
    for number, rows in enumerate(loads):
        file = survival.write_csv(tmp_path / f"{number}.csv", rows)
        words.append(("load", file))
        states.append(expected(*loads[: number + 1]))
        if number % 2:
            words.append(("compact",))
            states.append(states[-1])
        if number == len(loads) - 2:
            words += [("erase", "--person", CHEN), ("compact",), ("compact",)]
            loads = [[row for row in known if row[0] != CHEN] for known in loads]
            states += 3 * [expected(*loads[: number + 1])]
    possible = [survival.met_by(state, WEI) for state in states]
    assert writer.run("visits", *words[0], "--store", store, "--json").code == 0
    reached, answered = 0, 0
    for step, following in enumerate(words[1:], 1):
        writing = writer.start("visits", *following, "--store", store, "--json")
        busy = True
        while busy:
            busy = not writing.ends_within(0)
            answer = survival.answers(reader, store, WEI)
            seen = [at for at in range(reached, step + 1) if possible[at] == answer]
            assert seen, f"an answer of no moment, after {words[: step + 1]}"
            reached = max(reached, seen[0])
            answered += 1
        assert writing.done().code == 0
    assert survival.answers(reader, store, WEI) == possible[-1]
    assert answered > len(words)


def test_a_reader_that_stays_open_keeps_its_moment_until_it_looks_again(desks, tmp_path):
    writer, _ = desks
    store = tmp_path / "city"
    for number in range(6):
        times = f"{(survival.MIDNIGHT + number * 100) * 60},{(survival.MIDNIGHT + number * 100 + 30) * 60}"
        rows = [f"{who},hall-{number},market,{times}\n" for who in (WEI, FANG, f"guest-{number}")]
        (tmp_path / f"{number}.csv").write_text("person,place,kind,start,end\n" + "".join(rows), encoding="utf-8")
    assert writer.run("visits", "load", tmp_path / "0.csv", "--store", store, "--json").code == 0
    opened = open_store(store)
    wei = opened.numbers_of([WEI])
    for number in range(1, 6):
        assert writer.run("visits", "load", tmp_path / f"{number}.csv", "--store", store, "--json").code == 0
    assert writer.run("visits", "erase", "--person", FANG, "--store", store, "--json").code == 0
    assert writer.run("visits", "compact", "--store", store, "--json").code == 0
    assert opened.place_kinds().tolist() == [int(PlaceKind.MARKET)]
    assert opened.visits_of(wei, 0, 2**31).start.tolist() == [survival.MIDNIGHT]
    assert verify(opened) == []
    opened.refresh()
    assert opened.place_kinds().tolist() == 6 * [int(PlaceKind.MARKET)]
    assert len(opened.visits_of(wei, 0, 2**31)) == 6
    assert set(opened.names_of("person", opened.persons_seen())) == {WEI, *(f"guest-{n}" for n in range(6))}
