"""Rules about the key beside the other options: what gives it away to somebody who has not watched. They warn."""

from annotation.english.word_stems import LITTLE, words_in
from qa.item_checks.items import Item, rule

_TIMES = 2
_MORE = 5
RUN = 4
"""Words in a row that are no accident."""


def _lengths(item: Item) -> tuple[int, list[int]] | None:
    """Words of the key and of the others, split at white space."""
    if item.key_text is None or not item.distractors:
        return None
    return len(item.key_text.split()), [len(option.split()) for option in item.distractors]


@rule("key:much-longest")
def much_longest(item: Item) -> str | None:
    """The key has at least twice the words of the longest other option and at least five words more.

    Good, with the key first: He waves with his left hand · He sits down on the long bench
    Bad, with the key first: He turns round and waves to the woman with his left hand · He sits down · He jumps
    """
    lengths = _lengths(item)
    if lengths is None:
        return None
    key, longest = lengths[0], max(lengths[1])
    if key < _TIMES * longest or key < longest + _MORE:
        return None
    return f"The key has {key} words, the longest other option {longest}: its length gives it away."


@rule("key:much-shorter")
def much_shorter(item: Item) -> str | None:
    """The key has at most half of the words of the shortest other option and at least five words fewer.

    Good, with the key first: He waves · He sits down on a bench
    Bad, with the key first: He waves · He sits down on the long bench · He walks away from the long bench
    """
    lengths = _lengths(item)
    if lengths is None:
        return None
    key, shortest = lengths[0], min(lengths[1])
    if _TIMES * key > shortest or key > shortest - _MORE:
        return None
    return f"The key has {key} words, the shortest other option {shortest}: its length gives it away."


@rule("key:copied-from-caption")
def copied_from_caption(item: Item) -> str | None:
    """The key repeats four words of the caption in a row that not every option has, and no other option does.

    Little words ("her", "the") count though every option may have them.

    Good, where the caption says "She lowers her head to the left and laughs": She bends her head leftwards
    Bad, there: She lowers her head to the left
    """
    if item.key_text is None or item.caption is None or not item.distractors:
        return None
    caption = f" {' '.join(words_in(item.caption))} "
    shared = frozenset.intersection(*(frozenset(words_in(option)) for option in item.options)) - LITTLE
    copied = _copied(item.key_text, caption, shared)
    if copied is None or any(_copied(option, caption, shared) for option in item.distractors):
        return None
    return f"Only the key repeats the caption word for word: “{copied}”."


def _copied(option: str, caption: str, shared: frozenset[str]) -> str | None:
    """The first run of the option's words that the caption has, long enough without the shared ones."""
    words = words_in(option)
    for start in range(len(words)):
        for end in range(start + RUN, len(words) + 1):
            run = " ".join(words[start:end])
            if f" {run} " not in caption:
                break
            if sum(word not in shared for word in words[start:end]) >= RUN:
                return run
    return None
