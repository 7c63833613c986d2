"""Several captions of one clip, each beside the segments of the approved one. Pure functions."""

from collections.abc import Sequence

from annotation.caption_format import sentences, without_marks
from qa.evaluation.stop_words import telling_words


def aligned(segments: Sequence[str], caption: str) -> list[str]:
    """The caption cut into as many texts as there are segments, in its own order: each sentence stands beside one that
    comes no earlier than the one before.

    Of all such ways the one in which most telling words stand beside the same words; of several the one that goes on
    latest. "" where nothing belongs. caption: with time marks or without; they are left out.
    """
    if not segments:
        return []
    told = [sentence.text for sentence in sentences(caption)]
    said = [telling_words(segment) for segment in segments]
    places = _places([[len(telling_words(one) & words) for words in said] for one in told])
    found: list[list[str]] = [[] for _ in segments]
    for text, place in zip(told, places, strict=True):
        found[place].append(without_marks(text))
    return [" ".join(texts) for texts in found]


def _places(shared: list[list[int]]) -> list[int]:
    """shared: sentence -> segment -> words in common. The segment of each sentence, never falling."""
    # best[n][k]: most words that sentences from n on can share if none stands before segment k.
    width = len(shared[0]) if shared else 0
    best = [[0] * (width + 1) for _ in range(len(shared) + 1)]
    for n in range(len(shared) - 1, -1, -1):
        best[n][width] = -1  # there is no place left
        for k in range(width - 1, -1, -1):
            best[n][k] = max(best[n][k + 1], shared[n][k] + best[n + 1][k])
    places, place = [], 0
    for n, row in enumerate(shared):
        while row[place] + best[n + 1][place] < best[n][place]:
            place += 1
        places.append(place)
    return places
