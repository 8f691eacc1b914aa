"""No code path reads a live place-day without a warrant.

Three ways to see it. In the text of the program: who can open a block, who can derive its key. In what the program
does: every public function and every command is tried on a live store without a warrant, and the one function that
opens is watched. (That the bytes say nothing is in `test_live`.) A function or command that is new makes these tests
fail until they are told how to try it.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from live_city import DAY, SIGNER, VISITS, WEI, at, live_store, signed_for, warrant_for

import ringfence
import ringfence.tracing
from ringfence.cli import main
from ringfence.cli.wording import commands_of
from ringfence.tracing.answer import Evidence, TraceAnswer
from ringfence.tracing.contacts import ContactSearch
from ringfence.tracing.intake import IntakeSettings
from ringfence.tracing.keys import KeyMap
from ringfence.tracing.live.opening import Opening
from ringfence.tracing.live.store import LiveStore
from ringfence.tracing.live.warrants import private_text, public_of, public_text, sign
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.writing import writing
from ringfence.vocabulary.refusals import Refused

SOURCE = Path(ringfence.__file__).parent


# In the text ---------------------------------------------------------------------------------------------------------


def users_of(name: str) -> set[str]:
    """Return the functions of the package, as module:Class.function, that say a name other than to import it."""
    return _sayings().get(name, set())


@cache
def _sayings() -> dict[str, set[str]]:
    said = defaultdict(set)
    for path in SOURCE.rglob("*.py"):
        module = path.relative_to(SOURCE).as_posix().removesuffix(".py")
        for within, node in _named_nodes(ast.parse(path.read_text(encoding="utf-8")), ()):
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                name = node.value  # as in getattr(cipher, "decrypt")
            if name is not None:
                said[name].add(f"{module}:{'.'.join(within)}")
    return said


def _named_nodes(node: ast.AST, within: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], ast.AST]]:
    for child in ast.iter_child_nodes(node):
        inside = (*within, child.name) if isinstance(child, ast.FunctionDef | ast.ClassDef) else within
        yield inside, child
        yield from _named_nodes(child, inside)


def test_one_function_opens_blocks_and_only_an_opening_calls_it():
    assert users_of("decrypt") == {"tracing/live/opening:Opening._unseal"}
    assert users_of("decryptor") == set()
    assert users_of("AESGCM") == {"tracing/live/opening:Opening._unseal", "tracing/live/sealed:seal"}
    assert users_of("_unseal") == {"tracing/live/opening:Opening._opened"}
    assert users_of("Cipher") == {
        "tracing/live/sealed:_scrambled",  # the pseudorandom function behind keys and marks: forward only
        "tracing/visits/aside:Cover.over",  # what a load has put aside and not yet committed, under a key never written
        "tracing/visits/aside:Cover.lifted",
    }


def test_keys_of_blocks_are_derived_for_sealing_and_inside_an_opening_only():
    assert users_of("marks_and_keys") == {
        "tracing/live/sealed:seal",
        "tracing/live/opening:Opening._sealed_blocks",
        "tracing/live/writing:LiveWriter.compact",  # the marks alone, to drop an erased person's blocks
    }
    assert users_of("_sealed_blocks") == {"tracing/live/opening:Opening._opened"}
    assert users_of("_opened") == {
        f"tracing/live/opening:Opening.{search}" for search in ("trace", "second_hop", "people_at", "_persons_opened")
    }


def test_what_widens_the_reach_is_said_in_few_places():
    assert users_of("_reach") - {"tracing/live/opening:Opening.__init__", "tracing/live/opening:Opening._unseal"} == {
        f"tracing/live/opening:Opening.{search}" for search in ("trace", "second_hop", "people_at", "_persons_opened")
    }


# In what it does -----------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Return a live store with names, and fail a test in which any block is opened."""
    live_store(tmp_path)
    keys = KeyMap.open_or_create(tmp_path / "live.keys")
    keys.numbers("person", ["wei", "fang", "chen", "li", "zhao"])
    keys.numbers("place", ["home", "workshop", "noodle shop", "market", "bus"])
    keys.commit()
    monkeypatch.setattr(Opening, "_unseal", lambda *_: pytest.fail("a block was opened without a warrant"))
    return open_store(tmp_path / "live")


def nobody_met() -> TraceAnswer:
    column = np.array([1], np.int64)
    nothing = column[:0]
    return TraceAnswer(column, column, column, column, column * at(0), column * at(1), Evidence(*[nothing] * 7))


def arguments(store: LiveStore, folder: Path) -> dict[str, object]:
    """Return by name of parameter what public functions are tried with."""
    visits = folder / "visits.csv"
    visits.write_text("person,place,start,end\nwei,home,2022-03-09T10:00Z,2022-03-09T11:00Z\n")
    asked = ContactSearch(seeds=("wei",), start=at(0), end=at(0, day=2), hops=2)
    forged = sign(warrant_for(store), SIGNER)
    forged = type(forged)(forged.warrant, forged.key, "00" * 64)
    return {
        "store": store, "snapshot": store, "seeds": [WEI], "persons": [WEI], "start": at(0), "end": at(0, day=2),
        "hop_one": nobody_met(), "place": 0, "out": folder / "out", "asked": asked, "answer": nobody_met(),
        "files": [visits], "settings": None, "rejects_file": folder / "rejects.csv", "person": "wei",
        "at_minute": at(0), "signed": forged, "now": at(0), "met": [], "reached": [], "engine": "duckdb",
        "side": "person", "numbers": np.array([0]), "day": DAY, "file": store.manifest.segments[0].file,
        "writer": None, "from_day": DAY, "warrant": "w-8", "by": SIGNER, "reason": "a false positive",
    }  # fmt: skip


def public_functions() -> list[Callable[..., object]]:
    """Return the public functions of tracing that are handed a store."""
    found = []
    for info in pkgutil.walk_packages(ringfence.tracing.__path__, "ringfence.tracing."):
        if info.name.endswith(".spark"):
            continue
        module = import_module(info.name)
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == info.name and not name.startswith("_"):
                kinds = [str(p.annotation) for p in inspect.signature(value).parameters.values()]
                if any("VisitStore" in kind or "Searchable" in kind or "LiveStore" in kind for kind in kinds):
                    found.append(value)
    return found


@pytest.mark.parametrize("function", public_functions(), ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_a_public_function_opens_nothing_without_a_warrant(function, store, tmp_path):
    given = arguments(store, tmp_path)
    if function.__name__ == "load_files":
        given["settings"] = IntakeSettings()
    parameters = inspect.signature(function).parameters.values()
    needed = [p for p in parameters if p.default is p.empty]
    assert {p.name for p in needed} <= given.keys(), "tell `arguments` what to try this function with"
    positional = [given[p.name] for p in needed if p.kind is not p.KEYWORD_ONLY]
    named = {p.name: given[p.name] for p in needed if p.kind is p.KEYWORD_ONLY}
    if function.__name__ == "finish_erasures":
        with writing(store) as writer:
            function(store, writer)
        return
    try:
        result = function(*positional, **named)
        if hasattr(result, "__enter__"):
            with result as writer:
                writer.compact()
    except Refused as refusal:
        assert refusal.code in {"live.no_warrant", "store.live_export", "live.warrant_altered"}  # noqa: PT017 — most calls refuse, some do not


def test_a_method_of_a_live_store_opens_nothing(store, tmp_path):
    given = arguments(store, tmp_path)
    refusing = set()
    for name, member in inspect.getmembers(LiveStore):
        if name.startswith("_"):
            continue
        try:
            value = getattr(store, name)
            if not callable(value):
                continue
            needed = [p.name for p in inspect.signature(member).parameters.values() if p.default is p.empty]
            given["persons"] = ["wei"] if name == "numbers_of" else [WEI]
            value(*[given[p] for p in needed[1:]])
        except Refused as refusal:
            assert refusal.code == "live.no_warrant"  # noqa: PT017 — most members refuse, some do not
            refusing.add(name)
    assert refusing == {"table", "segments", "scratch", "visits_of", "persons_seen"}


COMMANDS = {
    ("visits", "load"): ["visits.csv", "--kind", "live"],
    ("visits", "info"): [],
    ("visits", "zone"): ["--tz", "Asia/Tokyo"],
    ("visits", "compact"): [],
    ("visits", "retain"): ["--days", "10", "--today", "2022-03-15"],
    ("visits", "erase"): ["--person", "fang"],
    ("visits", "export"): ["--parquet", "exported"],
    ("visits", "verify"): [],
    ("trace",): ["--person", "wei", "--from", "2022-03-09T00:00Z", "--to", "2022-03-11T00:00Z", "--hops", "2"],
    ("hypotheses",): ["--cases", "cases.csv"],
    ("city",): ["--people", "200", "--days", "1"],
    ("warrant", "new"): [
        "--key", "signer.pem", "--incident", "i", "--person", "wei", "--confirmed-by", "laboratory", "--reference", "r",
        "--from", "2022-03-09T00:00Z", "--to", "2022-03-11T00:00Z", "--purpose", "p", "--name", "Liu Min",
        "--name", "Sun Jie", "--expires", "2022-04-01T00:00Z", "--out", "w.json",
    ],
    ("warrant", "show"): ["shown.json"],
    ("warrant", "revoke"): ["--id", "w-8", "--key", "signer.pem", "--reason", "a false positive"],
    ("warrant", "trust"): ["--key", "signer.pem", "--add", "signer.pub.pem"],
}  # fmt: skip
REFUSING = {("trace",), ("visits", "export"), ("hypotheses",), ("city",)}
REASONS = ("live.no_warrant", "store.live_export", "live.no_source_search", "city.exists")


def commands_on_stores() -> list[tuple[str, ...]]:
    return [
        words
        for words, command in commands_of(main.build(everything=True))
        if any("--store" in getattr(parameter, "opts", ()) for parameter in command.params)
    ]


@pytest.mark.parametrize("words", commands_on_stores(), ids=" ".join)
def test_a_command_opens_nothing_without_a_warrant(words, store, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ringfence.cli.warrant.now", lambda: datetime(2022, 3, 15, tzinfo=UTC))
    arguments(store, tmp_path)
    Path("cases.csv").write_text("person,onset\nwei,2022-03-10\nfang,2022-03-10\n")
    Path("signer.pem").write_bytes(private_text(SIGNER))
    Path("signer.pub.pem").write_bytes(public_text(public_of(SIGNER)))
    Path("shown.json").write_bytes(signed_for(store).text())
    assert words in COMMANDS, "tell COMMANDS what to try this command with"
    code = main.run([*words, *COMMANDS[words], "--store", "live", "--json"])
    told = capsys.readouterr().out
    assert code == (1 if words in REFUSING else 0), told
    if words in REFUSING:
        assert any(reason in told for reason in REASONS)


@pytest.mark.parametrize("engine", ["store", "duckdb", "reference"])
def test_no_engine_is_a_way_around(engine, store, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = main.run(["trace", *COMMANDS["trace",], "--store", "live", "--json", "--engine", engine])
    told = capsys.readouterr().out
    assert code == 1
    assert ("live.no_warrant" if engine == "store" else "live.no_other_engine") in told


def test_an_export_from_elsewhere_is_no_way_around(store, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = [*COMMANDS["trace",], "--engine", "duckdb", "--exported", "elsewhere"]
    assert main.run(["trace", *words, "--store", "live", "--json"]) == 1
    assert "live.no_other_engine" in capsys.readouterr().out


def test_with_a_warrant_the_same_watch_sees_an_opening(tmp_path, monkeypatch):
    seen = []
    store = live_store(tmp_path)
    unseal = Opening._unseal
    monkeypatch.setattr(Opening, "_unseal", lambda self, *rest: (seen.append(rest[1]), unseal(self, *rest))[1])
    Opening(store, signed_for(store), now=(DAY + 4) * 1440).trace([WEI], at(0), at(0, day=2), now=(DAY + 4) * 1440)
    assert len(seen) == 6
    assert len(VISITS) == 9
