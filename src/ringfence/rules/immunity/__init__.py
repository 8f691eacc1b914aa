"""Whether a person is immune as far as anybody knows, and which doses are due to her after an exposure.

Both follow from facts and from the keys `immunity.*` and `dose.*` of a pack; a pack without them asks nothing.
"""

from ringfence.rules.immunity.doses import DoseDue, doses_due
from ringfence.rules.immunity.evidence import EVIDENCE, NONE, STATES, UNKNOWN, WAITING, Immunity, immunity_of

__all__ = [
    "EVIDENCE", "NONE", "STATES", "UNKNOWN", "WAITING", "DoseDue", "Immunity", "doses_due", "immunity_of",
]  # fmt: skip
