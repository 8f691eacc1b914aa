"""The pages of the rules in `docs/packs` say what the packs say now."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.rules.pages import index, page
from ringfence.rules.shipped import Shelf

FOLDER = Path(__file__).parents[2] / "docs" / "packs"
ANEW = "write them anew: ringfence packs pages --to docs/packs"


@pytest.mark.io
@pytest.mark.parametrize("name", Shelf().ids())
def test_the_page_of_a_pack_is_up_to_date(name):
    pack = Shelf().pack(name)
    for language in ("en", "zh"):
        assert (FOLDER / f"{name}.{language}.md").read_text(encoding="utf-8") == page(pack, language), ANEW


@pytest.mark.io
def test_the_list_of_pages_is_up_to_date_and_no_page_is_of_a_pack_that_is_gone():
    shelf = Shelf()
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == index([shelf.pack(name) for name in shelf.ids()]), ANEW
    wanted = {"README.md"} | {f"{name}.{language}.md" for name in shelf.ids() for language in ("en", "zh")}
    assert {path.name for path in FOLDER.iterdir()} == wanted
