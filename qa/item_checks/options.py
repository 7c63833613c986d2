"""Rules about options beside each other. Those about sameness and talk of other options block."""

from itertools import combinations

from annotation.english.plain_text import plain, unquoted
from qa.folding import folded
from qa.item_checks.items import Item, letter_of, listed, options_named, rule, sentence
from qa.option_talk import speaks_of_options


@rule("options:equal-after-folding", blocks=True)
def equal_after_folding(item: Item) -> str | None:
    """Two options are the same after folding case, punctuation, articles and ways of writing a number with its noun.

    Good: His left hand · His right hand; 2 cats · 2 dogs
    Bad: Two · 2 pieces; An accordion · the accordion
    """
    # What is still empty says nothing; that it is empty is said elsewhere.
    shown = [(letter_of(place), folded(option)) for place, option in enumerate(item.options) if plain(option)]
    same = [(first, second) for (first, one), (second, other) in combinations(shown, 2) if one.says_same(other)]
    if not same:
        return None
    return sentence(listed([f"options {first} and {second}" for first, second in same]) + " say the same")


@rule("options:all-or-none-of-above", blocks=True)
def all_or_none_of_above(item: Item) -> str | None:
    """An option speaks of the other options instead of the clip.

    Good: Both hands · Above his head · None, he is clean-shaven
    Bad: All of the above · None of these · Both A and C
    """
    found = [
        letter_of(place)
        for place, option in enumerate(item.options)
        if speaks_of_options(unquoted(plain(option)), question=plain(item.question))
    ]
    if not found:
        return None
    return (
        f"{options_named(found)} {'speaks' if len(found) == 1 else 'speak'} of the other options instead of the clip."
    )
