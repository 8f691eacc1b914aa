"""A warrant can be ended before it expires: from that moment on, for good, and by a trusted key only."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, replace

import pytest
from live_city import CHEN, FANG, NOW, SIGNER, STRANGER, WEI, at, live_store, signed_for, why_refused

from ringfence.tracing.live import revocations
from ringfence.tracing.live.opening import Opening, admit
from ringfence.tracing.live.revocations import Revocation, Revocations, revoke
from ringfence.tracing.live.warrants import public_of, trust
from ringfence.tracing.visits.store import open_store
from ringfence.tracing.visits.upkeep import info, verify

WINDOW = (at(0), at(0, day=2))
WHY = "Wei was a false positive."


@pytest.fixture
def store(tmp_path):
    return live_store(tmp_path)


def revoked(store, warrant="w-7", by=SIGNER) -> Revocation:
    return revoke(store, warrant, by, at_minute=NOW, reason=WHY)


def file_of(store):
    (file,) = (store.path / "revoked").iterdir()
    return file


def trace(store, **changes):
    return admit(store, signed_for(store, **changes), now=NOW).trace([WEI], *WINDOW, now=NOW)


def chained_again(lines):
    """Return the bytes of a log whose lines were tampered with and whose hashes were mended."""
    text, head = b"", "0" * 64
    for told in lines:
        line = json.dumps({**told, "before": head}, separators=(",", ":")).encode()
        text, head = text + line + b"\n", hashlib.sha256(line).hexdigest()
    return text


# From that moment on -------------------------------------------------------------------------------------------------


def test_a_revoked_warrant_opens_nothing_and_every_other_one_still_does(store):
    revoked(store)
    assert why_refused(trace, store) == "live.warrant_revoked"
    assert store.opened.totals().openings == 0
    assert sorted(trace(store, id="w-8").person.tolist()) == [FANG, CHEN]


def test_an_opening_in_use_ends_with_the_revocation(store):
    opening = admit(store, signed_for(store), now=NOW)
    met = opening.trace([WEI], *WINDOW, now=NOW)
    revoked(open_store(store.path))
    for search in (opening.trace, opening.visits_of, opening.common_places):
        assert why_refused(search, [WEI], *WINDOW, now=NOW) == "live.warrant_revoked"
    assert why_refused(opening.second_hop, [WEI], *WINDOW, met, now=NOW) == "live.warrant_revoked"


@pytest.mark.parametrize("block", range(1, 6))
def test_a_search_under_way_stops_before_its_next_block(store, monkeypatch, block):
    seen = []
    unseal = Opening._unseal

    def watched(self, *rest):
        words = unseal(self, *rest)
        seen.append(rest[1])
        if len(seen) == block:
            revoked(open_store(store.path))
        return words

    monkeypatch.setattr(Opening, "_unseal", watched)
    assert why_refused(trace, store) == "live.warrant_revoked"
    assert len(seen) == block


def test_a_revocation_file_laid_into_the_store_counts_before_the_next_batch_and_is_logged_then(
    store, tmp_path, monkeypatch
):
    revoked(store)
    fresh = tmp_path / "kept.json"
    shutil.move(file_of(store), fresh)
    shutil.rmtree(store.day_keys.room / "revoked")
    store.opened.path.unlink()
    opened = []
    unseal = Opening._unseal

    def watched(self, *rest):
        opened.append(unseal(self, *rest))
        shutil.copy(fresh, store.path / "revoked" / revocations._name_of("w-7"))
        return opened[-1]

    monkeypatch.setattr(Opening, "_unseal", watched)
    assert why_refused(trace, store) == "live.warrant_revoked"
    assert len(opened) == 2, "the days of the case were one batch; her places were not opened"
    assert why_refused(trace, store) == "live.warrant_revoked"
    assert store.opened.totals().revoked == 1


# For good ------------------------------------------------------------------------------------------------------------


def test_taking_the_file_away_does_not_revive_the_warrant(store):
    revoked(store)
    shutil.rmtree(store.path / "revoked")
    assert why_refused(trace, store) == "live.warrant_revoked"
    shutil.rmtree(store.day_keys.room / "revoked")
    assert why_refused(trace, store) == "live.warrant_revoked", "the log alone is enough"


def test_an_older_copy_of_the_store_does_not_revive_the_warrant(store, tmp_path):
    trace(store)
    shutil.copytree(store.path, tmp_path / "older")
    revoked(store)
    shutil.rmtree(store.path)
    shutil.move(tmp_path / "older", store.path)
    assert why_refused(trace, open_store(store.path)) == "live.warrant_revoked"
    assert open_store(store.path).opened.totals().revoked == 1


def test_a_log_cut_off_under_an_opening_is_noticed(store):
    opening = admit(store, signed_for(store), now=NOW)
    opening.trace([WEI], *WINDOW, now=NOW)
    store.opened.path.write_bytes(b"")
    assert why_refused(opening.trace, [WEI], *WINDOW, now=NOW) == "live.log_broken"


def test_twice_is_once_and_the_first_reason_stands(store):
    first = revoked(store)
    again = revoke(store, "w-7", SIGNER, at_minute=NOW + 5, reason="another")
    assert again == first
    assert store.opened.totals().revoked == 1
    assert len(store.opened.path.read_bytes().splitlines()) == 1


def test_what_a_crash_left_half_done_is_finished_by_doing_it_again(store, monkeypatch):
    with monkeypatch.context() as torn:
        torn.setattr(type(store.opened), "append_revocation", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            revoked(store)
    assert store.opened.totals().revoked == 0
    revoked(store)
    assert store.opened.totals().revoked == 1
    assert verify(store) == []


# By a trusted key only -----------------------------------------------------------------------------------------------


def test_a_stranger_revokes_nothing(store):
    assert why_refused(revoked, store, by=STRANGER) == "live.warrant_untrusted"
    assert sorted(trace(store).person.tolist()) == [FANG, CHEN]


def test_another_trusted_key_may_revoke(store):
    trust(store.path, store.identity.id, public_of(STRANGER), SIGNER, already=store.trusted())
    assert revoked(store, by=STRANGER).key == public_of(STRANGER)
    assert why_refused(trace, store) == "live.warrant_revoked"


@pytest.mark.parametrize(
    "change",
    [{"warrant": "w-8"}, {"reason": "other"}, {"at_minute": 0}, {"store": "another"}, {"key": public_of(STRANGER)}],
)
def test_a_revocation_changed_in_any_word_is_noticed_wherever_it_stands(store, change):
    forged = asdict(replace(revoked(store), **change))
    shutil.rmtree(store.day_keys.room / "revoked")
    file = file_of(store)
    log = store.opened.path.read_bytes()
    store.opened.path.unlink()
    file.unlink()
    (file.parent / revocations._name_of(forged["warrant"])).write_text(json.dumps(forged))
    assert why_refused(trace, store, id="w-9") == "live.revocation_forged"
    shutil.rmtree(store.path / "revoked")
    store.opened.path.write_bytes(chained_again([{**json.loads(log), "revoked": forged}]))
    assert why_refused(trace, store, id="w-9") == "live.revocation_forged"


def test_a_revocation_under_the_name_of_another_warrant_is_noticed(store):
    revoked(store)
    shutil.copy(file_of(store), store.path / "revoked" / revocations._name_of("w-9"))
    assert why_refused(trace, store, id="w-9") == "live.revocation_forged"


@pytest.mark.parametrize("text", ["{", "[]", "{}", "null", '{"warrant": 1}', "\xff"])
def test_a_file_that_is_no_revocation_is_refused(store, text):
    (store.path / "revoked").mkdir()
    (store.path / "revoked" / "odd.json").write_text(text, encoding="latin-1")
    assert why_refused(trace, store) == "live.revocation_unreadable"
    assert [fault.code for fault in verify(store)] == ["live.revocation_unreadable"]


def test_a_revocation_says_of_what_and_why(store):
    assert why_refused(revoke, store, " ", SIGNER, at_minute=NOW, reason=WHY) == "live.revocation_lacks"
    assert why_refused(revoke, store, "w-7", SIGNER, at_minute=NOW, reason=" ") == "live.revocation_lacks"
    assert not (store.path / "revoked").exists()


# Told ----------------------------------------------------------------------------------------------------------------


def test_the_log_tells_revocations_beside_openings_and_its_hash_covers_them(store):
    trace(store)
    before = info(store).opened
    revoked(store)
    told = info(store).opened
    assert (told.openings, told.warrants, told.revoked) == (before.openings, before.warrants, 1)
    assert told.head != before.head
    assert Revocations(store).of("w-7").reason == WHY
    assert Revocations(store).of("w-8") is None


def test_a_store_that_cannot_be_written_tells_that_nothing_was_revoked(store, monkeypatch):
    def full(*_args, **_settings):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(revocations.durable, "replace", full)
    assert why_refused(revoked, store) == "live.not_revoked"
    monkeypatch.undo()
    assert sorted(trace(store).person.tolist()) == [FANG, CHEN]
