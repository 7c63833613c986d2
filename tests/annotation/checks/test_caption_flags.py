"""Flags that are called fine, and those that a caption is handed in with."""

import pytest

from annotation.caption_checks import RULES, check_caption
from annotation.caption_content import CaptionContent
from annotation.caption_flags import checked_reasons, open_flags, submitted_flags
from annotation.errors import BadInput

TEXT = "There is one person in the video, a man. [00:01.0] He is probably tired. [00:02.0] He seems sad and seems cold."
TIRED = {"rule": "speculation", "sentence": "He is probably tired."}
SAD = {"rule": "speculation", "sentence": "He seems sad and seems cold."}


def test_flag_that_was_called_fine_is_closed_for_as_long_as_its_sentence_stands() -> None:
    flags = check_caption(TEXT, duration_ms=9_000)
    assert [flag.sentence for flag in open_flags(flags, [TIRED])] == [SAD["sentence"]] * 2
    assert open_flags(flags, [{**TIRED, "rule": "vague-reference"}]) == flags
    changed = check_caption(TEXT.replace("tired", "cold"), duration_ms=9_000)
    assert open_flags(changed, [TIRED]) == changed


def test_what_is_handed_in_names_each_sentence_once_with_its_reason() -> None:
    content = CaptionContent(text=TEXT, dismissed=[TIRED])
    reasons = [{**SAD, "reason": "as_seen"}, {"rule": "speculation", "sentence": "Gone.", "reason": "other"}]
    assert submitted_flags(content, duration_ms=9_000, reasons=reasons) == [
        {**TIRED, "reason": "fine"},
        {**SAD, "reason": "as_seen"},
    ]
    assert submitted_flags(content, duration_ms=9_000, reasons=[]) == [
        {**TIRED, "reason": "fine"},
        {**SAD, "reason": ""},
    ]
    assert submitted_flags(CaptionContent(text=""), duration_ms=9_000, reasons=reasons) == []


def test_reasons_are_checked() -> None:
    row = {**SAD, "reason": "style"}
    assert checked_reasons([row, {**TIRED, "reason": ""}]) == [row, {**TIRED, "reason": ""}]


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        ["x"],
        [SAD],
        [{**SAD, "reason": "fine"}],
        [{**SAD, "reason": []}],
        [{**SAD, "reason": "style", "more": 1}],
        [{"rule": "", "sentence": "x", "reason": ""}],
        [{"rule": "x", "sentence": "x" * 5_001, "reason": ""}],
        [{**SAD, "reason": ""}] * 401,
    ],
)
def test_bad_reasons_are_refused(value: object) -> None:
    with pytest.raises(BadInput) as refusal:
        checked_reasons(value)
    assert set(refusal.value.detail["fields"]) == {"reasons"}


def test_every_rule_has_its_good_and_its_bad_line() -> None:
    assert set(RULES) == {
        *("people-count-mismatch", "marks-out-of-order", "mark-past-end", "vague-reference", "subject-label"),
        *("speculation", "repeated-sentence", "no-people-statement"),
    }
    for rule in RULES.values():
        assert "Good" in (rule.__doc__ or "")
        assert "Bad:" in (rule.__doc__ or "")
