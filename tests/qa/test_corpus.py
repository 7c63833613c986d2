"""The labelled questions: what the checks were mended on must not be lost again."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from qa.checks import RULES

CORPUS = Path(__file__).with_name("corpus")
FIRST, SECOND = CORPUS / "questions.jsonl", CORPUS / "questions_2.jsonl"


def report_of(corpus: Path) -> dict[str, Any]:
    said, complained = StringIO(), StringIO()
    call_command("check_qa", "--report", str(corpus), stdout=said, stderr=complained)
    assert complained.getvalue() == ""
    report: dict[str, Any] = json.loads(said.getvalue())
    return report


@pytest.mark.parametrize(("corpus", "questions"), [(FIRST, 249), (SECOND, 160)])
def test_checks_are_right_on_the_labelled_questions(corpus: Path, questions: int) -> None:
    """The aims: blocking rules 0.98 and 0.9, warnings 0.9; and no rule under 0.8."""
    report = report_of(corpus)
    assert report["questions"] == questions
    assert report["blocking"]["precision"]["share"] >= 0.98
    assert report["blocking"]["recall"]["share"] >= 0.9
    assert report["warnings"]["precision"]["share"] >= 0.9
    shares = {rule: figures["precision"]["share"] for rule, figures in report["rules"].items()}
    assert {rule: share for rule, share in shares.items() if share is not None and share < 0.8} == {}


@pytest.mark.parametrize(("corpus", "found"), [(FIRST, 110), (SECOND, 75)])
def test_no_warning_that_was_found_is_lost(corpus: Path, found: int) -> None:
    assert report_of(corpus)["warnings"]["recall"]["hits"] >= found


def test_every_rule_but_the_one_across_clips_is_in_both_sets() -> None:
    rules = {rule.id for rule in RULES} - {"same-question-in-source"}
    for corpus in (FIRST, SECOND):
        labels = [json.loads(line)["flags"] for line in corpus.read_text().splitlines()]
        assert {label for row in labels for label in row} == rules
