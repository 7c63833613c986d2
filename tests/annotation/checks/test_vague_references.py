"""vague-reference: "the man" where two men have come in."""

import pytest

from tests.annotation.checks.rules import flags, underlined

RULE = "vague-reference"
MEN = "There are two men in the video. The first wears a red shirt and the second wears a blue shirt. "
PAIR = "There are two people in the video. The first is a man in a cap. The second is a woman in a coat. "
BOYS = (
    "There are three people in the video. The first is a man. The second is a boy in green. The third is a boy in red. "
)


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        (MEN + "The man sits down.", ["The man"]),
        (MEN + "[00:01.0] The man in the red shirt sits down. [00:02.0] The man waves.", ["The man"]),
        (MEN + "He lifts the man's hat.", ["the man's"]),
        (MEN + "The first one hits the man on the shoulder.", ["the man"]),
        (MEN + "The man with both hands lifts a box.", ["The man"]),
        (BOYS + "The boy throws a ball to the man.", ["The boy"]),
        (BOYS + "The man lifts the child.", ["the child"]),
        (PAIR + "The person leaves on the left.", ["The person"]),
        (
            "There are two policewomen in the video. One has a cap, the other has a hat. The policewoman whistles.",
            ["The policewoman"],
        ),
        (
            (
                "There are two people in the video. A woman in a red coat sits. A woman in a white coat stands. The"
                " woman"
                " claps."
            ),
            ["The woman"],
        ),
        (
            "There are two dancers in the video, a man in a suit and a woman in a gown. The dancer turns.",
            ["The dancer"],
        ),
        (MEN + "The man, smiling, sits down.", ["The man"]),
        ("There are three people in the video: a man in grey and two girls in white. The girl bows.", ["The girl"]),
        ("There are two people: a man in a red cap and an older man in a suit. The man claps.", ["The man"]),
    ],
)
def test_bare_noun_that_fits_two_is_underlined(caption: str, expected: list[str]) -> None:
    assert underlined(RULE, caption) == expected


@pytest.mark.parametrize(
    "caption",
    [
        MEN + "The man in the red shirt sits down. The other man stands. The first man waves.",
        MEN + "The man on the left sits down; the man with the blue shirt waves.",
        MEN + "The man who wears red sits down. The man standing behind him waves.",
        MEN + "The taller man sits down. The men bow. Both men turn. The two men leave.",
        MEN + "He sits down. A man's hat lies there.",
        PAIR + "The man hands the woman a cup. The woman drinks. The man claps.",
        PAIR + "The person in the cap leaves on the left. The other person stays.",
        BOYS + "The man lifts the boy in green. The man claps.",
        "There are two people in the video. A man in a cap sits. The man waves. Another man in a coat enters.",
        "There are two people in the video: a man and a boy. The man lifts the boy.",
        "There are two people in the video: a woman in red and a girl in red. The woman lifts the girl.",
        MEN + "The man (in red) sits down. The man, who wears blue, waves.",
        "There are two people in the video. The first is a man. The second is a person in a mask. The person waves.",
        "There is one person in the video, a man in a blue shirt. The man pats a statue of a man.",
        MEN + "The man to the left of the table claps.",
        MEN + "The man nearest the door claps.",
        "There are two men and a woman in the video. The woman waves.",
        "There are two people in the video. A policewoman in a cap and a woman in jeans talk. The policewoman nods.",
    ],
)
def test_whoever_can_be_told_is_not(caption: str) -> None:
    assert underlined(RULE, caption) == []


def test_flag_names_the_sentence_and_how_many_it_may_mean() -> None:
    (flag,) = flags(RULE, MEN + "[00:01.0] The man sits down.")
    assert (flag.sentence, flag.message, flag.fix) == (
        "The man sits down.",
        "“The man” can mean any of 2 people.",
        None,
    )


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("There are three children in the video. One of the children runs. The child falls.", []),
        (
            (
                "There are three children in the video. One of the children runs. The second child jumps."
                " The child falls."
            ),
            ["The child"],
        ),
        ("There are three boys in the video. One of the boys runs. They laugh. The boy falls.", ["The boy"]),
        ("There are three boys in the video. One of the boys runs past the boy in red. The boy falls.", ["The boy"]),
        ("There are three boys in the video. One of the boys runs and a ball hits the boy on the head.", []),
        ("There are three boys in the video. Two of the boys run. The boy falls.", ["The boy"]),
    ],
)
def test_one_of_several_is_singled_out_until_another_comes_between(caption: str, expected: list[str]) -> None:
    assert underlined(RULE, caption) == expected


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        (
            (
                "There are two people in the video, both boys of about ten. One wears red; the other wears"
                " blue. The boy jumps."
            ),
            ["The boy"],
        ),
        ("There are two people in the video, both women in red coats. The woman jumps.", ["The woman"]),
        ("There are three people in the video, all girls in tutus. The girl jumps.", ["The girl"]),
        (
            (
                "There are two people in the video. They are both men in suits. One has a hat, the other a"
                " cap. The man jumps."
            ),
            ["The man"],
        ),
        (
            (
                "There are two people in the video, both of them men in suits. One has a hat, the other a"
                " cap. The man jumps."
            ),
            ["The man"],
        ),
        (
            (
                "There are two people in the video, both boys of about ten. One wears red; the other wears"
                " blue. The boy in red jumps."
            ),
            [],
        ),
        (
            (
                "There are two people in the video, both in suits. One is a man in grey, the other is a"
                " boy in blue. The boy jumps."
            ),
            [],
        ),
        (
            (
                "There are three people in the video: a woman in a coat and two boys in caps. When the"
                " bell rings, both boys jump. The woman claps."
            ),
            [],
        ),
    ],
)
def test_people_named_together_are_several_of_that_noun(caption: str, expected: list[str]) -> None:
    assert underlined(RULE, caption) == expected


WOMEN = "There are two women in the video. One has a bun, the other has a plait. "


@pytest.mark.parametrize(
    "which",
    [
        *("with the knee brace", "with the neck tattoo", "with the shoulder bag", "in the ankle boots"),
        *("in the knee-length coat", "with the elbow pads", "in the leg warmers", "with the hand drum"),
        *("with her arm in a sling", "with one hand on the wheel", "with her hair down", "with her back to the camera"),
        *("on the left side", "in the back row", "at the back", "up the ladder", "down in the pit", "out front"),
        *("clad in leather", "armed with a broom", "perched on the wall", "beneath the arch", "first in line"),
        *("in her slippers", "in her sixties", "on her knees", "halfway up the stairs"),
        *("- the one in the cap -", "whose shoes are red"),
    ],
)
def test_qualifier_of_ones_own_tells(which: str) -> None:
    assert underlined(RULE, f"{WOMEN}[00:02.0] The woman {which} laughs.") == []


def test_afterthought_tells() -> None:
    for which in ("the one with the bun", "second from the left", "the taller one"):
        assert underlined(RULE, f"{WOMEN}[00:02.0] The woman, {which}, laughs.") == []


@pytest.mark.parametrize(
    "does",
    [
        *("with both hands lifts a box", "with one hand opens the door", "with her foot stops the ball"),
        *("on tiptoe reaches up", "with a nod leaves", "now stands up and walks off", "opens the back", "in turn bows"),
    ],
)
def test_how_somebody_does_it_does_not_tell(does: str) -> None:
    assert underlined(RULE, f"{WOMEN}[00:02.0] The woman {does}.") == ["The woman"]


def test_where_somebody_is_touched_does_not_tell() -> None:
    for touched in ("taps the woman on the arm", "leads the woman by the hand to the door"):
        assert underlined(RULE, f"{WOMEN}[00:02.0] A boy {touched}.") == ["the woman"]
