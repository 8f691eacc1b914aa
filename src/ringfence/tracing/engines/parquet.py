"""The files a store exports: `date=YYYY-MM-DD/visits.parquet`, one for each UTC day, its visits cut at midnight."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ringfence.tracing.reference import Visit
from ringfence.tracing.visits.batch import VisitBatch, concatenate
from ringfence.vocabulary.refusals import Refused

DAYS = "date=*"
FILE = "visits.parquet"
COLUMNS = ("person", "place", "start", "end", "flags")


def exported_days(folder: Path) -> list[Path]:
    """Return the files of an export in order of days; refused when there are none or one lacks a column."""
    files = sorted(folder.glob(f"{DAYS}/{FILE}"))
    if not files:
        raise Refused("engines.no_export", folder=folder)
    for file in files:
        if missing := [name for name in COLUMNS if name not in _names(file)]:
            raise Refused("engines.damaged_export", file=file, missing=", ".join(missing))
    return files


def read_pieces(folder: Path) -> VisitBatch:
    """Return all pieces of an export, day by day."""
    tables = (pq.read_table(file, columns=list(COLUMNS), partitioning=None) for file in exported_days(folder))
    return concatenate([VisitBatch.of(*(table[name].to_numpy() for name in COLUMNS)) for table in tables])


def read_visits(folder: Path, *, erased: Sequence[int] = ()) -> list[Visit]:
    """Return all pieces of an export as the tuples that `reference` reads, without those of persons erased since."""
    batch = read_pieces(folder)
    alive = ~np.isin(batch.person, np.array(erased, np.int64))
    columns = (column[alive] for column in (batch.person, batch.place, batch.start, batch.end))
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _names(file: Path) -> list[str]:
    try:
        return list(pq.read_schema(file).names)
    except (OSError, pa.ArrowInvalid) as error:
        raise Refused("engines.damaged_export", file=file, missing=", ".join(COLUMNS)) from error
