"""The plan of the tiny city's night: a pool is abnormal at 00:30; Wei, Fang, the workshop, the market."""

from __future__ import annotations

from typing import Any

# ruff: noqa: E501

NIGHT = "2022-03-08T00:52:00+08:00"
SCRIPT = "<script>alert(1)</script>"
TYPST = '#panic("run") $x$ *b* `#read("/etc/passwd")` \\ @a <b> ]#[ "'


def two(en: str, zh: str, **more: Any) -> dict[str, Any]:
    return {"en": en, "zh": zh, **more}


def at(day: int, clock: str) -> str:
    return f"2022-03-{day:02d}T{clock}:00+08:00"


WORKSHOP, MARKET, HOME = two("Workshop 2", "2 号车间"), two("North market", "北门市场"), two("Home", "家中")
PLAN_8 = two("plan 8, annex 4, 1.2", "第八版附件 4 第 1.2 条")


def duty(kind: str, who: str, desk: str, due: str, en: str, zh: str, *, state: str = "open") -> dict[str, Any]:
    why = [
        two(
            "The pool of ten was abnormal at 00:30; Wei is one of the ten.",
            "00:30 十混一管异常，伟在其中。",
            clause=PLAN_8,
        )
    ]
    return two(en, zh, key=f"{kind}:{who}", kind=kind, subject=who, who=who, desk=desk, due=due, state=state, why=why)


def candidate(
    rank: int, person: str, cls: str, group: str, place: dict[str, Any], minutes: int, en: str, zh: str, **more: Any
) -> dict[str, Any]:
    return {
        "person": person,
        "class": cls,
        "band": "very_strong" if minutes >= 240 else "some",
        "group": group,
        "minutes": minutes,
        "first": at(6, "08:00"),
        "last": at(7, "17:30"),
        "places": [place],
        "channels": ["visits"],
        "why": [two(en, zh)],
        "questions": [two("Masked?", "是否戴口罩？")],
        "clause": PLAN_8,
        "call_rank": rank,
        "vulnerable": [],
        **more,
    }


def _duties() -> list[dict[str, Any]]:
    reach = ("Reach and ask to stay there; own single tube now.", "联系本人，请就地等候，立即单管复采。")
    names = ("Wei 伟", "Fang 芳", "Chen 陈", "Bo 波", "Hua 华")
    return [
        duty("notify", "Wei 伟", "investigation", at(8, "00:45"), *reach),
        *(duty("hold", name, "community", at(8, "01:30"), *reach) for name in names[1:]),
        duty(
            "report",
            "incident",
            "alerts",
            at(8, "02:30"),
            "Report the abnormal pool to the city centre for disease control.",
            "向市疾控报告混管异常。",
        ),
        duty(
            "test",
            "tube T-0412",
            "testing",
            at(8, "03:00"),
            "Second test of the ten, singly, two kits.",
            "十人单采、双试剂复核。",
        ),
        duty(
            "interview",
            "Wei 伟",
            "investigation",
            at(8, "04:30"),
            "Core information of Wei within four hours.",
            "四小时内完成伟的核心流调。",
        ),
        duty(
            "letter",
            "Li 李",
            "letters",
            at(8, "03:30"),
            "Letter to the motorway county: Li left on the 22:10 coach.",
            "致高速沿线县协查函：李乘 22:10 班车离开。",
        ),
        duty(
            "disinfect",
            "workshop 2",
            "disinfection",
            at(8, "12:00"),
            "Disinfect workshop 2 after sampling.",
            "采样后对 2 号车间终末消毒。",
        ),
        duty(
            "report", "daily", "command", at(8, "08:00"), "Situation report 1 for the meeting.", "会商用第 1 期专报。"
        ),
    ]


def _candidates() -> list[dict[str, Any]]:
    mates = ("Chen 陈", "Bo 波", "Hua 华", "Jun 军", "Ling 玲", "Tao 涛")
    stalls = ("Li 李", "Mei 梅", "Qiang 强", "Xia 霞")
    return [
        candidate(
            1,
            "Fang 芳",
            "close",
            "g1",
            HOME,
            2410,
            "Same household, every night.",
            "同住，每晚在一起。",
            vulnerable=["pregnant"],
        ),
        candidate(
            2,
            "Grandfather 爷爷",
            "close",
            "g1",
            HOME,
            2280,
            "Same household; eats with Wei.",
            "同住，与伟同桌吃饭。",
            vulnerable=["over_70", "insulin"],
        ),
        *(
            candidate(
                3 + n,
                name,
                "close",
                "g2",
                WORKSHOP,
                510 - n * 10,
                f"Table {n + 1}, same shift.",
                f"同班，第 {n + 1} 台。",
            )
            for n, name in enumerate(mates)
        ),
        *(
            candidate(
                9 + n,
                name,
                "general",
                "g3",
                MARKET,
                14 - n,
                f"Stall row {n + 1}, after Wei had left.",
                f"第 {n + 1} 排摊位，伟离开之后到。",
            )
            for n, name in enumerate(stalls)
        ),
    ]


def _groups() -> list[dict[str, Any]]:
    shared = [two("Wei was there both days and unmasked.", "伟两天均在场，未戴口罩。")]
    people = {"g1": ["Fang 芳", "Grandfather 爷爷"], "g2": [], "g3": []}
    for one in _candidates()[2:]:
        people[one["group"]].append(one["person"])
    texts = {
        "g1": (two("Household of Wei", "伟的家庭"), HOME, "close", two("lives together", "同住")),
        "g2": (
            two("Day shift of workshop 2", "2 号车间白班"),
            WORKSHOP,
            "close",
            two("same closed room, over 60 min", "同一密闭空间 60 分钟以上"),
        ),
        "g3": (
            two("North market, 7 March", "北门市场 3月7日"),
            MARKET,
            "general",
            two("same place within 2 h", "两小时内同一场所"),
        ),
    }
    return [
        {
            "id": name,
            **told,
            "place": place,
            "from": at(6, "08:00"),
            "until": at(7, "17:30"),
            "rule": rule,
            "n": len(people[name]),
            "class": cls,
            "shared": shared,
            "differs": [two("table or row", "台位或排位")],
            "people": people[name],
        }
        for name, (told, place, cls, rule) in texts.items()
    ]


def _case() -> dict[str, Any]:
    seen = [
        (5, "18:40", 23, "Home", HOME),
        (6, "08:00", 12, "Work", WORKSHOP),
        (6, "13:00", 18, "Work", WORKSHOP),
        (6, "18:40", 23, "Home", HOME),
        (7, "08:00", 17, "Work", WORKSHOP),
        (7, "17:50", 18, "Bought vegetables", MARKET),
    ]
    words = {"Home": "在家", "Work": "上班", "Bought vegetables": "买菜"}
    visits = [
        two(en, words[en], at=at(day, clock), until=at(day, f"{end}:30"), kind="visit", place=place)
        for day, clock, end, en, place in seen
    ]
    return {
        "id": "case-1",
        "subject": "infection:1",
        "state": "presumptive",
        "age": 34,
        "sex": "m",
        "name": "Wei 伟",
        "onset": at(7, "09:00"),
        "first_positive": at(7, "19:20"),
        "isolated": None,
        "infectious": [at(5, "00:00"), at(8, "00:52")],
        "timeline": [
            *visits,
            two("Sore throat, told to the sampler", "咽痛，采样时自述", at=at(7, "09:00"), kind="onset"),
            two(
                "Sampled in the workshop's round, tube T-0412",
                "车间集采，T-0412 管",
                at=at(7, "19:20"),
                kind="sample",
                place=WORKSHOP,
            ),
        ],
    }


def _if_assessed() -> dict[str, Any]:
    days = [f"2022-03-{day:02d}" for day in range(8, 23)]
    tested = (1, 2, 3, 5, 8, 14)
    duties = [
        {
            **duty(
                "measure",
                one["person"],
                "measures",
                at(8, "12:00"),
                "Agree on quarantine at a site, by agreement.",
                "商定集中隔离，签同意书。",
            )
        }
        for one in _candidates()
        if one["class"] == "close"
    ]
    return {
        "by_class": {"close": 8, "general": 4},
        "measures": [
            {
                "class": "close",
                "rung": "agreement",
                "course": "quarantine_site",
                "stage": "stay_apart",
                "n": 8,
                "person_days": 112,
            },
            {"class": "general", "rung": "advice", "course": "watch_self", "stage": "", "n": 4, "person_days": 0},
        ],
        "tests_by_day": [{"day": day, "n": 8 if n in tested else 0} for n, day in enumerate(days)],
        "rooms_by_day": [{"day": day, "n": 8 if n < 14 else 0} for n, day in enumerate(days)],
        "seats_by_day": [{"day": day, "n": 8 if n in (0, 14) else 0} for n, day in enumerate(days)],
        "person_days": 112,
        "duties": [
            *duties,
            duty(
                "transfer",
                "Jun 军",
                "transfer",
                at(8, "03:45"),
                "Bring to the site, one vehicle a household.",
                "转运至隔离点，一户一车。",
            ),
        ],
    }


def _calls() -> list[dict[str, Any]]:
    first = two(
        "Pregnant, same household, alone with the grandfather until someone rings.",
        "孕妇，同住，家中仅有爷爷，须先联系。",
    )
    second = two("Insulin at 06:00: ask who brings it.", "06:00 须用胰岛素，问由谁送达。")
    rest = two("Starts the early shift at 06:00; reach before that.", "06:00 上早班，须在此前联系。")
    told = [first, second] + [rest] * 10
    met = two("6 Mar 08:00 – 7 Mar 17:30", "3月6日 08:00 – 3月7日 17:30")
    ask = [two("Masked?", "是否戴口罩？"), two("Any fever, cough, sore throat?", "有无发热、咳嗽、咽痛？")]
    rows = [
        {"rank": n, "person": one["person"], "place": one["places"][0], "when": met, "ask": ask, **told[n - 1]}
        for n, one in enumerate(_candidates(), start=1)
    ]
    rows[0] |= {"phone": "0572 555 0107", "address": two("Building 3, 502", "3 号楼 502"), "by": at(8, "01:30")}
    rows[1] |= {"phone": "by the neighbour", "by": at(8, "02:00")}
    return rows


def _not_yet() -> list[dict[str, Any]]:
    return [
        two(
            "Call nobody of tube T-0412 positive or a case.",
            "不得称 T-0412 管中任何人为阳性或病例。",
            id="tube-T-0412",
            why=[two("A pool does not show who is positive.", "混采不能说明谁是阳性。", clause=PLAN_8)],
            waits_for=two("Each person's own swab.", "每人单采结果。"),
        ),
    ]


def _told() -> dict[str, Any]:
    return {
        "card": {
            "en": {
                "known": [
                    "One pool of ten abnormal at 00:30; Wei, 34, works in workshop 2.",
                    "12 people to assess in 3 groups.",
                ],
                "not_known": [
                    "Whether Wei is positive: single tubes by 03:00.",
                    "Where Wei was on 5 March before 18:40.",
                ],
                "done": ["The laboratory called; ten single tubes ordered."],
                "next": ["Before 05:30: does workshop 2 open for the early shift?"],
            },
            "zh": {
                "known": ["00:30 一管十混异常；伟，34 岁，2 号车间。", "待判定 12 人，分 3 组。"],
                "not_known": ["伟是否阳性：03:00 单管结果。", "3月5日 18:40 之前的行踪。"],
                "done": ["实验室已来电，已安排十人单采。"],
                "next": ["05:30 前决定：2 号车间早班是否开工？"],
            },
            "short": two(
                "One pool of ten is abnormal. Wei is not yet confirmed; single tubes report at 03:00. Twelve people to call, the household first.",
                "一管十混异常，伟尚未确认，03:00 出单管结果；先联系其家庭，再联系同班共 12 人。",
            ),
        },
        "knowns": [
            two("Wei worked both shifts on 6 and 7 March.", "伟 3月6日、7日均上白班。"),
            two("No travel outside the town is on record.", "无离镇记录。"),
        ],
        "unknowns": [
            two(
                "Is Wei positive?",
                "伟是否阳性？",
                id="u1",
                who={"desk": "testing"},
                by=at(8, "03:00"),
                trigger=two("Case report within 2 h; bed held.", "两小时内网报，床位已备。"),
            ),
            two(
                "Where was Wei on 5 March?",
                "伟 3月5日去了哪里？",
                id="u2",
                who={"desk": "investigation"},
                by=at(8, "06:00"),
                trigger=two("Search again from the new place.", "按新场所再查。"),
            ),
            two(
                "Does Li still ride the coach?",
                "李是否仍在车上？",
                id="u3",
                who={"desk": "letters"},
                by=at(8, "02:00"),
                trigger=two("Letter to the next county.", "向下一县发函。"),
            ),
        ],
        "hypotheses": [
            two("Cold store of North market", "北门市场冷库", who="investigation", by=at(9, "18:00"), status="open"),
            two("Visitor from outside, 3 March", "3月3日外来客商", who="letters", by=at(8, "20:00"), status="open"),
        ],
        "if_onset_earlier": {
            "case": two("Wei", "伟"),
            "added": [
                two(
                    "would become a close contact: bus line 3 on 4 March", "将成为密接：3月4日 3 路车", person="Zhao 赵"
                )
            ],
            "dropped": [],
            "changed": [two("general contact to close contact", "一般接触者改为密接", person="Li 李")],
        },
        "wrong": [
            two(
                "The end is before the start.",
                "结束早于开始。",
                file="visits.csv",
                row=17,
                field="end",
                mend_en="Ask the market for the check-out.",
                mend_zh="向市场核对离开时间。",
            ),
            two(
                "No such person.",
                "无此人。",
                file="contacts.csv",
                row=4,
                field="contact",
                mend_en="Write the id as in the line list.",
                mend_zh="按病例清单填写编号。",
            ),
        ],
    }


def night_plan(*, historical: bool = True) -> dict[str, Any]:
    """Return the plan of the night as it would be read from plan.json."""
    corner = [[120.20, 30.84], [120.32, 30.83], [120.36, 30.90], [120.28, 30.95], [120.19, 30.92], [120.20, 30.84]]
    points = [
        two("Home of Wei", "伟的家", lon=120.262, lat=30.882, n=2, kind="home"),
        two("Workshop 2", "2 号车间", lon=120.271, lat=30.889, n=6, kind="case"),
        two("North market", "北门市场", lon=120.283, lat=30.899, n=4, kind="market"),
    ]
    calendar = [
        {
            "day": f"2022-03-{8 + n:02d}",
            "tests": 10 if n == 0 else 8 * (n in (1, 2, 3, 5, 8, 14)),
            "releases": 8 * (n == 14),
            "rooms": 8 * (n < 14),
            "seats": 8 * (n in (0, 14)),
            "reports": 2 if n == 0 else 1,
        }
        for n in range(15)
    ]
    return {
        "schema": 1,
        "pack": {
            "id": "cn-covid-8",
            "version": "1.4",
            "name": two("China, COVID-19 plan 8", "新冠防控方案第八版"),
            "historical": historical,
            "zone": "Asia/Shanghai",
        },
        "now": NIGHT,
        "title": two("Abnormal pool T-0412", "T-0412 混管异常处置"),
        "inputs": [
            {
                "file": "visits.csv",
                "kind": "visits",
                "rows": 412,
                "used": 411,
                "rejected": 1,
                "sha256": "7c19e04b5a2d" * 5,
            },
            {
                "file": "linelist.csv",
                "kind": "linelist",
                "rows": 1,
                "used": 1,
                "rejected": 0,
                "sha256": "a1b2c3d4e5f6" * 5,
            },
        ],
        "seconds": {"read": 0.31, "search": 0.04, "classify": 0.09, "derive": 0.22, "total": 0.66},
        "cases": [_case()],
        "due_now": _duties(),
        "if_assessed": _if_assessed(),
        "candidates": _candidates(),
        "groups": _groups(),
        "calls": _calls(),
        "not_yet": _not_yet(),
        "map": {"outline": {"type": "Polygon", "coordinates": [corner]}, "points": points},
        "calendar": calendar,
        **_told(),
    }


def large_plan(*, people: int = 2000) -> dict[str, Any]:
    """Return the night with many more of the day shift."""
    plan = night_plan()
    more = [
        candidate(
            13 + n, f"p{n:07d}", "close", "g2", WORKSHOP, 60 + n % 400, f"Table {n}, same shift.", f"同班，第 {n} 台。"
        )
        for n in range(people - len(plan["candidates"]))
    ]
    plan["candidates"] += more
    group = plan["groups"][1]
    group["people"] += [one["person"] for one in more]
    group["n"] = len(group["people"])
    plan["calls"] += [
        {"rank": one["call_rank"], "person": one["person"], **two("Same shift.", "同班。")} for one in more
    ]
    plan["if_assessed"]["duties"] += [
        duty(
            "measure",
            one["person"],
            "measures",
            at(8, "12:00"),
            "Agree on quarantine at a site, by agreement.",
            "商定集中隔离，签同意书。",
        )
        for one in more
    ]
    return plan
