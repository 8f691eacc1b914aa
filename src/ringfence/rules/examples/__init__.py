"""Examples beside a pack: facts and what must follow from them, readable and correctable by a health officer.

`examples.toml` holds `[[example]]` tables. One has a `name` in both languages and some of: `now` (clocks of the pack's
zone), `on` (the day of the rulebook; by default that of `now`), `facts` with `duties`, `absent`, `proposals`,
`no_proposals` and `statuses`; `classify`; `values` (plain look-ups); `immunity`.
"""

from ringfence.rules.examples.running import Outcome, run_examples, tried, untouched, untouched_by

__all__ = ["Outcome", "run_examples", "tried", "untouched", "untouched_by"]
