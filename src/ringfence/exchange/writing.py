"""How numbers, times and words are written for a reader of Chinese or English, safe inside a page."""

from __future__ import annotations

from datetime import date, datetime
from html import escape

from ringfence.vocabulary.words import sentence

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "zh": tuple("周" + d for d in "一二三四五六日")}


def word(code: str, language: str, **values: object) -> str:
    """Return a sentence of the page, escaped."""
    return safe(sentence(f"page.{code}", values, language))


def safe(text: str) -> str:
    """Return a text that no page takes for markup; characters that XML forbids or that turn the reading order go."""
    return escape("".join(c if _harmless(c) else "\ufffd" for c in text), quote=True)


def number(value: int) -> str:
    """Return a whole number with its thousands set apart."""
    return f"{value:,}"


def day(when: date, language: str, *, year: bool = False, weekday: bool = False) -> str:
    """Return a date: 25 Jun, 6月25日; with the year or the day of the week where asked."""
    if language == "zh":
        text = f"{when.month}月{when.day}日"
        return (f"{when.year}年" if year else "") + text + (f" {_DAYS['zh'][when.weekday()]}" if weekday else "")
    text = f"{when.day} {_MONTHS[when.month - 1]}"
    return (f"{_DAYS['en'][when.weekday()]} " if weekday else "") + text + (f" {when.year}" if year else "")


def moment(when: datetime, language: str, *, year: bool = False) -> str:
    """Return a date with its time of day."""
    return f"{day(when, language, year=year)} {when:%H:%M}"


def duration(minutes: int, language: str) -> str:
    """Return a length of time in hours and minutes."""
    hours, rest = divmod(minutes, 60)
    hour, minute = ("小时", "分") if language == "zh" else ("h", "min")
    if not hours:
        return f"{rest} {minute}"
    return f"{number(hours)} {hour}" + (f" {rest:02d} {minute}" if rest else "")


def brief_duration(minutes: int, language: str) -> str:
    """Return a length of time where room is short: 42 min, 13h 44m, 13时44分."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return duration(minutes, language)
    return f"{number(hours)}时{rest:02d}分" if language == "zh" else f"{number(hours)}h {rest:02d}m"


def listed(texts: list[str], language: str) -> str:
    """Return several short texts in a row."""
    return ("；" if language == "zh" else "; ").join(texts)


def shortened(text: str, most: int) -> str:
    """Return a text cut in its middle when it is wider than `most` Latin letters; both ends tell ids apart."""
    if width(text) <= most:
        return text
    head, tail = "", ""
    for front, back in zip(text, reversed(text), strict=True):
        if width(head + front + tail) + 1 > most:
            break
        head += front
        if width(head + back + tail) + 1 > most:
            break
        tail = back + tail
    return f"{head}…{tail}"


def width(text: str) -> int:
    """Return the width of a text in Latin letters; a Han character takes two."""
    return sum(2 if ord(c) >= 0x2E80 else 1 for c in text)


def _harmless(c: str) -> bool:
    turning = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    return (
        (c >= " " or c in "\t\n") and c not in turning and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) & 0xFFFE != 0xFFFE
    )
