"""The key map: numbers are given once, survive a crash whole or not at all, and forget for good."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.tracing.keys import KeyMap
from ringfence.tracing.keys import files as keyfiles
from ringfence.tracing.keys.idtable import IdTable, hash_spans
from ringfence.tracing.texts import BLANKS, Texts
from ringfence.vocabulary.refusals import Refused

CAST = ["Wei-0417", "Fang-0418", "Chen-2201", "Li-9930", "赵-0001"]
NOON = 27_000_000


@pytest.fixture
def keys(tmp_path: Path) -> KeyMap:
    made = KeyMap.create(tmp_path / "city.keys")
    made.numbers("person", CAST)
    made.numbers("place", ["home", "workshop", "noodle shop"])
    made.commit()
    return made


def every_byte(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def test_numbers_are_consecutive_from_zero_and_stay(keys: KeyMap) -> None:
    again = KeyMap.open(keys.directory)
    assert again.find("person", CAST).tolist() == [0, 1, 2, 3, 4]
    assert again.numbers("person", ["Li-9930", "Nobody yet", "Wei-0417"]).tolist() == [3, 5, 0]
    assert again.find("place", ["workshop", "market"]).tolist() == [1, -1]


def test_persons_and_places_are_numbered_apart(keys: KeyMap) -> None:
    assert keys.numbers("place", ["Wei-0417"]).tolist() == [3]
    assert keys.ids_of("person", [0, 3, 9]) == ["Wei-0417", "Li-9930", None]


def test_whole_numbers_become_their_decimal_text(tmp_path: Path) -> None:
    keys = KeyMap.create(tmp_path / "keys")
    assert keys.numbers("person", pa.array([7, 12, 7], pa.int64())).tolist() == [0, 1, 0]
    assert keys.find("person", ["12"]).tolist() == [1]


def test_blanks_around_an_id_do_not_count(keys: KeyMap) -> None:
    assert keys.find("person", [" Wei-0417\u3000", "Wei -0417"]).tolist() == [0, -1]


def test_a_map_of_many_commits_keeps_few_files_and_all_ids(tmp_path: Path) -> None:
    keys = KeyMap.create(tmp_path / "keys")
    everybody = [f"resident {n}" for n in range(400)]
    for start in range(0, 400, 10):
        keys.numbers("person", everybody[start : start + 10])
        keys.commit()
    assert len(list(keys.directory.glob("*.ids"))) <= 8
    again = KeyMap.open(keys.directory)
    assert again.find("person", everybody).tolist() == list(range(400))
    assert again.ids_of("person", range(400)) == everybody
    again.verify()


def test_only_the_owner_may_read(keys: KeyMap) -> None:
    assert stat.S_IMODE(keys.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in keys.directory.iterdir() if p.is_file()} == {0o600}


def test_what_was_not_committed_is_not_there(keys: KeyMap) -> None:
    keys.numbers("person", ["Passer-by"])
    assert KeyMap.open(keys.directory).find("person", ["Passer-by"]).tolist() == [-1]
    keys.discard()
    assert keys.find("person", ["Passer-by"]).tolist() == [-1]


def test_a_segment_without_a_pointer_does_not_exist_and_goes(keys: KeyMap) -> None:
    stray = keys.directory / "person-0000000005-feed.ids"
    stray.write_bytes(b"RFKEYS01 half a file")
    again = KeyMap.open(keys.directory)
    assert again.numbers("person", ["Passer-by"]).tolist() == [5]
    again.commit()
    assert not stray.exists()


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_segment_is_never_taken_for_whole(keys: KeyMap, cut: int) -> None:
    segment = next(keys.directory.glob("person-*.ids"))
    os.truncate(segment, segment.stat().st_size - cut)
    with pytest.raises(Refused) as refused:
        KeyMap.open(keys.directory)
    assert refused.value.code == "keys.damaged"


def test_a_changed_byte_is_found_before_numbers_are_given(keys: KeyMap) -> None:
    segment = next(keys.directory.glob("person-*.ids"))
    content = bytearray(segment.read_bytes())
    content[-3] ^= 1
    segment.write_bytes(content)
    with pytest.raises(Refused, match="not as it was written"):
        KeyMap.open(keys.directory).numbers("person", ["Passer-by"])


def test_a_torn_pointer_is_refused(keys: KeyMap) -> None:
    current = keys.directory / "CURRENT"
    current.write_bytes(current.read_bytes()[:-2])
    with pytest.raises(Refused) as refused:
        KeyMap.open(keys.directory)
    assert refused.value.code == "keys.damaged"


def test_creating_twice_is_refused_and_opening_nothing_too(keys: KeyMap, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="already"):
        KeyMap.create(keys.directory)
    with pytest.raises(Refused, match="no key map"):
        KeyMap.open(tmp_path / "elsewhere")


def test_a_second_writer_waits_with_a_message_and_reads_what_the_first_gave(keys: KeyMap) -> None:
    told = threading.Event()
    second = KeyMap.open(keys.directory, on_wait=told.set)
    given_numbers: list[int] = []
    keys.numbers("person", ["Passer-by"])

    def write() -> None:
        given_numbers.extend(second.numbers("person", ["Someone", "Passer-by"]).tolist())
        second.commit()

    other = threading.Thread(target=write)
    other.start()
    assert told.wait(20)
    keys.commit()
    other.join(20)
    assert given_numbers == [6, 5]


def test_the_forgotten_id_is_in_no_byte_and_her_number_is_never_given_again(keys: KeyMap) -> None:
    assert b"Chen-2201" in every_byte(keys.directory)
    keys.forget(2, at_minute=NOON)
    assert b"Chen-2201" not in every_byte(keys.directory)
    again = KeyMap.open(keys.directory)
    assert again.ids_of("person", [1, 2, 3]) == ["Fang-0418", None, "Li-9930"]
    assert again.find("person", ["Chen-2201", "Li-9930"]).tolist() == [-1, 3]
    assert again.numbers("person", ["Chen-2201"]).tolist() == [5]


def test_forgetting_twice_says_nobody_is_there(keys: KeyMap) -> None:
    assert keys.forget(2, at_minute=NOON) == keys.suppression_digest("Chen-2201")
    assert keys.forget(2, at_minute=NOON) is None
    assert keys.suppressed() == [(keys.suppression_digest("Chen-2201"), 2, NOON)]


def test_nothing_hash_like_of_the_forgotten_remains(keys: KeyMap) -> None:
    traces = [keyfiles.hash_of(b"Chen-2201").to_bytes(8, "little"), hashlib.sha256(b"Chen-2201").digest()]
    assert traces[0] in every_byte(keys.directory)
    keys.forget(2, at_minute=NOON)
    assert not any(trace in every_byte(keys.directory) for trace in traces)


def test_older_visits_of_the_erased_are_dropped_and_later_ones_get_a_new_number(keys: KeyMap) -> None:
    keys.forget(2, at_minute=NOON)
    persons = ["Wei-0417", "Chen-2201", "Chen-2201", "Chen-2201"]
    starts = np.array([NOON - 5, NOON - 5, NOON + 5, NOON], np.int64)
    numbers, suppressed = keys.number_visits(persons, starts)
    assert suppressed.tolist() == [False, True, False, False]
    assert numbers[~suppressed].tolist() == [0, 5, 5]
    keys.commit()
    again = KeyMap.open(keys.directory)
    assert again.number_visits(["Chen-2201"], np.array([NOON - 1]))[1].tolist() == [True]


def test_an_erased_id_with_only_older_visits_is_not_written_down_again(keys: KeyMap) -> None:
    keys.forget(2, at_minute=NOON)
    keys.number_visits(["Chen-2201", "New"], np.array([NOON - 60, NOON - 60]))
    keys.commit()
    assert b"Chen-2201" not in every_byte(keys.directory)
    assert keys.find("person", ["Chen-2201", "New"]).tolist() == [-1, 5]


def test_an_older_copy_does_not_bring_her_back(keys: KeyMap, tmp_path: Path) -> None:
    older = tmp_path / "older.keys"
    subprocess.run(["cp", "-a", str(keys.directory), str(older)], check=True)
    keys.forget(2, at_minute=NOON)
    restored = KeyMap.open(older)
    assert restored.adopt_suppressions(keys.suppressed()) == [2]
    assert b"Chen-2201" not in every_byte(older)
    assert restored.adopt_suppressions(keys.suppressed()) == []
    assert KeyMap.open(older).number_visits(["Chen-2201"], np.array([NOON - 1]))[1].all()


def test_an_older_copy_never_gives_the_numbers_that_a_store_has_used(keys: KeyMap) -> None:
    keys.reserve("person", 9)
    assert keys.numbers("person", ["New"]).tolist() == [9]
    keys.commit()
    assert KeyMap.open(keys.directory).find("person", ["New", "Wei-0417"]).tolist() == [9, 0]


def test_another_map_has_another_secret(keys: KeyMap, tmp_path: Path) -> None:
    other = KeyMap.create(tmp_path / "other.keys")
    assert other.secret_mark != keys.secret_mark
    assert other.suppression_digest("Chen-2201") != keys.suppression_digest("Chen-2201")


def test_rows_of_her_in_files_of_rejects_go_too(keys: KeyMap) -> None:
    rejects = keys.rejects_directory / "load.csv"
    rejects.write_text('file,line,value,row\na,2,x,"Chen-2201,home,x"\na,3,y,"Li-9930,home,y"\n', encoding="utf-8")
    keys.forget(2, at_minute=NOON)
    assert "Chen-2201" not in rejects.read_text(encoding="utf-8")
    assert "Li-9930" in rejects.read_text(encoding="utf-8")


def test_the_empty_id_is_refused(keys: KeyMap) -> None:
    with pytest.raises(Refused) as refused:
        keys.numbers("person", ["Wei-0417", "  "])
    assert refused.value.code == "keys.empty_id"
    assert keys.find("person", ["", "  "]).tolist() == [-1, -1]


def test_a_single_id_is_found_without_compiled_code(keys: KeyMap) -> None:
    program = (
        "import sys; from ringfence.tracing.keys import KeyMap; "
        f"print(KeyMap.open({str(keys.directory)!r}).find('person', ['Li-9930'])[0], 'numba' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["3", "False"]


def test_the_pointer_says_nothing_of_ids(keys: KeyMap) -> None:
    body = json.loads((keys.directory / "CURRENT").read_bytes().split(b"\n", 1)[1])
    assert set(body) == {"sequence", "segments", "suppressions", "returned"}


ids = st.text(st.characters(exclude_categories=("Cs",)), max_size=40).map(lambda text: text.strip(BLANKS)).filter(bool)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(ids, max_size=30), max_size=6))
def test_the_table_agrees_with_a_plain_dictionary(loads: list[list[str]]) -> None:
    table, plain = IdTable(), {}
    for load in loads:
        expected = [plain.setdefault(text, len(plain)) for text in load]
        assert table.assign(Texts.of(load)).tolist() == expected
    assert [table.text(number) for number in range(table.count)] == list(plain)


@settings(max_examples=100, deadline=None)
@given(ids)
def test_both_ways_to_hash_agree(text: str) -> None:
    spans = Texts.of([text])
    assert int(hash_spans(spans.data, spans.starts, spans.stops)[0][0]) == keyfiles.hash_of(text.encode())


def test_the_table_keeps_ids_of_one_hash_apart_by_growing_through_many() -> None:
    texts = [f"{n:x}" * (1 + n % 7) for n in range(20_000)]
    distinct = list(dict.fromkeys(texts))
    table = IdTable()
    assert table.assign(Texts.of(distinct)).tolist() == list(range(len(distinct)))
    assert table.find(Texts.of(distinct[::-1])).tolist() == list(range(len(distinct)))[::-1]
    assert table.find(Texts.of(["never seen"])).tolist() == [-1]
