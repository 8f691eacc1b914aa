"""Community zero: zero, not zero, or not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal


def community_zero(
    days: Sequence[tuple[int, int]], tests_enough: Sequence[bool] | None, n: int
) -> Literal["zero", "not_zero", "unknown"]:
    """Return whether the last `n` days had no infection found in the community.

    `days` are (found in quarantine, found in the community), oldest first; `tests_enough` says for the same days
    whether enough people outside quarantine were tested. An infection settles it; days not lived through or not looked
    at are unknown, not zero.
    """
    if n < 1 or (tests_enough is not None and len(tests_enough) != len(days)):
        raise ValueError("n must be at least 1, and tests_enough as long as days.")
    if any(community > 0 for _, community in days[-n:]):
        return "not_zero"
    if len(days) < n or (tests_enough is not None and not all(tests_enough[-n:])):
        return "unknown"
    return "zero"
