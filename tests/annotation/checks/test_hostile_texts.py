"""No text is too strange or too long for the checks."""

from time import process_time

import pytest

from annotation.caption_checks import MOST_OF_ONE_RULE, RULES, Caption, flags_of
from annotation.english.people_mentions import described_people

CHARACTERS = 50_000
PIECES = [
    *("a man ", "a man, ", "a man and ", "The man sits. ", "the man. A man. ", "two boys and ", "the man in ", "of a "),
    *("the last and the first and ", "The first, the second, and the third, ", "the first is a ", "one, the other "),
    *("There are two people in the video. ", "there are ", "the video shows ", "one hundred and ", "hundred thousand "),
    *(
        "probably ",
        "as if ",
        "must be ",
        "looks very ",
        "May ",
        "P1 ",
        "Person A's ",
        "says '",
        '" on ',
        "“",
        "”",
        "'",
        "(",
    ),
    *("[00:01.0]", "[", ".", "...a", "\n", "\n ", " ", "\u200b", "A-", "- ", "12 ", "x", "😀", "\ufdfa", "e\u0301"),
    *("the two in ", "group of two, ", "and a a-", "P1 and ", "two people, both boys, "),
]
MANY_MEN = "".join(f"A man in red{number} cap. " for number in range(190))


@pytest.mark.parametrize("piece", PIECES)
def test_long_text_is_checked_in_bounded_time(piece: str) -> None:
    check_in_bounded_time((piece * CHARACTERS)[:CHARACTERS])


@pytest.mark.parametrize("piece", ["The man in green hats. ", "The man in green cap. ", "The man. "])
def test_references_to_many_people_are_checked_in_bounded_time(piece: str) -> None:
    check_in_bounded_time((MANY_MEN + piece * CHARACTERS)[:CHARACTERS])


def test_references_long_after_people_were_told_apart_are_checked_in_bounded_time() -> None:
    between = "".join(f"He sits {number}. " for number in range(2000)) + "The taller bows. "
    text = f"There are two people. Two men in red caps sit. {between}" + "The man in the red cap bows. " * CHARACTERS
    check_in_bounded_time(text[:CHARACTERS])


def check_in_bounded_time(text: str) -> None:
    started = process_time()
    caption = Caption(text, duration_ms=500)
    flags, people = flags_of(caption), described_people(caption.parts, caption.people)
    assert process_time() - started < 10  # a fraction of a second; minutes if a pattern explodes
    assert len(flags) <= MOST_OF_ONE_RULE * len(RULES)
    for flag in flags:
        assert 0 <= flag.start <= flag.end <= len(text)
    assert all(0 <= start < end <= len(text) for person in people for start, end in person.mentions)
