"""What is wrong with a question by its own words: one small function for each rule. Pure functions; nothing is written.

The ids are names that people, tests and exports share. A rule is a function from an Item to the reason it fires, a
sentence for the annotator, or None; `@rule` enters it. The order of RULES is the order of flags; no rule looks at the
order of the options but to name their letters.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from qa.categories import OPTION_WORDS, Category
from qa.folding import folded
from qa.number_words import names_definite_number
from qa.option_talk import speaks_of_options
from qa.people_labels import label_in
from qa.plain_text import plain, unquoted


@dataclass(frozen=True)
class Flag:
    """One rule that fired. blocks: stands in the way of handing in and of approval. reason: one sentence."""

    rule: str
    blocks: bool
    reason: str


@dataclass(frozen=True)
class Item:
    """What rules look at. options: in the order in which the reader sees them."""

    category: str
    question: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    id: str
    blocks: bool
    reason_of: Callable[[Item], str | None]


RULES: list[Rule] = []


def rule(rule_id: str, *, blocks: bool) -> Callable[[Callable[[Item], str | None]], Callable[[Item], str | None]]:
    """Enter the function as the rule of that id."""

    def enter(reason_of: Callable[[Item], str | None]) -> Callable[[Item], str | None]:
        RULES.append(Rule(rule_id, blocks, reason_of))
        return reason_of

    return enter


def item_flags(*, category: str, question: str, options: Sequence[str]) -> list[Flag]:
    """Every rule that fires, at most once each, in the order of RULES. Never raises, whatever the texts hold."""
    item = Item(category, question, tuple(options))
    found = [(one, one.reason_of(item)) for one in RULES]
    return [Flag(one.id, one.blocks, reason) for one, reason in found if reason is not None]


# The form of each category


# The asked one may be anybody, but "does he want to do" or "will do" asks for something else than what is done.
_SEQUENCE_FORM = re.compile(
    r"what (?:does|do) (?P<who>\S(?:.*?\S)?) do (?:immediately after|just before) (?=.*\w)\S.*\?", re.IGNORECASE
)
_OTHER_VERB = re.compile(
    r"\b(?:to|will|would|can|could|may|might|must|should|shall|not|never)$|\bwhat (?:does|do)\b", re.IGNORECASE
)


@rule("form:sequence-phrase", blocks=True)
def sequence_phrase(item: Item) -> str | None:
    """An action_sequence question that is not of the form "What does (do) … do immediately after / just before …?".

    Good: What do the two women do just before they sit down?
    Bad: What does the man do right after he sits down?
    """
    if item.category != Category.ACTION_SEQUENCE:
        return None
    question = unquoted(plain(item.question))
    form = _SEQUENCE_FORM.fullmatch(question)
    if (
        form
        and re.search(r"\w", form["who"])
        and not _OTHER_VERB.search(form["who"])
        and not re.search(r"\? \w", question)
    ):
        return None
    return "The question is not of the form “What does … do immediately after / just before …?”."


@rule("form:option-over-15-words", blocks=True)
def option_over_15_words(item: Item) -> str | None:
    """An action_sequence question with an option of more than 15 words, split at white space.

    Good: He turns round, takes two steps back, looks up and then claps his hands twice (15)
    Bad: He turns round, takes two steps back, looks up and then claps both his hands twice (16)
    """
    if item.category != Category.ACTION_SEQUENCE:
        return None
    counts = [len(option.split()) for option in item.options]
    long = [f"option {letter_of(place)} has {count}" for place, count in enumerate(counts) if count > OPTION_WORDS]
    return _sentence(f"{_listed(long)} words; at most {OPTION_WORDS} are possible") if long else None


@rule("form:count-not-how-many", blocks=True)
def count_not_how_many(item: Item) -> str | None:
    """A count question that does not start with the words "How many".

    Good: How many times does the man clap his hands?
    Bad: In the video, how many times does the man clap his hands?
    """
    if item.category != Category.COUNT or re.match(r"how many\b", unquoted(plain(item.question)), re.IGNORECASE):
        return None
    return "A Count question starts with the words “How many”."


@rule("form:count-options-not-numbers", blocks=True)
def count_options_not_numbers(item: Item) -> str | None:
    """A count question with an option that names no definite number: nothing vague, no share, no range.

    Good: Three · Four times · Once · 0
    Bad: Once · Twice · A few times · More than three
    """
    if item.category != Category.COUNT:
        return None
    vague = [
        letter_of(place)
        for place, option in enumerate(item.options)
        if not names_definite_number(unquoted(plain(option).casefold()))
    ]
    if not vague:
        return None
    return f"{_options(vague)} {'names' if len(vague) == 1 else 'name'} no definite number."


# Names of people, and options beside each other


@rule("form:subject-label", blocks=True)
def subject_label(item: Item) -> str | None:
    """Question or option calls somebody "Subject N", "Person A", "P3" or the like instead of by what can be seen.

    Good: What does the person in the yellow raincoat do with the ball?
    Bad: What does Person 2 do with the ball?
    """
    texts = [("the question", item.question)]
    texts += [(f"option {letter_of(place)}", option) for place, option in enumerate(item.options)]
    for where, text in texts:
        label = label_in(plain(text))
        if label:
            return f"“{label}” in {where} is a label: say who it is by what can be seen."
    return None


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
    return _sentence(_listed([f"options {first} and {second}" for first, second in same]) + " say the same")


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
    return f"{_options(found)} {'speaks' if len(found) == 1 else 'speak'} of the other options instead of the clip."


# Words of the reasons


def letter_of(place: int) -> str:
    """A, B, C …; after Z the number."""
    return chr(ord("A") + place) if place < 26 else str(place + 1)


def _options(letters: list[str]) -> str:
    return f"Option{'s' if len(letters) > 1 else ''} {_listed(letters)}"


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
