"""What the tests of survival share: a city in three files, what a store must answer about it, and real processes.

Commands run in processes of their own that can be killed at any moment. A `Desk` is a process that has imported the
program once and forks itself for each command, so that a random moment falls into the command and not into imports.
Run as a script, this file is that process.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parents[2]
CAST = ("Wei-伟-7301", "Fang-芳-7302", "Chen-陈-7303", "Li-李-7304", "Zhao-赵-7305")
WEI, FANG, CHEN, LI, ZHAO = CAST
TOWN = ("home-家-8101", "workshop-车间-8102", "noodle-shop-面馆-8103", "market-市场-8104", "bus-公交-8105")
HOME, WORKSHOP, NOODLE_SHOP, MARKET, BUS = TOWN
MIDNIGHT = 27_444_960  # 2022-03-08T00:00Z in minutes since 1970
DAY = 1440

Row = tuple[str, str, int, int]  # person, place, start, end in minutes
Stays = frozenset[Row]


# ── the city ─────────────────────────────────────────────────────────────────────────────────────────────────────


def passers(seed: int, count: int, *, days: int = 4) -> list[Row]:
    """Return visits of the cast and of passers-by over some days: repeats, overlaps, nights, a few stays of days."""
    rng = random.Random(seed)
    people = [*CAST, *(f"passer-过客-{number}" for number in range(max(5, count // 10)))]
    rows = []
    for _ in range(count):
        person = rng.choice(CAST) if rng.random() < 0.1 else rng.choice(people)
        start = MIDNIGHT + rng.randrange(days * DAY)
        length = rng.choice((1, 15, 40, 90, 480, 700)) if rng.random() < 0.98 else rng.randrange(DAY, 3 * DAY)
        place = MARKET if person == ZHAO else rng.choice(TOWN)
        rows.append((person, place, start, start + length))
        if rng.random() < 0.03:
            rows.append(rows[-1])
    return rows


def write_csv(path: Path, rows: Iterable[Row], *, broken: Sequence[str] = ()) -> Path:
    """Write visits as a file to load; `broken` are lines that no intake can take."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(("person", "place", "start", "end"))
        out.writerows((person, place, start * 60, end * 60) for person, place, start, end in rows)
        file.writelines(line + "\n" for line in broken)
    return path


def stays_of(rows: Iterable[Row]) -> Stays:
    """Return what is known of whereabouts: overlapping and touching visits of one person at one place are one stay."""
    at: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for person, place, start, end in sorted(rows, key=lambda row: row[2]):
        stays = at.setdefault((person, place), [])
        if stays and start <= stays[-1][1]:
            stays[-1] = (stays[-1][0], max(end, stays[-1][1]))
        else:
            stays.append((start, end))
    return frozenset((*who, *when) for who, stays in at.items() for when in stays)


@cache
def met_by(stays: Stays, case: str) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Return whom a case met, how many minutes, how often and where, by the reference."""
    from ringfence.tracing.reference import trace

    people = {name: number for number, name in enumerate(sorted({stay[0] for stay in stays}))}
    places = {name: number for number, name in enumerate(sorted({stay[1] for stay in stays}))}
    names, rooms = list(people), list(places)
    mine = {stay[1] for stay in stays if stay[0] == case}
    visits = [(people[who], places[where], start, end) for who, where, start, end in stays if where in mine]
    if case not in people:
        return {}
    found = trace(visits, [people[case]], start=MIDNIGHT - 9 * DAY, end=MIDNIGHT + 20 * DAY, residual_minutes=30)
    return {
        names[met.person]: (met.minutes, met.encounters, tuple(sorted(rooms[place] for place in met.places)))
        for met in found
    }


# ── a store, looked at from within this process ────────────────────────────────────────────────────────────────────


def stays_in(store: Path, keys: Path | None = None) -> Stays:
    """Open a store, verify every byte of it and of its keys, and return all the stays it holds, by the names given."""
    from ringfence.tracing.visits.store import open_store
    from ringfence.tracing.visits.upkeep import verify

    opened = open_store(store, keys)
    assert opened.keys is not None
    assert verify(opened) == []
    opened.keys.verify()
    found = opened.visits_of(opened.persons_seen(), MIDNIGHT - 30 * DAY, MIDNIGHT + 60 * DAY)
    people = opened.names_of("person", found.person)
    places = opened.names_of("place", found.place)
    return frozenset(zip(people, places, found.start.tolist(), found.end.tolist(), strict=True))


def answer_of(store: Path, case: str, keys: Path | None = None) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Return whom a case met according to a store, in the form of `met_by`."""
    from ringfence.tracing.contacts import ContactSearch, search_contacts
    from ringfence.tracing.visits.store import open_store

    asked = ContactSearch(
        seeds=(case,), start=MIDNIGHT - 9 * DAY, end=MIDNIGHT + 20 * DAY, residual_minutes=30, limit=0
    )
    found = search_contacts(open_store(store, keys), asked)
    return {row.person: (row.minutes, row.encounters, row.places) for row in found}


def trace_words(store: Path, case: str) -> list[str]:
    """Return the command line that asks what `answer_of` asks."""
    ends = [f"{(MIDNIGHT + days * DAY) * 60}" for days in (-9, 20)]
    told = ["--from", _iso(int(ends[0])), "--to", _iso(int(ends[1])), "--residual", "30"]
    return ["trace", "--store", str(store), "--person", case, *told, "--json"]


def answers(desk: Desk, store: Path, case: str) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Return whom a case met according to a process that searches a store."""
    return told_by(desk.run(*trace_words(store, case)).json)


def told_by(answer: dict[str, Any]) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    """Return the JSON answer of a trace in the form of `met_by`."""
    return {row["person"]: (row["minutes"], row["encounters"], tuple(row["places"])) for row in answer["contacts"]}


def _iso(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat()


def keys_of(store: Path) -> Path:
    """Return the directory of a store's keys."""
    return store.with_name(store.name + ".keys")


def unnamed_files(store: Path) -> list[str]:
    """Return files below a store and its keys that nothing in force or kept for readers names."""
    from ringfence.tracing.keys import files as keyfiles
    from ringfence.tracing.visits import manifest

    kept = [manifest.parse(path.read_bytes(), path.name) for path in store.glob("MANIFEST-*")]
    assert len(kept) <= manifest.KEPT
    named = {"CURRENT", "LOCK", "store.json", *(path.name for path in store.glob("MANIFEST-*"))}
    named |= {file for one in kept for file in one.files()}
    left = [path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()]
    keys = keys_of(store)
    mine = {"CURRENT", "LOCK", "suppression.key", *(e.name for e in keyfiles.read_pointer(keys).segments)}
    loose = [path.name for path in keys.iterdir() if path.is_file() and path.name not in mine]
    loose += [path.name for path in (keys / "rejects").iterdir() if path.suffix != ".csv"]
    return sorted({*left} - named) + loose


def bytes_naming(words: Iterable[str], *folders: Path) -> list[str]:
    """Return the files below some folders in which a word stands, in any of the ways a program writes text down."""
    sought = {
        form for word in words for form in (word.encode(), word.encode("utf-16-le"), json.dumps(word)[1:-1].encode())
    }
    files = [path for folder in folders for path in folder.rglob("*")]
    named = [str(path) for path in files if any(form in os.fsencode(path) for form in sought)]
    return named + [str(path) for path in files if path.is_file() and any(form in path.read_bytes() for form in sought)]


def copy_of(store: Path, folder: Path) -> Path:
    """Copy a store and its keys into an empty folder, and return the store there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copytree(keys_of(store), folder / keys_of(store).name)
    return Path(shutil.copytree(store, folder / store.name))


def replace_tree(source: Path, target: Path) -> None:
    """Put a copy of a folder in the place of another."""
    shutil.rmtree(target)
    shutil.copytree(source, target)


def lay_over(source: Path, target: Path) -> None:
    """Copy a folder over another, as a careless restore does: what only the other has stays."""
    shutil.copytree(source, target, dirs_exist_ok=True)


def remove(folder: Path) -> None:
    """Remove a folder and all in it."""
    shutil.rmtree(folder)


def empty(folder: Path) -> None:
    """Remove all that is in a folder."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


# ── real processes ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Done:
    """How a command ended: exit code (negative for a signal), what it printed, seconds it ran."""

    code: int
    out: str
    err: str
    seconds: float = 0.0

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def acknowledged(self) -> bool:
        """Whether the command told the world that it was done."""
        return self.out.endswith("}\n") and '"refused"' not in self.out and '"error"' not in self.out

    @property
    def refusals(self) -> list[str]:
        """The codes of its refusals."""
        return [entry["code"] for entry in self.json["refused"]]


class Running:
    """A command that runs in a process of its own."""

    def __init__(self, desk: Desk, pid: int, room: Path) -> None:
        self._desk, self._pid, self._room = desk, pid, room
        self._began = perf_counter()
        self._handle = os.pidfd_open(pid)

    def ends_within(self, seconds: float | None) -> bool:
        """Wait until the process ends, at most so long, and return whether it did."""
        return bool(select.select([self._handle], [], [], seconds)[0])

    def kill(self) -> None:
        """End the process as a loss of power would: it can do nothing about it."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def said(self) -> str:
        """Return what it has told people so far."""
        return (self._room / "err").read_text(encoding="utf-8")

    def done(self) -> Done:
        """Wait for the end."""
        self.ends_within(None)
        seconds = perf_counter() - self._began
        os.close(self._handle)
        code = self._desk.ask({"wait": self._pid})["code"]
        texts = [(self._room / name).read_text(encoding="utf-8") for name in ("out", "err")]
        return Done(code, *texts, seconds)


class Desk:
    """A process that runs commands of `ringfence`, each in a fork of its own; `within` starts it."""

    def __init__(self, room: Path, *, within: Sequence[str] = ()) -> None:
        room.mkdir(parents=True, exist_ok=True)
        self._room, self._count = room, 0
        path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
        self._process = subprocess.Popen(
            [*within, sys.executable, __file__, str(room / "warm")],
            env={**os.environ, "PYTHONPATH": path, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._heard() == {"ready": True}

    def start(
        self, *words: object, steps: int | None = None, below: Path | None = None, largest: int | None = None
    ) -> Running:
        """Start a command. After so many `steps` with files `below` it kills itself; no file grows over `largest`."""
        self._count += 1
        room = self._room / f"run-{self._count}"
        room.mkdir()
        for name in ("out", "err"):  # Before the fork: it may be killed before it does anything.
            (room / name).touch()
        told = {"run": [str(word) for word in words], "room": str(room), "steps": steps, "largest": largest}
        return Running(self, self.ask({**told, "below": str(below)})["pid"], room)

    def run(self, *words: object, **how: Any) -> Done:
        """Run a command to its end."""
        return self.start(*words, **how).done()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return self._heard()

    def _heard(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def seen(self, path: Path) -> Path:
        """Return where this process sees what the desk sees at a path: the desk may have disks of its own."""
        return Path(f"/proc/{self._process.pid}/root{path}")


@contextlib.contextmanager
def desk_in(room: Path, *, within: Sequence[str] = ()) -> Iterator[Desk]:
    """Have a desk while a block runs."""
    desk = Desk(room, within=within)
    try:
        yield desk
    finally:
        desk.close()


# ── disks that are small, full or read-only ──────────────────────────────────────────────────────────────────────


@cache
def own_mounts() -> tuple[str, ...]:
    """Return the command that gives a process mounts of its own, as root or as anybody; empty where none does."""
    for start in (("unshare", "--mount"), ("unshare", "--mount", "--map-root-user")):
        trial = [
            *start,
            "sh",
            "-c",
            "mount -t tmpfs none /mnt && mount --bind /mnt /mnt && mount -o remount,bind,ro /mnt",
        ]
        with contextlib.suppress(FileNotFoundError):
            if subprocess.run(trial, capture_output=True, check=False).returncode == 0:
                return start
    return ()


def small_disk(at: Path, kilobytes: int) -> tuple[str, ...]:
    """Return the command within which a small disk is mounted at a path."""
    return (*own_mounts(), "sh", "-c", f'mount -t tmpfs -o size={kilobytes}k none "{at}" && exec "$@"', "sh")


def read_only(at: Path) -> tuple[str, ...]:
    """Return the command within which a folder is mounted read-only."""
    mounted = f'mount --bind "{at}" "{at}" && mount -o remount,bind,ro "{at}"'
    return (*own_mounts(), "sh", "-c", f'{mounted} && exec "$@"', "sh")


def no_privileges() -> tuple[str, ...]:
    """Return the command within which permissions bind even root."""
    return ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


def fill(path: Path, *, free: int) -> None:
    """Fill a disk with one file until only so many bytes are free."""
    with path.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        file.truncate(max(0, file.tell() - free))


def _serve(warm: Path) -> None:
    """Answer questions, a line of JSON each, until nobody asks any more."""
    from ringfence.cli.main import run

    _warm_up(run, warm)
    _tell({"ready": True})
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            _, status = os.waitpid(asked["wait"], 0)
            _tell({"code": os.waitstatus_to_exitcode(status)})
            continue
        child = os.fork()
        if child:
            _tell({"pid": child})
            continue
        _redirect(Path(asked["room"]))
        if asked["largest"] is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (asked["largest"], asked["largest"]))
        if asked["steps"] is not None:
            _die_after(asked["steps"], asked["below"])
        code = run(asked["run"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _redirect(room: Path) -> None:
    for number, name in ((1, "out"), (2, "err")):
        handle = os.open(room / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, number)
        os.close(handle)


def _warm_up(run: Any, room: Path) -> None:
    """Import, and compile or load from the cache, all that the commands use."""
    room.mkdir(parents=True)
    silent = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1)
    os.dup2(silent, 1)
    store = room / "store"
    rows = passers(1, 200)
    for number in (0, 1):
        file = write_csv(room / f"{number}.csv", rows[number * 90 :], broken=[f"{WEI},{HOME},soon,"])
        assert run(["visits", "load", str(file), "--store", str(store), "--json"]) == 0
    assert run(trace_words(store, WEI)) == 0
    for words in (["erase", "--person", FANG], ["compact"], ["verify"], ["info"], ["retain", "--days", "9999"]):
        assert run(["visits", *words, "--store", str(store), "--json"]) == 0
    assert run(["visits", "export", "--parquet", str(room / "out"), "--store", str(store), "--json"]) == 0
    _warm_up_live(run, room)
    sys.stdout.flush()
    os.dup2(kept, 1)
    os.close(kept)
    os.close(silent)


def _warm_up_live(run: Any, room: Path) -> None:
    """Do the same for live stores and warrants."""
    from datetime import timedelta

    from ringfence.cli.clock import now

    store, signer, warrant = room / "live", room / "signer", room / "warrant.json"
    assert run(["warrant", "keygen", "--out", str(signer), "--json"]) == 0
    for number in (0, 1):
        words = ["visits", "load", str(room / f"{number}.csv"), "--store", str(store), "--kind", "live"]
        assert run([*words, "--trust", f"{signer}.pub.pem", "--json"]) == 0
    asked = [*trace_words(store, WEI)[1:-1], "--residual", "30"]
    told = {
        "--key": f"{signer}.pem", "--incident": "warm", "--confirmed-by": "laboratory", "--reference": "PCR-118",
        "--purpose": "warm", "--expires": (now() + timedelta(days=1)).isoformat(), "--out": str(warrant),
    }  # fmt: skip
    options = [word for pair in told.items() for word in pair]
    assert run(["warrant", "new", *asked, *options, "--name", "Liu Min", "--name", "Sun Jie", "--json"]) == 0
    assert run([*trace_words(store, WEI), "--warrant", str(warrant)]) == 0
    for act in (["erase", "--person", FANG], ["compact"], ["retain", "--days", "9999"]):
        assert run(["visits", *act, "--store", str(store), "--json"]) == 0


def _die_after(steps: int, below: str) -> None:
    """Kill this process just before it opens for writing, renames or removes a file for the n-th time."""
    left = [steps]
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def heard(event: str, told: tuple[Any, ...]) -> None:
        if event == "open":
            if not isinstance(told[2], int) or not told[2] & writing:
                return
        elif event not in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"):
            return
        if not isinstance(told[0], str | os.PathLike) or not os.fspath(told[0]).startswith(below):
            return
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heard)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
