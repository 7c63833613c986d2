"""Where the sentences of a caption begin and end."""

import pytest

from annotation.caption_format import sentences


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("There is a man. He runs", ["There is a man.", "He runs"]),
        ("[00:00.3] The man jumps. [00:01.0] He lands", ["The man jumps.", "He lands"]),
        ("The man jumps [00:01.0] and lands.", ["The man jumps", "and lands."]),
        ("He jumps 1.5 m. She runs 2.5 in. from him.", ["He jumps 1.5 m.", "She runs 2.5 in. from him."]),
        ("She walks in. She waves.", ["She walks in.", "She waves."]),
        ("A man in a P.E. T-shirt waves.", ["A man in a P.E. T-shirt waves."]),
        ("The boys do P.E. The man waves.", ["The boys do P.E.", "The man waves."]),
        ("He wears headgear, e.g. The Cap, vs. hers.", ["He wears headgear, e.g. The Cap, vs. hers."]),
        ("Mr. Tall waves. He is No. 5.", ["Mr. Tall waves.", "He is No. 5."]),
        ("His shirt says J. B. He waves.", ["His shirt says J. B.", "He waves."]),
        ('A sign reads "Stop!" and falls. She says "No." He goes.', None),
        ("She leaves... and returns… and sits.", ["She leaves... and returns… and sits."]),
        ("he jumps. he lands.", ["he jumps.", "he lands."]),
        ("He jumps.She lands.", ["He jumps.", "She lands."]),
        ("1. The man jumps.\n2. He lands", ["1. The man jumps.", "2. He lands"]),
        ("The man jumps\nand lands\n\nshe sits", ["The man jumps\nand lands", "she sits"]),
        ("他跳了。她走了！", ["他跳了。", "她走了！"]),
        ("", []),
        (" … [00:01.0] ", []),
    ],
)
def test_caption_is_cut_into_sentences(caption: str, expected: list[str] | None) -> None:
    found = sentences(caption)
    assert [sentence.text for sentence in found] == (
        expected if expected is not None else ['A sign reads "Stop!" and falls.', 'She says "No."', "He goes."]
    )
    assert [caption[sentence.start : sentence.end] for sentence in found] == [sentence.text for sentence in found]


def test_hostile_texts_are_cut_too() -> None:
    for piece in (".", '."', "\n", "\n ", ". ", "a.", "[", "[00:01.0]", "Mr. ", "!?", "。"):
        text = piece * (50_000 // len(piece)) + "a"
        assert "".join(sentence.text for sentence in sentences(text)).endswith("a")
