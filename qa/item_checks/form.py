"""Rules about the form of each category, and labels instead of people. They block."""

import re

from annotation.english.number_words import names_definite_number
from annotation.english.people_labels import label_in
from annotation.english.plain_text import plain, unquoted
from qa.categories import OPTION_WORDS, Category
from qa.item_checks.items import Item, letter_of, listed, options_named, rule, sentence

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
    return sentence(f"{listed(long)} words; at most {OPTION_WORDS} are possible") if long else None


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
    return f"{options_named(vague)} {'names' if len(vague) == 1 else 'name'} no definite number."


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
