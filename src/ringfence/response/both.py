"""Sentences in both languages at once, as the answer carries them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ringfence.rules.duties import Because, Duty
from ringfence.rules.telling import Teller
from ringfence.vocabulary.subjects import Subject
from ringfence.vocabulary.words import sentence

Said = dict[str, str]
LANGUAGES = ("en", "zh")


def say(code: str, **values: object) -> Said:
    """Return a sentence of ours in both languages; a value that is itself said in both is put in by language."""
    return {
        language: sentence(code, {k: v[language] if isinstance(v, dict) else v for k, v in values.items()}, language)
        for language in LANGUAGES
    }


def listed(parts: Iterable[Said]) -> Said:
    """Return parts joined as a list is."""
    parts = list(parts)
    return {"en": ", ".join(p["en"] for p in parts), "zh": "、".join(p["zh"] for p in parts)}


@dataclass(frozen=True, slots=True)
class Tellers:
    """One teller for each language."""

    en: Teller
    zh: Teller

    @classmethod
    def like(cls, teller: Teller) -> Tellers:
        """Return the tellers of both languages for what one tells."""
        return cls(replace(teller, language="en"), replace(teller, language="zh"))

    def both(self, method: str, *arguments: Any) -> Said:
        """Return what a method of the tellers says in both languages."""
        return {language: str(getattr(getattr(self, language), method)(*arguments)) for language in LANGUAGES}

    def moment(self, moment: datetime) -> str:
        """Return a moment on the clocks of the pack with its offset, as programs read it."""
        return moment.astimezone(self.en.zone).isoformat(timespec="minutes")

    def why(self, reasons: Iterable[Because]) -> list[dict[str, str]]:
        """Return reasons as sentences, each with the clause that it rests on."""
        return [
            {
                "en": self.en.because(why),
                "zh": self.zh.because(why),
                "clause": self.zh.clause(why) if why.clause else "",
                "clause_en": self.en.clause(why) if why.clause else "",
            }
            for why in reasons
        ]

    def duty(self, duty: Duty, now: datetime, given: Mapping[int, str]) -> dict[str, Any]:
        """Return a duty as the answer carries it."""
        what = self.both("what", duty)
        who = given.get(duty.subject.number) if duty.subject.kind in _PEOPLE else None
        return {
            "key": duty.key, "kind": duty.kind, "subject": str(duty.subject), "who": who, "desk": duty.desk,
            "desk_en": self.en.word("desk", duty.desk), "desk_zh": self.zh.word("desk", duty.desk),
            "begins": self.moment(duty.begins), "due": None if duty.due is None else self.moment(duty.due),
            "until": None if duty.until is None else self.moment(duty.until), "state": duty.state(now), **what,
            **{f"subject_{lang}": said for lang, said in self.subject(duty.subject).items()},
            "why": self.why(duty.because),
        }  # fmt: skip

    def subject(self, subject: Subject) -> Said:
        """Return whom something is about."""
        return self.both("subject", subject)


_PEOPLE = ("infection", "contact", "person")
