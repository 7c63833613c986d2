"""Adjudication of a question: answers and verdicts side by side, and how a third person settles it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.caption_format import segments
from annotation.errors import BadInput, MoveNotAllowed, OwnWork
from annotation.models import Verdict
from annotation.services import judging
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.views.adjudication import typed_of
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from qa.models import BlindAnswer, QAItem
from qa.reason_codes import QUESTION_REASONS
from qa.services import disputes
from qa.services.items import item_for
from qa.views.cards import CONTENT_FIELDS, typed_content
from qa.views.revealed import RevealedQuestion

_FIELDS = CONTENT_FIELDS | {"outcome", "seen_number", "reason", "reason_code"}
OUTCOMES = {
    Verdict.APPROVE: "Approve it as it is",
    Verdict.FIX: "Approve it with the words and the key below",
    Verdict.RETURN: "Return it to its author",
    Verdict.DROP: "Drop it",
}


@never_cache
@require_http_methods(["GET", "POST"])
def qa_adjudication(request: HttpRequest, slug: str, question_id: str) -> HttpResponse:
    page = project_page(request, slug, right="adjudicate")
    item = item_for(page.user, slug=slug, question_id=question_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _settle(request, page, item)
    return _show(request, page, item)


def _settle(request: HttpRequest, page: ProjectPage, item: QAItem) -> HttpResponse:
    said = request.POST
    typed = typed_content(request)
    content = {
        **(item.head.content if item.head else {}),
        **{name: typed[name] for name in ("question", "options", "key")},
    }
    try:
        disputes.settle(
            item=item,
            adjudicator=page.user,
            seen_number=whole_number(request, "seen_number"),
            outcome=said.get("outcome", ""),
            code=said.get("reason_code", ""),
            reason=said.get("reason", "").replace("\r\n", "\n"),
            content=content,
        )
    except BadInput as error:
        return _show(request, page, item, refused=error)
    messages.success(request, f"The dispute over {item.question_id} is settled.")
    return redirect("review_queue", page.project.slug)


def _show(request: HttpRequest, page: ProjectPage, item: QAItem, *, refused: BadInput | None = None) -> HttpResponse:
    caption = page.caption(item.clip.clip_id)
    if item.state != State.DISPUTED:  # nothing of it may be told here: somebody may have to answer it blind
        context = page.context(current="review_queue", clip=item.clip, item=item)
        return render(request, "qa/qa_adjudication.html", context, status=400 if refused else 200)
    note_opening(caption=caption, user=page.user)
    text = caption.approved_revision.text if caption.approved_revision else ""
    given = judging.standing_on(item, item.head)
    answers = list(BlindAnswer.objects.filter(item=item, revision=item.head).select_related("user").order_by("pk"))
    shown = RevealedQuestion(
        item=item,
        content=item.head.content if item.head else {},
        choice="",
        others=answers,
        typed_fix=typed_content(request) if refused else None,
    )
    timed = [part for part in segments(text) if part.start_ms is not None]
    context = page.context(
        current="review_queue",
        clip=item.clip,
        item=item,
        question=shown,
        text=text,
        segments=[{"start": (part.start_ms or 0) / 1000, "text": part.text} for part in timed],
        sides=_sides(shown, given),
        is_disputed=True,
        why_not=_why_not(item, page),
        outcomes=OUTCOMES,
        reasons=QUESTION_REASONS,
        refused=refused,
        typed=typed_of(request, refused),
    )
    return render(request, "qa/qa_adjudication.html", context, status=400 if refused else 200)


def _sides(shown: RevealedQuestion, given: list[Any]) -> list[dict[str, Any]]:
    """Each person's blind answer beside their verdict, in the order of the answers."""
    verdicts = {review.reviewer_id: review for review in given}
    sides = []
    for answer, (name, words, agrees) in zip(shown.others, shown.answers_of_others, strict=True):
        review = verdicts.get(answer.user_id)
        why = QUESTION_REASONS.get(review.reason_code, "") if review else ""
        sides.append({"person": name, "answer": words, "agrees": agrees, "review": review, "why": why})
    return sides


def _why_not(item: QAItem, page: ProjectPage) -> str:
    """Why this person may not settle it; "" if they may."""
    try:
        judging.require_third_person(item, page.user, involved={user.pk for user in disputes.sides_of(item)})
    except (OwnWork, MoveNotAllowed) as error:
        return error.message
    return ""
