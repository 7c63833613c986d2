"""What rules look at, what they say, and how one is entered. Pure; nothing is written.

A rule is a function from an Item to the reason it fires, a sentence for the annotator, or None; a rule about several
questions of a clip says which one it means as well. No rule looks at the order of the options but to name letters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from annotation.english.plain_text import plain


@dataclass(frozen=True)
class Flag:
    """One rule that fired. blocks: stands in the way of handing in and of approval. reason: one sentence.

    partner: the id of the question that it is about as well, "" where it is about this one alone.
    """

    rule: str
    blocks: bool
    reason: str
    partner: str = ""


@dataclass(frozen=True)
class Asked:
    """A question with its options. key: the place of the right one, None where it is not known."""

    question: str
    options: tuple[str, ...]
    key: int | None = None

    @property
    def key_text(self) -> str | None:
        return None if self.key is None or not 0 <= self.key < len(self.options) else self.options[self.key]

    @property
    def distractors(self) -> tuple[str, ...]:
        """The other options; none where the key is not known."""
        if self.key_text is None:
            return ()
        return tuple(option for place, option in enumerate(self.options) if place != self.key)


@dataclass(frozen=True)
class Sibling(Asked):
    """Another question, of the clip or of another one. id: what a flag calls it."""

    id: str = ""
    category: str = ""


@dataclass(frozen=True)
class Item(Asked):
    """options: in the order in which the reader sees them. caption: the clip's, None where there is none.

    siblings: the other questions of the clip. elsewhere: questions about other clips from the same source.
    """

    category: str = ""
    caption: str | None = None
    siblings: tuple[Sibling, ...] = ()
    elsewhere: tuple[Sibling, ...] = ()

    @cached_property
    def words(self) -> str:
        """The question as a reader sees it."""
        return plain(self.question)


class About(NamedTuple):
    """What a rule says that is about another question as well."""

    reason: str
    partner: str


RuleFunction = Callable[[Item], str | About | None]


@dataclass(frozen=True)
class Rule:
    id: str
    blocks: bool
    reason_of: RuleFunction


ENTERED: dict[str, Rule] = {}
"""Every rule by its id."""


def rule(rule_id: str, *, blocks: bool = False) -> Callable[[RuleFunction], RuleFunction]:
    """Enter the function as the rule of that id."""

    def enter(reason_of: RuleFunction) -> RuleFunction:
        ENTERED[rule_id] = Rule(rule_id, blocks, reason_of)
        return reason_of

    return enter


# Words of the reasons


def letter_of(place: int) -> str:
    """A, B, C …; after Z the number."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def options_named(letters: list[str]) -> str:
    return f"Option{'s' if len(letters) > 1 else ''} {listed(letters)}"


def listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
