"""How well itineraries are read from case bulletins: precision and recall of each field, and the speed.

python -m benchmarks.itinerary --data FOLDER [--held] [--write]

FOLDER holds `reports.jsonl` of the labelled case reports (Apache-2.0). It was split before a rule was written: by the
hash of the id of a report, 70 of 100 to look at, 30 held back. Rules are made from the 70; the 30 are only counted.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

LOOKED_AT_OF_100 = 70


def looked_at(doc_id: object) -> bool:
    """Tell whether a report is one of the 70 of 100 that rules may be made from."""
    return int(sha256(str(doc_id).encode()).hexdigest(), 16) % 100 < LOOKED_AT_OF_100


def reports(data: Path, *, held: bool) -> list[dict[str, Any]]:
    """Return the labelled reports of one part."""
    lines = (data / "reports.jsonl").read_text(encoding="utf-8").splitlines()
    return [entry for entry in map(json.loads, lines) if looked_at(entry["doc_id"]) is not held]
