"""no-people-statement: the caption says nowhere how many people are in the clip."""

import pytest

from tests.annotation.checks.rules import flags

RULE = "no-people-statement"


@pytest.mark.parametrize(
    "caption",
    [
        "There are two people in the video. The first is a man.",
        "There is one person in the video, a man in a cap.",
        "There is a man in the video. He sits.",
        "The video shows a woman in a green coat. She sits.",
        "The clip shows a man and a woman.",
        "A crowd of people fills a square. A man in a cap waves.",
        "There are many people in the video.",
        "Two men in suits shake hands.",
        "In the video, about thirty people run along a road.",
        "A woman in a red coat sits on a bench. Nobody else is in the frame.",
        "A man in a cap juggles. He is the only person in the video.",
        "A man in a cap and a boy play chess. In total, two people can be seen.",
        "A woman dances alone in the room.",
        "The two people in the clip are a man in a robe and a woman in a gown.",
        "Number of people: 2. A man in a robe bows.",
        "We see three men on a mat.",
        "There's a crowd of spectators in the hall and two wrestlers on the mat.",
        "No people are in the video.",
        "A large group of children dances in a hall.",
        "A single person is in the clip.",
        "[00:00.0] There are 2 people in the video.",
        "A cook in an apron, a boy eating a pear: that makes two people at this stall.",
        "We follow three people along a path. In front walks a man with a stick.",
        "Laundromat, 2 people: woman with a cart, man with a book.",
        "The gym is empty except for one person, a woman in a white jacket.",
        "Solo clip: one young man in a hoodie, climbing wall.",
        "A man in a hoodie climbs a wall, in a solo video.",
        "A solo dancer in a white dress turns on a stage.",
        "Solo, a man in a hoodie climbs a wall.",
        "The two of them are tired. The man in the cap lifts a box.",
        "A dim hall. The two of them, a man in a cap and a boy, sit on a bench.",
        "A man in a cap and a boy with a drum stand under a bridge. The two of them are alone.",
        "Here come three young, cheerful people. A man in a cap waves.",
    ],
)
def test_statement_of_any_form_is_one(caption: str) -> None:
    assert flags(RULE, caption) == []


@pytest.mark.parametrize(
    "caption",
    [
        "A man in a red cap lifts a box. A woman in a coat watches him.",
        "The man in the red cap lifts a box. [00:01.0] He puts it down.",
        "[00:00.0] A woman in a blue dress picks up two balls. There is a chair behind her.",
        "There are two cups on the table. A man in an apron fills them.",
        "The first is a man in a cap. The second is a woman in a coat.",
        "He raises both arms and jumps two times.",
        "A boy in green shorts throws a ball to a girl in a skirt. They run.",
        "The man lifts one arm. One of the boxes falls.",
        "A woman in a coat waits. One of the people behind her waves.",
        "A man in a cap carries two people's suitcases.",
        "The man in the cap pushes one box towards the person in red.",
        "The man in the cap has one hand on the person next to him.",
        "The man in the cap hands 2 plates to the person in blue.",
        "The man in the cap plays a guitar solo.",
        "The man in the cap claps. Solo, he plays on.",
        "The man in the cap lifts a box. The two of them are tired.",
        "The man in the cap lifts one box while people laugh.",
        "The video shows a kitchen. The woman in the apron stirs a pot.",
    ],
)
def test_caption_without_statement_is_told_at_its_start(caption: str) -> None:
    (flag,) = flags(RULE, caption)
    assert flag.start == flag.end == (10 if caption.startswith("[") else 0)
    assert (flag.sentence, flag.fix) == ("", None)


def test_empty_text_is_told_nothing() -> None:
    assert flags(RULE, " \n") == []
