"""marks-out-of-order and mark-past-end."""

import pytest

from tests.annotation.checks.rules import flags, underlined

ORDER, END = "marks-out-of-order", "mark-past-end"


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("[00:02.0] He sits. [00:01.9] She stands.", ["[00:01.9]"]),
        ("[00:02.0] He sits. [00:01.4] She stands. [00:01.6] He claps.", ["[00:01.4]"]),
        ("[01:00.0] He sits. [00:59.9] She stands.", ["[00:59.9]"]),
        ("[00:01.0] He sits. [00:01.0] She stands. [00:01.1] He claps.", []),
        ("[00:01.0] He sits.", []),
        ("He sits at [0:00.5] and [00:1.0].", []),
    ],
)
def test_mark_before_its_predecessor_is_underlined(caption: str, expected: list[str]) -> None:
    assert underlined(ORDER, caption, duration_ms=90_000) == expected


@pytest.mark.parametrize(
    ("duration_ms", "expected"),
    [(7_600, ["[00:07.7]"]), (7_601, []), (7_700, []), (7_630, []), (0, ["[00:00.1]", "[00:07.7]"]), (99_999, [])],
)
def test_mark_past_the_end_is_later_than_the_duration_rounded_up(duration_ms: int, expected: list[str]) -> None:
    caption = "[00:00.0] He sits. [00:00.1] She stands. [00:07.7] He claps."
    assert underlined(END, caption, duration_ms=duration_ms) == expected


def test_fix_sets_the_mark_to_the_end() -> None:
    (flag,) = flags(END, "[00:07.0] He sits. [00:09.8] She claps.", duration_ms=7_630)
    assert flag.fix is not None
    assert (flag.fix.start, flag.fix.end) == (flag.start, flag.end)
    assert (flag.fix.insert, flag.fix.label) == ("[00:07.7]", "Set to [00:07.7]")
    assert flag.sentence == "She claps."


def test_order_has_no_fix_and_names_the_sentence_behind_the_mark() -> None:
    (flag,) = flags(ORDER, "[00:02.0] He sits. [00:01.4] She stands.")
    assert (flag.fix, flag.sentence, flag.message) == (
        None,
        "She stands.",
        "[00:01.4] is earlier than [00:02.0] before it.",
    )


def test_mark_without_words_behind_it_is_flagged_too() -> None:
    assert [flag.sentence for flag in flags(END, "He sits. [00:10.0]")] == [""]
