"""What a person's words on a caption consist of: the text, and what was noted while writing it. Pure.

text: the caption, with its time marks.
people: the registry, `{"key": "P1", "description": …}`, and where a person was pointed at on a frame
    `"at": {"time_ms", "x_permille", "y_permille"}` (thousandths of the picture's width and height).
critiques: what was wrong in the draft, `{"error": one of DraftError, "draft": its sentence, "final": ours}`;
    one of the two sentences may be empty (missed, invented).
dismissed: flags that somebody called fine, `{"rule", "sentence"}`; one holds for as long as the sentence stands so.
watched: what has really been played, `[[start_ms, end_ms], …]`, in order, apart from each other.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import models

from annotation.errors import BadInput
from annotation.text import checked_text

CAPTION_CHARACTERS = 50_000
PEOPLE = 50
NOTES = 400
SPANS = 500
SENTENCE_CHARACTERS = 5_000
LONGEST_MS = 24 * 3600 * 1000

OPTIONAL = ("critiques", "dismissed", "watched")
"""Who does not say these leaves them as they were."""


class DraftError(models.TextChoices):
    PERSON = "person", "Wrong person"
    SIDE = "side", "Wrong side"
    COUNT = "count", "Wrong count"
    ORDER = "order", "Wrong order"
    ATTRIBUTE = "attribute", "Wrong attribute"
    MISSED = "missed", "Missed"
    INVENTED = "invented", "Invented"
    WORDING = "wording", "Wording"


@dataclass(frozen=True)
class CaptionContent:
    text: str = ""
    people: list[dict[str, Any]] = field(default_factory=list)
    critiques: list[dict[str, str]] = field(default_factory=list)
    dismissed: list[dict[str, str]] = field(default_factory=list)
    watched: list[list[int]] = field(default_factory=list)

    @property
    def payload(self) -> dict[str, Any]:
        """What a digest covers. A note that nobody made is left out, so that older digests stay as they are."""
        return {"text": self.text, "people": self.people} | {
            name: value for name in OPTIONAL if (value := getattr(self, name))
        }

    @property
    def columns(self) -> dict[str, Any]:
        return asdict(self)

    def says_the_same(self, other: "CaptionContent") -> bool:
        """Text and people alike, whatever was noted beside them."""
        return (self.text, self.people) == (other.text, other.people)


def checked_content(data: dict[str, Any], *, before: CaptionContent, blank: bool = True) -> CaptionContent:
    """The content that a request asks for. Raises BadInput that names the field.

    data: text and people; any of OPTIONAL.
    before: what stands where the request is silent.
    """
    return CaptionContent(
        text=checked_text(data["text"], field="text", most=CAPTION_CHARACTERS, blank=blank),
        people=checked_people(data["people"]),
        critiques=checked_critiques(data["critiques"]) if "critiques" in data else before.critiques,
        dismissed=checked_dismissed(data["dismissed"]) if "dismissed" in data else before.dismissed,
        watched=checked_watched(data["watched"]) if "watched" in data else before.watched,
    )


def checked_people(value: object) -> list[dict[str, Any]]:
    """`[{"key", "description"}]`, each with or without `at`, and nothing else. Raises BadInput."""
    people: list[dict[str, Any]] = []
    for place, person in enumerate(_rows(value, "people", PEOPLE), start=1):
        if not {"key", "description"} <= set(person) <= {"key", "description", "at"}:
            raise BadInput({"people": f"number {place} must have key and description, and may have at"})
        key = checked_text(person["key"], field="people", most=10, blank=False)
        row: dict[str, Any] = {"key": key, "description": checked_text(person["description"], field="people", most=500)}
        if person.get("at") is not None:
            row["at"] = _point(person["at"], place)
        people.append(row)
    if len({person["key"] for person in people}) < len(people):
        raise BadInput({"people": "two people have the same key"})
    return people


def checked_critiques(value: object) -> list[dict[str, str]]:
    """Raises BadInput."""
    rows = []
    for place, row in enumerate(_rows(value, "critiques", NOTES), start=1):
        if set(row) != {"error", "draft", "final"} or row["error"] not in DraftError.values:
            raise BadInput({"critiques": f"number {place} must have draft, final, and an error that is known"})
        said = {name: _sentence(row[name], "critiques") for name in ("draft", "final")}
        if not any(said.values()):
            raise BadInput({"critiques": f"number {place} names no sentence"})
        rows.append({"error": str(row["error"]), **said})
    return rows


def checked_dismissed(value: object) -> list[dict[str, str]]:
    """Raises BadInput."""
    rows = []
    for place, row in enumerate(_rows(value, "dismissed", NOTES), start=1):
        if set(row) != {"rule", "sentence"}:
            raise BadInput({"dismissed": f"number {place} must have exactly rule and sentence"})
        rule = checked_text(row["rule"], field="dismissed", most=60, blank=False)
        rows.append({"rule": rule, "sentence": _sentence(row["sentence"], "dismissed")})
    return rows


def checked_watched(value: object) -> list[list[int]]:
    """Spans that touch are joined. Raises BadInput."""
    if not isinstance(value, list) or len(value) > SPANS:
        raise BadInput({"watched": f"must be a list of at most {SPANS} spans"})
    for span in value:
        if not (isinstance(span, list) and len(span) == 2 and all(_is_int(end) for end in span)):
            raise BadInput({"watched": "a span is [start_ms, end_ms], whole numbers"})
        if not 0 <= span[0] < span[1] <= LONGEST_MS:
            raise BadInput({"watched": "a span ends after it starts, and neither is before the clip"})
    spans: list[list[int]] = []
    for start, end in sorted(value):
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([start, end])
    return spans


def watched_percent(watched: list[list[int]], *, duration_ms: int) -> int:
    """Of the clip, 0 to 100, rounded down."""
    seen = sum(max(0, min(end, duration_ms) - start) for start, end in watched)
    return min(100, seen * 100 // duration_ms) if duration_ms else 0


def _rows(value: object, name: str, most: int) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > most:
        raise BadInput({name: f"must be a list of at most {most}"})
    for place, row in enumerate(value, start=1):
        if not isinstance(row, dict):
            raise BadInput({name: f"number {place} must be an object"})
    return value


def _sentence(value: object, name: str) -> str:
    return checked_text(value, field=name, most=SENTENCE_CHARACTERS)


def _point(value: object, place: int) -> dict[str, int]:
    limits = {"time_ms": LONGEST_MS, "x_permille": 1000, "y_permille": 1000}
    if not isinstance(value, dict) or set(value) != set(limits):
        raise BadInput({"people": f"at of number {place} must have exactly time_ms, x_permille and y_permille"})
    if not all(_is_int(value[name]) and 0 <= value[name] <= most for name, most in limits.items()):
        raise BadInput({"people": f"at of number {place} must be whole numbers inside the picture"})
    return {name: value[name] for name in limits}


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
