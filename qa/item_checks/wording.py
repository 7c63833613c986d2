"""Rules about the question's own words. They warn."""

import re

from annotation.english.number_words import with_digits
from annotation.english.people_nouns import singular
from annotation.english.people_phrases import phrases
from annotation.english.plain_text import plain, without_written_words
from qa.categories import Category
from qa.item_checks.items import Item, letter_of, options_named, rule

_VERB = r"(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would)"
_NEGATED = re.compile(
    rf"\b{_VERB}(?:n't| not| never)\b|\b{_VERB} [^,]{{1,80}}? (?:(?<!as )not (?!to\b)|never )\w|\bnot\W*$"
    r"|^(?:which|who|what)\b(?:(?!\b(?:who|that|which|,)).)*? never \w"
    r"|\b(?:all|everything|everyone|everybody|anything|anyone)(?: of (?:the|these) \w+)?,? (?:but|except)\b"
    r"|\bexcept\b|^(?:what|which|who)\b.* fails? to\b",
    re.IGNORECASE,
)
_SAYS_WHO = re.compile(
    r"\b(?:who|that|which|whose \w+|and|but|while|when|after|before|as|because)"
    r"(?: (?:he|she|it|they|the \w+))? (?:is|are|was|were|does|do|did|has|have)(?:n't| not| never)\b",
    re.IGNORECASE,
)


@rule("negated-question")
def negated(item: Item) -> str | None:
    """The question asks for what is not so; a "not" that only tells a person apart is fine.

    Good: What does the man who is not wearing a hat do?
    Bad: Which of these does the man not do? · What is everybody except the girl holding?
    """
    text = _SAYS_WHO.sub("", without_written_words(item.words))
    if not _NEGATED.search(text):
        return None
    return "The question asks for what is not so, which is easily misread: ask for what is."


_HOW_MANY = re.compile(r"(?:\bhow many|\bnumber of|\bcount of) (?P<what>[^?]*)", re.IGNORECASE)
_THINGS_ASKED = re.compile(
    r"(?:(?!(?:are|is|do|does|did|was|were|can|has|have)\b)[\w'-]+ ){1,4}?"
    r"(?:(?:are|is|were|was)\b|can be seen\b|appears?\b|wears?\b|(?:has|have)\b|(?:stand|sit|lie)\b"
    r"|(?:do|does|did) [^?]*?\b(?:have|wear|own|carry|hold|bring|buy|show|light)\b(?! (?:up|over|out)\b))"
)
_DEEDS = re.compile(
    r"(?:times?|claps?|jumps?|steps?|hops?|kicks?|punches|push-?ups?|pull-?ups?|sit-?ups?|squats?|laps?|turns?|spins?|nods?"
    r"|waves?|throws?|catches|bounces|strokes?|repetitions?|reps|rounds?|lunges?|jacks|flips?|somersaults?|cartwheels?|bites?"
    r"|sips?|taps?|slaps?|hits?|pats?|knocks?|bows?|swings?|rotations?|circles|dribbles?|strides?|paces|movements?|gestures?"
    r"|kisses|hugs?|blows|cuts|presses|pushes|pulls|lifts|dips|crunches|curls|burpees|shots?|attempts?|tries|passes|serves|rolls"
    r"|twirls?|shakes|stretches|leaps|twists|strikes|blinks|winks|breaths|seconds|minutes)",
    re.IGNORECASE,
)


def names_deed(question: str) -> bool:
    """Whether a plain count question counts something that is done: "How many push-ups"."""
    found = _HOW_MANY.search(question)
    words = with_digits(found["what"]).split() if found else []
    return any(_DEEDS.fullmatch(word.strip(",")) for word in words[:4])


@rule("count-not-an-action")
def count_not_an_action(item: Item) -> str | None:
    """A count question that asks how many people or things there are instead of how often something is done.

    Good: How many times does the man clap? · How many push-ups does the girl do?
    Bad: How many people are in the video? · How many buttons does his coat have?
    """
    found = _HOW_MANY.search(item.words)
    if item.category != Category.COUNT or not found:
        return None
    words = with_digits(found["what"]).split()
    if words and words[0] in ("times", "time"):
        return None
    what = " ".join(words).rstrip(" .")
    people = next((word for word in words[:3] if (one := singular(word)) and one[1]), None)
    if people is None and (names_deed(item.words) or not _THINGS_ASKED.match(what)):
        return None
    return "The question counts people or things: a Count question asks how often something is done."


_GOES = (
    r"(?:turn|look|lean|step|move|point|tilt|bend|glance|shift|swing|dodge|sway|gaze|face|spin|rotate|pivot|twist|stretch)"
    r"(?:s|es|ed|ing|ning|ping)?"
)
_SIDE = r"(?:left|right)"
_OF = (
    r"(?=(?! (?:of|from|in|side of|edge of|half of|hand|arm|leg|foot|knee|shoulder|elbow|side|ear|eye|cheek|hip|thigh"
    r"|wrist|ankle|fist|palm|thumb|index|heel|toe|calf|forearm|glove|shoe|boot|sleeve|pocket|after|away|before|away)\b"
    r"| (?:as|when) (?:seen|viewed)))"
)
_UNCLEAR = re.compile(
    rf"\b{_GOES}(?: (?!his|her|their|its|hands?|arms?|legs?)[\w-]+){{0,4}}? (?:to|towards?) the {_SIDE}\b{_OF}(?!\w)"
    rf"|^(?:he |she |they )?(?:{_GOES} )?(?:to|towards?) the {_SIDE}\W*$|^(?:(?:he|she|they) )?{_GOES} {_SIDE}\W*$",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?:(?:from|to|on|at|towards?) )?(?:the )?{_SIDE}(?:[ -](?:side|one|hand side))?\W*", re.IGNORECASE
)
_STANDS = re.compile(r"\b(?:stand|sit|lie|appear|located|positioned)s?\b|^where (?:is|are)\b", re.IGNORECASE)
"""Where somebody is, is told of the frame."""
_PART = r"(?:hand|arm|leg|foot|knee|shoulder|elbow|ear|eye|cheek|hip|wrist|ankle|fist|thumb|heel|side)"
_WHICH_PART = re.compile(rf"\bwhich {_PART}\b", re.IGNORECASE)
_BARE_PART = re.compile(rf"(?:with |on |at )?(?:the )?{_SIDE}(?: (?:one|{_PART}))?\W*", re.IGNORECASE)
_NAMES_SOMEBODY = re.compile(r"\b(?:his|her|their|its|he|she|they)\b|'s\b|s' ", re.IGNORECASE)
_WHOSE = re.compile(
    r"\b(?:his|her|their|its|own|person's|man's|woman's|boy's|girl's|viewer'?s?|camera'?s?|frame|screen|image|picture|video|shot"
    r"|viewed|seen from|shown) (?:own )?(?:left|right|perspective|point|side)?\b"
    r"|\bfrom (?:his|her|the (?:viewer|camera))",
    re.IGNORECASE,
)


@rule("side-unclear")
def side_unclear(item: Item) -> str | None:
    """Somebody moves or looks "to the left", and nothing tells whether their own left or that of the frame is meant.

    Good: He walks to the left of the frame · He turns to his left · With his left hand
    Bad: Which way does the man turn? To the left · To the right
    """
    if re.search(r"\bframe|\bscreen|\bimage|\bpicture|\bown\b|\bviewer|\bcamera", item.words, re.IGNORECASE):
        return None
    shown = [plain(option) for option in item.options]
    if _UNCLEAR.search(item.words) and not _WHOSE.search(item.words):
        return "In the question left or right can be the person's own or that of the frame: say which."
    asks_side = re.search(r"\b(?:which|what) (?:side|way|direction)\b|^where\b", item.words, re.IGNORECASE)
    if asks_side and not _WHOSE.search(item.words) and not _STANDS.search(item.words):
        bare = [letter_of(place) for place, text in enumerate(shown) if _BARE.fullmatch(text)]
        if len(bare) > 1:
            return f"{options_named(bare)} name sides that can be the person's own or the frame's: say which."
    if _WHICH_PART.search(item.words) and not _NAMES_SOMEBODY.search(item.words) and not phrases(item.words):
        bare = [letter_of(place) for place, text in enumerate(shown) if _BARE_PART.fullmatch(text)]
        if len(bare) > 1:
            return "The question does not say whose left and right are meant."
    unclear = [
        letter_of(place) for place, text in enumerate(shown) if _UNCLEAR.search(text) and not _WHOSE.search(text)
    ]
    if not unclear:
        return None
    mean = "names a side that" if len(unclear) == 1 else "name sides that"
    return f"{options_named(unclear)} {mean} can be the person's own or the frame's: say which."
