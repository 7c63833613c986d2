"""Rules that look at the text alone: what each settles on, and that the page in the docs says what the code does."""

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from annotation.intervals import Share
from qa.evaluation.leak_measures import MEASURES
from qa.evaluation.shortcuts import MOST_ANSWERS, RULES, Habits, Published, chosen_by_rules, habits_of, shortcut_share

OPTIONS = ("He waves", "He jumps over the red box", "He waves again", "He waves twice")


def asked(
    options: tuple[str, ...] = OPTIONS, *, key: int = 1, question: str = "How does he pass the box?"
) -> Published:
    return Published("action_details", question, options, key)


@pytest.mark.parametrize(
    ("rule", "options", "place"),
    [
        ("longest", OPTIONS, 1),
        ("longest", ("He sits", "He nods", "He runs", "He "), None),  # three of the same length
        ("longest", ("a", "bb   ", "  b c", "He."), 2),  # spaces and the full stop at the end do not count
        ("nearest", OPTIONS, 1),  # only it says “box”
        ("nearest", ("Red", "Blue", "Green", "White"), None),
        ("odd_one_out", OPTIONS, 1),
        ("odd_one_out", ("Red", "Blue", "Green", "White"), None),
    ],
)
def test_a_rule_settles_on_one_option_or_on_none(rule: str, options: tuple[str, ...], place: int | None) -> None:
    assert chosen_by_rules(asked(options), Habits())[rule] == place


def test_habits_are_those_of_the_other_questions() -> None:
    """Keys: B, B, C; “twice” is the key of two questions of count."""
    numbers = ("Once", "Twice", "Three times", "Four times")
    made = [Published("count", "How many times?", numbers, 1), Published("count", "How often?", numbers, 1)]
    made.append(Published("attribute", "What colour?", ("Red", "Blue", "Twice.", "White"), 2))
    habits = habits_of(made)
    assert habits.positions == (0, 2, 1, 0)
    assert habits.answers == {"count": {"twice": 2}, "attribute": {"twice": 1}}
    # Without itself B and C stand once each: no place is the usual one. “Twice” is still the other one's key.
    assert chosen_by_rules(made[0], habits)["usual_place"] is None
    assert chosen_by_rules(made[0], habits)["usual_answer"] == 1
    # Without itself B stands twice; no other question of its category has a key.
    assert chosen_by_rules(made[2], habits)["usual_place"] == 1
    assert chosen_by_rules(made[2], habits)["usual_answer"] is None
    assert Habits.from_json(habits.as_json()) == habits


def test_without_habits_two_rules_settle_on_nothing() -> None:
    chosen = chosen_by_rules(asked(), Habits())
    assert chosen == {"longest": 1, "nearest": 1, "odd_one_out": 1, "usual_place": None, "usual_answer": None}
    assert shortcut_share(asked(), Habits()) == Share(3, 3)
    assert shortcut_share(asked(key=0), Habits()) == Share(0, 3)


def test_only_the_commonest_answers_are_kept() -> None:
    made = [Published("count", "?", (f"{n} times", "x", "y", "z"), 0) for n in range(MOST_ANSWERS + 20)]
    habits = habits_of([*made, made[-1]])
    assert len(habits.answers["count"]) == MOST_ANSWERS
    assert habits.answers["count"][f"{MOST_ANSWERS + 19} times"] == 2
    assert habits == habits_of([made[-1], *reversed(made)])


@given(
    st.lists(st.text(max_size=30), min_size=4, max_size=4),
    st.integers(0, 3),
    st.permutations(range(4)),
    st.text(max_size=60),
)
def test_no_rule_but_the_usual_place_looks_at_the_order(
    options: list[str], key: int, order: list[int], question: str
) -> None:
    one = Published("count", question, tuple(options), key)
    turned = Published("count", question, tuple(options[place] for place in order), order.index(key))
    first, second = chosen_by_rules(one, Habits()), chosen_by_rules(turned, Habits())
    for rule in RULES:
        place, other = first[rule.id], second[rule.id]
        assert (place is None) == (other is None)
        assert place is None or options[place] == turned.options[other or 0]


def test_the_page_about_the_leak_lab_says_what_the_code_does() -> None:
    told = (settings.BASE_DIR / "docs/leak-lab.md").read_text()
    for measure in MEASURES.values():
        assert f"| `{measure.id}` | {measure.definition} | {measure.source} |" in told
    for rule in RULES:
        assert f"| `{rule.id}` | {rule.says} |" in told
