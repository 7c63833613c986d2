"""people-count-mismatch: the number announced against everybody who is described."""

import pytest

from tests.annotation.checks.rules import flags, underlined

RULE = "people-count-mismatch"

AGREE = [
    "There are two people in the video. The first is a bald man. The second is a girl in red. The man sits.",
    "There is one person in the video, a woman in a blue coat. [00:01.0] She sits down.",
    "There is one person in the video. A man in a cap sits at a desk. He is a tall man with a beard.",
    (
        "There are three people in the video. The first is a man in a cap. The second is a woman in a skirt."
        " The third is a"
        " person in a checked shirt who stands in the background on the left."
    ),
    "There are two men in the video. One wears a red shirt, the other a blue one. They shake hands.",
    "The clip shows two people: a man in a white shirt and a woman in a green dress.",
    "The clip shows three people, two boys in blue shirts and a girl with plaits.",
    "There are two women and a man in the video. The man wears a suit. The women wear long dresses.",
    (
        "There are five people in the video. The first is a woman in a black dress. The other four are boys"
        " in white shirts."
    ),
    (
        "There are four people in the video. A man in a red helmet climbs a wall. Two women in vests hold"
        " the rope. A boy"
        " in yellow shorts watches them."
    ),
    (
        "There are two people in the video. A man in a brown hat stands on the left. On the right is a woman in jeans."
        " [00:02.0] The man takes a step."
    ),
    "There are three people in the video. The first two are boys in karate suits. The third is a man with a whistle.",
    "There are three men in white judo suits in the video. All three bow.",
    "There are two people in the video. The man wears a grey shirt. The woman has short hair and a red scarf.",
    (
        "There are two people in the video. The first is a man in a blue jacket. The second is a woman in a"
        " white coat. In"
        " the background, some people walk past."
    ),
    (
        "There is one person in the video. The first is a young man in a hoodie. Behind him two onlookers stand in the"
        " background."
    ),
    (
        "There is one person in the video, a woman who wears a man's jacket and a chef hat. A poster of a"
        " singer hangs on"
        " the wall."
    ),
    "There are about thirty people in the video. A man in a red cap runs in front. A woman follows.",
    "There is a crowd in the square. A man in a clown costume juggles. A girl in a pink coat claps.",
    (
        "There are two people in the video. One is a man with grey hair, and the other is a woman with a plait. The man"
        " hands the woman a cup."
    ),
    "There are 2 people in the video. The first is a man. The second is another man in a hat.",
    "Two people are in the clip. A man in a vest lifts a barbell and a woman in leggings counts with her fingers.",
    (
        "In the video, there are three people. A tall man in a suit, a woman in a red dress and a child with a balloon"
        " stand in a row."
    ),
    (
        "There are two people at first; a third joins them. The first is a man in a cap. The second is a"
        " woman in a coat."
        " [00:03.0] A boy in a yellow jumper enters."
    ),
    "There are six people in the video. Three girls in white dresses dance in front of three boys in black trousers.",
    "There is one man in the video. He is a tall man in a grey suit. He acts like a dancer.",
    (
        "There are three people in the video. The first is a woman in a sari. The second, a boy in a striped"
        " shirt, sits on"
        " her lap. The last is a man with a drum."
    ),
    "There are two dancers in the video. The first wears a black suit; the second wears a red dress.",
    "There are four people in the video: two men in suits and two women in gowns.",
    "There are two people in the video. A woman in a blue apron kneads dough while a man in a white cap watches.",
    (
        "There are three people in the video. One is a woman in a long coat, another is a man with a cane"
        " and the third is a"
        " girl with a kite."
    ),
    "A total of three people appear. A boy in green shorts, a girl in a skirt and a man in boots.",
    (
        "There are two people in the video. The person on the left is a man in a robe. The person on the"
        " right is a woman in"
        " a robe. The man bows."
    ),
    (
        "There are three people in the video. The first is a man in an orange vest. The second and third are women in"
        " hard hats."
    ),
    "There are twelve people in the video. They all wear red shirts and stand in two rows.",
    (
        "There are two people in the video. The first is a man who holds a picture of a woman. The second is"
        " a girl in a"
        " raincoat."
    ),
    "There are two people in the video. A man in a cap stands beside a falconer in red.",
]

DIFFER = [
    ("There are three people in the video. The first is a bald man. The second is a girl in red.", "three"),
    ("There are two people in the video. The first is a man. The second is a woman. The third is a child.", "two"),
    ("There is one person in the video. A man in a cap lifts a woman in a white dress.", "one"),
    ("The clip shows three people: a man in a white shirt and a woman in a green dress.", "three"),
    ("There are two people in the video. A man in a hat, a woman in a coat and a boy with a ball walk along.", "two"),
    ("There are four people in the video. The first is a man. The other two are women in jeans.", "four"),
    (
        (
            "There are two people in the video. The first is a man. The second is a boy. [00:04.0] Another man"
            " in a blue"
            " shirt enters from the left."
        ),
        "two",
    ),
    ("There are 3 people in the video. One is a man in a vest, the other is a woman in leggings.", "3"),
    ("Three people are in the clip. A man in a vest lifts a barbell and a woman in leggings watches.", "Three"),
    ("There are five people in the video: two men in suits and two women in gowns.", "five"),
    ("There are three people in the video. A man in a red cap throws a ball. A boy in shorts catches it.", "three"),
    ("There are two people in the video. Three girls in tutus stand at a bar.", "two"),
    ("There are two men in the video. The first wears a suit. The second wears a robe. The third wears a vest.", "two"),
    (
        (
            "There are three people in the video. The man in the red shirt lifts a box. The woman in the green"
            " dress holds"
            " the door."
        ),
        "three",
    ),
    ("There are four people in the video. The first two are boys in caps. The third is a man with a whistle.", "four"),
    ("There is one person in the video. The first is a man. The second is a woman.", "one"),
    (
        (
            "There are two people in the video. The first is a woman in a hat. The second is a man in a coat."
            " [00:02.0] Two"
            " boys in yellow shirts run in from the right."
        ),
        "two",
    ),
    ("There are two people in the video. A man in a cap stands beside a ladder in red.", "two"),
    ("There are two people in the video. A man in a cap stands beside a letter in red.", "two"),
]


@pytest.mark.parametrize("caption", AGREE)
def test_captions_that_describe_whom_they_announce_are_fine(caption: str) -> None:
    assert underlined(RULE, caption) == []


@pytest.mark.parametrize(("caption", "number"), DIFFER)
def test_number_that_differs_is_underlined(caption: str, number: str) -> None:
    assert underlined(RULE, caption) == [number]


def test_number_is_changed_where_it_is_certain() -> None:
    caption = "[00:00.0] There are Three people in the video. The first is a bald man. The second is a girl in red."
    (flag,) = flags(RULE, caption)
    assert flag.fix is not None
    fixed = caption[: flag.fix.start] + flag.fix.insert + caption[flag.fix.end :]
    assert fixed == caption.replace("Three", "Two")
    assert flags(RULE, fixed) == []
    assert (flag.sentence, flag.message) == (
        "There are Three people in the video.",
        "3 announced, 2 are described.",
    )


def test_no_number_is_offered_where_the_grammar_would_change() -> None:
    (flag,) = flags(RULE, "There is one person in the video. The first is a man. The second is a woman.")
    assert flag.fix is None
