"""What is wrong with a question: the rules in order, and the door to them. Pure functions; nothing is written.

The ids are names that people, tests and exports share. The order of RULES is the order of flags.
"""

from collections.abc import Sequence

from qa.item_checks import (
    form,
    given_away,
    keys,
    left_open,
    options,
    people,
    several_true,
    siblings,
    wording,
    wrong_keys,
)
from qa.item_checks.items import ENTERED, About, Flag, Item, Rule, Sibling

__all__ = ["RULES", "VERSION", "Flag", "Item", "Rule", "Sibling", "item_flags"]

VERSION = "2"
"""Of the rules: a stored flag says under which it was raised."""
_ORDER = (form, options, keys, given_away, wording, people, wrong_keys, several_true, left_open, siblings)
RULES: list[Rule] = [
    one for module in _ORDER for one in ENTERED.values() if one.reason_of.__module__ == module.__name__
]


def item_flags(
    *,
    category: str,
    question: str,
    options: Sequence[str],
    key: int | None = None,
    caption: str | None = None,
    siblings: Sequence[Sibling] = (),
    elsewhere: Sequence[Sibling] = (),
) -> list[Flag]:
    """Every rule that fires, at most once each, in the order of RULES. Never raises, whatever the texts hold.

    key: the place of the right option. caption: the clip's approved caption. siblings: the other questions of the clip.
    elsewhere: questions about other clips from the same source. Rules that need what is absent are silent.
    """
    item = Item(question, tuple(options), key, category, caption, tuple(siblings), tuple(elsewhere))
    found = ((one, one.reason_of(item)) for one in RULES)
    return [_flag(one, said) for one, said in found if said is not None]


def _flag(one: Rule, said: str | About) -> Flag:
    if isinstance(said, About):
        return Flag(one.id, one.blocks, said.reason, said.partner)
    return Flag(one.id, one.blocks, said)
