"""Reviewing the questions of a clip: answer all of them blind, one at a time, then see the keys and judge each.

The page before the last answer is made from `BlindQuestion` alone: nothing that gives a key away reaches its template.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.caption_format import segments
from annotation.errors import BadInput, NotVisible, StaleRevision
from annotation.models import Caption, LeaseWork
from annotation.services.captions import note_opening
from annotation.states import State
from annotation.views.comments import NotesPanel
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.views.queue import queue_context
from qa.models import QAItem
from qa.reason_codes import QUESTION_REASONS
from qa.services import blind, reviews, verdicts_shown
from qa.services.items import item_for
from qa.services.probes_shown import Probed, probed
from qa.services.sets import set_of
from qa.services.undo import last_verdict
from qa.views.cards import CONTENT_FIELDS, typed_content
from qa.views.comments import question_notes_panels
from qa.views.revealed import NO_OPTION, BlindQuestion, RevealedQuestion

_FIELDS = CONTENT_FIELDS | {"verb", "question_id", "seen_number", "reason", "reason_code", "choice"}


@never_cache
@require_http_methods(["GET", "POST"])
def qa_review(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="review")
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        if request.POST.get("verb") == "answer":
            return _answer(request, page, caption)
        return _judge(request, page, caption)
    return _show(request, page, caption)


def _answer(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    """One answer. A refused one is asked for again; nothing is stored."""
    said = request.POST
    try:
        blind.store_answer(
            clip=caption.clip,
            user=page.user,
            question_id=said.get("question_id", ""),
            seen_number=whole_number(request, "seen_number"),
            choice=said.get("choice", ""),
        )
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
    if reviews.still_to_judge(caption.clip, page.user):
        return redirect("qa_review", page.project.slug, caption.clip.clip_id)
    return redirect("review_queue", page.project.slug)


def _verdict(request: HttpRequest, page: ProjectPage, item: QAItem) -> None:
    verb, reason = request.POST.get("verb", ""), request.POST.get("reason", "").replace("\r\n", "\n")
    if verb == "undo":
        reviews.undo(item=item, reviewer=page.user)
        messages.success(request, f"Your verdict on {item.question_id} is taken back.")
        return
    seen: dict[str, Any] = {"item": item, "reviewer": page.user, "seen_number": whole_number(request, "seen_number")}
    if verb == "approve":
        reviews.approve(**seen)
    elif verb == "fix":
        typed = typed_content(request)
        content = {**(item.head.content if item.head else {}), **{key: typed[key] for key in ("question", "options")}}
        reviews.fix_and_approve(**seen, content=content, reason=reason)
    elif verb == "return":
        reviews.return_to_author(**seen, reason=reason, code=request.POST.get("reason_code", ""))
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
    queued = queue_context(page, set_of(caption.clip), may_skip=True, work=LeaseWork.REVIEW)
    if waiting := blind.unanswered(caption.clip, page.user):
        answered = len(blind.to_judge(caption.clip, page.user)) - len(waiting)
        context = page.context(
            step="answer",
            question=BlindQuestion.of(waiting[0], is_missing=isinstance(refused, BadInput)),
            places=range(1, answered + len(waiting) + 1),
            place=answered + 1,
            no_option=NO_OPTION,
            **common,
            **{**queued, "clip_flags": [], "held_by": None},  # both may name who wrote, or say what happens
        )
        return render(request, "qa/qa_review.html", context, status=status)
    mine = verdicts_shown.judging_of(caption.clip, page.user)
    undo = last_verdict(page.user, page.project)
    common["disputed"] = verdicts_shown.disputed_after(caption.clip, page.user)
    if not mine:
        has_own = bool(blind.items_in_review(caption.clip))
        context = page.context(step="nothing", has_own=has_own, undo=undo, **common)
        return render(request, "qa/qa_review.html", context, status=status)
    note_opening(caption=caption, user=page.user)
    text = caption.approved_revision.text if caption.approved_revision else ""
    timed = [part for part in segments(text) if part.start_ms is not None]
    notes = question_notes_panels(page, caption.clip, [one.item for one in mine], back="review", is_sealed=False)
    places = caption.clip.qa_items.places()
    tried = probed([one.item for one in mine])
    revealed = [
        _revealed(
            request,
            one,
            refused,
            place=places[one.item.pk],
            notes=notes[one.item.pk],
            tried=tried.get(one.item.pk),
        )
        for one in mine
    ]
    context = page.context(
        step="judge",
        revealed=revealed,
        to_judge=sum(question.verdict is None for question in revealed),
        reasons=QUESTION_REASONS,
        undo=undo,
        text=text,
        segments=[{"start": (part.start_ms or 0) / 1000, "text": part.text} for part in timed],
        **common,
        **queued,
    )
    return render(request, "qa/qa_review.html", context, status=status)


def _revealed(
    request: HttpRequest,
    one: verdicts_shown.Judging,
    refused: BadInput | StaleRevision | None,
    *,
    place: int,
    notes: NotesPanel,
    tried: Probed | None,
) -> RevealedQuestion:
    is_refused = refused is not None and request.POST.get("question_id") == one.item.question_id
    verb = request.POST.get("verb") if is_refused else ""
    return RevealedQuestion(
        item=one.item,
        content=one.item.head.content if one.item.head else {},
        choice=one.choice,
        others=one.others,
        place=place,
        verdict=one.verdict,
        may_fix=one.may_fix,
        since=one.since,
        notes=notes,
        probed=tried,
        typed_fix=typed_content(request) if verb == "fix" else None,
        typed_reason=request.POST.get("reason", "") if is_refused else "",
        typed_code=request.POST.get("reason_code", "") if is_refused else "",
        refusal=refused.message if refused and is_refused else "",
    )
