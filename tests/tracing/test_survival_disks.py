"""Full disks and read-only disks: refused in a sentence, nothing lost, and all is well again when there is room."""

from __future__ import annotations

import errno

import pytest

from ringfence.tracing.visits.store import refused_writing
from ringfence.vocabulary.refusals import Refused
from ringfence.vocabulary.words import sentence
from tests.tracing import survival
from tests.tracing.survival import FANG, HOME, MIDNIGHT, WEI, WORKSHOP

pytestmark = pytest.mark.io

TOLD = [*survival.passers(21, 300), (WEI, WORKSHOP, MIDNIGHT + 700, MIDNIGHT + 760)]
NEWS = survival.passers(22, 3_000)
BROKEN = [f"{WEI},{HOME},soon,later {number}" for number in range(400)]
FREE = [0, 4, 8, 12, 20, 40, 80, 120]  # kilobytes left
MOUNTS = bool(survival.own_mounts())


@pytest.fixture
def file(tmp_path):
    return survival.write_csv(tmp_path / "told.csv", TOLD)


@pytest.fixture
def news(tmp_path):
    return survival.write_csv(tmp_path / "news.csv", NEWS, broken=BROKEN)


def holds(store, *loads, without=""):
    """See that a store has exactly what some loads told, and answers so."""
    expected = survival.stays_of(row for rows in loads for row in rows if row[0] != without)
    assert survival.stays_in(store) == expected
    assert survival.answer_of(store, WEI) == survival.met_by(expected, WEI)


def refused_for_lack_of_room(done, store):
    assert done.code == 1, done
    assert done.refusals[0] in ("store.disk_full", "cli.disk_full"), done
    entry = done.json["refused"][0]
    assert entry["sentence"]
    assert entry["mend"]
    if entry["code"] == "store.disk_full":
        assert entry["sentence"] == sentence("store.disk_full", {"store": store}, "en")


# ── files may not grow: everywhere, without any privilege ────────────────────────────────────────────────────────


@pytest.mark.parametrize("largest", [1_500, 3_000, 9_000])
def test_a_load_that_may_not_write_what_it_needs_is_refused_and_nothing_is_lost(desk, tmp_path, file, news, largest):
    store = tmp_path / "city"
    assert desk.run("visits", "load", file, "--store", store, "--json").code == 0
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file() and "rejects" not in path.parts)
    refused_for_lack_of_room(desk.run("visits", "load", news, "--store", store, "--json", largest=largest), store)
    holds(store, TOLD)
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file() and "rejects" not in p.parts) == files
    assert list(survival.keys_of(store).glob("rejects/*")) == []
    assert desk.run("visits", "load", news, "--store", store, "--json").code == 0
    holds(store, TOLD, NEWS)
    assert survival.unnamed_files(store) == []


def test_a_compaction_that_may_not_write_what_it_needs_is_refused_and_nothing_is_lost(desk, tmp_path, file, news):
    store = tmp_path / "city"
    for load in (file, news):
        assert desk.run("visits", "load", load, "--store", store, "--json").code == 0
    refused_for_lack_of_room(desk.run("visits", "compact", "--store", store, "--json", largest=5_000), store)
    holds(store, TOLD, NEWS)
    assert survival.unnamed_files(store) == []


def test_an_erasure_that_may_not_write_what_it_needs_is_refused_and_can_be_done_again(desk, tmp_path, file, news):
    store = tmp_path / "city"
    for load in (file, news):
        assert desk.run("visits", "load", load, "--store", store, "--json").code == 0
    erase = ("visits", "erase", "--person", FANG, "--store", store, "--json")
    refused_for_lack_of_room(desk.run(*erase, largest=1_500), store)
    holds(store, TOLD, NEWS)
    assert desk.run(*erase).code == 0
    holds(store, TOLD, NEWS, without=FANG)


# ── a small disk of its own ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    at = tmp_path_factory.mktemp("disk")
    with survival.desk_in(tmp_path_factory.mktemp("desk"), within=survival.small_disk(at, 2_000)) as desk:
        yield desk, at


@pytest.fixture
def disk(small):
    """An empty disk of two megabytes, with a desk that sees it and the path under which the test sees it."""
    desk, at = small
    yield desk, at, desk.seen(at)
    survival.empty(desk.seen(at))


def when_mounted(test):
    """Leave a test out where no disk can be mounted: the tests above say the same with limited files."""
    return test if MOUNTS else None


@when_mounted
def test_a_load_onto_a_full_disk_is_refused_at_whatever_step_it_fills(disk, file, news):
    desk, at, seen = disk
    store, load = at / "city", ("visits", "load", news, "--store", at / "city", "--json")
    assert desk.run("visits", "load", file, "--store", store, "--json").code == 0
    for free in FREE:
        survival.fill(seen / "filler", free=free * 1024)
        refused_for_lack_of_room(desk.run(*load), store)
        holds(seen / "city", TOLD)
        assert survival.unnamed_files(seen / "city") == []
    (seen / "filler").unlink()
    done = desk.run(*load)
    assert done.code == 0
    assert done.json["rejected"] == len(BROKEN)
    holds(seen / "city", TOLD, NEWS)
    assert survival.unnamed_files(seen / "city") == []


@when_mounted
def test_a_first_load_onto_a_full_disk_leaves_nothing_that_harms_the_next(disk, file):
    desk, at, seen = disk
    for free in [0, 4, 8, 12, 16, 20, 24, 28, 32, 48]:
        place = at / f"town-{free}"
        (seen / place.name).mkdir()
        survival.fill(seen / "filler", free=free * 1024)
        load = ("visits", "load", file, "--store", place / "city", "--json")
        refused_for_lack_of_room(desk.run(*load), place / "city")
        (seen / "filler").unlink()
        assert desk.run(*load).code == 0
        holds(seen / place.name / "city", TOLD)
        assert len((seen / place.name / "city.keys" / "suppression.key").read_bytes()) == 32
        assert survival.unnamed_files(seen / place.name / "city") == []


@when_mounted
def test_an_erasure_on_a_full_disk_works_or_says_that_it_did_not(disk, file):
    desk, at, seen = disk
    store, other = at / "city", survival.passers(23, 500)
    second = survival.write_csv(seen / "other.csv", other)
    assert desk.run("visits", "load", file, at / second.name, "--store", store, "--json").code == 0
    whole = survival.copy_of(seen / "city", seen / "kept")
    erase, codes = ("visits", "erase", "--person", FANG, "--store", store, "--json"), set()
    for free in [0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 48]:
        for name in ("city", "city.keys"):
            survival.replace_tree(whole.with_name(name), seen / name)
        survival.fill(seen / "filler", free=free * 1024)
        done = desk.run(*erase)
        codes.update(["done"] if done.code == 0 else done.refusals)
        gone = done.code == 0 or "store.erased_in_keys" in done.refusals
        holds(seen / "city", TOLD, other, without=FANG if gone else "")
        (seen / "filler").unlink()
        assert desk.run(*erase).code == 0
        holds(seen / "city", TOLD, other, without=FANG)
        assert desk.run("visits", "compact", "--store", store, "--json").code == 0
        assert survival.bytes_naming([FANG], seen / "city", seen / "city.keys") == []
    assert codes <= {"done", "store.disk_full", "store.erased_in_keys"}
    assert {"done", "store.disk_full"} <= codes


@when_mounted
def test_a_compaction_on_a_full_disk_is_refused_and_can_be_done_again(disk, file, news):
    desk, at, seen = disk
    store = at / "city"
    for load in (file, news):
        assert desk.run("visits", "load", load, "--store", store, "--json").code == 0
    assert desk.run("visits", "erase", "--person", FANG, "--store", store, "--json").code == 0
    for free in (0, 4, 12, 40, 80):
        survival.fill(seen / "filler", free=free * 1024)
        refused_for_lack_of_room(desk.run("visits", "compact", "--store", store, "--json"), store)
        holds(seen / "city", TOLD, NEWS, without=FANG)
    (seen / "filler").unlink()
    assert desk.run("visits", "compact", "--store", store, "--json").code == 0
    holds(seen / "city", TOLD, NEWS, without=FANG)


# ── read-only ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module", params=["permissions", *(["mount"] if MOUNTS else [])])
def shut(request, tmp_path_factory, desk):
    """A store that may be read and not written, and a desk for which that is so."""
    folder = tmp_path_factory.mktemp("shut")
    file = survival.write_csv(tmp_path_factory.mktemp("told") / "told.csv", TOLD)
    assert desk.run("visits", "load", file, "--store", folder / "city", "--json").code == 0
    within = survival.read_only(folder) if request.param == "mount" else survival.no_privileges()
    inside = [folder, *folder.rglob("*")]
    with survival.desk_in(tmp_path_factory.mktemp("desk"), within=within) as bound:
        if request.param == "permissions":
            for path in inside:
                path.chmod(path.stat().st_mode & ~0o222)
        yield bound, folder / "city"
        for path in inside:
            path.chmod(path.stat().st_mode | 0o200)


def test_a_store_that_may_only_be_read_is_searched_and_refuses_to_be_written(shut, tmp_path, news):
    desk, store = shut
    holds(store, TOLD)
    expected = survival.stays_of(TOLD)
    assert survival.told_by(desk.run(*survival.trace_words(store, WEI)).json) == survival.met_by(expected, WEI)
    told = desk.run("visits", "info", "--store", store, "--json").json
    assert told["persons"] == len({row[0] for row in TOLD})
    assert desk.run("visits", "verify", "--store", store, "--json").json["holds"]
    out = ("--parquet", tmp_path / "out")
    assert desk.run("visits", "export", *out, "--store", store, "--json").code == 0
    files = {path: path.read_bytes() for path in store.parent.rglob("*") if path.is_file()}
    for words in (
        ("load", news),
        ("erase", "--person", FANG),
        ("compact",),
        ("retain", "--days", 1),
    ):
        done = desk.run("visits", *words, "--store", store, "--json")
        assert (done.code, done.refusals) == (1, ["store.read_only"]), (words, done)
        spoken = desk.run("visits", *words, "--store", store, "--lang", "zh")
        assert spoken.code == 1
        assert "无法写入" in spoken.err
    assert {path: path.read_bytes() for path in store.parent.rglob("*") if path.is_file()} == files


def test_a_new_store_where_nothing_may_be_written_is_refused(shut, news):
    desk, store = shut
    done = desk.run("visits", "load", news, "--store", store.with_name("other"), "--json")
    assert done.code == 1
    assert done.refusals[0] in ("store.read_only", "cli.disk_read_only", "cli.file_denied")


def test_a_file_elsewhere_that_may_not_be_opened_is_not_blamed_on_the_store(tmp_path):
    with pytest.raises(PermissionError), refused_writing(tmp_path / "city", needed=0):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "told.csv"))
    with pytest.raises(Refused, match="cannot be written"), refused_writing(tmp_path / "city", needed=0):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "city" / "LOCK"))
