import pytest

from tests.drill import town as tiny


@pytest.fixture(scope="session")
def town(tmp_path_factory):
    """Return the tiny town, with its true visits on disk."""
    return tiny.town(tmp_path_factory.mktemp("town") / "visits")


@pytest.fixture
def truth():
    """Return who infected whom in it."""
    return tiny.truth()
