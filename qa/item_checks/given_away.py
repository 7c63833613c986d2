"""Rules about answers that can be had without the clip, and options of several kinds. They warn."""

import re
from itertools import pairwise

from annotation.english.number_words import with_digits
from annotation.english.plain_text import plain
from annotation.english.seen_things import CLOTHES, COLOURS, kinds_of
from annotation.english.word_stems import meaning, meanings_in
from qa.categories import Category
from qa.item_checks.items import Item, rule
from qa.item_checks.told import colour_asked, colours_in, number_in

_SIDES = frozenset(("left", "right", "up", "down", "forward", "backward"))


def own_words(item: Item) -> list[frozenset[str]]:
    """What each option means, without what all of them say."""
    said = [frozenset(meanings_in(option)) for option in item.options]
    shared = frozenset.intersection(*said) if said else frozenset()
    return [words - shared for words in said]


@rule("answer-in-question")
def answer_in_question(item: Item) -> str | None:
    """The question's own words state the key.

    It sees the colour of a thing, a number of times, and keys of which every word that says something is in the
    question while no other option's is.

    Good, key Red: What colour is the cap of the man in the red shirt?
    Bad, key Red: What colour is the man's red cap?
    """
    if item.key_text is None or item.key is None or not item.distractors:
        return None
    asked = colour_asked(item.words)
    if asked:
        key = colours_in(item.key_text)
        is_said = (
            bool(key)
            and key <= set(asked.more)
            and not any(colours_in(option) & set(asked.more) for option in item.distractors)
        )
        return _states(item) if is_said or _colour_said(item, asked.thing, key) else None
    if item.category == Category.COUNT:
        return _states(item) if _number_said(item) else None
    own = own_words(item)
    key = own[item.key]
    said = frozenset(meanings_in(item.words))
    telling = key - _SIDES - COLOURS
    if not telling or not key <= said or any(words and words <= said for words in _others(own, item.key)):
        return None
    if any(words & said & _SIDES for words in _others(own, item.key)) or telling <= _PEOPLE:
        return None
    return _states(item)


def _states(item: Item) -> str:
    return f"The question itself says “{plain(item.key_text or '')}”."


def _others(own: list[frozenset[str]], key: int) -> list[frozenset[str]]:
    return [words for place, words in enumerate(own) if place != key]


_PEOPLE = {meaning(word) for word in ("man", "woman", "boy", "girl", "person", "child", "people", "player")}


def _colour_said(item: Item, thing: str, key: frozenset[str]) -> bool:
    """ "the red cap" of a cap whose colour is asked for."""
    words = meanings_in(item.words)
    pairs = set(pairwise(words))
    return (
        len(key) == 1
        and all((colour, thing) in pairs for colour in key)
        and not any((colour, thing) in pairs for option in item.distractors for colour in colours_in(option))
    )


def _number_said(item: Item) -> bool:
    key = number_in(item.key_text or "")
    digits = with_digits(item.words.casefold())
    said = {int(one) for one in re.findall(r"\b(\d{1,4}) times?\b", digits)}
    deed = re.match(r"how many (\w+)", item.words, re.IGNORECASE)
    if deed and meaning(deed[1].casefold()) != "tim":
        said |= {
            int(number)
            for number, word in re.findall(r"\b(\d{1,4}) (?:\w+ )?(\w+)", digits)
            if meaning(word) == meaning(deed[1].casefold())
        }
    return key is not None and said == {key}


_ABSURD_WORDS = """
    dragon unicorn spaceship rocket alien ufo teleport teleports dinosaur mermaid volcano moon mars jupiter
    planet ghost vampire zombie wizard levitate levitates vanish vanishes evaporate evaporates explode explodes
    submarine helicopter tank giraffe elephant crocodile whale shark tiger lion octopus penguin kangaroo polar
    outer galaxy lava fireball laser invisible invisibly wings hippopotamus rhinoceros rhino meteor tornado
    parachute trombone swallows swallow eats
"""
_ABSURD = frozenset(meaning(word) for word in _ABSURD_WORDS.split())
_ABSURD_SURELY = _ABSURD - {meaning("eats"), meaning("swallow"), meaning("swallows")}
_KNOWN = [
    (r"how many wheels (?:does|do|has|have|are).*\bbicycles?\b|\bhow many wheels .*\bbikes?\b", r"two|2"),
    (r"how many wheels .*\b(?:car|unicycle|tricycle)\b", r"four|4|one|1|three|3"),
    (r"how many (?:legs|arms|hands|eyes|ears|feet) (?:does|do|has|have) (?:the|a|his|her)", r"two|2"),
    (r"how many (?:fingers|toes) .*\b(?:one|each|a|his|her) (?:\w+ )?(?:hand|foot)", r"five|5"),
    (r"how many strings .*\bviolin", r"four|4"),
    (r"how many strings .*\bguitar", r"six|6"),
    (r"colou?r (?:is|of) the (?:\w+ )?(?:snow|milk)\b", r"white"),
    (r"colou?r (?:is|of) the (?:\w+ )?(?:grass|lawn|leaves)\b", r"green"),
    (r"colou?r (?:is|of) the (?:\w+ )?(?:banana|lemon)s?\b", r"yellow"),
    (r"colou?r (?:is|of) the (?:clear |daytime )?sky\b", r"blue"),
    (r"colou?r (?:is|of) the (?:\w+ )?(?:fire engine|stop sign|tomato(?:es)?|strawberr(?:y|ies))\b", r"red"),
    (
        r"(?:what|which) (?:body part|part of (?:his|her|the|their) body) .*\b(?:kick|kicks)\b",
        r".*\b(?:foot|feet|leg)\b.*",
    ),
    (r"(?:what|which) (?:body part|part of (?:his|her|the|their) body) .*\b(?:clap|claps)\b", r".*\bhands?\b.*"),
    (
        r"(?:what|which) (?:body part|part of (?:his|her|the|their) body) .*\b(?:chew|chews|bite|bites)\b",
        r".*\b(?:teeth|mouth)\b.*",
    ),
    (r"(?:what|which) (?:body part|part of (?:his|her|the|their) body) .*\b(?:see|look)\b", r".*\beyes?\b.*"),
    (r"\bwhat does .* (?:use|need) to (?:cut|slice|chop)\b", r".*\bknife\b.*"),
    (r"\bwhat does .* (?:use|need) to (?:write|sign)\b", r".*\b(?:pen|pencil)\b.*"),
    (r"\bwhat does .* (?:use|need) to (?:hammer|drive in|hit) .*\bnails?\b", r".*\bhammer\b.*"),
    (r"\bwhat does .* (?:use|need) to (?:sweep)\b", r".*\b(?:broom|brush)\b.*"),
    (r"\bwhat does .* (?:use|need) to (?:brush) .*\bteeth\b", r".*\btoothbrush\b.*"),
]


_PURPOSE = re.compile(
    r"\buse(?:s|d)?\b(?: [\w'-]+){0,6} for\W*$|^what (?:is|are) (?:an? )?[^?]* (?:used|meant|made|good) for\W*$"
    r"|\bby (?:custom|tradition)\b|\b(?:usually|normally|typically|commonly)\b"
    r"|^(?:how many|what|which) [\w ]+ (?:does|do) an? \w+ have\b",
    re.IGNORECASE,
)
"""What is asked of all such things, or of a purpose."""


@rule("answerable-without-video")
def answerable_without_video(item: Item) -> str | None:
    """World knowledge or absurd distractors give the key away to somebody who has seen neither clip nor caption.

    It sees distractors with a dragon or the like where nothing else speaks of one, some facts that everybody knows, and
    questions for a purpose or a custom.

    Good: He lifts a box · He lifts a chair · He lifts a bag
    Bad, with the key first: He lifts a box · He rides a dragon · He flies to the moon · He teleports away
    """
    if item.key_text is None or not item.distractors:
        return None
    around = frozenset(meanings_in(item.words)) | frozenset(meanings_in(item.key_text))
    around |= frozenset(meanings_in(item.caption)) if item.caption else frozenset()
    possible = _ABSURD_SURELY - around
    absurd = [option for option in item.distractors if possible & set(meanings_in(option))]
    if len(absurd) >= 2 and not possible & set(meanings_in(item.key_text)):
        return f"Nobody believes “{plain(absurd[0])}”: the key can be told without the clip."
    is_why = item.words.casefold().startswith("why ") and all(
        plain(option).casefold().startswith(("to ", "in order to ")) for option in item.options
    )
    if is_why or _PURPOSE.search(item.words):
        return "What something is for or why it is done is known without the clip."
    return "Everybody knows the answer without the clip." if is_known(item) else None


def is_known(item: Item) -> bool:
    """Whether the key is a fact that everybody knows: snow is white."""
    return any(
        re.search(question, item.words, re.IGNORECASE) and _fits_alone(item, answer) for question, answer in _KNOWN
    )


def _fits_alone(item: Item, answer: str) -> bool:
    """Whether the key fits what everybody knows, and no other option does."""
    texts = [plain(option).casefold().rstrip(".") for option in (item.key_text or "", *item.distractors)]
    return [re.fullmatch(answer, text) is not None for text in texts] == [True, *(False for _ in item.distractors)]


_OTHER_KINDS = frozenset(("size", "shape", "number", "weather", "taste", "look", "person"))


@rule("options:not-one-kind")
def not_one_kind(item: Item) -> str | None:
    """The options of an attribute question are not values of one attribute.

    It sees colours, fabrics, patterns, clothes, hair, ages and moods where every word of an option is known.

    Good: Striped · Checked · Plain · Dotted
    Bad: Red · Cotton · Elderly · Happy
    """
    if item.category != Category.ATTRIBUTE:
        return None
    known = [(option, kinds) for option in item.options if (kinds := _kinds(option))]
    for place, (option, kinds) in enumerate(known):
        for other, its in known[place + 1 :]:
            if not kinds & its:
                first, second = min(kinds), min(its)
                return (
                    f"“{plain(option)}” ({first}) and “{plain(other)}” ({second}) are values of different attributes."
                )
    return None


_FILL_WORDS = """
    a an the and with in it is are he she they his her their has have wears wearing looks look dark light bright pale
    very all made of dyed about mostly plainly quite rather too
"""
_FILL = frozenset(_FILL_WORDS.split())
_HAIR_WORDS = "hair beard moustache mustache ponytail bun braid braids pigtails plaits"
_HEADS = CLOTHES | frozenset(_HAIR_WORDS.split())


def _kinds(option: str) -> frozenset[str]:
    """What an option may be a value of; empty where one of its words is not known."""
    said = plain(option).casefold().strip(" .")
    if re.search(
        r"\b(?:years? old|about (?:twenty|thirty|forty|fifty|sixty|seventy|eighty|\d+)|in (?:his|her) \w+ies)\b", said
    ):
        return frozenset({"age"})
    words = [word for word in said.split() if word not in _FILL]
    if not words or len(words) > 4:
        return frozenset()
    kinds = [kinds_of(word) or kinds_of(word.split("-")[-1]) for word in words]
    if len(words) > 1 and words[-1] in _HEADS:
        return kinds[-1]
    if not all(kinds):
        return frozenset()
    return frozenset().union(*kinds)
