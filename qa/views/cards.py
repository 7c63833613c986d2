"""What the QA workspace shows of each question, and what its forms send back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from annotation.canonical import canonical_json
from annotation.caption_format import Segment
from annotation.errors import BadInput
from annotation.models import Clip, Event, Verdict
from annotation.states import State
from annotation.strict_json import NotJSON, read_json
from annotation.views.comments import NotesPanel
from annotation.views.pages import ProjectPage
from annotation.word_diff import Piece, word_diff
from qa.content import LETTERS, blank_content, marks_of, problems_of, words_of
from qa.marks import KINDS, mark_warnings
from qa.models import DraftProbe, QAItem, QAReview
from qa.services.blind import unanswered
from qa.services.flags import NOTHING_AROUND, Around, flags_of
from qa.services.items import EDITABLE, QAWords, words_of_all
from qa.services.probes_shown import is_as_drafted, leak_words
from qa.services.similar_questions import asked_of, asked_of_same_source
from qa.views.comments import question_notes_panels


@dataclass(frozen=True)
class CardOption:
    id: str
    text: str
    letter: str
    is_key: bool

    @property
    def word_count(self) -> int:
        return len(self.text.split())


@dataclass(frozen=True)
class CardEvidence:
    """One sentence to tick. value: what the form sends for it."""

    value: str
    start_ms: int | None
    text: str
    is_chosen: bool
    is_gone: bool = False
    """It was ticked, but the caption does not say it any more."""
    end_ms: int | None = None
    """Where the next sentence begins; None where the clip ends with it."""

    @property
    def seek_s(self) -> float | None:
        return None if self.start_ms is None else self.start_ms / 1000

    @property
    def end_s(self) -> float | None:
        return None if self.end_ms is None else self.end_ms / 1000


@dataclass(frozen=True)
class CardMark:
    """One moment that was marked. place: from 0. value: what the form sends for it."""

    place: int
    at_ms: int
    what: str
    value: str

    @property
    def at_s(self) -> float:
        return self.at_ms / 1000


@dataclass(frozen=True)
class CardFlag:
    """One flag. override: why the question is to go in all the same, as typed."""

    rule: str
    blocks: bool
    reason: str
    override: str


@dataclass(frozen=True)
class Card:
    """place: its number on the page; 0 for the form that adds a question. refusal: why the last press did nothing."""

    place: int
    content: dict[str, Any]
    sentences: list[Segment]
    item: QAItem | None = None
    words: QAWords | None = None
    is_sealed: bool = False
    returned: QAReview | None = None
    drop_reason: str = ""
    refusal: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Rule -> why the question is to go in although it fires, as typed."""
    around: Around = NOTHING_AROUND
    notes: NotesPanel | None = None

    @property
    def is_overtaken(self) -> bool:
        """Somebody saved a newer revision than the words in the form started from: they wait to be merged."""
        words = self.words
        return bool(self.item and words and words.unsaved and words.base_number != self.item.head_number)

    @property
    def changes(self) -> list[Piece]:
        """The newest revision against the words in the form, where somebody was faster."""
        if not self.is_overtaken or self.item is None or self.item.head is None:
            return []
        return word_diff(words_of(self.item.head.content), words_of(self.content))

    @cached_property
    def flags(self) -> list[CardFlag]:
        """What the checks say of the words in the form. Nothing to those who have to answer blind first."""
        if self.item is None or self.is_sealed:
            return []
        found = flags_of(self.item, self.content, self.around)
        return [CardFlag(one.rule, one.blocks, one.reason, self.reasons.get(one.rule, "")) for one in found]

    @property
    def leaks(self) -> list[str]:
        """What models made of it before anybody got it, as long as the words are the draft's."""
        probe: DraftProbe | None = getattr(self.item, "probe", None)
        if self.item is None or probe is None or self.is_sealed:
            return []
        return leak_words(probe) if is_as_drafted(self.item, self.content) else []

    @property
    def is_blocked(self) -> bool:
        """A check stands in the way, and nobody has said why the words stay."""
        return any(flag.blocks and not flag.override.strip() for flag in self.flags)

    @property
    def mark_kinds(self) -> tuple[str, ...]:
        """What can be marked in the clip for this question."""
        return KINDS.get(self.item.category, ()) if self.item else ()

    @property
    def marks(self) -> list[CardMark]:
        return [
            CardMark(place, mark["at_ms"], mark["what"], canonical_json(mark).decode())
            for place, mark in enumerate(marks_of(self.content))
        ]

    @property
    def warnings(self) -> list[str]:
        return mark_warnings(self.item.category, self.content) if self.item else []

    @property
    def is_editable(self) -> bool:
        return self.item is None or self.item.state in EDITABLE

    @property
    def is_stale(self) -> bool:
        """Approved, but judged against an earlier caption than the one that is approved now. `item.clip` is fetched."""
        if self.item is None or self.item.state != State.APPROVED:
            return False
        return self.item.caption_revision_id != self.item.clip.caption.approved_revision_id

    @property
    def is_draft(self) -> bool:
        return self.item is not None and self.item.state == State.DRAFTED

    @property
    def is_open(self) -> bool:
        """Shown unfolded: nobody has decided yet, or something is to be done."""
        undecided = self.is_draft or self.returned is not None or bool(self.words and self.words.unsaved)
        return self.is_editable and bool(undecided or self.refusal or self.problems)

    @property
    def is_ready(self) -> bool:
        """Can be handed in, or has been."""
        if not self.is_editable:
            return True
        return not (self.is_draft or self.problems or self.is_blocked or (self.words and self.words.unsaved))

    @property
    def problems(self) -> list[str]:
        return problems_of(self.content)

    @property
    def origin(self) -> str:
        """Where the question comes from, for its tag."""
        draft = self.item.draft if self.item else None
        if draft is None:
            return "Written by hand"
        return f"LLM draft, {draft.model}" if draft.prompt_version else draft.model

    @property
    def options(self) -> list[CardOption]:
        return [
            CardOption(option["id"], option["text"], letter, option["id"] == self.content["key"])
            for letter, option in zip(LETTERS, self.content["options"], strict=True)
        ]

    @property
    def key_option(self) -> CardOption | None:
        return next((option for option in self.options if option.is_key), None)

    @property
    def evidence(self) -> list[CardEvidence]:
        """The caption's sentences, then what was ticked and is gone from the caption."""
        sentences = [{"start_ms": part.start_ms, "text": part.text} for part in self.sentences]
        starts = sorted(part.start_ms for part in self.sentences if part.start_ms is not None)
        chosen = self.content["evidence"]
        gone = [part for part in chosen if part not in sentences]
        return [
            *(_evidence_of(part, starts, is_chosen=part in chosen) for part in sentences),
            *(_evidence_of(part, starts, is_chosen=True, is_gone=True) for part in gone),
        ]


@dataclass(frozen=True)
class Typed:
    """What a person sent and could not be taken. contents: question id, or "" for the added one, -> content."""

    contents: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def cards_of(page: ProjectPage, clip: Clip, *, sentences: list[Segment], typed: Typed) -> list[Card]:
    """Every question of the clip in the order of Table 1. 8 queries at most, however many there are."""
    items = list(clip.qa_items.for_workspace().select_related("clip__project", "clip__caption"))
    returns = {review.item_id: review for review in _returns(items)}
    reasons = _drop_reasons(items)
    sealed = {item.pk for item in unanswered(clip, page.user)} if page.may("review") else set()
    shown = list(zip(items, words_of_all(items, page.user), strict=True))
    around = Around(
        caption=" ".join(part.text for part in sentences) or None,
        siblings=tuple(
            asked_of(item, words.content)
            for item, words in shown
            if item.pk not in sealed and item.state != State.DROPPED
        ),
        elsewhere=asked_of_same_source(clip, page.user) if items else (),
    )
    notes = question_notes_panels(page, clip, items, back="edit", is_sealed=bool(sealed))
    cards = []
    for place, (item, words) in enumerate(shown, start=1):
        card = Card(
            place=place,
            content=typed.contents.get(item.question_id, words.content),
            sentences=sentences,
            item=item,
            words=words,
            is_sealed=item.pk in sealed,
            returned=returns.get(item.pk) if item.state == State.EDITING else None,
            drop_reason=reasons.get(item.object_id, ""),
            refusal=typed.refusals.get(item.question_id, ""),
            reasons=typed.reasons.get(item.question_id, {}),
            around=around,
            notes=notes[item.pk],
        )
        cards.append(card)
    return cards


def blank_card(category: str, *, sentences: list[Segment], typed: Typed, added_category: str) -> Card:
    """The form that adds a question to a category, with what was typed there and refused."""
    if category != added_category:
        return Card(0, blank_content(), sentences)
    return Card(0, typed.contents.get("", blank_content()), sentences, refusal=typed.refusals.get("", ""))


CONTENT_FIELDS = frozenset({"question", "option_id", "option_text", "key", "evidence", "mark"})


def typed_content(request: HttpRequest) -> dict[str, Any]:
    """The content of a card's form, unchecked but for its evidence and its marks. Raises BadInput."""
    post = request.POST
    options = zip(post.getlist("option_id"), post.getlist("option_text"), strict=False)
    marks = [_mark(value) for value in post.getlist("mark")]
    content = {
        # Browsers send CRLF for each line end of a textarea; the page's own saves hold LF.
        "question": post.get("question", "").replace("\r\n", "\n"),
        "options": [{"id": option_id, "text": text} for option_id, text in options],
        "key": post.get("key") or None,
        "evidence": [_evidence(value) for value in post.getlist("evidence")],
    }
    return content | {"marks": sorted(marks, key=lambda mark: int(mark["at_ms"]))} if marks else content


def chosen_evidence(content: dict[str, Any]) -> list[CardEvidence]:
    return [_evidence_of(part, [], is_chosen=True) for part in content["evidence"]]


def _evidence_of(part: dict[str, Any], starts: list[int], *, is_chosen: bool, is_gone: bool = False) -> CardEvidence:
    start = part["start_ms"]
    end = None if start is None else next((at for at in starts if at > start), None)
    return CardEvidence(canonical_json(part).decode(), start, part["text"], is_chosen, is_gone, end)


def _evidence(value: str) -> dict[str, Any]:
    part = _object(value, "evidence")
    if set(part) != {"start_ms", "text"}:
        raise BadInput({"evidence": "must have exactly start_ms and text"})
    if not isinstance(part["start_ms"], int | None) or not isinstance(part["text"], str):
        raise BadInput({"evidence": "must be a time in ms, or null, and text"})
    return part


def _mark(value: str) -> dict[str, Any]:
    part = _object(value, "mark")
    if set(part) != {"at_ms", "what"} or not isinstance(part["at_ms"], int) or not isinstance(part["what"], str):
        raise BadInput({"marks": "must have exactly at_ms, in ms, and what"})
    return part


def _object(value: str, field_name: str) -> dict[str, Any]:
    try:
        part = read_json(value.encode("utf-8", "surrogatepass"))
    except NotJSON as error:
        raise BadInput({field_name: str(error)}) from error
    if not isinstance(part, dict):
        raise BadInput({field_name: "must be an object"})
    return part


def _returns(items: list[QAItem]) -> list[QAReview]:
    """Oldest first, so that the last one of a question wins."""
    reviews = QAReview.objects.filter(item__in=items, verdict=Verdict.RETURN, undone_by=None)
    return list(reviews.select_related("reviewer").order_by("id"))


def _drop_reasons(items: list[QAItem]) -> dict[str, str]:
    dropped = [item.object_id for item in items if item.state == State.DROPPED]
    events = Event.objects.filter(object_type=QAItem.OBJECT_TYPE, object_id__in=dropped, to_state=State.DROPPED)
    return dict(events.values_list("object_id", "reason"))
