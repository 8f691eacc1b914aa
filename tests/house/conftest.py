"""The repository as the house tests read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "ringfence"


@dataclass(frozen=True)
class Module:
    """A Python file, its place in the repository and its syntax tree."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield every call with its dotted name (`datetime.now`, `print`)."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node

    def where(self, node: ast.AST) -> str:
        return f"{self.name}:{node.lineno}"


def modules_under(folder: Path) -> list[Module]:
    return [Module(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(folder.rglob("*.py"))]


@pytest.fixture(scope="session")
def library() -> list[Module]:
    return modules_under(SOURCE)


@pytest.fixture(scope="session")
def suite() -> list[Module]:
    return modules_under(ROOT / "tests")
