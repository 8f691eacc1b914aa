"""What several tests of the searches are given: a desk that runs commands, how often it is killed, a live store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from live_city import live_store

from ringfence.tracing.live.store import LiveStore
from tests.tracing import survival


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[survival.Desk]:
    with survival.desk_in(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture
def kills(soak: bool) -> int:
    return 50 if soak else 8


@pytest.fixture
def store(tmp_path: Path) -> LiveStore:
    return live_store(tmp_path)
