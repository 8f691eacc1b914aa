"""The files of an answer, written aside and moved into place together, so that half an answer is none."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ringfence.response.answer import Answer, written
from ringfence.tracing.intake.rejects import RejectsFile, safe_cell
from ringfence.vocabulary.refusals import Refused

CANDIDATES = (
    "call_rank", "person", "case", "class", "band", "group", "minutes", "first", "last", "places", "channels", "clause",
    "questions_en", "questions_zh", "could_be",
)  # fmt: skip
_OURS = frozenset(
    {"plan.json", "candidates.csv", "duties.csv", "facts.json", "rejects.csv", "report.html", "report.pdf"}
)
"""What an answer consists of; a folder with anything else in it is never taken away."""
DUTIES = ("part", "due", "begins", "until", "desk", "kind", "subject", "who", "state", "en", "zh", "key", "clause")


def write_answer(answer: Answer, out: Path, *, replace: bool = False) -> list[str]:
    """Write plan.json, candidates.csv, duties.csv, facts.json and, where rows were rejected, rejects.csv.

    Return their names. Refused for a folder with something in it, unless it is an answer that is to be replaced.
    """
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not replace:
        raise Refused("respond.not_empty", folder=str(out))
    _refuse_others(out)
    aside = out.with_name(f".{out.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    aside.chmod(0o700)
    plan = answer.plan
    files = {
        "plan.json": written(answer),
        "candidates.csv": _csv(CANDIDATES, _candidates(plan)),
        "duties.csv": _csv(DUTIES, _duties(plan)),
        "facts.json": json.dumps(answer.facts, ensure_ascii=False, indent=1) + "\n",
    }
    for name, text in files.items():
        (aside / name).write_text(text, encoding="utf-8")
    if any(read.rejects for read in answer.reads):
        rejects = RejectsFile(aside / "rejects.csv")
        for read in answer.reads:
            rejects.add_all(read.rejects, file=read.file)
        rejects.close()
        files["rejects.csv"] = ""
    if out.exists():
        shutil.rmtree(out)
    aside.rename(out)
    return list(files)


def _refuse_others(out: Path) -> None:
    """Refuse to take away what is no answer: a folder with other things in it, a file, a link."""
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise Refused("respond.not_an_answer", folder=str(out), name=out.name)
    others = sorted(file.name for file in out.iterdir() if file.name not in _OURS) if out.exists() else []
    if others:
        raise Refused("respond.not_an_answer", folder=str(out), name=others[0])


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a CSV that Excel opens as it is meant, and in which no cell is a formula."""
    text = io.StringIO()
    text.write("\ufeff")
    out = csv.writer(text)
    out.writerow(header)
    for row in rows:
        out.writerow(["" if cell is None else safe_cell(str(cell)) for cell in row])
    return text.getvalue()


def _candidates(plan: dict[str, Any]) -> Iterable[Sequence[Any]]:
    rows = sorted(plan["candidates"], key=lambda c: (c["call_rank"] or 10**9, c["person"]))
    for c in rows:
        yield (
            c["call_rank"], c["person"], c["case"], c["class"], c["band"], c["group"], c["minutes"], c["first"],
            c["last"], "; ".join(c["places"]), "; ".join(c["channels"]), c["clause"],
            "; ".join(q["en"] for q in c["questions"]), "；".join(q["zh"] for q in c["questions"]),
            c["could_be"]["class"] if c["could_be"] else "",
        )  # fmt: skip


def _duties(plan: dict[str, Any]) -> Iterable[Sequence[Any]]:
    for part, duties in (("due_now", plan["due_now"]), ("if_assessed", plan["if_assessed"]["duties"])):
        for d in duties:
            clause = next((why["clause"] for why in d["why"] if why["clause"]), "")
            yield (part, d["due"], d["begins"], d["until"], d["desk"], d["kind"], d["subject"], d["who"], d["state"],
                   d["en"], d["zh"], d["key"], clause)  # fmt: skip
