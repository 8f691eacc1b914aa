"""What a replicate writes: a table of the people it touched, cases, a heap of moments, and how to forget all of it.

The table is open-addressed and small, so that it stays in the processor's cache however many people a city has.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ringfence.epidemic.jit import kernel, small

ENOUGH, TOO_MANY, TOO_MANY_EVENTS, TOO_MANY_PEOPLE = 0, 1, 2, 3
NEVER = -1
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_S32 = np.uint64(32)


class State(NamedTuple):
    """All that a replicate writes. Columns of the two-dimensional arrays are named below; moments are minutes."""

    slots: NDArray[np.int32]
    """By hash of a person, her row, or -1; a power of two."""
    people: NDArray[np.int64]
    cases: NDArray[np.int64]
    peak: NDArray[np.float64]
    heap: NDArray[np.int64]
    events: NDArray[np.int64]
    count: NDArray[np.int64]


# Of people: quarantine runs from one moment to another; never when it ends at 0.
PERSON, CASE, HELD_FROM, HELD_UNTIL, SLOT = range(5)
# Of cases.
(WHO, INFECTOR, PLACE, KIND, INFECTED_AT, ONSET_AT, BEGINS, ENDS, GENERATION, SYMPTOMS, FOUND_AT, FOUND_BY, ROW,
 ANCHOR) = range(14)  # fmt: skip
# Of events: an infection has person, case of the infector, kind of place and place; a finding has case and by what.
WHAT, SUBJECT, BY, EVENT_KIND, EVENT_PLACE = range(5)
# Of the counts.
N_CASES, N_PEOPLE, N_HELD, N_HEAP, N_EVENTS, PAST_MINUTES, TROUBLE = range(7)


def state_for(cases: int, *, people: int, events: int) -> State:
    """Return an empty state with room for so many cases, touched people and events."""
    slots = 1 << max(4, int(4 * people - 1).bit_length())
    return State(
        np.full(slots, -1, np.int32), np.zeros((people, 5), np.int64), np.zeros((cases, 14), np.int64),
        np.zeros(cases), np.zeros(events, np.int64), np.zeros((events, 5), np.int64), np.zeros(7, np.int64),
    )  # fmt: skip


@small
def slot_of(person: int, slots: int) -> int:
    """Return the slot at which to look for a person first."""
    return np.int64(((np.uint64(person) * _SPREAD) >> _S32) & np.uint64(slots - 1))


@kernel
def row_of(slots: NDArray[np.int32], people: NDArray[np.int64], person: int) -> int:
    """Return the row of a person, or -1 for one who was not touched."""
    slot = slot_of(person, slots.shape[0])
    while True:
        row = slots[slot]
        if row < 0 or people[row, PERSON] == person:
            return row
        slot = (slot + 1) & (slots.shape[0] - 1)


@kernel
def added(state: State, person: int) -> int:
    """Return the row of a person, a new one where there is none, or -1 when there is no more room."""
    slots, people = state.slots, state.people
    slot = slot_of(person, slots.shape[0])
    while slots[slot] >= 0:
        if people[slots[slot], PERSON] == person:
            return slots[slot]
        slot = (slot + 1) & (slots.shape[0] - 1)
    row = state.count[N_PEOPLE]
    if row >= people.shape[0]:
        state.count[TROUBLE] = TOO_MANY_PEOPLE
        return -1
    state.count[N_PEOPLE] += 1
    slots[slot] = row
    people[row, PERSON], people[row, CASE], people[row, SLOT] = person, -1, slot
    people[row, HELD_FROM], people[row, HELD_UNTIL] = 0, 0
    return row


@kernel
def is_case(state: State, person: int) -> bool:
    """Return whether a person was infected."""
    row = row_of(state.slots, state.people, person)
    return row >= 0 and state.people[row, CASE] >= 0


@kernel
def keep_apart(state: State, apart: NDArray[np.int64]) -> None:
    """Note in an empty state who meets nobody: rows of person, from which minute, until which."""
    for number in range(apart.shape[0]):
        row = added(state, apart[number, 0])
        if row < 0:
            return
        state.people[row, HELD_FROM], state.people[row, HELD_UNTIL] = apart[number, 1], apart[number, 2]
        state.count[N_HELD] += 1


@kernel
def push(state: State, at: int, what: int, subject: int, by: int, kind: int, place: int) -> None:
    """Put an event into the heap."""
    number = state.count[N_EVENTS]
    if number >= state.events.shape[0]:
        state.count[TROUBLE] = TOO_MANY_EVENTS
        return
    state.count[N_EVENTS] += 1
    row = state.events[number]
    row[WHAT], row[SUBJECT], row[BY], row[EVENT_KIND], row[EVENT_PLACE] = what, subject, by, kind, place
    hole = state.count[N_HEAP]
    state.count[N_HEAP] += 1
    entry = at << 28 | number
    heap = state.heap
    while hole > 0:
        parent = (hole - 1) >> 1
        if heap[parent] <= entry:
            break
        heap[hole] = heap[parent]
        hole = parent
    heap[hole] = entry


@kernel
def pop(heap: NDArray[np.int64], count: NDArray[np.int64]) -> int:
    """Return the earliest entry, moment and number of the event, and take it out of the heap."""
    earliest = heap[0]
    count[N_HEAP] -= 1
    size = count[N_HEAP]
    entry, hole = heap[size], 0
    while True:
        child = 2 * hole + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= entry:
            break
        heap[hole] = heap[child]
        hole = child
    heap[hole] = entry
    return earliest


@small
def number_in(entry: int) -> int:
    """Return the number of the event in an entry of the heap."""
    return entry & ((1 << 28) - 1)


@kernel
def set_back(state: State) -> None:
    """Forget a replicate: only the slots it touched."""
    for row in range(state.count[N_PEOPLE]):
        state.slots[state.people[row, SLOT]] = -1
    state.count[:] = 0


@kernel
def sum_up(state: State, horizon: int, found: NDArray[np.int64], by_day: NDArray[np.int32]) -> None:
    """Write what one replicate came to: see `Replicates`; then the infections of each day."""
    found[:] = 0
    by_day[:] = 0
    minutes = state.count[PAST_MINUTES]
    for number in range(state.count[N_CASES]):
        case = state.cases[number]
        found[1] += case[FOUND_AT] >= 0
        found[2] += case[SYMPTOMS]
        found[3] = max(found[3], case[GENERATION])
        by_day[min(by_day.shape[0] - 1, case[INFECTED_AT] // 1440)] += 1
    for row in range(state.count[N_PEOPLE]):
        person = state.people[row]
        minutes += max(0, min(horizon, person[HELD_UNTIL]) - min(horizon, person[HELD_FROM]))
    found[0], found[4] = state.count[N_CASES], state.count[N_HELD]
    found[5], found[6] = minutes, state.count[N_EVENTS]
