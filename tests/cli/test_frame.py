"""The frame of the command line: languages, answers, refusals, exit codes, and how light it is."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Annotated

import numpy as np
import pytest
import typer

from ringfence.cli import clock, main, output
from ringfence.cli.wording import commands_of
from ringfence.vocabulary.refusals import Refused

HEAVY = ("numpy", "numba", "scipy", "pyarrow", "duckdb", "cryptography", "pyspark")


@pytest.fixture
def command(monkeypatch):
    """Return a way to run a command line whose `trace` does what a test wants."""
    monkeypatch.delenv("RINGFENCE_LANG", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("RINGFENCE_TRACEBACK", raising=False)

    def run(doing, *words):
        tree = typer.Typer()
        tree.callback()(lambda: None)
        tree.command("trace")(doing)
        monkeypatch.setattr(main, "build", lambda *_: typer.main.get_command(tree))
        return main.run(("trace", *words))

    return run


def refuse():
    raise Refused("moment.no_zone", text="noon")


def test_what_is_done_exits_with_nought(command, capsys):
    assert command(lambda: output.answer({"minutes": 40}, people=lambda console: console.print("forty"))) == 0
    assert capsys.readouterr().out == "forty\n"


def test_json_is_one_object_on_standard_output(command, capsys):
    def answer():
        output.note("cli.interrupted")
        with output.progress("cli.json", total=3) as advance:
            advance(1)
        output.answer(
            {"person": "芳", "minutes": np.int64(3), "places": np.arange(2), "first": datetime(2022, 3, 8, tzinfo=UTC)},
            people=lambda console: console.print("not this"),
        )

    assert command(answer, "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "person": "芳",
        "minutes": 3,
        "places": [0, 1],
        "first": "2022-03-08T00:00:00+00:00",
    }
    assert told.err == ""


def test_a_refusal_exits_with_one_and_says_what_would_mend_it(command, capsys):
    assert command(refuse) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines()[0] == "noon has no time zone."
    assert "--tz" in told.err


def test_a_refusal_in_json_has_code_sentence_mend_and_values(command, capsys):
    assert command(refuse, "--json", "--lang", "zh") == 1
    assert json.loads(capsys.readouterr().out) == {
        "refused": [
            {
                "code": "moment.no_zone",
                "sentence": "“noon”没有时区。",
                "mend": "请写明时区，如 2022-03-08T10:30+08:00，或用 --tz 指定。",
                "values": {"text": "noon"},
            }
        ]
    }


def test_several_refusals_are_told_together(command, capsys):
    def refuse_twice():
        raise ExceptionGroup("", [Refused("moment.no_zone", text="noon"), Refused("moment.unreadable", text="soon")])

    assert command(refuse_twice, "--json") == 1
    told = json.loads(capsys.readouterr().out)["refused"]
    assert [refusal["values"]["text"] for refusal in told] == ["noon", "soon"]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOENT, "cli.file_missing"),
        (errno.EACCES, "cli.file_denied"),
        (errno.EISDIR, "cli.file_is_directory"),
        (errno.ENOTDIR, "cli.file_not_directory"),
        (errno.EROFS, "cli.disk_read_only"),
        (errno.ENOSPC, "cli.disk_full"),
    ],
)
def test_what_the_file_system_refuses_is_a_refusal(command, capsys, number, code):
    def touch():
        raise OSError(number, "…", "visits.csv")

    assert command(touch, "--json") == 1
    (refusal,) = json.loads(capsys.readouterr().out)["refused"]
    assert (refusal["code"], refusal["values"]) == (code, {"path": "visits.csv"})


def test_a_fault_is_one_sentence_and_shows_where_only_when_asked(command, capsys):
    def fail():
        return {}["Zhao"]

    assert command(fail) == 70
    quiet = capsys.readouterr()
    assert "KeyError" in quiet.err
    assert "Traceback" not in quiet.err
    assert command(fail, "--traceback") == 70
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_exits_with_130(command, capsys):
    def stop():
        raise KeyboardInterrupt

    assert command(stop) == 130
    assert "Stopped" in capsys.readouterr().err


def test_wrong_usage_exits_with_two(command, capsys):
    assert command(lambda: None, "--nonsense") == 2
    assert "--nonsense" in capsys.readouterr().err
    assert command(lambda: None, "--nonsense", "--json") == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "cli.usage"


@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        (["nonsense"], "no command nonsense", "没有 nonsense 这个命令"),
        (["trace", "--persn", "Wei"], "no option --persn", "没有 --persn"),
        (["trace"], "--person is missing", "缺少 --person"),
        (["trace", "--person", "Wei", "--hops", "many"], "a whole number is needed", "--hops 的值不可用：应为整数"),
        (["trace", "--person", "Wei", "--hops"], "--hops needs a value", "--hops 后面须填写值"),
        (["trace", "--person", "Wei", "--hops", "3"], "at most 2", "不得大于 2"),
        (["trace", "--person", "Wei", "home"], "Nothing more was expected here: home", "此处不应再有内容：home"),
    ],
)
def test_wrong_usage_is_told_in_the_readers_language(monkeypatch, capsys, words, english, chinese):
    def doing(
        person: Annotated[str, typer.Option("--person")], hops: Annotated[int, typer.Option("--hops", max=2)] = 1
    ):
        raise AssertionError((person, hops))

    tree = typer.Typer()
    tree.callback()(lambda: None)
    tree.command("trace")(doing)
    monkeypatch.setattr(main, "build", lambda *_: typer.main.get_command(tree))
    assert main.run([*words, "--lang", "en"]) == 2
    assert english in capsys.readouterr().err
    assert main.run([*words, "--lang", "zh"]) == 2
    assert chinese in capsys.readouterr().err


def test_a_language_that_is_not_spoken_is_wrong_usage(capsys):
    assert main.run(["--lang", "tlh", "--version"]) == 2
    assert "tlh" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "de_DE.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"RINGFENCE_LANG": "zh", "LC_ALL": "en_GB.UTF-8"}, "zh"),
        ({"RINGFENCE_LANG": "en", "LANG": "zh_TW"}, "en"),
    ],
)
def test_the_language_comes_from_our_variable_and_else_from_the_locale(environment, language):
    assert main.language_of(environment) == language


def test_our_options_may_stand_anywhere_but_not_behind_two_dashes():
    asked = main.Asked.of(["trace", "--json", "--person", "Wei", "--lang=zh", "--", "--json"], {})
    assert asked.manner == output.Manner(language="zh", as_json=True)
    assert asked.words == ("trace", "--person", "Wei", "--", "--json")


@pytest.mark.parametrize(("language", "word"), [("en", "candidate|proposal"), ("zh", "排查")])
def test_help_exists_in_both_languages(language, word, capsys):
    assert main.run(["--help", "--lang", language]) == 0
    shown = capsys.readouterr().out
    assert any(part in shown for part in word.split("|"))
    assert "cli." not in shown


@pytest.mark.parametrize(
    "words", [[], ["trace"], ["hypotheses"], ["warrant", "new"], ["visits", "load"], ["visits", "erase"]]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_help_is_never_cut_on_a_narrow_screen(monkeypatch, capsys, language, words):
    monkeypatch.setenv("COLUMNS", "80")
    assert main.run([*words, "--help", "--lang", language]) == 0
    shown = capsys.readouterr().out
    assert "…" not in shown
    command = main.build(everything=True)
    for word in words:
        command = command.commands[word]
    letters = "".join(shown.replace("│", "").split())
    for parameter in command.params:
        assert "".join(getattr(parameter, "help", "").split()) in letters


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["trace", "--persons", "nowhere.csv"], "cli.file_missing"),
        (["warrant", "show", "nowhere.json"], "cli.file_missing"),
        (["warrant", "show", "."], "cli.file_is_directory"),
        (["visits", "load", "nowhere.csv", "--store", "city"], "cli.file_missing"),
    ],
)
def test_a_file_that_is_not_there_is_a_refusal(tmp_path, monkeypatch, capsys, words, code):
    monkeypatch.chdir(tmp_path)
    assert main.run([*words, "--json"]) == 1
    (refusal,) = json.loads(capsys.readouterr().out)["refused"]
    assert refusal["code"] == code
    assert refusal["values"]["path"] == next(word for word in words if word.startswith(("nowhere", ".")))


@pytest.mark.parametrize("words", [[], ["visits"]])
def test_a_program_that_names_no_command_gets_one_object(capsys, words):
    assert main.run([*words, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["sentence"] == "A command is missing."


def test_a_question_without_a_span_or_a_person_says_what_is_missing(tmp_path, capsys):
    assert main.run(["trace", "--store", f"{tmp_path}", "--lang", "en"]) == 2
    assert "--from is missing" in capsys.readouterr().err


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_help_text_is_a_sentence_in_both_languages(language):
    output.speak(output.Manner(language=language))
    try:
        for path, command in commands_of(main.build(everything=True)):
            texts = [command.help, *(getattr(parameter, "help", None) for parameter in command.params)]
            for text in texts:
                assert text, f"{' '.join(path)} has a help text missing"
                assert not text.startswith("cli."), f"{text} has no sentence"
                if language == "zh":
                    assert any("\u4e00" <= letter <= "\u9fff" for letter in text), f"{' '.join(path)}: {text}"
    finally:
        output.speak(output.Manner())


def test_the_clock_tells_a_moment_with_a_zone():
    assert clock.now().tzinfo is UTC


@pytest.mark.io
def test_help_is_light_and_quick():
    look = f"import sys, ringfence.cli.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    launch = [sys.executable, "-c", "from ringfence.cli.main import main; main()", "--help"]
    fastest = min(_seconds(launch) for _ in range(3))
    assert fastest <= 1.5, "half a second is the aim on a quiet machine"


def _seconds(command: list[str]) -> float:
    begun = perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return perf_counter() - begun


@pytest.mark.io
def test_a_closed_pipe_is_quiet(tmp_path: Path):
    launch = f"{sys.executable} -c 'from ringfence.cli.main import main; main()' --help"
    done = subprocess.run(["sh", "-c", f"{launch} | true"], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.io
def test_a_reader_who_has_had_enough_is_no_failure():
    launch = f"{sys.executable} -c 'from ringfence.cli.main import main; main()' trace --help; echo $? >&2"
    done = subprocess.run(["sh", "-c", f"({launch}) | true"], capture_output=True, text=True, check=True)
    assert done.stderr == "0\n"
