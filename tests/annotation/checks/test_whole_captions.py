"""Whole captions of many forms, in captions.jsonl: exactly these rules fire."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.caption_checks import check_caption
from tests.annotation.checks.rules import LENGTH_MS

LINES = (Path(__file__).parent / "captions.jsonl").read_text().splitlines()
CAPTIONS = [json.loads(line) for line in LINES]


@pytest.mark.parametrize("line", CAPTIONS, ids=lambda line: line["caption"][:40])
def test_exactly_these_rules_fire(line: dict[str, Any]) -> None:
    flags = check_caption(line["caption"], duration_ms=LENGTH_MS)
    assert sorted({flag.rule for flag in flags}) == line["flags"]
