"""Who sat near whom in a train, aircraft, coach or ship, from seats as people write them.

Nothing is guessed: a seat that cannot be read, or two ways to read it that disagree, answers None, and is asked.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

WITHOUT_CARRIAGES = ("aircraft", "coach_sealed", "coach_open", "taxi", "car")


class Seat(NamedTuple):
    """One seat or berth: carriage (an extra one is `+1`), row and letter, or a number, tier of a berth, cabin."""

    carriage: str | None = None
    row: int | None = None
    letter: str | None = None
    number: int | None = None
    tier: str | None = None
    compartment: str | None = None


_TOKEN = re.compile(
    r"[^\s()\[\],，、;；:。]*[A-Z]+-?\d[^\s()\[\],，、;；:。]*?次|\b[A-Z]{1,2}-?\d{2,4}(?=[\s(\[,，、;；:-])"
)
_DINING = re.compile(r"餐厅车厢|餐车")
_CARRIAGE = re.compile(
    r"(?<![0-9A-Z])(?:第\s*)?(加?)\s*0*([1-9]\d?)\s*(?:号\s*)?车(?:[厢箱]|(?![次票辆牌]|站(?!票)))"
    r"|车厢\s*()0*([1-9]\d?)(?![0-9]|\s*[号车A-L])"
    r"|\b(?:CARRIAGE|COACH|CAR|WAGON)\s*(?:NO\.?\s*)?()0*([1-9]\d?)\b"
)
_CABIN = re.compile(
    r"(?:(?:CABIN|COMPARTMENT|ROOM)\s*|包[厢间房]\s*)([A-Z]?\d{1,5})|([A-Z]?\d{1,5})\s*号?\s*(?:包[厢间房]|舱|客房)"
)
_ROW_LETTER = re.compile(r"(?<![A-Z0-9])0*([1-9]\d{0,2})\s*排?\s*-?\s*([A-L])(?![A-Z0-9])")
_ROW_ONLY = re.compile(r"(?<![A-Z0-9])0*([1-9]\d?)\s*排|\bROW\s*0*([1-9]\d?)\b")
_BERTH = re.compile(r"(?<![A-Z0-9])0*([1-9]\d{0,2})\s*号?\s*([上中下])铺")
_NUMBER = re.compile(
    r"(?<![A-Z0-9])0*([1-9]\d{0,2})\s*(?:(?:号座位?|座位?|号)(?!车)|(?=\s*[、,和]\s*\d{1,3}\s*[号座]))"
    r"|\b(?:SEAT|BERTH|NO\.?)\s*0*([1-9]\d{0,2})\b(?![A-Z])"
    r"|座位号?[为是:]?\s*0*([1-9]\d{0,2})(?![A-Z0-9])"
)
_BARE = re.compile(r"[\s,，]*0*([1-9]\d{0,2})[\s,，]*")
_CARRIAGE_AND_NUMBER = re.compile(r"0*([1-9]\d?)\s*-\s*0*([1-9]\d{0,2})")
_UNSEATED = re.compile(r"无座|站票|STANDING")


@lru_cache(maxsize=65536)
def read_seats(text: str) -> tuple[Seat, ...]:
    """Return the seats that a text names, none where it cannot be read. Who moved, or a couple, has several."""
    plain = unicodedata.normalize("NFKC", text).upper().strip()
    plain = _TOKEN.sub(" ", plain)
    if not plain.strip() or _DINING.search(plain):
        return ()
    both = _CARRIAGE_AND_NUMBER.fullmatch(plain.strip())
    if both is not None:
        return (Seat(carriage=both[1], number=int(both[2])),)
    found = list(_CARRIAGE.finditer(plain))
    if not found:
        return _in_carriage(plain, None)
    if plain[: found[0].start()].strip(" ,，、座位号:()-") and _ROW_LETTER.search(plain[: found[0].start()]):
        return ()  # a seat before the first carriage: not known whose it is
    seats: list[Seat] = []
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(plain)
        extra, digits = next((match[i] or "", match[i + 1]) for i in (1, 3, 5) if match[i + 1])
        carriage = ("+" if extra else "") + str(int(digits))
        rest = plain[match.end() : end]
        seats += _in_carriage(rest, carriage) or (Seat(carriage=carriage),)
    return tuple(seats)


@lru_cache(maxsize=65536)
def near(seat: str | None, case_seat: str | None, vehicle: str | None, rule: str, rows: int = 0) -> bool | None:
    """Return whether a seat is near that of the case by a rule; None where the texts do not tell.

    Rules: `everyone`; `same_row`; `rows`, so many rows before or behind; `carriage`; `compartment`; `bays`, the same
    or the next one; `cabin`. Where either named several seats, they must agree.
    """
    if rule == "everyone":
        return True
    if not seat or not case_seat:
        return None
    found = {_near(a, b, vehicle, rule, rows) for a in read_seats(seat) for b in read_seats(case_seat)}
    return found.pop() if len(found) == 1 else None


def _in_carriage(text: str, carriage: str | None) -> tuple[Seat, ...]:
    """Return the seats that a text names within one carriage, by the first way of writing them that fits."""
    cabins = [m[1] or m[2] for m in _CABIN.finditer(text)]
    compartment = cabins[0].lstrip("0") or None if len(cabins) == 1 else None
    lettered = [Seat(carriage, int(m[1]), m[2], compartment=compartment) for m in _ROW_LETTER.finditer(text)]
    if lettered:
        return tuple(dict.fromkeys(lettered))
    berths = [Seat(carriage, None, None, int(m[1]), m[2], compartment) for m in _BERTH.finditer(text)]
    if berths:
        return tuple(dict.fromkeys(berths))
    rows = [Seat(carriage, int(m[1] or m[2])) for m in _ROW_ONLY.finditer(text)]
    if rows:
        return tuple(dict.fromkeys(rows))
    if compartment is not None:
        return (Seat(carriage, compartment=compartment),)
    if _UNSEATED.search(text):
        return (Seat(carriage),) if carriage is not None else ()
    numbers = [Seat(carriage, number=int(m[1] or m[2] or m[3])) for m in _NUMBER.finditer(text)]
    bare = _BARE.fullmatch(text)
    if not numbers and bare is not None:
        numbers = [Seat(carriage, number=int(bare[1]))]
    return tuple(dict.fromkeys(numbers))


def _near(seat: Seat, case: Seat, vehicle: str | None, rule: str, rows: int) -> bool | None:
    same: bool | None = True
    if vehicle not in WITHOUT_CARRIAGES and rule != "cabin":
        if seat.carriage is None or case.carriage is None:
            same = None
        elif seat.carriage != case.carriage:
            return False
    if rule == "carriage":
        return same
    if rule in ("same_row", "rows"):
        return _and(same, _within_rows(seat, case, rows if rule == "rows" else 0))
    if rule == "cabin":
        if seat.compartment is None or case.compartment is None:
            return None
        return seat.compartment == case.compartment and _agree(seat.carriage, case.carriage)
    return _and(same, _within_bays(seat, case, 1 if rule == "bays" else 0))


def _and(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def _agree(first: str | None, second: str | None) -> bool:
    return first is None or second is None or first == second


def _within_rows(seat: Seat, case: Seat, rows: int) -> bool | None:
    if seat.row is None or case.row is None:
        return None
    return abs(seat.row - case.row) <= rows


def _within_bays(seat: Seat, case: Seat, bays: int) -> bool | None:
    """Return whether two seats lie in one compartment or bay, or next to each other.

    Seats by row and letter have no compartments; rows next to each other are bays next to each other.
    """
    if seat.compartment is not None and case.compartment is not None:
        if bays and seat.compartment.isdigit() and case.compartment.isdigit():
            return abs(int(seat.compartment) - int(case.compartment)) <= bays
        return seat.compartment == case.compartment or (None if bays else False)
    if seat.row is not None and case.row is not None:
        return _within_rows(seat, case, bays) if bays else None
    return _within_berths(seat, case, bays)


def _within_berths(seat: Seat, case: Seat, bays: int) -> bool | None:
    """Return whether two numbered berths lie so.

    Berths of a hard sleeper are numbered by two to a bay, those of a soft sleeper by four to a compartment. Where the
    texts do not tell which it is, both must agree. A middle tier is of a hard sleeper.
    """
    if seat.number is None or case.number is None or not (seat.tier and case.tier):
        return None
    hard = abs((seat.number - 1) // 2 - (case.number - 1) // 2) <= bays
    if "中" in (seat.tier, case.tier):
        return hard
    soft = abs((seat.number - 1) // 4 - (case.number - 1) // 4) <= bays
    return hard if hard is soft else None
