"""repeated-sentence: twice the same but for mark and final punctuation."""

import pytest

from tests.annotation.checks.rules import flags

RULE = "repeated-sentence"


@pytest.mark.parametrize(
    ("caption", "fixed"),
    [
        ("[00:01.0] He sits. [00:02.0] He sits! He claps.", "[00:01.0] He sits. He claps."),
        ("He sits. She stands. He sits", "He sits. She stands."),
        ("He  sits. he sits.", "He  sits."),
        ("The man’s hat falls. The man's hat falls…", "The man’s hat falls."),
        ("[00:01.0] He sits.[00:02.0] He sits.[00:03.0] He claps.", "[00:01.0] He sits.[00:03.0] He claps."),
    ],
)
def test_second_one_is_flagged_and_can_be_removed(caption: str, fixed: str) -> None:
    (flag,) = flags(RULE, caption)
    assert flag.fix is not None
    assert caption[: flag.fix.start] + flag.fix.insert + caption[flag.fix.end :] == fixed
    assert flags(RULE, fixed) == []


@pytest.mark.parametrize(
    "caption",
    [
        "He sits. He sits again. She sits.",
        "He sits and he sits.",
        "[00:01.0] [00:02.0] He sits. [00:03.0]",
        "He wears No. 5. She wears No. 6.",
        "He lifts his left arm. He lifts his right arm.",
    ],
)
def test_sentences_that_differ_are_fine(caption: str) -> None:
    assert flags(RULE, caption) == []


def test_each_further_one_is_flagged() -> None:
    assert [flag.start for flag in flags(RULE, "He sits. He sits. He sits.")] == [9, 18]
