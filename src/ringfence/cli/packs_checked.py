"""What `ringfence packs check` looks at: the packs that are meant, and what is wrong with each and its examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ringfence.cli.shelf import shelf_with, texts_below, texts_of

if TYPE_CHECKING:
    from ringfence.rules.shipped import Shelf
    from ringfence.vocabulary.refusals import Refused


def packs_to_check(what: str | None, packs: Path | None) -> tuple[Shelf, list[str]]:
    """Return a shelf and the names of the packs that are to be checked on it."""
    from ringfence.vocabulary.refusals import Refused

    if what is None:
        shelf = shelf_with(packs)
        return shelf, shelf.ids()
    path = Path(what)
    if path.is_file():
        path = path.parent
    if path.is_dir():
        path = path.resolve()
        beside = texts_below(path.parent)
        own = {path.name: texts_of(path)} if (path / "pack.toml").is_file() else texts_below(path)
        if not own:
            raise Refused("pack.no_pack_here", path=what)
        return shelf_with(packs, {**beside, **own}), list(own)
    shelf = shelf_with(packs)
    shelf.texts(what)
    return shelf, [what]


def problems_of(shelf: Shelf, name: str) -> tuple[list[Refused], int]:
    """Return what is wrong with a pack and its examples, and how many examples there are."""
    from ringfence.rules.examples import tried, untouched_by
    from ringfence.rules.forms import read_form
    from ringfence.vocabulary.refusals import Refused

    try:
        pack = shelf.pack(name)
    except ExceptionGroup as group:
        return [refusal for refusal in group.exceptions if isinstance(refusal, Refused)], 0
    except Refused as refusal:
        return [refusal], 0
    problems: list[Refused] = []
    if "forms" in shelf.texts(name):
        try:
            read_form(shelf.texts(name)["forms"], file=f"{name}/forms.toml")
        except ExceptionGroup as group:
            problems += [refusal for refusal in group.exceptions if isinstance(refusal, Refused)]
    if pack.id != name:
        problems.append(Refused("pack.other_folder", file=f"{name}/pack.toml", key="id", value=pack.id, folder=name))
    text = shelf.texts(name).get("examples", "")
    try:
        outcomes, touched = tried(text, pack)
    except Refused as refusal:
        return [*problems, refusal], 0
    problems += [failure for outcome in outcomes for failure in outcome.failures]
    problems += [
        Refused("example.untouched", file=f"{name}/pack.toml", key=key, since=since.isoformat())
        for key, since in untouched_by(pack, touched)
    ]
    return problems, len(outcomes)
