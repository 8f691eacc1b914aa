"""The one way into a live store: a warrant admitted, and searches that open what it names and nothing else.

Which blocks may be opened is a growing set: person-days of the warrant's seeds; then the place-days where those were,
as long as the air they left counts; then, over two hops, person-days of the persons met from their first exposure on,
and the place-days of these. Each batch is counted in the store's log, durably, before any of it is readable. Before
each single block it is asked again whether the warrant was revoked.

What is opened becomes a table in memory, over which the same kernels run as over a research store, with equal answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

from ringfence.tracing import search
from ringfence.tracing.answer import CommonPlaces, SecondHopAnswer, TraceAnswer
from ringfence.tracing.live.revocations import Revocations
from ringfence.tracing.live.sealed import NONCE_BYTES, SIDES, Side, marks_and_keys, what_it_is
from ringfence.tracing.live.store import LiveStore
from ringfence.tracing.live.warrants import LIMITS, SignedWarrant, WarrantLimits
from ringfence.tracing.scanning import gather_stays, islands_of
from ringfence.tracing.search import SecondHopSettings, TraceSettings
from ringfence.tracing.visits.batch import VisitBatch
from ringfence.tracing.visits.layout import OTHER_SHIFT, Words, swap_sides
from ringfence.tracing.visits.merging import touching_at_midnight
from ringfence.tracing.visits.searchable import Searchable
from ringfence.tracing.visits.segments import Segment, build_segment
from ringfence.tracing.visits.store import VisitStore
from ringfence.tracing.visits.table import table_of
from ringfence.vocabulary.moments import MINUTES_PER_DAY, moment_of, zone_named
from ringfence.vocabulary.refusals import Refused

Ints = NDArray[np.int64]
Block = tuple[int, int]
"""A number and a UTC day: a person-day or a place-day."""


class Opening:
    """A live store seen through one warrant. Making one checks the warrant; every search checks that it still holds.

    `now` is the present minute. Searches answer like their namesakes in `search`.
    """

    def __init__(self, store: VisitStore, signed: SignedWarrant, *, now: int, limits: WarrantLimits = LIMITS) -> None:
        if not isinstance(store, LiveStore):
            raise Refused("live.not_live", store=str(store.path))
        store.day_keys.check_founding(store.founding())
        signed.check_signature()
        if signed.key not in store.trusted():
            raise Refused("live.warrant_untrusted", key=signed.key[:16])
        if signed.warrant.store != store.identity.id:
            raise Refused("live.warrant_other_store", warrant=signed.warrant.id)
        limits.check(signed.warrant)
        self.warrant = signed.warrant
        self._store = store
        self._reach: dict[Side, set[Block]] = {side: set() for side in SIDES}
        self._open: dict[Side, dict[Block, Words]] = {side: {} for side in SIDES}
        self._met: dict[int, int] = {}
        self._revocations = Revocations(store)
        self._revocations.record()
        self._check_now(now)

    def trace(
        self,
        seeds: Sequence[int] | Ints,
        start: int,
        end: int,
        settings: TraceSettings | None = None,
        *,
        now: int,
        evidence: bool = True,
    ) -> TraceAnswer:
        """Return everybody who was where some of the warrant's seeds were in [start, end)."""
        settings = settings or TraceSettings()
        persons = self._seeds(seeds, start, end, now)
        if settings.residual_minutes > self.warrant.residual:
            raise Refused("live.outside_residual", residual=settings.residual_minutes, granted=self.warrant.residual)
        islands, _ = islands_of(self._stays(persons, start, end, now), settings.residual_minutes)
        wanted = _days_of(islands[:, 0], islands[:, 1], islands[:, 2])
        self._reach["place"] |= wanted
        opened = self._of_places(self._opened("place", wanted, now))
        answer = search.trace(opened, persons, start, end, settings, evidence=evidence)
        self._note_met(answer)
        return answer

    def second_hop(
        self,
        seeds: Sequence[int] | Ints,
        start: int,
        end: int,
        hop_one: TraceAnswer,
        settings: SecondHopSettings | None = None,
        *,
        now: int,
    ) -> SecondHopAnswer:
        """Return those whom the contacts of a trace of this opening met after their first exposure, before `end`."""
        persons = self._seeds(seeds, start, end, now)
        if self.warrant.hops < 2:
            raise Refused("live.outside_hops", hops=2, granted=self.warrant.hops)
        since = dict(zip(hop_one.person.tolist(), hop_one.first.tolist(), strict=True))
        strangers = [person for person, first in since.items() if first < self._met.get(person, end)]
        if strangers:
            raise Refused("live.outside_contacts", persons=len(strangers))
        wanted = {(p, day) for p, first in since.items() for day in range(first // MINUTES_PER_DAY, _last_day(end) + 1)}
        self._reach["person"] |= wanted
        stays = _stays_in(self._of_persons(self._opened("person", wanted, now)), hop_one.person, start, end)
        from_minute = np.array([since[p] for p in stays[:, 3].tolist()], np.int64)
        begin = np.maximum(stays[:, 1], from_minute)
        after = begin < stays[:, 2]
        wanted = _days_of(stays[after, 0], begin[after], stays[after, 2])
        self._reach["place"] |= wanted
        opened = self._of_places(self._opened("place", wanted, now))
        return search.second_hop(opened, persons, start, end, hop_one, settings)

    def people_at(self, place: int, start: int, end: int, *, now: int) -> TraceAnswer:
        """Return everybody who was at a place in [start, end), which must lie in a place-window of the warrant."""
        self._check_now(now)
        if start >= end:
            raise Refused("trace.window", start=start, end=end)
        if not any(w.place == place and w.start <= start and end <= w.end for w in self.warrant.windows):
            raise Refused("live.outside_window", place=self._store.names_of("place", np.array([place]))[0])
        wanted = _days_of(*(np.array([value], np.int64) for value in (place, start, end)))
        self._reach["place"] |= wanted
        answer = search.people_at(self._of_places(self._opened("place", wanted, now)), place, start, end)
        self._note_met(answer)
        return answer

    def visits_of(self, seeds: Sequence[int] | Ints, start: int, end: int, *, now: int) -> VisitBatch:
        """Return the visits of some of the warrant's seeds in [start, end), clipped to it and merged at each place."""
        persons = self._seeds(seeds, start, end, now)
        return self._persons_opened(persons, start, end, now).visits_of(persons, start, end)

    def common_places(
        self, seeds: Sequence[int] | Ints, start: int, end: int, *, now: int, least: int = 2
    ) -> CommonPlaces:
        """Return the places that at least so many of some of the warrant's seeds visited in [start, end)."""
        persons = self._seeds(seeds, start, end, now)
        return search.common_places(self._persons_opened(persons, start, end, now), persons, start, end, least=least)

    # What the warrant says ----------------------------------------------------------------------------------------

    def _check_now(self, now: int) -> None:
        if not self.warrant.issued <= now < self.warrant.expires:
            code = "live.warrant_expired" if now >= self.warrant.expires else "live.warrant_not_yet"
            raise Refused(code, warrant=self.warrant.id)
        self._revocations.check(self.warrant.id)  # A log that does not hold is told before anything is added to it.

    def _seeds(self, seeds: Sequence[int] | Ints, start: int, end: int, now: int) -> Ints:
        """Return seeds, each once, when the warrant holds now and names them and the span."""
        self._check_now(now)
        if start >= end:
            raise Refused("trace.window", start=start, end=end)
        if start < self.warrant.start or end > self.warrant.end:
            zone = zone_named(self._store.zone)
            asked, granted = (
                [moment_of(minute, zone).isoformat(timespec="minutes") for minute in span]
                for span in ((start, end), (self.warrant.start, self.warrant.end))
            )
            raise Refused("live.outside_span", start=asked[0], end=asked[1], since=granted[0], until=granted[1])
        persons = np.unique(np.asarray(seeds, np.int64))
        strangers = np.setdiff1d(persons, [seed.person for seed in self.warrant.seeds])
        if len(strangers):
            raise Refused("live.outside_seeds", person=self._store.names_of("person", strangers[:1])[0])
        return persons

    def _note_met(self, answer: TraceAnswer) -> None:
        for person, first in zip(answer.person.tolist(), answer.first.tolist(), strict=True):
            self._met[person] = min(first, self._met.get(person, first))

    # What becomes of open blocks ----------------------------------------------------------------------------------

    def _persons_opened(self, persons: Ints, start: int, end: int, now: int) -> Searchable:
        alive = np.setdiff1d(persons, self._store.erased).tolist()
        wanted = {(p, day) for p in alive for day in range(start // MINUTES_PER_DAY, _last_day(end) + 1)}
        self._reach["person"] |= wanted
        return self._of_persons(self._opened("person", wanted, now))

    def _stays(self, persons: Ints, start: int, end: int, now: int) -> Ints:
        return _stays_in(self._persons_opened(persons, start, end, now), persons, start, end)

    def _of_persons(self, blocks: dict[Block, Words]) -> Searchable:
        by_day: dict[int, list[Block]] = defaultdict(list)
        for block in blocks:
            by_day[block[1]].append(block)
        segments = []
        for day, mine in by_day.items():
            words, places = swap_sides(*_columns(blocks, mine))
            segments.append(build_segment(day, places, words))
        return Searchable(table_of(segments), self._store.erased)

    def _of_places(self, blocks: dict[Block, Words]) -> Searchable:
        """Return opened place-days as a table; what overlaps or touches, at midnight too, is named as conflict."""
        by_day: dict[int, list[Block]] = defaultdict(list)
        for block in blocks:
            by_day[block[1]].append(block)
        erased = self._store.erased.astype(np.uint64)
        segments: dict[int, Segment] = {}
        for day, mine in sorted(by_day.items()):
            words, places = _columns(blocks, mine)
            alive = ~np.isin((words >> OTHER_SHIFT) & np.uint64(0xFFFFFFFF), erased)
            segments[day] = build_segment(day, places[alive], words[alive])
        table = table_of(list(segments.values()))
        for day in [day for day in segments if day - 1 in segments]:
            pairs = touching_at_midnight(table.rows, table.first_day, table.first, day - 1)
            if len(pairs):
                conflicts = np.union1d(segments[day].sections["conflicts"], pairs)
                segments[day] = Segment(day, {**segments[day].sections, "conflicts": conflicts})
        return Searchable(table_of(list(segments.values())), self._store.erased)

    # Where blocks are opened --------------------------------------------------------------------------------------

    def _opened(self, side: Side, wanted: Iterable[Block], now: int) -> dict[Block, Words]:
        """Return open blocks, each counted once in the log before it is opened for the first time."""
        wanted = set(wanted)
        known = self._open[side]
        found = self._sealed_blocks(side, sorted(wanted - known.keys()))
        if found:
            self._revocations.check(self.warrant.id)
            self._store.opened.append(
                warrant=self.warrant.id,
                at_minute=now,
                person_days=len(found) if side == "person" else 0,
                place_days=len(found) if side == "place" else 0,
            )
        for block, (key, pieces) in found.items():
            known[block] = self._unseal(side, block, key, pieces)
        return {block: known[block] for block in wanted if block in known}

    def _sealed_blocks(self, side: Side, wanted: list[Block]) -> dict[Block, tuple[bytes, list[bytes]]]:
        """Return the keys and sealed blocks of what is in the store, all of it inside the reach of the warrant."""
        by_day: dict[int, list[int]] = defaultdict(list)
        for number, day in wanted:
            by_day[day].append(number)
        found = {}
        for day, numbers in by_day.items():
            segments = self._store.sealed_of(day)
            if not segments:
                continue
            marks, keys = marks_and_keys(self._store.key_of(day), side, np.array(numbers, np.int64))
            for number, mark, key in zip(numbers, marks.tolist(), keys, strict=True):
                pieces = [piece for segment in segments for piece in segment.blocks(side, mark)]
                if pieces:
                    found[number, day] = key, pieces
        return found

    def _unseal(self, side: Side, block: Block, key: bytes, pieces: list[bytes]) -> Words:
        """Return the words of one block. This is the only place where a live store's blocks are opened."""
        if block not in self._reach[side]:
            raise Refused("live.no_warrant", store=str(self._store.path))
        self._revocations.check_soon(self.warrant.id)
        about = what_it_is(self._store.identity.id, side, block[1]) + block[0].to_bytes(4, "little")
        cipher = AESGCM(key)
        try:
            plain = [cipher.decrypt(piece[:NONCE_BYTES], piece[NONCE_BYTES:], about) for piece in pieces]
        except InvalidTag as error:
            raise Refused("store.damaged", file=str(self._store.path), part=f"{side}-day") from error
        return np.frombuffer(b"".join(plain), "<u8").astype(np.uint64)


def admit(store: VisitStore, signed: SignedWarrant, *, now: int) -> Opening:
    """Return the opening of a live store that a warrant grants at a minute; each failure is refused with its reason."""
    return Opening(store, signed, now=now)


def _last_day(end: int) -> int:
    return (end - 1) // MINUTES_PER_DAY


def _days_of(numbers: Ints, start: Ints, end: Ints) -> set[Block]:
    """Return the number and day of all days that spans [start, end) touch."""
    return {
        (number, day)
        for number, first, last in zip(
            numbers.tolist(), (start // MINUTES_PER_DAY).tolist(), ((end - 1) // MINUTES_PER_DAY).tolist(), strict=True
        )
        for day in range(first, last + 1)
    }


def _stays_in(opened: Searchable, persons: Ints, start: int, end: int) -> Ints:
    table = opened.table
    return gather_stays(table.rows, table.first_day, table.first, np.setdiff1d(persons, opened.erased), start, end)


def _columns(blocks: dict[Block, Words], mine: list[Block]) -> tuple[Words, NDArray[np.uint32]]:
    """Return the words of some blocks, and the number each stands under."""
    words = np.concatenate([blocks[block] for block in mine])
    numbers = np.repeat(np.array([block[0] for block in mine], np.uint32), [len(blocks[block]) for block in mine])
    return words, numbers
