"""People and events become the standard text and are found in it again; what is no such thing is refused by field."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from annotation.caption_content import CAPTION_CHARACTERS, checked_people
from annotation.caption_format import MARK, mark_ms, without_marks
from annotation.errors import BadInput
from annotation.prompt_files import prompt_files
from annotation.structured_caption import (
    CAPTION_SCHEMA,
    CHARACTERS,
    NUMBERS,
    CaptionEvent,
    Person,
    StructuredCaption,
    checked_structure,
    parse,
    people_registry,
    render,
    structure_from_reply,
)

MAN = Person("bald man in the brown T-shirt", "he has a short beard and wears black shorts")
WOMAN = Person("woman in the green T-shirt", "she has long reddish hair")
EVENT = CaptionEvent(300, "The bald man in the brown T-shirt", "spreads both arms out to the sides")
TWO = StructuredCaption((MAN, WOMAN), (EVENT, CaptionEvent(1400, "A red ball", "rolls to the left of the frame")))
TWO_AS_TEXT = (
    "There are two people in the video. The first is a bald man in the brown T-shirt: he has a short beard and wears "
    "black shorts. The second is a woman in the green T-shirt: she has long reddish hair. [00:00.3] The bald man in "
    "the brown T-shirt spreads both arms out to the sides. [00:01.4] A red ball now rolls to the left of the frame."
)
REPLY: dict[str, Any] = {
    "people": [{"name": MAN.name, "attributes": MAN.attributes}, {"name": WOMAN.name, "attributes": WOMAN.attributes}],
    "events": [{"start_s": 0.3, "who": EVENT.who, "what": EVENT.what}],
}


def structure(who: str = EVENT.who, what: str = EVENT.what, *people: Person) -> StructuredCaption:
    return StructuredCaption(people or (MAN, WOMAN), (CaptionEvent(0, who, what),))


# Words that the standard text itself is made of, in the wrong places, beside what people may look like.
PIECES = st.sampled_from(
    [
        *(
            "The",
            "the",
            "a",
            "an",
            "and",
            ", the",
            "and the",
            "now",
            "man",
            "hat",
            "in the hat",
            "man in the hat",
            "Both",
        ),
        *("two", "There are two people in the video.", "The second", "is a", "first", "They", "people", "All three"),
        *(
            "etc.",
            "Dr.",
            "e.g.",
            "3.5",
            "No. 7",
            "“GO!”",
            "stop!",
            "who?",
            "…",
            "...",
            ":",
            "11:45",
            "[",
            "]",
            "[00",
            "$\\1",
        ),
        *(
            "señora",
            "e\u0301",
            "女の人",
            "👩‍👩‍👧",
            "\u202e",
            "ß",
            "\u200b",
            "-",
            "—",
            ";",
            "(left)",
            "'s",
            "\u00a0",
            "\t",
        ),
    ]
)
ANYTHING = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=8)
PHRASES = st.lists(PIECES | ANYTHING, min_size=1, max_size=5).map(" ".join)
NAMES = PHRASES.map(lambda phrase: phrase.replace(":", ""))
PEOPLE = st.lists(st.builds(Person, NAMES, PHRASES), min_size=1, max_size=5)


@st.composite
def structures(draw: st.DrawFn) -> StructuredCaption:
    """Mostly valid ones, not in the normal form."""
    people = draw(PEOPLE)
    named = st.sampled_from([f"The {person.name}" for person in people])
    joined = st.lists(named, min_size=2, max_size=3).map(" and ".join)
    who = named | joined | st.sampled_from(["Both people", "All three women", "She", "A ball"]) | PHRASES
    events = draw(st.lists(st.builds(CaptionEvent, st.integers(0, 90_000), who, PHRASES), min_size=1, max_size=5))
    return StructuredCaption(tuple(people), tuple(events))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(structures())
@example(structure("The cat now", "now jumps"))
@example(structure("The now man", "jumps", Person("man", "tall")))
@example(structure("The man", "in the hat jumps", Person("man", "tall"), Person("man in the hat", "short")))
@example(structure("The man's hand", "moves", Person("man", "tall")))
@example(structure("A ball", "is red", Person("n apple", "x"), Person("a", "y")))
def test_text_holds_the_structure_and_gives_it_back(unsettled: StructuredCaption) -> None:
    try:
        valid = checked_structure(unsettled)
    except BadInput:
        assume(False)
    assert checked_structure(valid) == valid
    text = render(valid)
    assert render(unsettled) == text
    assert parse(text) == valid
    assert len(text.splitlines()) == 1
    assert [mark_ms(mark) for mark in MARK.finditer(text)] == [event.start_ms for event in valid.events]


def test_text_says_how_many_then_who_then_what_happens_when() -> None:
    assert render(TWO) == TWO_AS_TEXT
    assert parse(TWO_AS_TEXT) == TWO
    assert "[" not in without_marks(TWO_AS_TEXT)


def test_one_person_is_introduced_in_the_first_sentence() -> None:
    text = render(structure(EVENT.who, "waves!", MAN))
    assert text == (
        "There is one person in the video, a bald man in the brown T-shirt: he has a short beard and wears black "
        "shorts. [00:00.0] The bald man in the brown T-shirt waves!"
    )


@pytest.mark.parametrize(
    ("what", "end"),
    [("waves", "waves."), ("waves!", "waves!"), ("waves …", "waves …"), ("reads “GO.”", "reads “GO.”.")],
)
def test_sentence_ends_once(what: str, end: str) -> None:
    assert render(structure("She", what)).endswith(f" She {end}")


@pytest.mark.parametrize(
    ("name", "article"),
    [
        ("elderly man", "an"),
        ("woman", "a"),
        ("man in uniform", "a"),
        ("uniformed man", "a"),
        ("one-armed man", "a"),
        ("18-year-old", "an"),
        ("80-year-old", "an"),
        ("1980s dancer", "a"),
        ("ETH student", "an"),
    ],
)
def test_article_goes_by_how_the_name_is_spoken(name: str, article: str) -> None:
    assert f"video, {article} {name}: " in render(structure("She", "waves", Person(name, "tall")))


@pytest.mark.parametrize(
    ("who", "what", "divided"),
    [
        # Whoever is called by a known name, alone, joined or as a group, needs no word between subject and predicate.
        ("The bald man in the brown T-shirt", "waves", None),
        ("The woman in the green T-shirt and the bald man in the brown T-shirt", "wave", None),
        ("Both people", "wave", None),
        ("The two others", "wave", ("The two others", "now wave")),
        ("All two women", "wave", None),
        ("She", "waves", None),
        ("the woman in the green T-shirt", "waves", None),
        # Another subject is told by "now".
        ("The bald man", "waves", ("The bald man", "now waves")),
        ("The bald man in the brown T-shirt's dog", "barks", ("The bald man in the brown T-shirt's dog", "now barks")),
        # What belongs to the name goes to the subject, what does not to the predicate.
        ("The woman", "in the green T-shirt waves", ("The woman in the green T-shirt", "waves")),
        (
            "The woman in the green T-shirt on the left",
            "waves",
            ("The woman in the green T-shirt", "on the left waves"),
        ),
    ],
)
def test_subject_ends_where_a_reader_sees_it_end(who: str, what: str, divided: tuple[str, str] | None) -> None:
    text = without_marks(render(structure(who, what)))
    subject, predicate = divided or (who[0].upper() + who[1:], what)
    assert text.endswith(f" {subject} {predicate}.")
    (event,) = parse(render(structure(who, what))).events
    assert (event.who, event.what) == (subject, predicate.removeprefix("now "))


def test_longer_of_two_names_is_the_one_that_is_meant() -> None:
    people = (Person("man", "tall"), Person("man in the hat", "short"))
    given = structure("The man", "in the hat waves to the man", *people)
    (event,) = checked_structure(given).events
    assert (event.who, event.what) == ("The man in the hat", "waves to the man")


def test_normal_form_is_sorted_floored_and_without_superfluous_signs() -> None:
    messy = StructuredCaption(
        (Person("  The  bald\u00a0man ", " tall,\t bare feet. . "),),
        (
            CaptionEvent(290, "a ball ", "rolls."),
            CaptionEvent(250, "The bald man", " jumps  up ..."),
            CaptionEvent(290, "A dog", "barks"),
        ),
    )
    assert checked_structure(messy) == StructuredCaption(
        (Person("bald man", "tall, bare feet"),),
        (
            CaptionEvent(200, "The bald man", "jumps up"),
            CaptionEvent(200, "A ball", "rolls"),
            CaptionEvent(200, "A dog", "barks"),
        ),
    )


LONG = "x" * 401
LONG_NAME = Person("x" * 80, "tall")


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (StructuredCaption((), (EVENT,)), "people"),
        (StructuredCaption((MAN,) * 21, (EVENT,)), "people"),
        (StructuredCaption((MAN,), ()), "events"),
        (StructuredCaption((MAN,), (EVENT,) * 61), "events"),
        (structure("She", "waves", MAN, Person("", "tall")), "people[1].name"),
        (structure("She", "waves", Person("x" * 81, "tall")), "people[0].name"),
        (structure("She", "waves", Person("man: bald", "tall")), "people[0].name"),
        (structure("She", "waves", Person("subject 1", "tall")), "people[0].name"),
        (structure("She", "waves", Person("man\nwoman", "tall")), "people[0].name"),
        (structure("She", "waves", Person("man", "x" * 601)), "people[0].attributes"),
        (structure("She", "waves", Person("man", " ... ")), "people[0].attributes"),
        (structure("She", "waves", Person("man", "tall. The second is a woman: short")), "people[0].attributes"),
        (structure("She", "waves", Person("man", "from [0:01] on")), "people[0].attributes"),
        (structure("She", "waves\x00"), "events[0].what"),
        (structure("She", "waves\ud800"), "events[0].what"),
        (structure("She", "waves\u2028twice"), "events[0].what"),
        (structure("She", "waves [00:01.2] twice"), "events[0].what"),
        (structure("She", "."), "events[0].what"),
        (structure("She", LONG), "events[0].what"),
        (structure("The woman in the green T-shirt and so on and on", "x" * 395), "events[0].what"),
        (
            structure("The", f"{'x' * 80}, the {'x' * 80}, the {'x' * 80} and the {'x' * 80} wave", LONG_NAME),
            "events[0].who",
        ),
        (structure(" ", "waves"), "events[0].who"),
        (structure("x" * 301, "waves"), "events[0].who"),
        (structure("Person A", "waves"), "events[0].who"),
        (structure("The dog and P2", "wave"), "events[0].who"),
        (StructuredCaption((MAN,), (CaptionEvent(-1, "She", "waves"),)), "events[0].start_ms"),
        (StructuredCaption((MAN,), (CaptionEvent(True, "She", "waves"),)), "events[0].start_ms"),
        (StructuredCaption((MAN,), (CaptionEvent(86_400_100, "She", "waves"),)), "events[0].start_ms"),
    ],
)
def test_what_is_no_structure_is_refused_by_field(bad: StructuredCaption, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        render(bad)
    assert list(refusal.value.detail["fields"]) == [field]


def test_structure_of_the_longest_parts_is_refused_when_no_caption_can_hold_it() -> None:
    people = tuple(Person(f"{place} {'x' * 77}"[:80], "y" * 600) for place in range(20))
    # 20 · 700 and 60 · 720 characters.
    events = tuple(CaptionEvent(0, "z" * 300, "w" * 400) for _ in range(60))
    with pytest.raises(BadInput) as refusal:
        checked_structure(StructuredCaption(people, events))
    assert list(refusal.value.detail["fields"]) == ["events"]
    assert CHARACTERS == CAPTION_CHARACTERS
    assert parse(render(StructuredCaption(people, events[:40]))).people == people


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Two people wave.",
        "[00:00.0] There are two people in the video.",
        TWO_AS_TEXT.replace("two people", "three people"),
        TWO_AS_TEXT.replace("The second", "The third"),
        TWO_AS_TEXT.replace("The first", "Look. The first"),
        TWO_AS_TEXT.replace("shirt: she has", "shirt, she has"),
        TWO_AS_TEXT.replace("ball now", "ball"),
        TWO_AS_TEXT.split(" [", maxsplit=1)[0],
    ],
)
def test_text_of_another_form_is_not_read(text: str) -> None:
    with pytest.raises(BadInput):
        parse(text)


def test_registry_is_what_a_caption_stores() -> None:
    registry = people_registry(TWO)
    assert registry == [{"key": "P1", "description": MAN.name}, {"key": "P2", "description": WOMAN.name}]
    assert checked_people(registry) == registry


# Replies


def reply(**changes: Any) -> dict[str, Any]:
    return {**REPLY, **changes}


def reply_event(**changes: Any) -> dict[str, Any]:
    return reply(events=[{**REPLY["events"][0], **changes}])


def test_reply_becomes_a_structure() -> None:
    assert structure_from_reply(REPLY, duration_ms=1000) == StructuredCaption((MAN, WOMAN), (EVENT,))


@pytest.mark.parametrize(
    "who", ["A bald man in the brown T-shirt", "Bald  man in the brown t-shirt", "the Bald man in the brown T-shirt"]
)
def test_name_with_another_article_is_the_same_person(who: str) -> None:
    (event,) = structure_from_reply(reply_event(who=who), duration_ms=1000).events
    assert event.who == EVENT.who


@pytest.mark.parametrize(
    ("start_s", "start_ms"),
    [(0, 0), (4.3, 4300), (4.987, 4900), (5, 5000), (4.96, 4900), (0.1 + 0.2, 300)],
)
def test_start_is_floored_and_may_lie_at_the_duration_rounded_up(start_s: float, start_ms: int) -> None:
    (event,) = structure_from_reply(reply_event(start_s=start_s), duration_ms=4950).events
    assert event.start_ms == start_ms


@pytest.mark.parametrize(
    "start_s", [5.001, -0.1, math.nan, math.inf, -math.inf, 10**400, "1", None, True, [1], {"s": 1}]
)
def test_start_that_is_no_time_of_the_clip_is_refused(start_s: object) -> None:
    with pytest.raises(BadInput) as refusal:
        structure_from_reply(reply_event(start_s=start_s), duration_ms=4950)
    assert list(refusal.value.detail["fields"]) == ["events[0].start_s"]


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (None, "reply"),
        ([], "reply"),
        ("text", "reply"),
        ({"people": REPLY["people"]}, "reply.events"),
        (reply(title="x"), "reply.title"),
        (reply(people=None), "people"),
        (reply(people=[]), "people"),
        (reply(people={}), "people"),
        (reply(people=REPLY["people"] * 11), "people"),
        (reply(people=[None]), "people[0]"),
        (reply(people=[{"name": "man"}]), "people[0].attributes"),
        (reply(people=[{"name": "man", "attributes": "tall", "age": 3}]), "people[0].age"),
        (reply(people=[{"name": 3, "attributes": "tall"}]), "people[0].name"),
        (reply(people=[{"name": "man", "attributes": ["tall"]}]), "people[0].attributes"),
        (reply(people=[{"name": "Subject 1", "attributes": "tall"}]), "people[0].name"),
        (reply(events=[]), "events"),
        (reply(events=REPLY["events"] * 61), "events"),
        (reply(events=[[]]), "events[0]"),
        (reply_event(end_s=1), "events[0].end_s"),
        (reply_event(who=None), "events[0].who"),
        (reply_event(who="Subject 1"), "events[0].who"),
        (reply_event(who="Person A"), "events[0].who"),
        (reply_event(who="the first person and person #2"), "events[0].who"),
        (reply_event(what=1), "events[0].what"),
        (reply_event(what=""), "events[0].what"),
    ],
)
def test_reply_of_another_form_is_refused_by_field(value: object, field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        structure_from_reply(value, duration_ms=1000)
    assert list(refusal.value.detail["fields"]) == [field]


def test_person_with_a_number_on_the_shirt_or_a_letter_in_the_name_is_no_label() -> None:
    for name in ("person with the number 3", "woman in a T-shirt", "player 7", "individual in black"):
        people = [{"name": name, "attributes": "tall"}]
        assert structure_from_reply(reply(people=people), duration_ms=1000).people[0].name == name


def test_start_is_not_a_tenth_too_early_for_what_a_float_cannot_hold() -> None:
    # 32.3 * 1000 is 32299.999… in binary.
    (event,) = structure_from_reply(reply_event(start_s=32.3), duration_ms=40_000).events
    assert event.start_ms == 32_300


def test_schema_asks_for_all_and_nothing_else() -> None:
    for part in (
        CAPTION_SCHEMA,
        CAPTION_SCHEMA["properties"]["people"]["items"],
        CAPTION_SCHEMA["properties"]["events"]["items"],
    ):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])


# The worked examples that a model is shown


EXAMPLES = re.findall(r"```json\n(.*?)```", prompt_files()["caption"].text, flags=re.DOTALL)
DURATIONS_MS = [
    round(float(seconds) * 1000) for seconds in re.findall(r"A clip of ([\d.]+) s", prompt_files()["caption"].text)
]
GUESSES = re.compile(
    r"\b(seems?|appears to|probably|maybe|perhaps|must be|tries|in order to|wants|because)\b", re.IGNORECASE
)


def test_prompt_has_two_worked_examples() -> None:
    assert len(EXAMPLES) == len(DURATIONS_MS) == 2


@pytest.mark.parametrize(("raw", "duration_ms"), list(zip(EXAMPLES, DURATIONS_MS, strict=True)))
def test_worked_example_gives_a_caption_that_no_rule_flags(raw: str, duration_ms: int) -> None:
    value = json.loads(raw)
    given = structure_from_reply(value, duration_ms=duration_ms)
    # It is in the normal form already: a model that follows it is not changed either.
    assert [event["who"] for event in value["events"]] == [event.who for event in given.events]
    assert [round(event["start_s"] * 1000) for event in value["events"]] == [event.start_ms for event in given.events]
    text = render(given)
    assert parse(text) == given
    announced = re.match(r"There (?:is|are) (\w+) (?:person|people) in the video", text)
    assert announced is not None
    described = len(re.findall(r"The \w+ is an? ", text)) or text.startswith("There is one person in the video, a ")
    assert NUMBERS.index(announced[1]) + 1 == len(given.people) == described
    marks = [mark_ms(mark) for mark in MARK.finditer(text)]
    assert marks == sorted(marks)
    assert marks[-1] <= duration_ms
    sentences = re.split(r"(?<=\.) ", without_marks(text))
    assert len(sentences) == len(set(sentences))
    assert GUESSES.search(text) is None
    # A person who acts is called by the name in full, so that nobody has to guess who is meant.
    names = "|".join(re.escape(person.name) for person in given.people)
    assert re.findall(rf"\b[Tt]he (?!{names})(?:\S+ )?(?:man|woman|boy|girl|person)\b", text) == []
