"""kill -9 at random moments, and before every single step with files, of load, compact and erase.

After each kill the store and its keys hold to the last byte; what was acknowledged is whole, what was not is all there
or not there at all; the next command works and leaves no file behind that nobody names.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tracing import survival
from tests.tracing.survival import CHEN, DAY, FANG, HOME, MIDNIGHT, WEI, WORKSHOP, Desk, Done, Row, Stays

pytestmark = [pytest.mark.crash, pytest.mark.io]

STANDING = survival.passers(11, 1_000)
COMING = survival.passers(12, 5_000)
FEW = [*survival.passers(13, 120), (WEI, WORKSHOP, MIDNIGHT + 700, MIDNIGHT + 760)]
NIGHT = [(FANG, HOME, MIDNIGHT + DAY - 30, MIDNIGHT + DAY + 400), (CHEN, HOME, MIDNIGHT + 1000, MIDNIGHT + 3 * DAY)]


def stays(*loads: Iterable[Row], without: str = "") -> Stays:
    return survival.stays_of(row for rows in loads for row in rows if row[0] != without)


def city(desk: Desk, folder: Path, *loads: list[Row], erased: str = "") -> Path:
    """Return a store into which some loads went one after the other."""
    folder.mkdir()
    for number, rows in enumerate(loads):
        file = survival.write_csv(folder / f"{number}.csv", rows)
        assert desk.run("visits", "load", file, "--store", folder / "city", "--json").code == 0
    if erased:
        assert desk.run("visits", "erase", "--store", folder / "city", "--person", erased, "--json").code == 0
    return folder / "city"


class Kill(NamedTuple):
    """What a kill left: whether the command had said that it was done, what the store held then, and once done again.

    `told_wrong` lists the cases of whom the store then told other contacts than its stays have.
    """

    acknowledged: bool
    left: Stays
    told_wrong: list[str]
    at_last: Stays


def outcome(desk: Desk, store: Path, done: Done, *words: object) -> Kill:
    """Look at a store after a kill, then do the command again to its end."""
    left = survival.stays_in(store)
    known = {stay[0] for stay in left} & {WEI, FANG}
    wrong = [case for case in sorted(known) if survival.answer_of(store, case) != survival.met_by(left, case)]
    finish(desk, store, *words)
    return Kill(done.acknowledged, left, wrong, survival.stays_in(store))


def wrong_ones(kills: list[Kill], *, before: Stays, after: Stays) -> list[Kill]:
    """Return the kills that left a half, lost what was acknowledged, told a wrong answer, or could not be mended."""
    return [
        kill
        for kill in kills
        if kill.left not in ((after,) if kill.acknowledged else (before, after))
        or kill.told_wrong
        or kill.at_last != after
    ]


def moments(seed: int, kills: int, seconds: float) -> list[float]:
    """Return random moments, one in each equal part of a duration and a little more."""
    rng = random.Random(seed)
    return [(part + rng.random()) * 1.1 * seconds / kills for part in range(kills)]


def finish(desk: Desk, store: Path, *words: object) -> None:
    """Do it again to the end, and see that nothing is left that nobody names."""
    done = desk.run(*words, "--store", store, "--json")
    assert done.code == 0, done
    assert survival.unnamed_files(store) == []


# ── at random moments ────────────────────────────────────────────────────────────────────────────────────────────


def killed_at_random(desk, tmp_path, kills, *, loads, words, after, erased=""):
    """Kill a command at random moments, each time on a fresh copy of the same store, and return what each left."""
    standing = city(desk, tmp_path / "standing", *loads, erased=erased)
    trial = survival.copy_of(standing, tmp_path / "trial")
    whole = desk.run(*words, "--store", trial, "--json")
    assert whole.acknowledged
    assert survival.stays_in(trial) == after
    outcomes = []
    for moment in moments(len(words), kills, whole.seconds):
        store = survival.copy_of(standing, tmp_path / "trial")
        running = desk.start(*words, "--store", store, "--json")
        if not running.ends_within(moment):
            running.kill()
        outcomes.append(outcome(desk, store, running.done(), *words))
    return outcomes


def test_a_load_killed_at_any_moment_is_there_whole_or_not_at_all(desk, tmp_path, kills):
    file = survival.write_csv(tmp_path / "coming.csv", COMING)
    before, after = stays(STANDING), stays(STANDING, COMING)
    words = ("visits", "load", file)
    killed = killed_at_random(desk, tmp_path, kills, loads=[STANDING], words=words, after=after)
    assert wrong_ones(killed, before=before, after=after) == []
    assert before in {kill.left for kill in killed}, "no kill came before the end: the moments were not random"


def test_a_compaction_killed_at_any_moment_changes_no_answer_and_brings_nobody_back(desk, tmp_path, kills):
    left = stays(STANDING, FEW, COMING, without=CHEN)
    loads, words = [STANDING, FEW, COMING], ("visits", "compact")
    killed = killed_at_random(desk, tmp_path, kills, loads=loads, erased=CHEN, words=words, after=left)
    assert len(killed) == kills
    assert wrong_ones(killed, before=left, after=left) == []


def test_an_erasure_killed_at_any_moment_is_done_or_can_be_done_again(desk, tmp_path, kills):
    before, after = stays(STANDING, COMING), stays(STANDING, COMING, without=CHEN)
    loads, words = [STANDING, COMING], ("visits", "erase", "--person", CHEN)
    killed = killed_at_random(desk, tmp_path, kills, loads=loads, words=words, after=after)
    assert len(killed) == kills
    assert wrong_ones(killed, before=before, after=after) == []


# ── before every step ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_first_load_killed_before_any_step_can_be_done_again(desk, tmp_path):
    file = survival.write_csv(tmp_path / "first.csv", [*FEW, *NIGHT], broken=[f"{WEI},{HOME},soon,later"])
    for step in range(100):
        store = tmp_path / f"town-{step}" / "city"
        store.parent.mkdir()
        words = ("visits", "load", file)
        done = desk.run(*words, "--store", store, "--json", steps=step, below=store.parent)
        assert done.code in (0, -9)
        finish(desk, store, *words)
        assert survival.stays_in(store) == stays(FEW, NIGHT)
        if done.code == 0:
            break
    assert 20 < step < 99


def killed_before_steps(desk, tmp_path, soak, *, standing, words):
    """Kill a command before its steps with files, on a fresh copy of a store each; return what each kill left."""
    outcomes = []
    for step in range(0, 200, 1 if soak else 2):
        store = survival.copy_of(standing, tmp_path / "trial")
        done = desk.run(*words, "--store", store, "--json", steps=step, below=store.parent)
        assert done.code in (0, -9), done
        outcomes.append(outcome(desk, store, done, *words))
        if done.code == 0:
            break
    assert done.code == 0, "there are more steps than were tried"
    assert step > 8
    return outcomes


def test_a_further_load_killed_before_any_step_is_there_whole_or_not_at_all(desk, tmp_path, soak):
    standing = city(desk, tmp_path / "standing", [*FEW, *NIGHT])
    words = ("visits", "load", survival.write_csv(tmp_path / "more.csv", STANDING[:300]))
    killed = killed_before_steps(desk, tmp_path, soak, standing=standing, words=words)
    assert wrong_ones(killed, before=stays(FEW, NIGHT), after=stays(FEW, NIGHT, STANDING[:300])) == []


def test_a_compaction_killed_before_any_step_brings_nobody_back(desk, tmp_path, soak):
    standing = city(desk, tmp_path / "standing", FEW, NIGHT, STANDING[:200], erased=FANG)
    left = stays(FEW, NIGHT, STANDING[:200], without=FANG)
    killed = killed_before_steps(desk, tmp_path, soak, standing=standing, words=("visits", "compact"))
    assert wrong_ones(killed, before=left, after=left) == []


def test_an_erasure_killed_before_any_step_is_done_or_can_be_done_again(desk, tmp_path, soak):
    standing = city(desk, tmp_path / "standing", FEW, NIGHT)
    words = ("visits", "erase", "--person", FANG)
    killed = killed_before_steps(desk, tmp_path, soak, standing=standing, words=words)
    assert wrong_ones(killed, before=stays(FEW, NIGHT), after=stays(FEW, NIGHT, without=FANG)) == []


def test_whoever_an_unfinished_erasure_had_begun_to_forget_is_gone_after_the_next_compaction(desk, tmp_path):
    standing = city(desk, tmp_path / "standing", FEW, NIGHT)
    words = ("visits", "erase", "--person", FANG)
    half = 0
    for step in range(100):
        store = survival.copy_of(standing, tmp_path / "trial")
        done = desk.run(*words, "--store", store, "--json", steps=step, below=store.parent)
        if done.code == 0:
            break
        begun = FANG not in {stay[0] for stay in survival.stays_in(store)}
        finish(desk, store, "visits", "compact")
        if begun:
            half += 1
            assert survival.bytes_naming([FANG], store.parent) == []
            assert survival.stays_in(store) == stays(FEW, NIGHT, without=FANG)
    assert half > 1
