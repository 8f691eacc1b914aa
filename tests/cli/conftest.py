"""Command lines in a folder of their own, with a county's packs and facts."""

from __future__ import annotations

import json

import pytest

from ringfence.cli import main
from tests.cli import county


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return an empty folder, made the current one, with the packs of a county in `packs`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("RINGFENCE_PACKS", "packs")
    monkeypatch.delenv("RINGFENCE_LANG", raising=False)
    for name, pack in (("town", county.pack_text()), ("village", county.OVERLAY)):
        folder = tmp_path / "packs" / name
        folder.mkdir(parents=True)
        (folder / "pack.toml").write_text(pack, encoding="utf-8")
    (tmp_path / "packs" / "town" / "examples.toml").write_text(county.EXAMPLES, encoding="utf-8")
    (tmp_path / "facts.json").write_text(county.facts(), encoding="utf-8")
    return tmp_path


@pytest.fixture
def asked(here, capsys):
    """Return a way to run a command line there and have its JSON object."""

    def run(*words, code=0):
        assert main.run([*words, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def told(here, capsys):
    """Return a way to run a command line there as a person does: what it prints, and what it says beside."""

    def run(*words, code=0):
        assert main.run(list(words)) == code
        printed = capsys.readouterr()
        return " ".join(printed.out.split()), printed.err

    return run
