"""The drafts in the caption workspace: the sentences of each, and any two of them, or one and the words now, diffed."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from annotation.caption_format import format_mark, segments
from annotation.errors import BadInput
from annotation.models import Caption, Draft
from annotation.services.clip_drafts import drafts_of
from annotation.views.pages import ProjectPage
from annotation.word_diff import word_diff, words_changed

PARAMETERS = frozenset({"tab", "a", "b"})
_TABS = frozenset({"edit", "changes", "drafts", "history"})
WORDS = "words"
"""Stands for the words in the editor, where two texts are chosen to be compared."""


@dataclass(frozen=True)
class Sentence:
    """start_ms: None for what stands before the first mark. taken: what *Take* puts into the text."""

    start_ms: int | None
    text: str

    @property
    def start_s(self) -> float | None:
        return None if self.start_ms is None else self.start_ms / 1000

    @property
    def taken(self) -> str:
        return self.text if self.start_ms is None else f"{format_mark(self.start_ms)} {self.text}"


@dataclass(frozen=True)
class DraftCard:
    draft: Draft
    name: str
    is_first: bool
    text: str
    sentences: list[Sentence]
    frames: int
    cost_micro_usd: int | None


def drafts_context(request: HttpRequest, page: ProjectPage, caption: Caption, text: str) -> dict[str, Any]:
    """text: the person's words now. Raises BadInput for a tab or a draft that is not there."""
    if request.GET.get("tab", "edit") not in _TABS:
        raise BadInput({"tab": f"must be one of {', '.join(sorted(_TABS))}"})
    known = drafts_of(caption)
    cards = [_card(draft, number, caption) for number, draft in zip(_numbers(known.drafts), known.drafts, strict=True)]
    texts = {WORDS: text} | {str(card.draft.uid): _text(card.draft) for card in cards}
    first = _chosen(request, "a", texts, otherwise=str(cards[0].draft.uid) if cards else WORDS)
    second = _chosen(request, "b", texts, otherwise=WORDS)
    compared = word_diff(texts[first], texts[second])
    return {
        "drafts": known,
        "cards": cards,
        "words_choice": WORDS,
        "first": first,
        "second": second,
        "compared": compared,
        "compared_words": words_changed(compared),
        "sees_costs": page.may("draft"),
    }


def _numbers(drafts: list[Draft]) -> range:
    return range(len(drafts), 0, -1)


def _card(draft: Draft, number: int, caption: Caption) -> DraftCard:
    return DraftCard(
        draft,
        f"Draft {number}",
        draft.pk == caption.draft_id,
        _text(draft),
        [Sentence(part.start_ms, part.text) for part in segments(_text(draft))],
        len(draft.provenance.get("frames_ms", [])),
        draft.provenance.get("cost_micro_usd"),
    )


def _text(draft: Draft) -> str:
    text: str = draft.payload.get("caption", "")
    return text


def _chosen(request: HttpRequest, name: str, texts: dict[str, str], *, otherwise: str) -> str:
    value = request.GET.get(name) or otherwise
    if value not in texts:
        raise BadInput({name: "there is no such draft of this clip"})
    return value
