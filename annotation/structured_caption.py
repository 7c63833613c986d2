"""The standard caption as data: people with attributes, then events in time. Pure functions.

A model answers with the data, people edit the text: `render` makes the one of the other, and for every structure that
`checked_structure` lets through, `parse(render(structure)) == structure`. The text reads

    There are two people in the video. The first is a NAME: ATTRIBUTES. The second is a NAME: ATTRIBUTES.
    [00:00.3] WHO WHAT. [00:01.2] WHO now WHAT.

on one line. Where a subject ends and its predicate begins is told by the names of the people; a subject of any other
name (a ball, a dog) is followed by "now", which is how it is found again.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.caption_format import format_mark, segments
from annotation.errors import BadInput
from annotation.text import checked_text

PEOPLE = 20
EVENTS = 60
NAME_CHARACTERS = 80
ATTRIBUTES_CHARACTERS = 600
WHO_CHARACTERS = 300
WHAT_CHARACTERS = 400
CHARACTERS = 50_000
"""Of the whole text: what a caption may have wherever it is stored."""
LONGEST_MS = 24 * 3600 * 1000

NUMBERS = (
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
ORDINALS = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    "twentieth",
)

CAPTION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "attributes": {"type": "string"}},
                "required": ["name", "attributes"],
                "additionalProperties": False,
            },
        },
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"start_s": {"type": "number"}, "who": {"type": "string"}, "what": {"type": "string"}},
                "required": ["start_s", "who", "what"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["people", "events"],
    "additionalProperties": False,
}
"""The form of a reply. It knows no counts and lengths: `structure_from_reply` checks those."""

_MARK_LIKE = re.compile(r"\[\s*\d+\s*:")
_INTRODUCTION = re.compile(rf"(?:^|(?<= ))The ({'|'.join(ORDINALS)}) is an? ")
_INTRODUCTION_LIKE = re.compile(_INTRODUCTION.pattern.removeprefix("(?:^|(?<= ))"))
_OPENING = re.compile(
    rf"There (?:is (one) person in the video, an? |are ({'|'.join(NUMBERS[1:])}) people in the video\. )"
)
_ARTICLES = re.compile(r"(?:(?:the|an?) )+", re.IGNORECASE)
_LABEL = re.compile(r"\b(?i:subject|person|individual|participant)s?[ _-]?(?:#? ?\d+|[A-Z])\b|\bP\d+\b")
_MANY = rf"(?:{'|'.join(NUMBERS[1:])})"
_KIND = "(?:people|persons|men|women|boys|girls|children|adults|players|dancers)"
_GROUP = (
    rf"(?:Both|All(?: {_MANY})?)(?: of them| {_KIND})?|The {_MANY}(?: other)? {_KIND}|Everyone|Everybody|They|He|She"
)


@dataclass(frozen=True)
class Person:
    """name: a phrase without article that tells the person apart, "bald man in the brown T-shirt"."""

    name: str
    attributes: str


@dataclass(frozen=True)
class CaptionEvent:
    """start_ms: from the start of the clip. who: the subject with its article; what: the predicate."""

    start_ms: int
    who: str
    what: str


@dataclass(frozen=True)
class StructuredCaption:
    people: tuple[Person, ...]
    events: tuple[CaptionEvent, ...]


def checked_structure(structure: StructuredCaption, *, duration_ms: int = LONGEST_MS) -> StructuredCaption:
    """The structure in its normal form. Doing it twice changes nothing.

    White space is collapsed, articles before names and full stops at ends are dropped, starts are floored to 100 ms,
    events sorted by time (equal ones stay in order). A subject that runs on into its predicate, "The man" + "in the
    hat jumps" where somebody is called "man in the hat", is divided where the text divides it.
    Raises BadInput that names the field: counts, lengths, line breaks, time marks, labels such as "Subject 1", a start
    outside the clip (the duration is rounded up to 100 ms), a text that introduces a further person.
    """
    for field, parts, most in (("people", structure.people, PEOPLE), ("events", structure.events, EVENTS)):
        if not 1 <= len(parts) <= most:
            raise BadInput({field: f"has {len(parts)} entries; 1 to {most} are possible"})
    people = tuple(_checked_person(person, f"people[{place}]") for place, person in enumerate(structure.people))
    subject = _subject_of(people)
    events = [
        _checked_event(event, f"events[{place}]", subject, duration_ms) for place, event in enumerate(structure.events)
    ]
    # Sorted before the starts are floored: two events within 100 ms keep their order in time.
    events.sort(key=lambda event: event.start_ms)
    floored = tuple(CaptionEvent(event.start_ms // 100 * 100, event.who, event.what) for event in events)
    checked = StructuredCaption(people, floored)
    if (length := len(_text_of(checked, subject))) > CHARACTERS:
        raise BadInput({"events": f"make a caption of {length:,} characters; at most {CHARACTERS:,} are possible"})
    return checked


def render(structure: StructuredCaption) -> str:
    """The standard text. Raises BadInput as `checked_structure`."""
    checked = checked_structure(structure)
    return _text_of(checked, _subject_of(checked.people))


def parse(text: str) -> StructuredCaption:
    """The structure of a text that `render` made. Raises BadInput for one that is not in that form."""
    parts = segments(text)
    opening = _OPENING.match(parts[0].text) if parts and parts[0].start_ms is None else None
    if opening is None:
        raise BadInput({"caption": "does not begin with how many people are in the video"})
    people = _parsed_people(parts[0].text[opening.end() :], NUMBERS.index(opening[1] or opening[2]) + 1)
    subject = _subject_of(people)
    events: list[CaptionEvent] = []
    for part in parts[1:]:
        division = _divided(part.text.removesuffix("."), subject)
        if division is None:
            raise BadInput({"caption": f"“{part.text[:60]}” does not tell who does it"})
        events.append(CaptionEvent(part.start_ms or 0, *division))
    return checked_structure(StructuredCaption(people, tuple(events)))


def people_registry(structure: StructuredCaption) -> list[dict[str, str]]:
    """The people as a caption stores them beside its text: `[{"key": "P1", "description": name}]`."""
    return [{"key": f"P{place}", "description": person.name} for place, person in enumerate(structure.people, start=1)]


def structure_from_reply(value: object, *, duration_ms: int) -> StructuredCaption:
    """What a model answered, decoded but not trusted, in the form of CAPTION_SCHEMA.

    A subject that is a person's name but for article and case is taken for that person.
    Raises BadInput that names the field: `people[0].name`, `events[3].start_s`.
    """
    reply = _checked_object(value, "reply", {"people", "events"})
    people: list[Person] = []
    for field, part in _entries(reply["people"], "people", PEOPLE):
        person = _checked_object(part, field, {"name", "attributes"})
        people.append(
            Person(_string(person["name"], f"{field}.name"), _string(person["attributes"], f"{field}.attributes"))
        )
    names = {_bare(person.name).casefold(): f"The {_bare(person.name)}" for person in people}
    events: list[CaptionEvent] = []
    for field, part in _entries(reply["events"], "events", EVENTS):
        event = _checked_object(part, field, {"start_s", "who", "what"})
        start_ms = _start_ms(event["start_s"], f"{field}.start_s", duration_ms)
        who = _string(event["who"], f"{field}.who")
        events.append(
            CaptionEvent(start_ms, names.get(_bare(who).casefold(), who), _string(event["what"], f"{field}.what"))
        )
    return checked_structure(StructuredCaption(tuple(people), tuple(events)), duration_ms=duration_ms)


def _checked_person(person: Person, field: str) -> Person:
    name = _bare(_words(person.name, f"{field}.name", NAME_CHARACTERS))
    if not name or ":" in name:
        raise BadInput({f"{field}.name": "must be a phrase without a colon"})
    if _LABEL.search(name):
        raise BadInput({f"{field}.name": "is a label; a person is named by what can be seen"})
    attributes = _without_stop(_words(person.attributes, f"{field}.attributes", ATTRIBUTES_CHARACTERS))
    if not attributes:
        raise BadInput({f"{field}.attributes": "must not be empty"})
    for part, text in (("name", name), ("attributes", attributes)):
        if _INTRODUCTION_LIKE.search(text):
            raise BadInput({f"{field}.{part}": "introduces a further person"})
    return Person(name, attributes)


def _checked_event(event: CaptionEvent, field: str, subject: re.Pattern[str], duration_ms: int) -> CaptionEvent:
    _refuse_start(event.start_ms, f"{field}.start_ms", duration_ms)
    who = _words(event.who, f"{field}.who", WHO_CHARACTERS)
    who = (who[0].upper() if len(who[0].upper()) == 1 else who[0]) + who[1:]
    what = _without_stop(_words(event.what, f"{field}.what", WHAT_CHARACTERS))
    if not what:
        raise BadInput({f"{field}.what": "must not be empty"})
    who, what = _settled(who, what, subject)
    # Dividing moves words from one part to the other, so that what was short enough may be too long now.
    checked_text(who, field=f"{field}.who", most=WHO_CHARACTERS)
    checked_text(what, field=f"{field}.what", most=WHAT_CHARACTERS)
    if _LABEL.search(who):
        raise BadInput({f"{field}.who": "is a label; a person is named by what can be seen"})
    return CaptionEvent(event.start_ms, who, what)


def _words(value: str, field: str, most: int) -> str:
    """The text with single spaces. Raises BadInput: empty, too long, on several lines, with a time mark."""
    checked_text(value, field=field, most=10 * most, blank=False)
    if len(value.strip().splitlines()) > 1:
        raise BadInput({field: "must be one line"})
    if _MARK_LIKE.search(value):
        raise BadInput({field: "must hold no time mark"})
    return checked_text(" ".join(value.split()), field=field, most=most)


def _bare(name: str) -> str:
    """Without the article before it."""
    text = " ".join(name.split())
    return text[match.end() :] if (match := _ARTICLES.match(text)) else text


def _without_stop(text: str) -> str:
    return text.rstrip(" .")


def _refuse_start(start_ms: object, field: str, duration_ms: int) -> None:
    if not isinstance(start_ms, int) or isinstance(start_ms, bool):
        raise BadInput({field: "must be whole milliseconds"})
    end_ms = -(-duration_ms // 100) * 100
    if not 0 <= start_ms <= end_ms:
        raise BadInput({field: f"lies outside the clip of {duration_ms:,} ms"})


def _start_ms(value: object, field: str, duration_ms: int) -> int:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise BadInput({field: "must be a number of seconds"})
    # Written so that NaN, infinities and integers too large for a float fail it too.
    if not 0 <= value <= LONGEST_MS // 1000:
        raise BadInput({field: f"lies outside the clip of {duration_ms:,} ms"})
    start_ms = round(value * 1000)
    _refuse_start(start_ms, field, duration_ms)
    return start_ms


def _subject_of(people: Iterable[Person]) -> re.Pattern[str]:
    """Finds, at the start of a sentence, the people it is about, when they are called by their names or as a group."""
    # The longest first: "man in the hat" before "man".
    names = "|".join(re.escape(name) for name in sorted({person.name for person in people}, key=lambda n: (-len(n), n)))
    return re.compile(rf"(?:The (?:{names})(?:(?:,|,? and) the (?:{names}))*|{_GROUP})(?= )")


def _divided(sentence: str, subject: re.Pattern[str]) -> tuple[str, str] | None:
    """Subject and predicate; None where nothing divides them."""
    if match := subject.match(sentence):
        return match[0], sentence[match.end() + 1 :]
    who, now, what = sentence.partition(" now ")
    return (who, what) if now else None


def _settled(who: str, what: str, subject: re.Pattern[str]) -> tuple[str, str]:
    """Subject and predicate as the text divides them: what `parse` will find."""
    division = _divided(_sentence(who, what, subject), subject)
    if division is None or division == (who, what):
        return who, what
    # The subject got shorter, or the predicate did for a name of the people: it ends.
    return _settled(*division, subject)


def _sentence(who: str, what: str, subject: re.Pattern[str]) -> str:
    plain = f"{who} {what}"
    return plain if subject.match(plain) else f"{who} now {what}"


def _text_of(structure: StructuredCaption, subject: re.Pattern[str]) -> str:
    people = [f"{_article(person.name)} {person.name}: {_stopped(person.attributes)}" for person in structure.people]
    if len(people) == 1:
        parts = [f"There is one person in the video, {people[0]}"]
    else:
        parts = [f"There are {NUMBERS[len(people) - 1]} people in the video."]
        parts += [f"The {ordinal} is {person}" for ordinal, person in zip(ORDINALS, people, strict=False)]
    for event in structure.events:
        parts.append(f"{format_mark(event.start_ms)} {_stopped(_sentence(event.who, event.what, subject))}")
    return " ".join(parts)


def _stopped(text: str) -> str:
    return text if text.endswith(("!", "?", "…")) else f"{text}."


def _article(name: str) -> str:
    """ "a" or "an" by how a name is spoken: a uniformed man, an hourglass-shaped woman, an 18-year-old."""
    spoken = name.casefold()
    if re.match(r"(?:uni|use|usu|eu|ewe|one\b|once\b)", spoken):
        return "a"
    return "an" if re.match(r"(?:[aeiou]|hour|heir|honest|8|11\b|18\b)", spoken) else "a"


def _parsed_people(text: str, number: int) -> tuple[Person, ...]:
    if number == 1:
        introduced: Sequence[str] = [text]
    else:
        # What lies between the groups of the pattern: "", "first", TEXT, "second", TEXT …
        pieces = _INTRODUCTION.split(text)
        introduced = [piece.removesuffix(" ") for piece in pieces[2::2]]
        if pieces[0] or tuple(pieces[1::2]) != ORDINALS[:number]:
            raise BadInput({"caption": f"announces {number} people and does not introduce as many in turn"})
    people: list[Person] = []
    for ordinal, piece in zip(ORDINALS, introduced, strict=False):
        name, colon, attributes = piece.partition(": ")
        if not colon:
            raise BadInput({"caption": f"the {ordinal} person has no attributes"})
        people.append(Person(name, attributes.removesuffix(".")))
    return tuple(people)


def _checked_object(value: object, field: str, names: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadInput({field: "must be an object"})
    problems = {f"{field}.{name}"[:100]: "is unknown" for name in value if name not in names}
    problems |= {f"{field}.{name}": "is missing" for name in sorted(names) if name not in value}
    if problems:
        raise BadInput(problems)
    return value


def _entries(value: object, field: str, most: int) -> list[tuple[str, object]]:
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise BadInput({field: f"must be a list of 1 to {most}"})
    return [(f"{field}[{place}]", part) for place, part in enumerate(value)]


def _string(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise BadInput({field: "must be text"})
    return value
