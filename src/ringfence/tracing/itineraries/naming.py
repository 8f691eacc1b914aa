"""Names of persons are covered before anything is read: the same length, so that every offset stays true."""

from __future__ import annotations

import re

COVER = "○"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金"
    "石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤祁祝齐欧候冶柳喻阮施翁倪颜樊兰殷俞鲍凌霍"
    "章安聂耿庄牛温鲁岳骆左葛关季甘伍涂游裴焦柯辛管成路童"
)
_MASKED = re.compile(
    rf"[{_SURNAMES}]某(?:某|[甲乙丙丁]|(?=[，,、。；;：:（()）的之和与系为在于从]|$)|[\u4e00-\u9fff](?=[，,、。；;：:（()）]))"
)
_FULL = re.compile(
    r"(?:(?<=姓名：)|(?<=姓名:)|(?<=患者姓名))[\u4e00-\u9fff]{2,4}"
    rf"|(?:(?<=患者)|(?<=病例)|(?<=病人)|(?<=\d[：:，,、.．]))[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=[，,（(：:]\s?(?:性别|男|女|\d{{1,3}}岁))"
    rf"|(?:(?<=妻子)|(?<=丈夫)|(?<=儿子)|(?<=女儿)|(?<=母亲)|(?<=父亲)|(?<=同事)|(?<=朋友))[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=[，,。；;（(、])"
)
_TELEPHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)")


def without_names(text: str) -> str:
    """Return a text of the same length in which names, masked names, telephone and identity numbers are covered."""
    for pattern in (_MASKED, _FULL, _TELEPHONE):
        text = pattern.sub(lambda found: COVER * len(found[0]), text)
    return text
