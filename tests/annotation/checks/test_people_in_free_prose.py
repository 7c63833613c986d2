"""people-count-mismatch in free prose: the rest of a group, pronouns that tell, one of two, unknown callings."""

import pytest

from tests.annotation.checks.rules import underlined

RULE = "people-count-mismatch"

AGREE = [
    "There are four people in the video. A coach in a red cap kneels. The other three are girls in white.",
    "There are four people in the video. A coach in a red cap kneels. The other three people are girls in white.",
    "There are four people in the video. A coach in a red cap kneels. The other three people wear white robes.",
    "There are four people in the video. A coach in a red cap kneels, and the three others wear white robes.",
    (
        "There are five people in the video. A man and a woman in red stand, and the other three"
        " are children with yellow bibs."
    ),
    (
        "There are five people in the video. A man in a cap and a woman in red stand. The"
        " remaining three wear yellow bibs."
    ),
    (
        "There are four people in the video. Two women in red sit and two men in blue stand. One"
        " woman claps, the other three are still."
    ),
    (
        "There are five people in the video. Five girls in white tutus stand at a bar. One girl in"
        " the middle bows; the other four are still."
    ),
    (
        "There are three people in the video: a woman in a coat and two boys in caps. When the"
        " bell rings, both boys jump. The woman claps."
    ),
    (
        "There are two people in the video. A woman in red stands at a DJ booth and a man in a cap"
        " dances. The dancers freeze."
    ),
    "There is one person in the video. A man in a cap sits at a teacher desk next to a worker's locker.",
    "There is one person in the video. A man in a cap leans on a lifeguard tower.",
    "There are two people in the video. A DJ in a cap spins a disc. A dancer in white tables a motion.",
    "There is one person in the video. It is a young woman in a skirt. On the wall hangs a picture of a man.",
    (
        "There is one person in the video. It is a young woman in a skirt. She is a student with a"
        " red bag. The woman nods."
    ),
    (
        "There is one person in the video. It is a young woman in a skirt. Behind her some people"
        " walk past in the background."
    ),
    "There are two people in the video. It is a woman in a skirt who sits. Opposite her stands a man in a cap.",
    "There are two people in the video. He is a man in a suit. She is a woman in a gown. The woman turns.",
    "There is one person in the video. A man in a cap sits. He is a tall man with a beard. The man nods.",
    "There are two people in the video. One is a man with a scarf. The woman next to him wears a hat. He waves.",
    "There are two people in the video. One is a man with a scarf. He hands her a cup.",
    "There are two people in the video. One is a man with a scarf. They both wear white robes.",
    "There are two people in the video. One is a man with a scarf, his partner is a woman in a gown.",
    "There are two people in the video. One is a man with a scarf and one is a woman in a gown.",
    "There are two people in the video. One is a man with a scarf. Next to him sits a girl.",
    "There are two people in the video. One is a man with a scarf. Somebody in a coat joins him.",
    "There are two boys in the video. One has a cap. He jumps.",
    "There are two people in white judo suits in the video. One has a black belt. He bows.",
    "There is one person in the video. One has to look closely at the man in the cap.",
    "There are three people in the video: a lawyer in a suit, a beekeeper with a veil and a man in a cap.",
    "There are three people in the video: a quizmaster in a suit, a falconer with a glove and a man in a cap.",
    (
        "There are two people in the video. A prosecutor in a suit sits. A defendant in grey"
        " stands. The lawyer's table is empty."
    ),
    "There are three people in the video: one is a gaffer with a lamp, one is a man in a cap and one is a woman.",
    "Two athletes train on a mat. One wears red, the other blue.",
    "There are two people in the video. Two boxers box in a ring.",
    "There are three people in the video: a quizmaster wearing a suit, a falconer who waves and a man in a cap.",
    "There is one person in the video. He is a man in a suit. The man nods.",
    "There are two people in the video. He is a man in a suit. She is a woman in a gown. The man nods at the woman.",
    "There are two people in white suits in the video. One is a man with a black belt. He bows.",
    "There are two people in the video. One is a man with a black belt. The referee bows.",
]

DIFFER = [
    ("There are three people in the video. An instructor in red kneels, and the other three are children.", "three"),
    ("There are five people in the video. An instructor in red kneels, and the other three are children.", "five"),
    (
        (
            "There are four people in the video. A man and a woman in red stand, and the other three"
            " are children with yellow bibs."
        ),
        "four",
    ),
    ("There is one person in the video. A DJ in a cap stands there. A dancer in white turns.", "one"),
    (
        (
            "There is one person in the video. She is a young woman in a skirt. Opposite her stands a"
            " man with a green apron."
        ),
        "one",
    ),
    (
        ("There is one person in the video. The person is a young woman in a skirt. A man with a green apron enters."),
        "one",
    ),
    ("There is one person in the video. This is a girl in a skirt. A man with a green apron enters.", "one"),
    ("There are two people in the video. One is a woman with a red scarf. She waves. She sits down.", "two"),
    ("There are three people in the video. One is a woman with a red scarf. She waves.", "three"),
    ("There are three people in the video: a man with a hat and a coat, and a woman in a dress.", "three"),
    ("There are four people in the video: a lawyer in a suit, a beekeeper with a veil and a man in a cap.", "four"),
    (
        ("There are four people in the video: a quizmaster wearing a suit, a falconer who waves and a man in a cap."),
        "four",
    ),
    ("There are three people in the video: a man with a hat and a coat and a woman in a dress.", "three"),
    ("There are two people in the video. Five girls in white stand at a bar. One girl in the middle bows.", "two"),
    ("There are two people in the video. A girl in white and one girl in red bow. One boy in a cap waves.", "two"),
    ("There is one person in the video. He is a man in a suit. She is a woman in a gown.", "one"),
    ("In this clip there are two people. One is a man with a black belt. He bows.", "two"),
    ("Two people can be seen: one is a man with a black belt. He bows.", "Two"),
    ("Two people are in the video. One is a man with a black belt. The man bows.", "Two"),
]


@pytest.mark.parametrize("caption", AGREE)
def test_everybody_announced_is_found_in_free_prose(caption: str) -> None:
    assert underlined(RULE, caption) == []


@pytest.mark.parametrize(("caption", "number"), DIFFER)
def test_number_is_underlined_where_somebody_is_missing_or_too_many(caption: str, number: str) -> None:
    assert underlined(RULE, caption) == [number]
