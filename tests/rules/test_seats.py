"""Who sat near whom, from seats as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.rules.seats import Seat, near, read_seats


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("12A", [Seat(None, 12, "A")]),
        ("座位号18F", [Seat(None, 18, "F")]),
        ("56排A座", [Seat(None, 56, "A")]),
        ("05车12F号", [Seat("5", 12, "F")]),
        ("5车03A", [Seat("5", 3, "A")]),
        ("G2193 08车03B", [Seat("8", 3, "B")]),
        ("G688 07车01C", [Seat("7", 1, "C")]),
        ("04车02A座", [Seat("4", 2, "A")]),
        ("14车厢010F", [Seat("14", 10, "F")]),
        ("G520-11车10D", [Seat("11", 10, "D")]),
        ("７车厢０２Ｃ座", [Seat("7", 2, "C")]),
        ("12车厢", [Seat("12")]),
        ("10号车厢", [Seat("10")]),
        ("加1车", [Seat("+1")]),
        ("18车 无座", [Seat("18")]),
        ("carriage 5, seat 12F", [Seat("5", 12, "F")]),
        ("row 12", [Seat(None, 12)]),
        ("3-12", [Seat("3", number=12)]),
        ("03车45座", [Seat("3", number=45)]),
        ("7车064号", [Seat("7", number=64)]),
        ("12车22号下铺", [Seat("12", number=22, tier="下")]),
        ("5车15中铺", [Seat("5", number=15, tier="中")]),
        ("CZ3803 53C,53H", [Seat(None, 53, "C"), Seat(None, 53, "H")]),
        ("7车3C，13D号", [Seat("7", 3, "C"), Seat("7", 13, "D")]),
        ("K4094次11车厢99、100座", [Seat("11", number=99), Seat("11", number=100)]),
        ("软卧11车厢1号,包厢仅患者1人", [Seat("11", number=1)]),
        ("2车厢3号包厢", [Seat("2", compartment="3")]),
        ("cabin 304", [Seat(compartment="304")]),
        ("D2281", []),
        ("AF1503", []),
        ("9C8530", []),
        ("F13G", []),
        ("120车", []),
        ("K1074车次17车站票", [Seat("17")]),
        ("", []),
        ("15车无座,在餐厅车厢就坐", []),
        ("具体座位信息不详", []),
    ],
)
def test_seats_as_they_occur_are_read_and_nothing_is_guessed(text, seats):
    assert list(read_seats(text)) == seats


@pytest.mark.parametrize(
    ("seat", "case_seat", "vehicle", "rule", "rows", "answer"),
    [
        ("15F", "12A", "aircraft", "rows", 3, True),
        ("16A", "12A", "aircraft", "rows", 3, False),
        ("12F", "12A", "aircraft", "same_row", 0, True),
        ("13F", "12A", "aircraft", "same_row", 0, False),
        ("61", "12A", "aircraft", "rows", 3, None),
        ("05车12F号", "5车03A", "train_sealed", "carriage", 0, True),
        ("05车12F号", "6车12F", "train_sealed", "carriage", 0, False),
        ("12F", "6车12F", "train_sealed", "carriage", 0, None),
        ("1车3A", "加1车3A", "train_sealed", "carriage", 0, False),
        ("5车4A", "5车3A", "train_open", "bays", 0, True),
        ("5车9A", "5车3A", "train_open", "bays", 0, False),
        ("5车45座", "5车46座", "train_open", "bays", 0, None),
        ("14车厢6号下铺", "14车厢5号中铺", "sleeper", "compartment", 0, True),
        ("14车厢7号下铺", "14车厢5号中铺", "sleeper", "compartment", 0, False),
        ("14车厢5号下铺", "14车厢6号上铺", "sleeper", "compartment", 0, True),
        ("14车厢7号下铺", "14车厢6号上铺", "sleeper", "compartment", 0, None),
        ("14车厢1号下铺", "14车厢22号上铺", "sleeper", "compartment", 0, False),
        ("2车厢3号包厢", "2车厢3包厢", "sleeper", "compartment", 0, True),
        ("2车厢3号包厢", "3车厢3包厢", "sleeper", "compartment", 0, False),
        (None, None, "coach_sealed", "everyone", 0, True),
        ("5排A", "8排C", "coach_open", "rows", 3, True),
        ("5排A", "9排C", "coach_open", "rows", 3, False),
        ("12号", "14号", "coach_open", "rows", 3, None),
        ("cabin 304", "304舱", "ship", "cabin", 0, True),
        ("cabin 305", "304舱", "ship", "cabin", 0, False),
        ("53C,53H", "52A", "aircraft", "rows", 3, True),
        ("53C,60H", "52A", "aircraft", "rows", 3, None),
        ("", "12A", "aircraft", "rows", 3, None),
        (None, "12A", "aircraft", "rows", 3, None),
    ],
)
def test_fang_sat_near_wei_or_not_or_nobody_can_tell(seat, case_seat, vehicle, rule, rows, answer):
    assert near(seat, case_seat, vehicle, rule, rows) is answer


texts = st.text("0123456789ABCDFK车厢号座排上中下铺 ,-加无", max_size=12)


@given(texts)
def test_any_text_is_read_or_not_and_never_fails(text):
    for seat in read_seats(text):
        assert seat != Seat()
        assert seat.row != 0
        assert seat.number != 0


@given(texts, texts, st.sampled_from(["rows", "same_row", "carriage", "compartment", "bays", "cabin"]))
def test_nearness_is_the_same_both_ways(seat, case_seat, rule):
    assert near(seat, case_seat, "train_sealed", rule, 3) is near(case_seat, seat, "train_sealed", rule, 3)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 5))
def test_a_wider_rule_never_leaves_out_who_was_near(row, case_row, rows):
    seat, case_seat = f"{row}A", f"{case_row}C"
    if near(seat, case_seat, "aircraft", "rows", rows):
        assert near(seat, case_seat, "aircraft", "rows", rows + 1)
