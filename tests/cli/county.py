"""A county's folder of packs and a file of facts, for tests of the commands about rules."""

from __future__ import annotations

import json

PACK = """
schema = 1
id = "town"
version = "1"
name = {en = "The town", zh = "本镇"}
disease = "covid-19"
time_zone = "Asia/Shanghai"
in_force = {from = 2022-03-01, until = 2022-03-31}
sources.plan = {title = {en = "The plan", zh = "方案"}, date = 2022-03-01}
names."class.close" = {en = "close contact", zh = "密切接触者"}
names."stage.central" = {en = "at the site", zh = "集中"}
"""
VALUES = {
    "contact.classes": '["close"]',
    "contact.close.of": '"infection"',
    "contact.close.when.home": '{setting = ["household"]}',
    "contact.close.course.any": '"site"',
    "course.site.stages": '["central"]',
    "course.site.count_from": '"last_exposure"',
    "course.site.central.asks": '"quarantine_site"',
    "course.site.central.days": "14",
    "course.site.central.tests": "[1, 4]",
    "course.site.central.instrument": '"agreement"',
    "infectious.anchor": '"symptoms"',
    "infectious.from": "-2",
    "discharge.ct": "40",
}
WHENCE = 'source = "plan", clause = "§1", confidence = "official"'


def value(key, what, since="2022-03-01"):
    return f"[{key}]\nvalues = [{{since = {since}, value = {what}, {WHENCE}}}]\n"


def pack_text(**changes):
    return PACK + "".join(value(key, changes.get(key, what)) for key, what in VALUES.items())


LOOKED_UP = "".join(f'  {{key = "{key}", is = {what}}},\n' for key, what in VALUES.items())
EXAMPLES = f'[[example]]\nname = {{en = "What stands in it", zh = "各项"}}\nvalues = [\n{LOOKED_UP}]\n'

OVERLAY = """
schema = 1
id = "village"
version = "2"
name = {en = "The village", zh = "本村"}
over = "town"
in_force = {from = 2022-03-10}
sources.letter = {title = {en = "A letter", zh = "函"}, date = 2022-03-09}
[course.site.central.days]
values = [{since = 2022-03-10, value = 10, source = "letter", clause = "3", confidence = "practice"}]
[discharge.ct]
values = [{since = 2022-03-15, value = 35, source = "letter", clause = "4", confidence = "uncertain"}]
"""


def facts(*more, last="2022-03-07T08:00"):
    """Return the text of a file of facts: Fang lives with Wei, who is confirmed; she agrees to stay until 22 March."""
    met = {"to": "infection:1", "setting": "household"}
    told = [
        ("p1", "person", "person:1", "2022-03-05", {"name": "Wei 伟"}),
        ("p2", "person", "person:2", "2022-03-05", {"name": "Fang 芳"}),
        ("c1", "case", "infection:1", "2022-03-07T20:00", {"state": "confirmed"}),
        ("o1", "onset", "infection:1", "2022-03-06", {"of": "symptoms"}),
        ("e1", "exposure", "contact:2", "2022-03-05T18:00", met),
        ("a1", "assessment", "contact:2", "2022-03-07T23:00", {"class": "close", "by": "Dr Sun"}),
        ("g1", "agreement", "contact:2", "2022-03-08T07:00", {"asks": "quarantine_site", "ends": "2022-03-22T00:00"}),
    ]
    rows = [dict(zip(("id", "kind", "subject", "at", "value"), row, strict=True)) for row in told]
    rows[4]["until"] = last
    return json.dumps({"schema": 1, "zone": "Asia/Shanghai", "pack": "town", "facts": [*rows, *more]})
