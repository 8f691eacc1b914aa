"""From the text of one bulletin to proposed visits and what is said of the case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ringfence.tracing.itineraries import attributes as said
from ringfence.tracing.itineraries.lexicon import REST, STOP, Token, cut, sentences
from ringfence.tracing.itineraries.moments import linked, moments
from ringfence.tracing.itineraries.naming import COVER, without_names
from ringfence.tracing.itineraries.places import ends_like_a_place, is_place, place_before
from ringfence.tracing.itineraries.records import (
    Attribute,
    Bulletin,
    Certainty,
    Moment,
    ProposedVisit,
    Unread,
    Words,
)
from ringfence.tracing.itineraries.spans import Span, conflicts, span_of
from ringfence.tracing.itineraries.vehicles import in_words, numbered

_ACTS = ("hospital", "admitted", "observed", "activity", "stay", "discharge")
_RETURNING = ("返", "回", "抵", "来", "离", "返回", "到", "抵达", "来到", "赴")
_DENYING = ("否认", "未到过", "未去过", "没有")
_LONGEST_NAME = 30
_REPEATED = ("多次", "每天", "每日", "数次", "经常", "分别", "连续")
_WITHOUT_PLACE = ("hospital", "admitted", "observed", "activity")


def read_bulletin(text: str, *, published: date | None = None) -> Bulletin:
    """Return what a bulletin tells; `published` is its day, for years and months that are not told.

    Names are covered first, so the text of the answer has the same length and may differ in covered characters.
    """
    text = without_names(text)
    found = list(moments(text, published))
    reader = _Reader(text, found)
    for sentence in sentences(cut(text, _fixed(text, found))):
        reader.sentence(sentence)
    visits = conflicts(reader.visits)
    told = _first_of_each([*said.of_the_case(text, reader.labels), *reader.told], reader.told)
    return Bulletin(text, tuple(visits), tuple(told), tuple(found), tuple(reader.unread), published)


def _fixed(text: str, found: Sequence[Moment]) -> list[Token]:
    """Return moments and numbered vehicles as tokens; where they share characters the vehicle stands."""
    fixed = numbered(text)
    taken = {place for token in fixed for place in range(token.start, token.end)}
    fixed += [
        Token(m.words.start, m.words.end, "moment", m.words.text, m)
        for m in found
        if m.words.start not in taken and m.words.end - 1 not in taken
    ]
    return sorted(fixed, key=lambda token: token.start)


def _first_of_each(told: Sequence[Attribute], by_word: Sequence[Attribute]) -> list[Attribute]:
    """Return each thing once, and one home: that told by a word for living, else "a man of that county"."""
    homes = [e for e in by_word if e.field == "residence"] or [e for e in told if e.field == "residence"]
    once, kept = set[tuple[str, str]](), list[Attribute]()
    for entry in told:
        key = (entry.field, entry.value)
        if key not in once and (entry.field != "residence" or entry is homes[0]):
            once.add(key)
            kept.append(entry)
    return kept


@dataclass(slots=True)
class _Piece:
    """A place in a clause: how it was introduced, and where in the clause it stands."""

    words: Words
    role: str
    position: int
    by: Words | None


@dataclass(slots=True)
class _Reader:
    text: str
    found: Sequence[Moment]
    visits: list[ProposedVisit] = field(default_factory=list)
    told: list[Attribute] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    labels: list[Words] = field(default_factory=list)
    span: Span = field(default_factory=Span)

    def __post_init__(self) -> None:
        self.labels = said.labels(self.text)

    def sentence(self, tokens: Sequence[Token]) -> None:
        """Read one sentence, clause by clause; a moment opens a clause of its own."""
        self.told += said.residence(tokens, self.text)
        for clause, own in self._clauses(tokens):
            self._clause(clause, own)

    def _clauses(self, tokens: Sequence[Token]) -> Iterator[tuple[list[Token], bool]]:
        """Yield clauses with whether a moment of their own stands at their head; sets the span as it goes."""
        held: list[Token] = []
        own = False
        self.span = self.span.inherited()
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.kind == "moment":
                group, after = self._group(tokens, index)
                ahead = held[-2:] if not token.value.now else []
                if held and not (ahead and any(t.kind == "onset" for t in ahead) and not own):
                    yield held, own
                    held = []
                self.span = span_of(self.span, group)
                own, index = True, after
                continue
            if token.kind == STOP and token.text in "，,；;。！？!?\n":
                if held:
                    yield held, own
                    held, own = [], False
            else:
                held.append(token)
            index += 1
        if held:
            yield held, own

    def _group(self, tokens: Sequence[Token], index: int) -> tuple[list[Moment], int]:
        """Return moments that belong together (8:30-9:00, 20日至22日), and the index behind them."""
        group = [tokens[index].value]
        index += 1
        while True:
            ahead = next((at for at in range(index, min(index + 4, len(tokens))) if tokens[at].kind == "moment"), None)
            if ahead is None or not linked(self.text, group[-1], tokens[ahead].value):
                return group, index
            group.append(tokens[ahead].value)
            index = ahead + 1

    def _clause(self, clause: Sequence[Token], own: bool) -> None:
        self.told += said.dated(
            clause, self.span.first, self.span.words[-1] if self.span.words else None, self.text, own
        )
        self.told += said.relations(clause, self.labels, self.text)
        kinds = {token.kind for token in clause}
        words = Words(clause[0].start, clause[-1].end, self.text[clause[0].start : clause[-1].end])
        pieces = list(_pieces(clause, whole=own and self.span.clock_exact))
        home = said.lives(clause)
        denied = _denied(clause, kinds)
        usual = "usual" in kinds and not self.span.told
        if home or denied or usual or kinds & {"history", "report"}:
            if pieces and not home:
                self.unread.append(Unread(words, "itinerary.not_a_visit"))
            return
        made = list(self._visits(clause, words, pieces, kinds))
        if made:
            self.visits += made
            self.span = self.span.used()
        elif pieces or (own and not kinds & {"onset", "symptom", "confirmed", "result", "discharge"}):
            self.unread.append(Unread(words, "itinerary.not_understood"))

    def _visits(
        self, clause: Sequence[Token], words: Words, pieces: Sequence[_Piece], kinds: set[str]
    ) -> Iterator[ProposedVisit]:
        vehicles = tuple(in_words([t for t in clause if t.kind in ("vehicle", "seat")]))
        origin = next((p.words for p in pieces if p.role == "from"), None)
        base = ProposedVisit(
            words=words, moments=self.span.words, day=self.span.first, start=self.span.start, end=self.span.end,
            clock_exact=self.span.clock_exact, end_told=self.span.end_told, certainty=self.span.certainty,
            place=None, origin=origin, vehicles=vehicles, companions=tuple(self._companions(clause, kinds)),
            activity=None, going=None, repeated=any(word in words.text for word in _REPEATED),
        )  # fmt: skip
        there = [p for p in pieces if p.role != "from"]
        for number, piece in enumerate(there):
            visit = replace(base, place=piece.words, activity=_act(clause, piece.position), going=piece.by)
            if number:
                visit = replace(
                    visit, origin=None, start=self.span.day_start, end=self.span.day_end, clock_exact=False,
                    end_told=False, certainty=Certainty.INFERRED,
                )  # fmt: skip
            yield visit
        if there:
            return
        act = _act(clause, -1)
        left = any(token.text in ("离开", "离") for token in clause)
        if origin is not None and (vehicles or left or "depart" in kinds):
            yield replace(base, place=origin, origin=None, activity=act, going=act or origin)
        elif vehicles or (kinds & set(_WITHOUT_PLACE) and self.span.told):
            yield replace(base, activity=act)

    def _companions(self, clause: Sequence[Token], kinds: set[str]) -> Iterator[Words]:
        if "with" not in kinds:
            return
        for token in clause:
            if token.kind == "people":
                yield Words(token.start, token.end, token.text)
        first, last = clause[0].start, clause[-1].end
        yield from (label for label in self.labels if first <= label.start < last and label.start > 20)


def _denied(clause: Sequence[Token], kinds: set[str]) -> bool:
    """Tell whether a clause says that something was not so: 否认到过, 未去; 无不适后到 denies no going."""
    if "negation" not in kinds or kinds & {"hospital", "admitted"}:
        return False
    return "to" not in kinds or any(
        token.kind == "negation" and (token.text in _DENYING or after.kind == "to")
        for token, after in zip(clause, [*clause[1:], _END], strict=True)
    )


def _act(clause: Sequence[Token], behind: int) -> Words | None:
    """Return what was done: the first word of doing behind a position, else the word of going before it."""
    for token in clause[behind + 1 :]:
        if token.kind in _ACTS:
            return Words(token.start, token.end, token.text)
    for token in reversed(clause[: max(behind, 0)]):
        if token.kind in ("to", *_ACTS):
            return Words(token.start, token.end, token.text)
    for token in clause:
        if token.kind in ("depart", "ride", "to"):
            return Words(token.start, token.end, token.text)
    return None


def _pieces(clause: Sequence[Token], *, whole: bool) -> Iterator[_Piece]:
    """Yield the places of a clause with how they were introduced: from, to, at.

    `whole`: a clock time was told for the clause, so all between 在 and what was done there is where.
    """
    trigger: Token | None = None
    adjacent, until = False, -1
    for position, token in enumerate(clause):
        if position <= until:
            continue
        if token.kind in ("to", "at", "from"):
            trigger, adjacent = token, True
            between = _between(clause, position) if whole and token.kind == "at" else None
            if between is not None:
                until, words = between
                yield _Piece(words, "at", until, None)
            continue
        if token.text in ("在家", "居家"):
            yield _Piece(Words(token.end - 1, token.end, "家"), "at", position, None)
        if token.kind != REST:
            adjacent = adjacent and (
                (token.kind == STOP and token.text in "、 “（(：:") or token.text in ("该", "其", "了")
            )
            continue
        until, words = _with_brackets(clause, position)
        following = clause[until + 1] if until + 1 < len(clause) else _END
        role = trigger.kind if trigger is not None and adjacent else ""
        returning = bool(role) and trigger is not None and trigger.text in _RETURNING
        sure = bool(role) and (role != "at" or following.kind in _ACTS) and (trigger is None or trigger.text != "经")
        if following.kind == "person":
            adjacent = False
            continue
        if not is_place(token.text, behind_word=False, returning=returning):
            head = place_before(token.text) if role else ""
            if head:
                words = Words(token.start, token.start + len(head), head)
            elif not is_place(token.text, behind_word=sure, returning=returning):
                adjacent = False
                continue
        if not role:
            role = _bare_role(clause, position, until)
            if not role:
                continue
        by = Words(trigger.start, trigger.end, trigger.text) if trigger is not None and role == "to" else None
        yield _Piece(words, role, until, by)
        adjacent = following.kind == STOP and following.text == "、"


_END = Token(0, 0, STOP, "")


def _bare_role(clause: Sequence[Token], position: int, until: int) -> str:
    """Return how a place without a word before it is meant; empty where nothing is said to have happened there."""
    following = clause[until + 1] if until + 1 < len(clause) else _END
    if following.kind in ("to", "depart"):
        return "from"
    if any(token.kind in (*_ACTS, "usual") for token in clause[until + 1 :]):
        return "at"
    alone = not position and len(clause[position].text.strip()) > 2
    return "at" if alone and not any(t.kind in ("confirmed", "result", "person") for t in clause) else ""


_NO_NAME_HOLDS = frozenset(("moment", "vehicle", "seat", "to", "from", "at", "people", "symptom", "negation", "onset"))


def _between(clause: Sequence[Token], position: int) -> tuple[int, Words] | None:
    """Return the last position and the words between a word such as 在 and what was done, or None if there is more."""
    start = clause[position].end
    for at in range(position + 1, len(clause)):
        token = clause[at]
        if token.kind in (*_ACTS, "usual"):
            raw = "".join(other.text for other in clause[position + 1 : at])
            text = raw.strip(" 的内")
            lead = raw.index(text)
            if not 2 <= len(text) <= _LONGEST_NAME or text.startswith(("其", "该")) or not text.strip(COVER):
                return None
            return at - 1, Words(start + lead, start + lead + len(text), text)
        several = token.kind == "with" and is_place(clause[at - 1].text, behind_word=False)
        if token.kind in _NO_NAME_HOLDS or several or token.text == "、":
            return None
    return None


def _with_brackets(clause: Sequence[Token], position: int) -> tuple[int, Words]:
    """Return the last position and the words of a place with a second name in brackets behind it, if it has one."""
    token = clause[position]
    following = clause[position + 1 : position + 4]
    kinds = [t.kind for t in following]
    if kinds == [STOP, REST, STOP] and following[0].text in "（(" and following[2].text in "）)":
        inside = following[1].text
        if ends_like_a_place(inside) and inside.endswith(("医院", "院区", "分院", "院")):
            text = token.text + "".join(t.text for t in following)
            lead = len(text) - len(text.lstrip())
            return position + 3, Words(token.start + lead, following[2].end, text[lead:])
    return position, _stripped(token)


def _stripped(token: Token) -> Words:
    text = token.text.strip()
    start = token.start + token.text.index(text)
    return Words(start, start + len(text), text)
