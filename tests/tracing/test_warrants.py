"""A warrant opens what it names, while it holds, where it is trusted; everything else is refused with its reason."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from live_city import (
    CHEN,
    FANG,
    LI,
    NOODLE_SHOP,
    NOW,
    SIGNER,
    STRANGER,
    WEI,
    at,
    signed_for,
    warrant_for,
    why_refused,
)

from ringfence.tracing.live.opening import admit
from ringfence.tracing.live.warrants import (
    PlaceWindow,
    Seed,
    SignedWarrant,
    Warrant,
    WarrantLimits,
    parse_warrant,
    private_text,
    public_key,
    public_of,
    public_text,
    read_private_key,
    read_public_key,
    sign,
    trust,
)
from ringfence.tracing.search import TraceSettings
from ringfence.tracing.visits.store import create_store

DAY = 1440
PLAIN = Warrant(
    id="w-1",
    store="s",
    incident="incident-1",
    purpose="why",
    names=("Liu Min", "Sun Jie"),
    start=0,
    end=10,
    issued=0,
    expires=5,
    seeds=(Seed(WEI, "clinician", "ward 3"),),
)


# What a warrant must say ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("live.two_names", {"names": ("Liu Min", " liu min ")}),
        ("live.two_names", {"names": ("Liu Min", "Liu\u3000\u00a0 MIN")}),
        ("live.two_names", {"names": ("Liu Min", "Ｌｉｕ Ｍｉｎ")}),
        ("live.two_names", {"names": ("Liu Min",)}),
        ("live.two_names", {"names": ("Liu Min", "")}),
        ("live.seed_unconfirmed", {"seeds": (Seed(WEI, "suspicion", "call 12"),)}),
        ("live.seed_unconfirmed", {"seeds": (Seed(WEI, "laboratory", " "),)}),
        ("live.warrant_lacks", {"seeds": ()}),
        ("live.warrant_lacks", {"purpose": ""}),
        ("live.warrant_lacks", {"incident": " "}),
        ("live.warrant_lacks", {"windows": (PlaceWindow(1, 2, 3, ""),)}),
        ("live.warrant_empty_span", {"end": 0}),
        ("live.warrant_past_expiry", {"expires": 0}),
        ("live.warrant_empty_span", {"windows": (PlaceWindow(1, 2, 11, "menu"),)}),
        ("live.warrant_reach", {"hops": 3}),
        ("live.warrant_reach", {"residual": 2881}),
    ],
)
def test_a_warrant_that_does_not_say_enough_is_never_made(code, change):
    assert why_refused(replace, PLAIN, **change) == code


@pytest.mark.parametrize("change", [{"end": 90 * DAY + 1}, {"expires": 90 * DAY + 1}])
def test_a_warrant_for_too_long_is_neither_signed_nor_obeyed(store, change):
    assert why_refused(sign, replace(PLAIN, **change), SIGNER) == "live.warrant_too_long"
    asked = {"start": NOW - 60, "end": NOW} | {name: NOW - 60 + minutes for name, minutes in change.items()}
    long = sign(warrant_for(store, **asked), SIGNER, limits=WarrantLimits(span_days=365, valid_days=365))
    assert why_refused(admit, store, long, now=NOW) == "live.warrant_too_long"


def test_a_warrant_comes_back_from_its_file_as_it_was_signed():
    signed = sign(replace(PLAIN, purpose="查找密接", windows=(PlaceWindow(1, 2, 3, "menu"),)), SIGNER)
    again = parse_warrant(signed.text())
    assert again == signed
    again.check_signature()


@pytest.mark.parametrize(
    "change",
    [
        {"end": 11},
        {"hops": 2},
        {"expires": 6},
        {"names": ["Liu Min", "Sun Jia"]},
        {"seeds": [{"person": 5, "confirmed_by": "clinician", "reference": "ward 3"}]},
    ],
)
def test_a_warrant_changed_in_any_word_is_not_signed_any_more(change):
    told = json.loads(sign(PLAIN, SIGNER).text())
    told["warrant"] |= change
    assert why_refused(parse_warrant(json.dumps(told).encode()).check_signature) == "live.warrant_altered"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told["warrant"].update(unheard="of"),
        lambda told: told["warrant"].pop("residual"),
        lambda told: told["warrant"].update(hops=True),
        lambda told: told["warrant"].update(end=10.0),
        lambda told: told["warrant"].update(schema=2),
        lambda told: told["warrant"].update(seeds=7),
        lambda told: told["warrant"].update(names=[1, 2]),
        lambda told: told.update(more="said"),
        lambda told: told.pop("key"),
    ],
)
def test_a_warrant_that_says_more_or_other_than_is_understood_is_not_read(spoil):
    told = json.loads(sign(PLAIN, SIGNER).text())
    spoil(told)
    assert why_refused(parse_warrant, json.dumps(told).encode()) == "live.warrant_unreadable"


def test_what_is_no_warrant_at_all_is_told_so():
    for data in (b"", b"[]", b"\xff", b'{"warrant": {}}', b"null"):
        assert why_refused(parse_warrant, data) == "live.warrant_unreadable"


def test_keys_come_back_from_their_files(tmp_path):
    (tmp_path / "private.pem").write_bytes(private_text(SIGNER))
    (tmp_path / "public.pem").write_bytes(public_text(public_of(SIGNER)))
    assert public_of(read_private_key(tmp_path / "private.pem")) == public_of(SIGNER)
    assert read_public_key(tmp_path / "public.pem") == public_of(SIGNER)
    assert why_refused(read_public_key, tmp_path / "private.pem") == "live.not_a_key"
    assert why_refused(read_private_key, tmp_path / "public.pem") == "live.not_a_key"
    assert why_refused(public_key, "abc") == "live.not_a_key"


# Admission -----------------------------------------------------------------------------------------------------------


def test_a_warrant_of_an_unknown_key_is_refused(store):
    assert why_refused(admit, store, signed_for(store, STRANGER), now=NOW) == "live.warrant_untrusted"


def test_a_stranger_cannot_pass_for_the_trusted_signer(store):
    forged = signed_for(store, STRANGER)
    stolen = SignedWarrant(forged.warrant, public_of(SIGNER), forged.signature)
    assert why_refused(admit, store, stolen, now=NOW) == "live.warrant_altered"


def test_a_warrant_of_another_store_is_refused(store):
    assert why_refused(admit, store, signed_for(store, store="another"), now=NOW) == "live.warrant_other_store"


def test_a_warrant_holds_from_issue_to_expiry_and_not_a_minute_longer(store):
    signed = signed_for(store)
    assert why_refused(admit, store, signed, now=NOW - 61) == "live.warrant_not_yet"
    assert why_refused(admit, store, signed, now=NOW + 60) == "live.warrant_expired"
    assert admit(store, signed, now=NOW + 59).warrant == signed.warrant


def test_an_opening_ends_with_its_warrant_also_while_it_is_in_use(store):
    opening = admit(store, signed_for(store), now=NOW)
    met = opening.trace([WEI], at(0), at(0, day=2), now=NOW)
    assert why_refused(opening.trace, [WEI], at(0), at(0, day=2), now=NOW + 60) == "live.warrant_expired"
    assert why_refused(opening.second_hop, [WEI], at(0), at(0, day=2), met, now=NOW + 60) == "live.warrant_expired"
    assert why_refused(opening.visits_of, [WEI], at(0), at(0, day=2), now=NOW + 60) == "live.warrant_expired"
    assert why_refused(opening.common_places, [WEI], at(0), at(0, day=2), now=NOW + 60) == "live.warrant_expired"
    assert why_refused(opening.people_at, 1, at(0), at(0, day=2), now=NOW + 60) == "live.warrant_expired"


def test_a_research_store_needs_and_takes_no_warrant(store, tmp_path):
    research = create_store(tmp_path / "research")
    assert why_refused(admit, research, signed_for(store), now=NOW) == "live.not_live"


def test_a_live_store_is_not_founded_without_a_trusted_key(tmp_path):
    assert why_refused(create_store, tmp_path / "nobody", kind="live") == "live.nobody_trusted"
    assert why_refused(create_store, tmp_path / "nonsense", kind="live", trusted=["12"]) == "live.not_a_key"
    assert not (tmp_path / "nobody").exists()


# Reach ---------------------------------------------------------------------------------------------------------------


def test_only_the_seeds_are_searched_from(store):
    opening = admit(store, signed_for(store), now=NOW)
    assert why_refused(opening.trace, [FANG], at(0), at(0, day=2), now=NOW) == "live.outside_seeds"
    assert why_refused(opening.visits_of, [WEI, CHEN], at(0), at(0, day=2), now=NOW) == "live.outside_seeds"
    assert why_refused(opening.common_places, [LI], at(0), at(0, day=2), now=NOW) == "live.outside_seeds"
    assert store.opened.totals().openings == 0


def test_only_the_span_is_searched(store):
    opening = admit(store, signed_for(store), now=NOW)
    assert why_refused(opening.trace, [WEI], at(0) - 1, at(0, day=1), now=NOW) == "live.outside_span"
    assert why_refused(opening.trace, [WEI], at(0), at(0, day=3) + 1, now=NOW) == "live.outside_span"
    assert store.opened.totals().openings == 0


def test_only_the_air_that_is_granted_counts(store):
    opening = admit(store, signed_for(store), now=NOW)
    assert why_refused(opening.trace, [WEI], at(0), at(0, day=2), TraceSettings(31), now=NOW) == "live.outside_residual"
    met = opening.trace([WEI], at(0), at(0, day=2), TraceSettings(30), now=NOW)
    assert sorted(met.person.tolist()) == [FANG, CHEN, LI]


def test_the_second_hop_must_be_granted(store):
    opening = admit(store, signed_for(store, hops=1), now=NOW)
    met = opening.trace([WEI], at(0), at(0, day=2), now=NOW)
    opened = store.opened.totals()
    assert why_refused(opening.second_hop, [WEI], at(0), at(0, day=2), met, now=NOW) == "live.outside_hops"
    assert store.opened.totals() == opened


def test_an_answer_made_up_opens_nobody(store):
    opening = admit(store, signed_for(store), now=NOW)
    met = opening.trace([WEI], at(0), at(0, day=2), now=NOW)
    assert sorted(met.person.tolist()) == [FANG, CHEN]
    opened = store.opened.totals()
    invented = replace(met, person=met.person + 2)
    assert why_refused(opening.second_hop, [WEI], at(0), at(0, day=2), invented, now=NOW) == "live.outside_contacts"
    earlier = replace(met, first=met.first - 1)
    assert why_refused(opening.second_hop, [WEI], at(0), at(0, day=2), earlier, now=NOW) == "live.outside_contacts"
    fresh = admit(store, signed_for(store), now=NOW)
    assert why_refused(fresh.second_hop, [WEI], at(0), at(0, day=2), met, now=NOW) == "live.outside_contacts"
    assert store.opened.totals() == opened


def test_a_place_window_names_those_who_were_there_then(store):
    window = PlaceWindow(NOODLE_SHOP, at(12, day=1), at(13, day=1), "menu of the shop")
    opening = admit(store, signed_for(store, seeds=(), windows=(window,)), now=NOW)
    there = opening.people_at(NOODLE_SHOP, at(12, day=1), at(13, day=1), now=NOW)
    assert dict(zip(there.person.tolist(), there.minutes.tolist(), strict=True)) == {WEI: 30, LI: 15}
    assert why_refused(opening.people_at, NOODLE_SHOP, at(11, day=1), at(13, day=1), now=NOW) == "live.outside_window"
    assert (
        why_refused(opening.people_at, NOODLE_SHOP + 1, at(12, day=1), at(13, day=1), now=NOW) == "live.outside_window"
    )
    assert why_refused(opening.trace, [WEI], at(0), at(0, day=2), now=NOW) == "live.outside_seeds"


# Trust ---------------------------------------------------------------------------------------------------------------


def test_a_trusted_key_may_vouch_for_another(store):
    trust(store.path, store.identity.id, public_of(STRANGER), SIGNER, already=store.trusted())
    signed = signed_for(store, STRANGER)
    assert admit(store, signed, now=NOW).warrant == signed.warrant


def test_nobody_vouches_for_herself(store):
    about = (store.path, store.identity.id, public_of(STRANGER), STRANGER)
    assert why_refused(trust, *about, already=store.trusted()) == "live.warrant_untrusted"
    room = store.path / "trusted"
    room.mkdir()
    text = b"ringfence trust 1\n" + json.dumps(
        {"key": public_of(STRANGER), "store": store.identity.id}, separators=(",", ":")
    ).encode()  # fmt: skip
    entry = {"key": public_of(STRANGER), "by": public_of(STRANGER), "signature": STRANGER.sign(text).hex()}
    (room / "x.json").write_text(json.dumps(entry))
    assert why_refused(admit, store, signed_for(store, STRANGER), now=NOW) == "live.trust_forged"
    assert why_refused(admit, store, signed_for(store), now=NOW) == "live.trust_forged"
    (room / "x.json").write_text(json.dumps(entry | {"by": public_of(SIGNER)}))
    assert why_refused(admit, store, signed_for(store, STRANGER), now=NOW) == "live.trust_forged"


def test_a_list_of_trusted_keys_changed_on_the_disk_is_noticed(store):
    file = store.path / "store.json"
    file.write_text(file.read_text().replace(public_of(SIGNER), public_of(STRANGER)))
    assert why_refused(admit, store, sign(warrant_for(store), STRANGER), now=NOW) == "live.founding_changed"
