"""Reviewing the questions of a clip: answer all of them blind, then see the keys and judge each.

The page before the answers is made from `BlindQuestion` alone: nothing that gives a key away reaches its template.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.caption_format import segments
from annotation.errors import BadInput, NotVisible, StaleRevision
from annotation.models import Caption
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields
from annotation.word_diff import Piece, word_diff
from qa.categories import Category
from qa.content import LETTERS, content_from_draft, words_of
from qa.models import BlindAnswer, QAItem
from qa.services import blind, reviews
from qa.services.items import item_for
from qa.views.cards import CONTENT_FIELDS, CardEvidence, chosen_evidence, typed_content, whole_number

_FIELDS = CONTENT_FIELDS | {"verb", "question_id", "seen_number", "reason"}
NO_OPTION = {
    BlindAnswer.CANNOT_TELL: "I cannot tell from the video",
    BlindAnswer.MORE_THAN_ONE: "More than one fits",
}


@dataclass(frozen=True)
class BlindQuestion:
    """All that a reviewer sees of a question before they answer. options: (id, letter, text)."""

    question_id: str
    category: str
    seen_number: int
    question: str
    options: list[tuple[str, str, str]]
    chosen: str
    is_missing: bool


@dataclass(frozen=True)
class RevealedOption:
    id: str
    letter: str
    text: str
    is_key: bool
    is_mine: bool


@dataclass(frozen=True)
class RevealedQuestion:
    """After the answer: the key beside it. typed_*: what was sent with a verdict that could not be taken."""

    item: QAItem
    content: dict[str, Any]
    choice: str
    typed_fix: dict[str, Any] | None
    typed_reason: str
    refusal: str

    @property
    def options(self) -> list[RevealedOption]:
        return [
            RevealedOption(
                option["id"],
                letter,
                option["text"],
                is_key=option["id"] == self.content["key"],
                is_mine=option["id"] == self.choice,
            )
            for letter, option in zip(LETTERS, self.content["options"], strict=True)
        ]

    @property
    def agrees(self) -> bool:
        return bool(self.choice == self.content["key"])

    @property
    def answer(self) -> str:
        """The reviewer's own answer in words."""
        letter = next((option.letter for option in self.options if option.is_mine), None)
        return f"You answered {letter}" if letter else f"You answered “{NO_OPTION.get(self.choice, self.choice)}”"

    @property
    def key_letter(self) -> str:
        return next((option.letter for option in self.options if option.is_key), "none")

    @property
    def fix(self) -> list[RevealedOption]:
        """The options as the fix form shows them."""
        texts = {option["id"]: option["text"] for option in (self.typed_fix or self.content)["options"]}
        return [
            RevealedOption(option.id, option.letter, texts.get(option.id, ""), option.is_key, option.is_mine)
            for option in self.options
        ]

    @property
    def fix_question(self) -> str:
        return str((self.typed_fix or self.content)["question"])

    @property
    def evidence(self) -> list[CardEvidence]:
        return chosen_evidence(self.content)

    @property
    def changes(self) -> list[Piece]:
        """Draft against the final words; nothing where no draft was."""
        if self.item.draft is None:
            return []
        return word_diff(words_of(content_from_draft(self.item.draft.payload)), words_of(self.content))


@never_cache
@require_http_methods(["GET", "POST"])
def qa_review(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="review")
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS, each=("seen:", "choice:"))
        if request.POST.get("verb") == "answer":
            return _answer(request, page, caption)
        return _judge(request, page, caption)
    return _show(request, page, caption)


def _answer(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    """All answers of the clip at once. A refused form is shown again with what was chosen; nothing is stored."""
    question_ids = request.POST.getlist("question_id")
    try:
        seen = {question_id: whole_number(request, f"seen:{question_id}") for question_id in question_ids}
        choices = {question_id: request.POST.get(f"choice:{question_id}", "") for question_id in question_ids}
        blind.store_answers(clip=caption.clip, user=page.user, seen=seen, choices=choices)
    except (BadInput, StaleRevision) as error:
        return _show(request, page, caption, refused=error)
    return redirect("qa_review", page.project.slug, caption.clip.clip_id)


def _judge(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    question_id = request.POST.get("question_id", "")
    item = item_for(page.user, slug=page.project.slug, question_id=question_id)
    if item.clip_id != caption.clip_id:
        raise NotVisible
    try:
        _verdict(request, page, item)
    except BadInput as error:
        return _show(request, page, caption, refused=error)
    if blind.to_judge(caption.clip, page.user):
        return redirect("qa_review", page.project.slug, caption.clip.clip_id)
    return redirect("review_queue", page.project.slug)


def _verdict(request: HttpRequest, page: ProjectPage, item: QAItem) -> None:
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "").replace("\r\n", "\n")
    seen: dict[str, Any] = {"item": item, "reviewer": page.user, "seen_number": whole_number(request, "seen_number")}
    if verb == "approve":
        reviews.approve(**seen)
        messages.success(request, f"{item.question_id} is approved.")
    elif verb == "fix":
        typed = typed_content(request)
        content = {**(item.head.content if item.head else {}), **{key: typed[key] for key in ("question", "options")}}
        reviews.fix_and_approve(**seen, content=content, reason=reason)
        messages.success(request, f"{item.question_id} is approved with your fix.")
    elif verb == "return":
        reviews.return_to_author(**seen, reason=reason)
        messages.success(request, f"{item.question_id} went back to its author.")
    else:
        raise BadInput({"verb": "is unknown"})


def _show(
    request: HttpRequest, page: ProjectPage, caption: Caption, *, refused: BadInput | StaleRevision | None = None
) -> HttpResponse:
    """Blind while an answer is missing, open afterwards. What is put into one context never comes into the other."""
    status = 200 if refused is None else 412 if isinstance(refused, StaleRevision) else 400
    common: dict[str, Any] = {"current": "review_queue", "clip": caption.clip, "refused": refused}
    if caption.state != State.APPROVED:
        return render(request, "qa/qa_review.html", page.context(step="waiting", **common), status=status)
    if waiting := blind.unanswered(caption.clip, page.user):
        questions = [_blind_question(request, item, refused) for item in waiting]
        context = page.context(step="answer", questions=questions, no_option=NO_OPTION, **common)
        return render(request, "qa/qa_review.html", context, status=status)
    judgeable = blind.to_judge(caption.clip, page.user)
    if not judgeable:
        has_own = bool(blind.items_in_review(caption.clip))
        context = page.context(step="nothing", has_own=has_own, **common)
        return render(request, "qa/qa_review.html", context, status=status)
    note_opening(caption=caption, user=page.user)
    answers = blind.answers_of(judgeable, page.user)
    text = caption.approved_revision.text if caption.approved_revision else ""
    timed = [part for part in segments(text) if part.start_ms is not None]
    context = page.context(
        step="judge",
        revealed=[_revealed(request, item, answers[item.question_id], refused) for item in judgeable],
        text=text,
        segments=[{"start": (part.start_ms or 0) / 1000, "text": part.text} for part in timed],
        **common,
    )
    return render(request, "qa/qa_review.html", context, status=status)


def _blind_question(request: HttpRequest, item: QAItem, refused: BadInput | StaleRevision | None) -> BlindQuestion:
    content = item.head.content if item.head else {}
    options = zip(LETTERS, content["options"], strict=True)
    chosen = request.POST.get(f"choice:{item.question_id}", "")
    return BlindQuestion(
        question_id=item.question_id,
        category=Category(item.category).label,
        seen_number=item.head_number,
        question=content["question"],
        options=[(option["id"], letter, option["text"]) for letter, option in options],
        chosen=chosen,
        is_missing=refused is not None and item.question_id in refused.detail.get("fields", {}),
    )


def _revealed(
    request: HttpRequest, item: QAItem, choice: str, refused: BadInput | StaleRevision | None
) -> RevealedQuestion:
    is_refused = refused is not None and request.POST.get("question_id") == item.question_id
    verb = request.POST.get("verb") if is_refused else ""
    return RevealedQuestion(
        item=item,
        content=item.head.content if item.head else {},
        choice=choice,
        typed_fix=typed_content(request) if verb == "fix" else None,
        typed_reason=request.POST.get("reason", "") if is_refused else "",
        refusal=refused.message if refused and is_refused else "",
    )
