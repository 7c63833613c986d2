"""Captions beside the segments of the approved one: in order, whole, and where most words are shared."""

from itertools import combinations_with_replacement

from hypothesis import given
from hypothesis import strategies as st

from annotation.caption_format import sentences
from qa.evaluation.aligned import aligned
from qa.evaluation.stop_words import telling_words

SEGMENTS = [
    "There are two people: a bald man in a brown T-shirt and a young woman in a green one.",
    "The man spreads both arms.",
    "The woman walks to the left across the grass.",
    "The man leaps off the roof and does a somersault.",
]


def test_each_sentence_stands_beside_what_it_speaks_of() -> None:
    said = "[00:00.0] A man wears a brown shirt. He is bald. [00:03.0] He leaps off a roof. He somersaults. He grins."
    assert aligned(SEGMENTS, said) == [
        "A man wears a brown shirt. He is bald.",
        "",
        "",
        "He leaps off a roof. He somersaults. He grins.",
    ]


def test_order_is_kept_though_words_say_otherwise() -> None:
    said = "He leaps off the roof and does a somersault. He spreads both arms."
    # Both cannot stand where they belong: four words beside the last segment outweigh two beside the second.
    assert aligned(SEGMENTS, said) == ["", "", "", said]


def test_what_belongs_nowhere_stays_with_what_was_said_before() -> None:
    assert aligned(SEGMENTS, "Nice. The woman walks. Lovely weather.") == [
        "Nice.",
        "",
        "The woman walks. Lovely weather.",
        "",
    ]


def test_nothing_said_and_nothing_to_stand_beside() -> None:
    assert aligned(SEGMENTS, "") == ["", "", "", ""]
    assert aligned([], "He jumps.") == []


WORDS = st.lists(st.sampled_from(["jumps", "waves", "runs", "man", "roof", "grass"]), min_size=1, max_size=4)
TEXTS = st.lists(WORDS.map(lambda words: f"{' '.join(words).capitalize()}."), min_size=1, max_size=4)


@given(TEXTS, TEXTS)
def test_no_other_way_shares_more_words(segments: list[str], told: list[str]) -> None:
    def shared(places: tuple[int, ...]) -> int:
        return sum(
            len(telling_words(text) & telling_words(segments[at])) for text, at in zip(told, places, strict=True)
        )

    found = aligned(segments, " ".join(told))
    assert " ".join(filter(None, found)) == " ".join(told)
    places = tuple(place for place, text in enumerate(found) for _ in sentences(text))
    assert shared(places) == max(map(shared, combinations_with_replacement(range(len(segments)), len(told))))
