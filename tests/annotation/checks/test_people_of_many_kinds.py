"""Captions in people.jsonl, with lists, twins, games and pictures: exactly these rules about people fire."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.caption_checks import check_caption
from tests.annotation.checks.rules import LENGTH_MS

LINES = (Path(__file__).parent / "people.jsonl").read_text().splitlines()
ABOUT_PEOPLE = {"people-count-mismatch", "no-people-statement", "vague-reference", "subject-label"}


@pytest.mark.parametrize("line", [json.loads(line) for line in LINES], ids=lambda line: line["caption"][:40])
def test_exactly_these_rules_about_people_fire(line: dict[str, Any]) -> None:
    flags = check_caption(line["caption"], duration_ms=LENGTH_MS)
    assert sorted({flag.rule for flag in flags} & ABOUT_PEOPLE) == line["flags"]
