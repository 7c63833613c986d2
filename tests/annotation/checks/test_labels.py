"""subject-label: people are called by numbers and letters."""

import pytest

from tests.annotation.checks.rules import underlined

RULE = "subject-label"


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Subject 1 sits.", ["Subject 1"]),
        ("[00:01.0] Then person A sits. P2 stands.", ["person A", "P2"]),
        ("Man 1 hands Woman 2 a cup.", ["Man 1", "Woman 2"]),
        ("“Subject B” waves at Participant 3.", ["Participant 3"]),
        ("The man (P1) waves.", ["P1"]),
        ("Person #2 sits down.", ["Person #2"]),
        ("Subject One claps.", ["Subject One"]),
        ("S1 claps, S2 bows.", ["S1", "S2"]),
        ("Actor A pushes Actor B.", ["Actor A", "Actor B"]),
        ("Dancer 1 turns.", ["Dancer 1"]),
        ("Individual X stands up.", ["Individual X"]),
        ("P1 is painting a wall. Player 1 paints the ceiling.", ["P1", "Player 1"]),
        ("Person A is written off as a loser. On the wall sits P1.", ["Person A", "P1"]),
        ("P1, painted green, walks past P2.", ["P1", "P2"]),
    ],
)
def test_label_is_underlined(caption: str, expected: list[str]) -> None:
    assert underlined(RULE, caption) == expected


@pytest.mark.parametrize(
    "caption",
    [
        "The person in the raincoat sits. A person waves.",
        "A shirt that says “Player 1” and a bib with the number 7.",
        "The man 2 metres away claps 3 times.",
        "He hands the woman 2 plates.",
        "Two people stand at gate P2. A third person sits.",
        "A T-shirt with an A, vitamin B and a type 1 plug.",
        "The first person claps. Person after person walks by.",
        "He wears a P.E. shirt. Plan B is written on a board.",
        "The subject of the photo is a tree.",
        "He walks to a pillar marked P1. Over the lift, P1 is also written; P2 is stencilled on a door.",
        "A beam over which P2 is written and a lift that has P1 painted on it. He parks in bay P4.",
        "A board has Person A printed on it, and on the screen Player 2 is displayed in pink.",
        "She holds a card bearing Subject 3 under P1 in tall white letters.",
        "A sign on which P1 and an arrow are painted hangs by a door to P2.",
        "A screen that shows Player 1 in yellow hangs by a post painted P5.",
    ],
)
def test_words_that_are_no_labels_are_fine(caption: str) -> None:
    assert underlined(RULE, caption) == []
