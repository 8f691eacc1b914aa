"""The packs that come with the house, and folders of packs that a county adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources

from ringfence.rules.packfile import Pack, problems_of_forms, read_pack
from ringfence.rules.typing import nearest
from ringfence.vocabulary.refusals import Refused


@cache
def shipped_texts() -> Mapping[str, Mapping[str, str]]:
    """Return the texts of the shipped packs: by id, the texts of its files (`pack`, `examples`, `forms`)."""
    folder = resources.files(__package__) / "packs"
    found: dict[str, dict[str, str]] = {}
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir() and (entry / "pack.toml").is_file():
            found[entry.name] = {
                file.name.removesuffix(".toml"): file.read_text(encoding="utf-8")
                for file in entry.iterdir()
                if file.name.endswith(".toml")
            }
    return found


@cache
def shipped_pack(name: str) -> Pack:
    """Return a shipped pack by its id."""
    return Shelf().pack(name)


class Shelf:
    """Packs by id: those of a county first, then those that come with the house. `extra` maps ids to texts."""

    def __init__(self, extra: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._texts = {**shipped_texts(), **(extra or {})}
        self._packs: dict[str, Pack] = {}
        self._reading: list[str] = []

    def ids(self) -> list[str]:
        """Return the ids of all packs, sorted."""
        return sorted(self._texts)

    def texts(self, name: str) -> Mapping[str, str]:
        """Return the texts of a pack's files."""
        self._must_exist(name)
        return self._texts[name]

    def pack(self, name: str) -> Pack:
        """Return a pack, read and checked, with what it has from those below it."""
        if name not in self._packs:
            self._must_exist(name)
            if name in self._reading:
                raise Refused("pack.ring", pack=name, ring=" > ".join([*self._reading, name]))
            self._reading.append(name)
            try:
                find: Callable[[str], Pack] = self.pack
                self._packs[name] = read_pack(self._texts[name]["pack"], file=f"{name}/pack.toml", find=find)
                if problems := problems_of_forms(self._texts[name].get("forms", ""), f"{name}/forms.toml"):
                    del self._packs[name]
                    raise ExceptionGroup("pack", problems)
            finally:
                self._reading.pop()
        return self._packs[name]

    def _must_exist(self, name: str) -> None:
        if name not in self._texts:
            raise Refused("pack.unknown", pack=name, nearest=nearest(name, self._texts))
