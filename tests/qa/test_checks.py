"""What each rule of a question fires on, and what comes near and is fine."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from qa.categories import Category
from qa.checks import RULES, Flag, Sibling, item_flags

PUBLISHED = Path(__file__).with_name("fixtures") / "published_questions.jsonl"
OPTIONS = ["red", "green", "blue", "white"]
NUMBERS = ["One", "Three", "Four times", "5"]


def rules_of(category: str, question: str, options: list[str]) -> set[str]:
    """The blocking ones; what warns is in test_warnings.py."""
    flags = item_flags(category=category, question=question, options=options)
    return {flag.rule for flag in flags if flag.blocks}


def only(rule: str, category: str, question: str, options: list[str]) -> bool:
    """Whether exactly this rule fires, or none does."""
    found = rules_of(category, question, options)
    assert found <= {rule}
    return bool(found)


def test_rules_and_their_classes_are_the_ones_that_everybody_knows() -> None:
    assert [(rule.id, rule.blocks) for rule in RULES] == [
        ("form:sequence-phrase", True),
        ("form:option-over-15-words", True),
        ("form:count-not-how-many", True),
        ("form:count-options-not-numbers", True),
        ("form:subject-label", True),
        ("options:equal-after-folding", True),
        ("options:all-or-none-of-above", True),
        ("key:much-longest", False),
        ("key:much-shorter", False),
        ("key:copied-from-caption", False),
        ("answer-in-question", False),
        ("answerable-without-video", False),
        ("options:not-one-kind", False),
        ("negated-question", False),
        ("count-not-an-action", False),
        ("side-unclear", False),
        ("person-not-unique", False),
        ("key:wrong-by-caption", False),
        ("more-than-one-true", False),
        ("not-supported-by-caption", False),
        ("near-duplicate-pair", False),
        ("same-question-in-source", False),
        ("answer-in-sibling", False),
    ]


def test_every_rule_says_what_it_means_with_a_good_and_a_bad_example() -> None:
    for rule in RULES:
        lines = [line.strip() for line in (rule.reason_of.__doc__ or "").splitlines()]
        assert any(line.startswith("Good") for line in lines), rule.id
        assert any(line.startswith("Bad") for line in lines), rule.id


def test_docs_list_every_rule_with_its_class() -> None:
    text = (settings.BASE_DIR / "docs/question-checks.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| (blocks|warns) \|", text, re.MULTILINE)
    assert rows == [(rule.id, "blocks" if rule.blocks else "warns") for rule in RULES]


SEQUENCE_GOOD = [
    "What does the man in the gray cap do immediately after gripping the barbell?",
    "What do the two women do just before they sit down?",
    "WHAT DOES THE MAN DO JUST BEFORE HE JUMPS?",
    "What does he do immediately after he jumps, while the woman waves?",
    "  What does the man who walks backward do just before bowing ? ",
    "What does the man in the “Do it” T-shirt do just before jumping?",
    "“What does the girl do immediately after landing?”",
    "What does the man do immediately\u00a0after landing?",
]
SEQUENCE_BAD = [
    "What does the man do right after he sits?",
    "What does the man do just after he sits?",
    "What does the man do immediately before he sits?",
    "What does the man do after he sits?",
    "After he sits, what does the man do?",
    "In the video, what does the man do just before he sits?",
    "What did the man do immediately after sitting?",
    "What is the man doing just before he sits?",
    "What does the man do immediately after he sits",
    "What does the man do immediately after?",
    "What does do just before he sits?",
    "What does … do immediately after / just before …?",
    "What does the man do with his hand immediately after sitting?",
    "What does the man want to do just before he sits?",
    "What does the man do just before he sits? Choose one.",
    "What does the man do just before he sits? And why?",
    "What does the man do first, and what does the woman do just before she sits?",
]


@pytest.mark.parametrize("question", SEQUENCE_GOOD)
def test_sequence_question_in_its_form_is_fine(question: str) -> None:
    assert not only("form:sequence-phrase", "action_sequence", question, OPTIONS)


@pytest.mark.parametrize("question", SEQUENCE_BAD)
def test_sequence_question_of_another_form_is_flagged(question: str) -> None:
    assert only("form:sequence-phrase", "action_sequence", question, OPTIONS)


def test_form_of_a_sequence_question_is_asked_of_no_other_category() -> None:
    for category in set(Category.values) - {"action_sequence", "count"}:
        assert rules_of(category, SEQUENCE_BAD[0], OPTIONS) == set()


SEQUENCE = SEQUENCE_GOOD[0]
FIFTEEN = "He turns round takes two steps back looks up then claps his hands once loudly"


@pytest.mark.parametrize(
    "option",
    [
        FIFTEEN,
        f"  {FIFTEEN}\n",
        FIFTEEN.replace("two steps", "two-steps-and-a-half"),
        FIFTEEN.replace(" ", "\u00a0"),
        FIFTEEN.replace("looks up", "looks – up").replace("steps back", "steps-back"),
        "x" * 400,
        "Black",
    ],
)
def test_option_of_15_words_is_fine(option: str) -> None:
    assert len(option.split()) <= 15
    assert not only("form:option-over-15-words", "action_sequence", SEQUENCE, ["red", option, "blue", "white"])


@pytest.mark.parametrize(
    "option",
    [
        f"{FIFTEEN} again",
        FIFTEEN.replace("looks up", "looks – up"),
        FIFTEEN.replace(" up then", " up & then"),
        f"{FIFTEEN} .",
        f"{FIFTEEN}\u00a0again",
        f"{FIFTEEN}\nagain",
        " ".join(["go"] * 300),
    ],
)
def test_option_of_16_words_is_flagged(option: str) -> None:
    assert only("form:option-over-15-words", "action_sequence", SEQUENCE, ["red", option, "blue", "white"])
    assert rules_of("interaction", "What does he do?", ["red", option, "blue", "white"]) == set()


@pytest.mark.parametrize(
    "question",
    [
        "How many times does the man clap his hands?",
        "how many jumps are there?",
        "HOW MANY TIMES DOES SHE NOD?",
        "  How many steps does he take?",
        "“How many steps does he take?”",
        "How  many steps does he take?",
        "How many?",
    ],
)
def test_count_question_that_starts_with_how_many_is_fine(question: str) -> None:
    assert not only("form:count-not-how-many", "count", question, NUMBERS)


@pytest.mark.parametrize(
    "question",
    [
        "How much water does he drink?",
        "In the video, how many times does he clap?",
        "How often does he clap?",
        "Count how many times he claps.",
        "Approximately how many times does he clap?",
        "1. How many times does he clap?",
        "How manyfold is it?",
        "What is the number of claps?",
    ],
)
def test_count_question_that_starts_otherwise_is_flagged(question: str) -> None:
    assert only("form:count-not-how-many", "count", question, NUMBERS)
    assert rules_of("attribute", question, NUMBERS) == set()


DEFINITE = [
    *("Two", "6 times", "Once", "twice", "Thrice.", "0", "zero", "No times", "None", "Never", "2 pieces", "1,000"),
    *("twenty-one", "Twenty one", "one hundred and five", "a dozen", "Half a dozen", "A pair", "A single time"),
    *("Exactly 2", "Only once", "2x", "x2", "Two of them", "Twice over the fence", "Three times around the post"),
    *("2 times in 5 seconds", "Two half turns", "One and a half", "２", "٢", "“Two”", "(2)", "Two times, then no more"),
]
INDEFINITE = [
    *("a few", "A few times", "a couple", "A couple of times", "several", "many", "dozens", "a few dozen", "a handful"),
    *("half", "1/2", "½", "50%", "Fifty percent", "one third", "two-thirds", "one in three", "2 out of 3"),
    *("2-3", "2–3", "two to three", "two or three", "Once or twice", "between two and four", "two, maybe three"),
    *("more than two", "at least 3", "At most twice", "up to 5", "fewer than 4", "over ten", "about ten", "nearly 20"),
    *("3+", "3 or more", ">3", "~3", "three or so", "a minimum of 3", "more than a dozen", "3rd", "The third time"),
    *("The one on the left", "At once", "Always", "Unknown", "Not visible", "No idea", "two-handed"),
]


@pytest.mark.parametrize("option", DEFINITE)
def test_count_option_with_one_definite_number_is_fine(option: str) -> None:
    assert not only("form:count-options-not-numbers", "count", "How many?", ["Seven", option, "8", "Nine"])


@pytest.mark.parametrize("option", INDEFINITE)
def test_count_option_without_a_definite_number_is_flagged(option: str) -> None:
    assert only("form:count-options-not-numbers", "count", "How many?", ["Seven", option, "8", "Nine"])
    assert rules_of("attribute", "Which?", ["Seven", option, "8", "Nine"]) == set()


SEEN = [
    *(
        "the person in the yellow raincoat",
        "Person wearing a hat",
        "A person's left hand",
        "the two people",
        "2 people",
    ),
    *("P.E. teacher", "Pier 3", "vitamin B", "an MP3 player", "team A's captain", "parking level P3", "the P3 sign"),
    *("Player number 10 on the jersey", "player 23", "the man with number 3", 'the man whose shirt says "Player 1"'),
    *("the man 2 meters away", "the person 3 steps behind", "the woman 30 years old", "the person two rows behind"),
    *(
        "hands the woman 2 plates",
        "gives the tall person two cups",
        "the person a few steps behind",
        "person 1.8 m tall",
    ),
    *("the first person in the queue", "the main subject of the photo", "the Iron Man 3 shirt", "Spider-Man 2"),
    *("woman V-neck sweater", "the man T-poses", "the man in the Man U jersey", "the one-man band", "Figure 8"),
]
LABELS = [
    *(
        "Subject 2",
        "subject #2",
        "SUBJECT 1",
        "Subject two",
        "Subject 02",
        "Subject II",
        "Ｓubject ２",
        "Subject No. 3",
    ),
    *(
        "Person A",
        "Person 1",
        "person b",
        "Person-1",
        "Person_2",
        "person1",
        "Person (A)",
        "Person number 2",
        "Person “A”",
    ),
    *("P3", "P-3", "p2", "the man (P1)", "Man 1", "Woman B", "Man (A)", "Girl 1 jumps", "the man 2", "Child 2"),
    *("Participant 4", "Individual B", "Actor 1", "Player A", "Player 1", "the first subject", "Woman 2's hat"),
    *("Subjects 1 and 2", "Persons A and B", "P1 and P2", "does person a jump", "He hits Person B."),
]


@pytest.mark.parametrize("text", SEEN)
def test_person_named_by_what_can_be_seen_is_fine(text: str) -> None:
    assert not only("form:subject-label", "interaction", f"What does it show: {text}?", OPTIONS)
    assert not only("form:subject-label", "attribute", "What is it?", ["red", "green", text, "white"])


@pytest.mark.parametrize("text", LABELS)
def test_label_for_a_person_is_flagged_in_question_and_options(text: str) -> None:
    assert only("form:subject-label", "interaction", f"What happens to {text}?", OPTIONS)
    assert only("form:subject-label", "attribute", "What is it?", ["red", "green", text, "white"])


SAME = [
    *[("Two", "2 pieces"), ("An accordion", "the accordion"), ("Once", "1 time"), ("One time", "once"), ("Twice", "2")],
    *[("Four times", "4 times."), ("3x", "Three times"), ("None", "0"), ("Zero times", "never"), ("twelve", "a dozen")],
    *[("1,000", "one thousand"), ("21 jumps", "Twenty-one jumps"), ("Two cats", "2 cats"), ("1 jump", "One jump")],
    *[("Red", "red."), ("T-shirt", "Tshirt"), ("light blue", "Light-blue"), ("He’s up", "He's up!"), ("２", "2")],
    *[("He raises 2 fingers", "he raises two fingers"), ("black & white", "Black and white"), ("x\u200by", "xy")],
]
DIFFERENT = [
    *[("left hand", "right hand"), ("2 cats", "2 dogs"), ("Two", "Three"), ("Once", "Twice"), ("One", "None")],
    *[("1/2", "12"), ("2-3", "23"), ("2.5", "25"), ("-3", "3"), ("50%", "50"), ("1:30", "130"), ("11", "1 1")],
    *[("Vitamin A", "Vitamin"), ("A", "B"), ("A", "The"), ("!", "?"), ("C#", "C++"), ("🙂", "🙁"), ("左手", "右手")],
    *[("Two more", "Two"), ("Two with the left hand", "Two"), ("one-handed", "One"), ("a hat", "a cap"), ("", " ")],
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_options_that_say_the_same_are_flagged(first: str, second: str) -> None:
    assert only("options:equal-after-folding", "attribute", "Which?", [first, "green", second, "white"])


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_options_that_differ_are_fine(first: str, second: str) -> None:
    assert not only("options:equal-after-folding", "attribute", "Which?", [first, "green", second, "white"])


OF_THE_CLIP = [
    *("Both hands", "above his head", "None, he is clean-shaven", "None", "Neither", "Both", "All", "All of them"),
    *(
        "All of the children",
        "Neither arm",
        "Both arms",
        "None of these people",
        "All of those standing",
        "All but one",
    ),
    *("Both above his head", "Both above", "Above the waist", "One above the other", "The following car", "A", "B"),
    *("She answers the phone", "He answers a question", "Either hand", "A dog and a cat", "Vitamin A and D"),
    *("She points at something above", "Both feet are above the ground", "The first two steps", "One of the others"),
]
OF_THE_OPTIONS = [
    *("All of the above", "ALL OF THE ABOVE.", "All the above", "None of the above", "Two of the above", "The above"),
    *("None of these", "All of these", "Neither of these", "None of those, he sits", "None of these actions"),
    *("Both A and C", "A and B", "A & B", "A, B and C", "A/B", "B only", "Only C", "Neither A nor B", "Either A or B"),
    *(
        "both a and b",
        "(a) and (c)",
        "I and II",
        "Both 1 and 2",
        "All except B",
        "Same as option A",
        "He does both A and C",
    ),
    *("Options 1 and 2", "Option A and option B", "None of the options", "Both options", "All options are correct"),
    *(
        "All are correct",
        "The first two options",
        "None of the other choices",
        "Not listed above",
        "All of the listed actions",
    ),
]


@pytest.mark.parametrize("option", OF_THE_CLIP)
def test_option_that_speaks_of_the_clip_is_fine(option: str) -> None:
    assert not only("options:all-or-none-of-above", "attribute", "Which?", ["red", "green", "blue", option])


@pytest.mark.parametrize("option", OF_THE_OPTIONS)
def test_option_that_speaks_of_the_others_is_flagged(option: str) -> None:
    assert only("options:all-or-none-of-above", "attribute", "Which?", ["red", "green", "blue", option])


def test_letters_that_can_be_read_in_the_picture_are_fine() -> None:
    question = "Which letters stand on the two jerseys?"
    assert rules_of("attribute", question, ["A and B", "A and C", "B and C", "C and D"]) == set()


def test_reasons_name_the_option_by_the_letter_that_is_shown() -> None:
    assert item_flags(category="count", question="How many?", options=["1", "a few", "One", "None of these"]) == [
        Flag("form:count-options-not-numbers", True, "Options B and D name no definite number."),
        Flag("options:equal-after-folding", True, "Options A and C say the same."),
        Flag("options:all-or-none-of-above", True, "Option D speaks of the other options instead of the clip."),
    ]
    options = ["red", f"{FIFTEEN} again", "blue", "Person 2"]
    assert [flag.reason for flag in item_flags(category="action_sequence", question="What?", options=options)] == [
        "The question is not of the form “What does … do immediately after / just before …?”.",
        "Option B has 16 words; at most 15 are possible.",
        "“Person 2” in option D is a label: say who it is by what can be seen.",
    ]


def test_published_questions_have_no_flag() -> None:
    lines = [json.loads(line) for line in PUBLISHED.read_text().splitlines()]
    assert [line["category"] for line in lines] == Category.values
    for line in lines:
        assert item_flags(category=line["category"], question=line["question"], options=line["options"]) == []


def test_sample_drafts_have_the_flags_that_their_readme_promises() -> None:
    found: dict[tuple[str, str], set[str]] = {}
    for line in (settings.BASE_DIR / "samples/manifest.jsonl").read_text().splitlines():
        clip: dict[str, Any] = json.loads(line)
        for question in clip.get("draft", {}).get("qa", []):
            flags = rules_of(question["category"], question["question"], question["options"])
            found[clip["clip_id"], question["category"]] = flags
    assert len(found) == 10
    assert {place: flags for place, flags in found.items() if flags} == {
        ("rooftop-somersault", "interaction"): {"form:subject-label"},
        ("rooftop-somersault", "action_sequence"): {"form:option-over-15-words"},
        ("rooftop-somersault", "count"): {"options:equal-after-folding"},
    }


_pieces = st.sampled_from([*DEFINITE, *INDEFINITE, *SEEN, *LABELS, *OF_THE_CLIP, *OF_THE_OPTIONS, *SEQUENCE_GOOD])
_texts = st.one_of(st.text(max_size=60), _pieces, st.lists(_pieces, max_size=4).map(" ".join))
_categories = st.one_of(st.sampled_from(Category.values), st.text(max_size=10))


@given(
    category=_categories,
    question=_texts,
    options=st.lists(_texts, max_size=6),
    key=st.one_of(st.none(), st.integers(-2, 7)),
    caption=_texts,
)
def test_no_text_makes_a_check_raise(
    category: str, question: str, options: list[str], key: int | None, caption: str
) -> None:
    siblings = [Sibling(caption, tuple(options[:3]), key, "q2"), Sibling(question, tuple(options), None, "q3")]
    flags = item_flags(
        category=category, question=question, options=options, key=key, caption=caption, siblings=siblings
    )
    assert all(flag.reason for flag in flags)


@given(category=_categories, question=_texts, data=st.data())
def test_order_of_options_changes_no_rule(category: str, question: str, data: st.DataObject) -> None:
    options = data.draw(st.lists(_texts, min_size=4, max_size=4))
    assert rules_of(category, question, options) == rules_of(category, question, data.draw(st.permutations(options)))


@pytest.mark.parametrize(
    "piece",
    ["a ", "1 ", "two ", "one hundred ", "what does he do ", "do just before ", "P1 ", "A and ", "the man ", '"'],
)
def test_long_texts_are_checked_in_no_time(piece: str) -> None:
    text = piece * (10_000 // len(piece))
    began = time.process_time()  # others may be at work beside us
    for category in Category.values:
        question = f"What does {text}"
        siblings = [Sibling(text, (text, "B", "C", "D"), 0, "q2")]
        item_flags(
            category=category, question=question, options=[text, "B", "C", "D"], key=0, caption=text, siblings=siblings
        )
    assert time.process_time() - began < 5
