"""The caption format as the server reads it; tests/e2e/test_caption_editor.py has the browser read the same cases."""

import json
from pathlib import Path
from typing import Any

import pytest

from annotation.caption_format import format_mark, timeline

CASES: dict[str, Any] = json.loads((Path(__file__).parent / "fixtures/caption_texts.json").read_text())


@pytest.mark.parametrize("case", CASES["sentences"], ids=lambda case: case["about"])
def test_a_text_is_cut_at_its_marks(case: dict[str, Any]) -> None:
    cut = [{"start_ms": segment.start_ms, "text": segment.text} for segment in timeline(case["text"])]
    assert cut == case["sentences"]


@pytest.mark.parametrize("case", CASES["marks"], ids=lambda case: case["mark"])
def test_a_time_has_the_mark_at_or_before_it(case: dict[str, Any]) -> None:
    assert format_mark(case["ms"]) == case["mark"]
