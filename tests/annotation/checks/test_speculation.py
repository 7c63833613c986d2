"""speculation: a guess at what cannot be seen."""

import pytest

from tests.annotation.checks.rules import flags, underlined

RULE = "speculation"


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("He is probably tired.", ["probably"]),
        ("She seems to wait for a bus.", ["seems"]),
        ("It must be his bag.", ["must be"]),
        ("He appears to be angry.", ["appears to be"]),
        ("She appears confused.", ["appears confused"]),
        ("Perhaps they are friends. Maybe not.", ["Perhaps", "Maybe"]),
        ("They might be brothers.", ["might"]),
        ("He may be a coach.", ["may"]),
        ("She jumps in order to impress him.", ["in order to"]),
        ("He wants to leave.", ["wants to"]),
        ("She frowns because she is angry.", ["because she is angry"]),
        ("He looks tired.", ["looks tired"]),
        ("She looks as if she hurts.", ["looks as if"]),
        ("He is likely her teacher.", ["likely"]),
        ("She could be his sister.", ["could be", "his sister"]),
        ("He apparently forgets the ball.", ["apparently", "forgets"]),
        ("The man kisses his wife.", ["his wife"]),
        ("He is thinking about the move.", ["is thinking"]),
        ("She decides to turn back.", ["decides to"]),
        ("He puts it back, relieved that nobody has noticed.", ["relieved that nobody"]),
        ("She sits down, annoyed that the cup is empty.", ["annoyed that the"]),
        ("He walks on, unaware that his lace is open.", ["unaware that his"]),
        ("She waits, proud of her cake.", ["proud of her"]),
        ("He yawns because he has been up all night.", ["because he has been"]),
    ],
)
def test_guess_is_underlined(caption: str, expected: list[str]) -> None:
    assert underlined(RULE, caption) == expected


@pytest.mark.parametrize(
    "caption",
    [
        "He appears from behind the tree.",
        "A boy appears in the frame and appears again on the left.",
        "She appears to the left of the door.",
        "A sign reads “Maybe tomorrow”. His shirt says 'Probably the best'.",
        'The words "must be 18" stand on the wall.',
        "A poster says “May 2024”. It is dated 4 May.",
        "In May colours, a calendar shows May and June.",
        "He pulls with all his might.",
        "She looks at him, looks up and looks over her shoulder.",
        "She feels the fabric with two fingers.",
        "He wears a cap that looks like a mushroom.",
        "The seams of her dress are white.",
        "He raises his arm so that the boy reaches it.",
        "She smiles and opens her mouth wide.",
        "He tries the door handle twice.",
        "A man and a woman stand because-like.",
        "She makes sure that the lid is on and turns so that the light falls on it.",
        "He taps the tired tyre that lies there and draws a proud lion about a foot high.",
    ],
)
def test_what_can_be_seen_is_no_guess(caption: str) -> None:
    assert underlined(RULE, caption) == []


def test_flag_tells_the_words() -> None:
    (flag,) = flags(RULE, "[00:01.0] He “waves” and  is   probably tired.")
    assert (flag.sentence, flag.message) == (
        "He “waves” and  is   probably tired.",
        "“probably” guesses at what cannot be seen.",
    )
