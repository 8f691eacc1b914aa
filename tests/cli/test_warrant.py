"""`ringfence warrant` on the command line: keys, warrants, and what is refused, in both languages."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ringfence.cli import main

SPAN = ("--from", "2022-03-08T00:00+08:00", "--to", "2022-03-10T00:00+08:00")


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Return a way to run a command line beside a live store and its signer; the answer is the JSON object."""
    monkeypatch.chdir(tmp_path)
    for module in ("visits", "trace", "warrant"):
        monkeypatch.setattr(f"ringfence.cli.{module}.now", lambda: datetime(2022, 3, 12, tzinfo=UTC))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    (tmp_path / "visits.csv").write_text(
        "person,place,start,end\n"
        "wei,home,2022-03-08T18:00+08:00,2022-03-09T07:00+08:00\n"
        "fang,home,2022-03-08T17:00+08:00,2022-03-09T08:00+08:00\n"
    )

    def run(*words, code=0):
        assert main.run([*words, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    run("warrant", "keygen", "--out", "signer")
    run("visits", "load", "visits.csv", "--store", "live", "--kind", "live", "--trust", "signer.pub.pem")
    return run


def asking(*changes):
    plain = {
        "--key": "signer.pem", "--incident": "2022-031", "--person": "wei", "--confirmed-by": "second-desk",
        "--reference": "PCR-118", "--purpose": "find contacts", "--expires": "2022-04-01T00:00Z", "--out": "w.json",
    }  # fmt: skip
    words = [word for pair in (plain | dict(changes)).items() for word in pair]
    return ["warrant", "new", "--store", "live", *SPAN, *words]


NAMES = ("--name", "Liu Min", "--name", "Sun Jie")


def test_a_warrant_written_is_one_the_store_obeys(command, tmp_path):
    told = command(*asking(), *NAMES)
    assert told["warrant"]["seeds"] == [{"person": 0, "confirmed_by": "second_desk", "reference": "PCR-118"}]
    assert (tmp_path / "w.json").stat().st_mode & 0o077 == 0
    assert command("warrant", "show", "w.json")["warrant"] == told["warrant"]
    found = command("trace", "--store", "live", "--person", "wei", *SPAN, "--warrant", "w.json")
    assert [(contact["person"], contact["minutes"]) for contact in found["contacts"]] == [("fang", 780)]
    counted = command("visits", "info", "--store", "live")["opened"]
    assert (counted["warrants"], counted["place_days"]) == (1, 1)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("live.two_names", [*asking(), "--name", "Liu Min", "--name", "Liu Min"]),
        ("live.seed_unconfirmed", [*asking(("--confirmed-by", "suspicion")), *NAMES]),
        ("store.unknown_person", [*asking(("--person", "nobody")), *NAMES]),
        ("live.warrant_past_expiry", [*asking(("--expires", "2000-01-01T00:00Z")), *NAMES]),
        ("live.warrant_untrusted", [*asking(("--key", "other.pem")), *NAMES]),
        ("live.file_exists", [*asking(("--out", "visits.csv")), *NAMES]),
        ("live.not_a_key", [*asking(("--key", "signer.pub.pem")), *NAMES]),
    ],
)
def test_a_warrant_that_would_not_do_is_not_written(command, tmp_path, code, words):
    command("warrant", "keygen", "--out", "other")
    told = command(*words, code=1)["refused"]
    assert [refusal["code"] for refusal in told] == [code]
    assert all(refusal["mend"] for refusal in told)
    assert not (tmp_path / "w.json").exists()


def test_a_refusal_is_said_in_chinese_too(command):
    told = command("trace", "--store", "live", "--person", "wei", *SPAN, "--lang", "zh", code=1)
    assert told["refused"][0]["sentence"] == "live 是实战库：只能在授权书范围内排查。"


def test_keys_are_never_written_over(command, tmp_path):
    before = (tmp_path / "signer.pem").read_bytes()
    assert command("warrant", "keygen", "--out", "signer", code=1)["refused"][0]["code"] == "live.file_exists"
    assert (tmp_path / "signer.pem").read_bytes() == before
    assert (tmp_path / "signer.pem").stat().st_mode & 0o077 == 0


def test_a_second_signer_is_vouched_for_by_the_first(command):
    command("warrant", "keygen", "--out", "second")
    assert (
        len(command("warrant", "trust", "--store", "live", "--key", "signer.pem", "--add", "second.pub.pem")["trusted"])
        == 2
    )
    command(*asking(("--key", "second.pem")), *NAMES)


def test_a_changed_warrant_shows_nothing(command, tmp_path):
    command(*asking(), *NAMES)
    file = tmp_path / "w.json"
    file.write_text(file.read_text().replace("find contacts", "find friends"))
    assert command("warrant", "show", "w.json", code=1)["refused"][0]["code"] == "live.warrant_altered"


def test_the_onset_of_a_warrants_case_weighs_her_contacts(command):
    command(*asking(), *NAMES)
    words = ["trace", "--store", "live", "--person", "wei", *SPAN, "--warrant", "w.json", "--onset", "wei=2022-03-08"]
    (fang,) = command(*words)["contacts"]
    assert "exposure.day_of_onset" in {reason["code"] for reason in fang["reasons"]}


def test_the_minute_in_which_a_warrant_or_its_span_ends_belongs_to_it(command):
    words = [
        word.replace("10T00:00+08:00", "09T23:59:59+08:00") for word in asking(("--expires", "2022-03-31T23:59:30Z"))
    ]
    moments = command(*words, *NAMES, "--tz", "Asia/Shanghai")["moments"]
    assert (moments["end"], moments["expires"]) == ("2022-03-10T00:00+08:00", "2022-04-01T08:00+08:00")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"key": 1, "by": "", "signature": ""}', "\xff"])
def test_a_file_that_is_no_trusted_key_is_refused(command, tmp_path, text):
    (tmp_path / "live" / "trusted").mkdir()
    (tmp_path / "live" / "trusted" / "odd.json").write_text(text, encoding="latin-1")
    assert command(*asking(), *NAMES, code=1)["refused"][0]["code"] == "live.trust_unreadable"


def test_refusals_of_a_warrant_speak_in_dates_of_the_store_and_ids_as_typed(command):
    command("visits", "zone", "--store", "live", "--tz", "Asia/Shanghai")
    command(*asking(), *NAMES)
    words = ["trace", "--store", "live", "--warrant", "w.json", "--person", "wei"]
    (refusal,) = command(*words, "--from", "2022-03-07T00:00", "--to", "2022-03-09T00:00", code=1)["refused"]
    assert "from 2022-03-07T00:00+08:00 to 2022-03-09T00:00+08:00" in refusal["sentence"]
    assert "2022-03-08T00:00+08:00 to 2022-03-10T00:00+08:00" in refusal["sentence"]
    (refusal,) = command("trace", "--store", "live", "--warrant", "w.json", "--person", "fang", *SPAN, code=1)[
        "refused"
    ]
    assert (refusal["code"], refusal["values"]) == ("live.outside_seeds", {"person": "fang"})
    (refusal,) = command(*asking(("--confirmed-by", "suspicion"), ("--out", "v.json")), *NAMES, code=1)["refused"]
    assert refusal["values"]["person"] == "wei"


def test_a_warrant_is_shown_in_the_offset_asked_in_or_the_zone_of_its_store(command, capsys):
    told = command(*asking(), *NAMES)["moments"]
    assert (told["start"], told["expires"]) == ("2022-03-08T00:00+08:00", "2022-04-01T08:00+08:00")
    command("visits", "zone", "--store", "live", "--tz", "Asia/Tokyo")
    shown = command("warrant", "show", "w.json", "--store", "live")["moments"]
    assert shown["start"] == "2022-03-08T01:00+09:00"
    assert main.run(["warrant", "show", "w.json", "--store", "live"]) == 0
    assert "wei (second desk" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("language", "said"), [("en", "was revoked at 2022-03-12T08:00+08:00"), ("zh", "已于 2022-03-12T08:00+08:00 撤销")]
)
def test_a_warrant_revoked_is_refused_in_both_languages(command, language, said):
    command("visits", "zone", "--store", "live", "--tz", "Asia/Shanghai")
    command(*asking(), *NAMES)
    words = ["w.json", "--store", "live", "--key", "signer.pem", "--reason", "a false positive"]
    told = command("warrant", "revoke", *words)
    assert (told["at"], told["reason"]) == ("2022-03-12T08:00+08:00", "a false positive")
    asked = ["trace", "--store", "live", "--person", "wei", *SPAN, "--warrant", "w.json", "--lang", language]
    (refusal,) = command(*asked, code=1)["refused"]
    assert refusal["code"] == "live.warrant_revoked"
    assert said in refusal["sentence"]
    counted = command("visits", "info", "--store", "live")["opened"]
    assert (counted["revoked"], counted["head"]) == (1, told["log_head"])
    assert command("warrant", "show", "w.json", "--store", "live")["revoked"]["reason"] == "a false positive"


def test_a_warrant_is_revoked_by_its_id_where_the_file_is_lost(command):
    written = command(*asking(), *NAMES)["warrant"]["id"]
    how = ["--store", "live", "--key", "signer.pem", "--reason", "lost on a train"]
    assert command("warrant", "revoke", "--id", written, *how)["warrant"] == written
    asked = ["trace", "--store", "live", "--person", "wei", *SPAN, "--warrant", "w.json"]
    assert command(*asked, code=1)["refused"][0]["code"] == "live.warrant_revoked"
    assert main.run(["warrant", "revoke", *how]) == 2
    assert main.run(["warrant", "revoke", "w.json", "--id", written, *how]) == 2


def test_a_stranger_revokes_nothing_on_the_command_line(command):
    command(*asking(), *NAMES)
    command("warrant", "keygen", "--out", "other")
    words = ["w.json", "--store", "live", "--key", "other.pem", "--reason", "spite"]
    assert command("warrant", "revoke", *words, code=1)["refused"][0]["code"] == "live.warrant_untrusted"
    assert command("warrant", "show", "w.json", "--store", "live")["revoked"] is None
