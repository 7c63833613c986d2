"""What each warning of a question fires on, and what comes near and is fine."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.checks import Flag, Sibling, item_flags
from qa.item_checks.siblings import most_similar

CAPTION = (
    "There are two people in the video. The first is a tall man with a beard, in a red cap, a white and blue striped"
    " shirt and black trousers. The second is a woman with long brown hair, in a green coat and brown boots."
    " [00:00.0] The man in the red cap claps his hands three times. [00:02.0] The woman raises her left hand and waves"
    " several times. [00:03.0] The man sits down on the bench and crosses his legs. [00:04.0] The woman smiles and nods"
    " at the man."
)
TWINS = (
    "There are three people in the video. Two are boys in white T-shirts, one with a red cap and the other with curly"
    " hair. The third is a girl in a yellow dress. The boy with the red cap jumps."
)
COUNTS = ("Twice", "Three times", "Once", "Four times")
COLOURS = ("Red", "Blue", "Green", "White")


def rules_of(
    question: str, options: tuple[str, ...], *, key: int | None = 0, category: str = "action_details", **more: Any
) -> set[str]:
    return {flag.rule for flag in item_flags(category=category, question=question, options=options, key=key, **more)}


def fires(rule: str, question: str, *options: str, **more: Any) -> bool:
    return rule in rules_of(question, options, **more)


# The key beside the others

LONG = "He turns round slowly and waves to the woman"
"""9 words."""


def test_key_is_much_longest_from_twice_the_words_and_five_more() -> None:
    assert fires("key:much-longest", "What?", LONG, "He sits down there", "He jumps", "He runs")  # 9 against 4
    assert not fires("key:much-longest", "What?", LONG, "He sits down over there", "He jumps", "He runs")  # against 5
    assert not fires(
        "key:much-longest", "What?", "He waves once to everybody", "One", "Two", "No"
    )  # 5 and 1: only four
    assert not fires("key:much-longest", "What?", LONG, "He jumps", "He runs", "He sits", key=1)


def test_key_is_much_shorter_from_half_the_words_and_five_fewer() -> None:
    longer = (f"{LONG} again", f"{LONG} there", f"{LONG} now")  # 10 words each
    assert fires("key:much-shorter", "What?", "He sits down over there", *longer)  # 5 against 10
    assert not fires("key:much-shorter", "What?", "He sits down right over there", *longer)  # 6 against 10
    assert not fires("key:much-shorter", "What?", "No", "He sits down there", "He jumps up high", "He runs away now")


def test_key_that_alone_repeats_four_words_of_the_caption_is_flagged() -> None:
    key = "He sits down on the bench"
    assert fires("key:copied-from-caption", "What?", key, "He runs", "He jumps", "He bows", caption=CAPTION)
    assert not fires("key:copied-from-caption", "What?", key, "He runs", "He jumps", "He bows")
    assert not fires("key:copied-from-caption", "What?", "He takes a seat", key, "He jumps", "He bows", caption=CAPTION)
    other = "She claps his hands three times"
    assert not fires("key:copied-from-caption", "What?", key, other, "He jumps", "He bows", caption=CAPTION)


def test_word_that_every_option_has_does_not_count_towards_a_run() -> None:
    options = ("Down on the bench", "Under the bench", "Behind the bench", "Beside the bench")
    assert not fires("key:copied-from-caption", "Where?", *options, caption=CAPTION)


# What gives the answer away


@pytest.mark.parametrize(
    ("question", "options", "category", "expected"),
    [
        ("What colour is the man's red cap?", COLOURS, "attribute", True),
        ("What colour is the cap of the man in the red shirt?", COLOURS, "attribute", False),
        (
            "What kind of tie does the man in the striped tie wear?",
            ("Striped", "Plain", "Dotted", "Checked"),
            "attribute",
            True,
        ),
        ("How many times does the man clap twice?", COUNTS, "count", True),
        ("How many times does the first of the two men clap?", COUNTS, "count", False),
        ("Does he turn left or right?", ("Left", "Right", "Back", "Not at all"), "action_details", False),
        (
            "Where does he sit as he sits on a bench?",
            ("On a bench", "On a chair", "On a box", "On a wall"),
            "interaction",
            True,
        ),
    ],
)
def test_answer_in_question(question: str, options: tuple[str, ...], category: str, expected: bool) -> None:
    assert fires("answer-in-question", question, *options, category=category) is expected


@pytest.mark.parametrize(
    ("question", "options", "expected"),
    [
        ("What does he lift?", ("A box", "A dragon", "A spaceship", "A bag"), True),
        ("What does he lift?", ("A box", "A chair", "A crate", "A bag"), False),
        ("What does the cook use the whisk for?", ("Beating eggs", "Sweeping", "Writing", "Fishing"), True),
        ("Why does she whistle?", ("To call the dog", "To eat", "To sleep", "To fly"), True),
        ("Why does she stop?", ("A dog runs across", "He calls", "The bell rings", "It rains"), False),
        ("What colour is the snow?", ("White", "Green", "Pink", "Blue"), True),
        (
            "Which part of his body does he use to kick?",
            ("His left leg", "His right leg", "His arm", "His head"),
            False,
        ),
    ],
)
def test_answerable_without_video(question: str, options: tuple[str, ...], expected: bool) -> None:
    assert fires("answerable-without-video", question, *options) is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("Red", "Cotton", "Elderly", "Happy"), True),
        (("He has short hair", "He wears a blue jersey", "He is about sixty", "He looks angry"), True),
        (("Gold", "Silver", "Plastic", "Wooden"), False),
        (("Gold", "Silver", "Black", "White"), False),
        (("Striped", "Checked", "Plain", "Dotted"), False),
        (("A straw hat", "A wool cap", "A turban", "A scarf"), False),
        (("Long", "Curly", "Straight", "Braided"), False),
        (("Gizmos", "Whatsits", "Red", "Blue"), False),
    ],
)
def test_options_of_an_attribute_are_of_one_kind(options: tuple[str, ...], expected: bool) -> None:
    assert fires("options:not-one-kind", "What is it like?", *options, category="attribute") is expected
    assert not fires("options:not-one-kind", "What is it like?", *options, category="interaction")


# The question's own words


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does the man not do?", True),
        ("Which of these doesn't she do?", True),
        ("What is everybody except the girl holding?", True),
        ("Which of the three never touches the board?", True),
        ("What does the man who is not wearing a hat do?", False),
        ("What does he do so as not to fall?", False),
        ("What does he do while she is not looking?", False),
        ("What does the man with the “Do not enter” sign do?", False),
        ("What knot does he tie?", False),
    ],
)
def test_negated_question(question: str, expected: bool) -> None:
    assert fires("negated-question", question, "A", "B", "C", "D") is expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How many people are in the video?", True),
        ("How many people dance?", True),
        ("Exactly how many swimmers wear a cap?", True),
        ("How many candles are on the cake?", True),
        ("How many buttons does his coat have?", True),
        ("How many times does the man clap?", False),
        ("How many times do the people clap?", False),
        ("How many push-ups does the girl do?", False),
        ("How many steps does he take?", False),
        ("How many rungs does he climb?", False),
    ],
)
def test_count_that_is_no_action(question: str, expected: bool) -> None:
    assert fires("count-not-an-action", question, *COUNTS, category="count") is expected
    assert not fires("count-not-an-action", question, *COUNTS, category="attribute")


@pytest.mark.parametrize(
    ("question", "options", "expected"),
    [
        ("Which way does the man turn?", ("To the left", "To the right", "Back", "Not at all"), True),
        ("Which way does the man turn?", ("To his left", "To his right", "Back", "Not at all"), False),
        ("Where does he walk?", ("To the left of the frame", "To the right of the frame", "Up", "Down"), False),
        ("Which foot is raised?", ("The left one", "The right one", "Both", "Neither"), True),
        ("Which foot does the man raise?", ("The left one", "The right one", "Both", "Neither"), False),
        ("Which hand does she use?", ("Her left hand", "Her right hand", "Both", "Neither"), False),
        ("Where does he stand?", ("On the left", "On the right", "In the middle", "Outside"), False),
        ("What does he do?", ("He runs off to the left", "He sits", "He waves", "He bows"), False),
    ],
)
def test_side_that_may_be_the_persons_or_the_frames(question: str, options: tuple[str, ...], expected: bool) -> None:
    assert fires("side-unclear", question, *options) is expected


# The caption


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What does the boy in the white T-shirt do?", True),
        ("What does the boy do?", True),
        ("What does the boy in the red cap do?", False),
        ("What does the boy with curly hair do?", False),
        ("What does the girl do?", False),
    ],
)
def test_person_who_is_not_the_only_one(question: str, expected: bool) -> None:
    assert fires("person-not-unique", question, "A", "B", "C", "D", caption=TWINS) is expected
    assert not fires("person-not-unique", question, "A", "B", "C", "D")


@pytest.mark.parametrize(
    ("question", "options", "category", "expected"),
    [
        ("What colour is the man's cap?", ("Blue", "Red", "Green", "White"), "attribute", True),
        ("What colour is the man's cap?", COLOURS, "attribute", False),
        ("What colour is the man's cap?", ("Maroon", "Red", "Green", "White"), "attribute", False),
        ("What colour is the man's cap?", ("Blue", "Pink", "Green", "White"), "attribute", False),
        ("How many times does the man clap?", COUNTS, "count", True),
        ("How many times does the man clap?", ("3", "2", "1", "4"), "count", False),
        ("Which hand does she raise?", ("Her right hand", "Her left hand", "Both", "Neither"), "action_details", True),
        ("Which hand does she raise?", ("Her left hand", "Her right hand", "Both", "Neither"), "action_details", False),
    ],
)
def test_key_wrong_by_caption(question: str, options: tuple[str, ...], category: str, expected: bool) -> None:
    assert fires("key:wrong-by-caption", question, *options, category=category, caption=CAPTION) is expected
    assert not fires("key:wrong-by-caption", question, *options, category=category)


@pytest.mark.parametrize(
    ("question", "options", "category", "expected"),
    [
        ("What colour is the man's shirt?", ("White", "Blue", "Green", "Red"), "attribute", True),
        ("What colour is the man's shirt?", ("White and blue", "Black", "Green", "Red"), "attribute", False),
        ("What does the woman do at the man?", ("Smiles", "Nods", "Frowns", "Points"), "interaction", True),
        ("What does the woman do at the man?", ("Smiles", "Sings", "Frowns", "Points"), "interaction", False),
        ("How many times does he clap?", ("Three", "A few times", "Nine", "Ten"), "count", True),
        ("How many times does he clap?", ("Three", "More than five times", "Nine", "Ten"), "count", False),
        ("What happens?", ("All of the above", "He sits", "He stands", "He bows"), "interaction", True),
        ("What happens?", ("None of the above", "He sits", "He stands", "He bows"), "interaction", False),
    ],
)
def test_more_than_one_true(question: str, options: tuple[str, ...], category: str, expected: bool) -> None:
    assert fires("more-than-one-true", question, *options, category=category, caption=CAPTION) is expected


@pytest.mark.parametrize(
    ("question", "options", "category", "expected"),
    [
        ("What colour is the man's scarf?", COLOURS, "attribute", True),
        ("What colour is the man's hat?", COLOURS, "attribute", False),
        ("What colour are the woman's shoes?", ("Brown", "Red", "Green", "White"), "attribute", False),
        ("How many times does the woman wave?", COUNTS, "count", True),
        ("How many times does the man jump?", COUNTS, "count", True),
        (
            "How many times does the man smack his palms together?",
            ("Three times", "Two", "Nine", "Ten"),
            "count",
            False,
        ),
        ("How old is the woman?", ("Forty", "Fifty", "Sixty", "Seventy"), "attribute", True),
        ("What are her gloves like?", ("Torn", "New", "Dirty", "Clean"), "attribute", True),
    ],
)
def test_not_supported_by_caption(question: str, options: tuple[str, ...], category: str, expected: bool) -> None:
    assert fires("not-supported-by-caption", question, *options, category=category, caption=CAPTION) is expected
    assert not fires("not-supported-by-caption", question, *options, category=category)


# Several questions


def pair(
    question: str, options: tuple[str, ...], other: str, its: tuple[str, ...] | None = None, **more: Any
) -> list[Flag]:
    """What is said of a question with one sibling, both with their first option as key."""
    siblings = [Sibling(other, its or options, 0, "q2")]
    flags = item_flags(category="action_details", question=question, options=options, key=0, siblings=siblings, **more)
    return [flag for flag in flags if flag.partner]


@pytest.mark.parametrize(
    ("question", "options", "other", "its", "expected"),
    [
        ("How many times does the man clap?", COUNTS, "How often does the man applaud?", COUNTS, True),
        ("How many times does the man clap?", COUNTS, "How many times does the man jump?", COUNTS, False),
        ("How many times does the man clap?", COUNTS, "How many times does the woman clap?", COUNTS, False),
        ("What colour is his cap?", COLOURS, "What colour is his scarf?", COLOURS, False),
        ("What does he do with his left hand?", ("Waves",), "What does he do with his right hand?", ("Waves",), False),
        ("What is her shirt made of?", ("Denim", "Silk"), "Which material is the girl's top?", ("Denim", "Wool"), True),
        (
            "What does he do immediately after sitting down?",
            ("Claps", "Waves"),
            "What does he do just before clapping?",
            ("He sits down", "He bows"),
            True,
        ),
        (
            "What does he do immediately after sitting down?",
            ("Claps", "Waves"),
            "What does he do just before sitting down?",
            ("Claps", "Bows"),
            False,
        ),
    ],
)
def test_near_duplicate_pair(
    question: str, options: tuple[str, ...], other: str, its: tuple[str, ...], expected: bool
) -> None:
    for flags in (pair(question, options, other, its), pair(other, its, question, options)):
        found = [flag for flag in flags if flag.rule == "near-duplicate-pair"]
        assert bool(found) is expected
        assert {flag.partner for flag in found} <= {"q2"}


@pytest.mark.parametrize(
    ("question", "options", "other", "expected"),
    [
        ("What colour is her raincoat?", ("Yellow", "Red"), "What does the woman in the yellow raincoat do?", True),
        ("What colour is her raincoat?", ("Red", "Yellow"), "What does the woman in the yellow raincoat do?", False),
        ("What does he do at the line?", ("Sneezes", "Coughs"), "Who laughs after the young man sneezes?", True),
        ("Who sneezes?", ("The boy", "The girl"), "What does the boy do after the bell rings?", False),
        ("What does he drop?", ("A cup", "A plate"), "What lies between the cup and the plate?", False),
    ],
)
def test_answer_in_sibling(question: str, options: tuple[str, ...], other: str, expected: bool) -> None:
    rules = {flag.rule for flag in pair(question, options, other, ("One", "Two"))}
    assert ("answer-in-sibling" in rules) is expected


def test_reason_names_the_other_question() -> None:
    flags = pair("How many times does the man clap?", COUNTS, "How often does the man applaud?")
    assert flags == [
        Flag("near-duplicate-pair", False, "“How often does the man applaud?” asks for the same fact.", "q2")
    ]


def test_most_similar_is_the_same_question_with_the_same_options_in_any_order() -> None:
    question = Sibling("How many times does the man clap?", COUNTS)
    turned = Sibling("how many times does the man clap", ("4 times", "2", "one time", "Three"), id="turned")
    others = [
        Sibling(question.question, (*COUNTS[:3], "Five times"), id="other options"),
        Sibling("How many times does the man jump?", COUNTS, id="other question"),
    ]
    assert most_similar(question, others) is None
    assert most_similar(question, [*others, turned]) == turned


def test_rules_that_need_a_key_are_silent_without_one() -> None:
    siblings = [Sibling("How often does the man applaud?", COUNTS, None, "q2")]
    more: dict[str, Any] = {"category": "count", "caption": CAPTION, "siblings": siblings, "key": None}
    assert rules_of("How many times does the man clap?", COUNTS, **more) == set()


_words = st.sampled_from([*CAPTION.split(), "Red", "left", "right", "twice", "not", "P1", "?", "“", "\u200b", "3"])
_texts = st.lists(_words, max_size=25).map(" ".join)


@given(question=_texts, options=st.lists(_texts, min_size=2, max_size=4), caption=_texts, data=st.data())
def test_order_of_options_changes_no_warning(
    question: str, options: list[str], caption: str, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(options))))
    for category in ("count", "attribute", "interaction"):
        first = rules_of(question, tuple(options), category=category, caption=caption)
        turned = tuple(options[place] for place in order)
        assert rules_of(question, turned, key=order.index(0), category=category, caption=caption) == first
