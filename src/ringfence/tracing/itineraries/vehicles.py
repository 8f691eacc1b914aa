"""Vehicles in a text: trains, flights, buses and metros with their numbers, carriages and seats, and cars."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ringfence.tracing.itineraries.lexicon import Token
from ringfence.tracing.itineraries.records import Vehicle, Words

_NOUN = (
    r"高铁|动车组?|火车|城际列车|列车|快车|特快|飞机|航班|班机|中巴车|大巴车?|客车|网约车|出租车"
    r"|滴滴打车|滴滴|的士|私家车"
)
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_NUMBER = (
    r"(?P<train>(?<![A-Za-z0-9])(?:[GDCZKYSL]\d{1,4}|T\d{2,4}|T\d(?=次)))(?![A-Za-z\d]|\s?(?:高速|国道|省道|公路))"
    r"|(?P<flight>(?<![A-Za-z0-9])(?<!船次)(?:[A-Z]{2}|[A-Z]\d|\d[A-Z])\d{3,4})(?![A-Za-z\d])"
    r"|(?P<bus>(?<![\dA-Za-z])[A-Z]?\d{1,3}路)(?=公交|公共|车|大巴|[，,。）)、]|\s|至|到|从|前|回|返)"
    r"|(?P<metro>(?:地铁|轨道交通|轻轨)\s?(?:\d{1,2}|[一二三四五六七八九十]{1,2})号?线)"
    rf"|(?P<plate>[{_PROVINCES}][A-Z]\s?[·.]?\s?[A-Z0-9]{{4,6}}(?![A-Z0-9]))"
)
_VEHICLE = re.compile(
    rf"(?:(?P<before>{_NOUN}|[\u4e00-\u9fff]{{2}}航空)\s?[（(，,]?\s?)?(?:车次|航班|车牌|班次)?号?[：:]?\s?(?:{_NUMBER})"
    rf"(?:\s?次)?(?:号)?(?:\s?(?:{_NOUN}|公交车?|公共汽车|航班|车(?!厢|箱|\d)))?"
)
_CARRIAGE = re.compile(
    r"(?<![A-Za-z\d])(?P<carriage>\d{1,2})\s?号?\s?(?:车[厢箱]|车(?=\s?\d|\s?无座)|号车(?![牌站]))"
    r"(?:[、，,]?\s?(?P<seat>无座|\d{1,3}\s?[A-K]\s?座?位?|\d{1,3}\s?号?\s?[上中下]铺"
    r"|\d{1,3}\s?(?:号座?位?|座)|(?<=车)\d{2,3}(?!\d)))?"
    r"|座位号?\s?[：:为是]?\s?(?P<alone>\d{1,3}\s?排?\s?[A-K]\s?座?(?:[、，,和]\s?\d{1,3}[A-K])*)"
    r"|(?<![A-Za-z\d])(?P<plain>\d{1,2}[A-FH-K])(?:座|(?![A-Za-z\d]))"
)


def numbered(text: str) -> list[Token]:
    """Return vehicles with numbers, and carriages with seats, as tokens in order; the value is a Vehicle or a match."""
    found = [_vehicle_token(match) for match in _VEHICLE.finditer(text)]
    taken = [(token.start, token.end) for token in found]
    for match in _CARRIAGE.finditer(text):
        if all(match.end() <= start or match.start() >= end for start, end in taken):
            found.append(Token(match.start(), match.end(), "seat", match[0], _seat(match)))
    return sorted(found, key=lambda token: token.start)


def _vehicle_token(match: re.Match[str]) -> Token:
    kind = next(kind for kind in ("train", "flight", "bus", "metro", "plate") if match[kind])
    words = Words(match.start(), match.end(), match[0])
    return Token(match.start(), match.end(), "vehicle", match[0], Vehicle(words, match[kind].replace(" ", ""), kind))


def _seat(match: re.Match[str]) -> tuple[str, str]:
    seat = match["seat"] or match["alone"] or match["plain"] or ""
    return match["carriage"] or "", seat.replace(" ", "").removesuffix("位").removesuffix("座")


def in_words(tokens: Sequence[Token]) -> list[Vehicle]:
    """Return the vehicles that tokens tell of, each with the carriage and seat told behind it."""
    found: list[Vehicle] = []
    for token in tokens:
        words = Words(token.start, token.end, token.text)
        if token.kind == "vehicle":
            vehicle = token.value or Vehicle(words)
            if found and not found[-1].number and found[-1].words.end == token.start:
                vehicle = replace(
                    vehicle, words=Words(found[-1].words.start, token.end, found[-1].words.text + token.text)
                )
                found[-1] = vehicle
            else:
                found.append(vehicle)
        elif token.kind == "seat":
            carriage, seat = token.value
            if not found:
                found.append(Vehicle(words))
            last = found[-1]
            found[-1] = replace(
                last, carriage=carriage or last.carriage, seat=seat or last.seat,
                seat_words=(*last.seat_words, words),
            )  # fmt: skip
    return found
