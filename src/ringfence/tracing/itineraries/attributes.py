"""What a bulletin says of the case herself: label, sex, age, home, relation; onset, admission, confirmation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ringfence.tracing.itineraries.lexicon import Token
from ringfence.tracing.itineraries.places import is_place
from ringfence.tracing.itineraries.records import Attribute, Day, Words

_NUMERALS = "零一二三四五六七八九十百"
_LABEL = re.compile(
    rf"(?:新增|本地)?(?:确诊|无症状感染者?|阳性)?(?:患者|病例|病人|感染者|个案)\s?(?:\d{{1,4}}(?![\d岁月日年例名])|[{_NUMERALS}]{{1,4}}(?![岁月日年例名般]))"
    rf"|第\s?(?:\d{{1,4}}|[{_NUMERALS}]{{1,4}})\s?例(?:确诊(?:病例|患者)|病例|患者)?"
)
_NUMBERED = re.compile(r"\s*(\d{1,3})\s?[.．、:：]")
_SEX = re.compile(
    r"(?:(?<=[，,、：:（(\s岁。;；/])|(?<=性别)|(?<=某)|(?<=○)|(?<=[\d一二三四五六七八九十])|^)(男|女)(?:性)?(?=[，,、。；;）)\s\d患/]|性|$|○|病)"
)
_AGE = re.compile(r"(?<![\d.])(\d{1,3})\s?(?:周岁|岁)(?!以)|(?<![\d.])(\d{1,2})\s?(?:个月龄?|月龄)(?=[，,、。大]|$)")
_LIVES_IN = re.compile(
    r"(?:^|(?<=[，,、。；;：:\s）)]))(?:(?:系|为|籍贯)?([\u4e00-\u9fff]{2,24}?)(?:籍|人|户籍|居民|村民)(?=[，,。；;、（(\s]|$)"
    r"|([\u4e00-\u9fff]{2,20})(?=\d{1,3}岁)|([\u4e00-\u9fff]{2,14}?)(?=患者))"
)
_NO_HOME = tuple("家本病商老工军他客国等友亲夫男女责绍一二两三四五六病患当某")
_NOTHING = Token(0, 0, "stop", "")
_DATED = {"hospital": "hospital", "admitted": "admitted", "confirmed": "confirmed", "discharge": "discharged"}
_HOME_FIRST = re.compile(r"^(?:在|于(?!洪区|都县|田县)|地|为|址|：|:|是|\s)+")


def labels(text: str) -> list[Words]:
    """Return every mention of a numbered case."""
    return [Words(m.start(), m.end(), m[0]) for m in _LABEL.finditer(text)]


def of_the_case(text: str, mentions: Sequence[Words]) -> Iterator[Attribute]:
    """Yield label, sex, age and where she comes from, each as first told."""
    own = next((label for label in mentions if label.start <= 20), None)
    numbered = _NUMBERED.match(text)
    if own is not None:
        yield Attribute("id", re.sub(r"\s", "", own.text), own)
    elif numbered:
        yield Attribute("id", numbered[1], Words(numbered.start(1), numbered.end(1), numbered[1]))
    sex = _SEX.search(text)
    if sex:
        end = sex.end()
        yield Attribute("sex", "male" if sex[1] == "男" else "female", Words(sex.start(), end, text[sex.start() : end]))
    age = _AGE.search(text)
    if age:
        value = age[1] if age[1] else f"{age[2]} months"
        if age[2] or int(age[1]) <= 120:
            yield Attribute("age", value, Words(age.start(), age.end(), age[0]))
    for lives in _LIVES_IN.finditer(text):
        home = lives[1] or lives[2] or lives[3]
        near = lives.start() < 40 and lives[1] is not None and len(home) <= 3 and not home.endswith(_NO_HOME)
        if near or is_place(home, behind_word=False):
            start = text.index(home, lives.start())
            yield Attribute("residence", home, Words(start, start + len(home), home))
            return


def lives(clause: Sequence[Token]) -> bool:
    """Tell whether a clause says where she lives."""
    return any(
        token.kind == "residence"
        or (token.text in ("居住", "住") and after.kind == "rest" and is_place(after.text, behind_word=False))
        for token, after in zip(clause, [*clause[1:], _NOTHING], strict=True)
    )


def residence(tokens: Sequence[Token], text: str) -> Iterator[Attribute]:
    """Yield where she lives, from the words behind a word such as 现住."""
    for position, token in enumerate(tokens[:-1]):
        if not lives(tokens[position : position + 2]) or token.kind not in ("residence", "stay", "other"):
            continue
        end = token.end
        # Names of quarters may hold words of the table: all is taken until the next stop.
        for number, later in enumerate(tokens[position + 1 :]):
            if later.kind == "stop" and later.text not in "：: ":
                break
            if number and later.kind in ("moment", "vehicle", "to", "activity", "negation", "usual"):
                break
            end = later.end
        piece = text[token.end : end]
        lead = _HOME_FIRST.match(piece)
        start = token.end + (lead.end() if lead else 0)
        words = text[start:end].rstrip()
        if words.endswith("人"):
            words = words[:-1]
        if 2 <= len(words) <= 40:
            yield Attribute("residence", words, Words(start, start + len(words), words))
            return


def dated(
    clause: Sequence[Token], day: Day | None, moment: Words | None, text: str, own_moment: bool
) -> Iterator[Attribute]:
    """Yield onset, hospital, admission, confirmation and discharge that a clause puts on a day, or on today."""
    if moment is None:
        return
    value = "now" if day is None else day.date.isoformat() if day.date else f"--{day.month:02d}-{day.day:02d}"
    kinds = {token.kind for token in clause}
    for position, token in enumerate(clause):
        words = Words(token.start, token.end, token.text)
        field = _DATED.get(token.kind)
        if token.kind == "onset" and (
            token.text.startswith(("发病", "起病", "病发", "出现症状")) or "symptom" in kinds
        ):
            if "people" in kinds and position and clause[position - 1].kind in ("people", "moment"):
                continue
            if text[token.end : token.end + 1] in ("前", "后", "以") or text.startswith("无", token.end):
                continue
            field = "onset"
        elif token.kind == "symptom" and own_moment and not position and not kinds & {"onset", "negation"}:
            if text.startswith(("加重", "缓解", "好转", "消失", "未", "减轻"), token.end):
                continue
            field = "onset"
        elif (token.kind == "confirmed" and text.startswith(("病例", "患者", "病人", "的"), token.end)) or (
            token.kind in ("hospital", "admitted") and "negation" in kinds
        ):
            field = None
        if field is not None and (day is not None or field == "admitted"):
            yield Attribute(field, value, words, day, moment)


def relations(clause: Sequence[Token], mentions: Sequence[Words], text: str) -> Iterator[Attribute]:
    """Yield what she is to another case, from a clause that names both."""
    if not clause:
        return
    first, last = clause[0].start, clause[-1].end
    others = [m.text for m in mentions[1:] if first <= m.start < last]
    told = others or [word for word in ("确诊病例", "确诊患者", "感染者", "确诊病人") if word in text[first:last]]
    if not told:
        return
    for token in clause:
        if (
            token.kind == "people"
            and text[token.start - 1 : token.start] not in ("其", "无", "及")
            and (others or not token.text.startswith(("密", "接触")))
        ):
            yield Attribute("relation", f"{token.text} {told[0]}", Words(token.start, token.end, token.text))
