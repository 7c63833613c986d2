"""What happened to a person's work, in all of their projects. It is read here, and opened from here by POST.

Whoever still has to answer a clip's questions blind is told that there is something, and nothing of what it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.access import has_right, role_in
from annotation.errors import BadInput
from annotation.models import CaptionRevision, Notification, RevisionKind, User
from annotation.services.notifications import mark_all_read, mark_read
from annotation.states import State
from annotation.views.pages import refuse_unknown_fields, refuse_unknown_parameters, signed_in
from annotation.word_diff import Piece, word_diff
from qa.content import words_of
from qa.models import QAItem, QARevision
from qa.services.seals import clips_to_answer

ROWS = 30
_SHOW = ("", "unread")
_SHAPES = {
    Notification.Kind.RETURNED: "st-returned",
    Notification.Kind.FIXED: "pencil",
    Notification.Kind.DISPUTED: "st-disputed",
    Notification.Kind.SETTLED: "check",
    Notification.Kind.WAITING: "st-waiting",
    Notification.Kind.REPLY: "comment",
}
_OF_FIXES = (Notification.Kind.FIXED, Notification.Kind.SETTLED)


@dataclass(frozen=True)
class Entry:
    """A notification to read. question: its words; pieces: the judged words against those of the fix.

    is_sealed: the person answers the clip's questions blind; nothing else is set then.
    """

    told: Notification
    is_sealed: bool
    question: str = ""
    pieces: list[Piece] = field(default_factory=list)

    @property
    def shape(self) -> str:
        return "sealed" if self.is_sealed else _SHAPES[Notification.Kind(self.told.kind)]


@never_cache
@require_http_methods(["GET", "POST"])
def notifications(request: HttpRequest) -> HttpResponse:
    """The newest first; goes on before the last id shown (keyset)."""
    user = signed_in(request)
    refuse_unknown_parameters(request, frozenset({"show", "before"}))
    show, before = request.GET.get("show", ""), _number(request.GET.get("before", ""), "before")
    if show not in _SHOW:
        raise BadInput({"show": "must be unread, or nothing"})
    if request.method == "POST":
        refuse_unknown_fields(request, frozenset({"verb", "id", "up_to"}))
        _mark(request, user)
        return redirect(f"{reverse('notifications')}{'?show=unread' if show else ''}")
    visible = Notification.objects.visible_to(user)
    found = visible.unread() if show else visible
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.select_related("clip__project", "clip__caption", "actor").order_by("-pk")[: ROWS + 1])
    newest = visible.order_by("-pk").values_list("pk", flat=True).first()
    context = {
        "entries": entries_of(rows[:ROWS], user),
        "show": show,
        "before": before,
        "newest": newest,
        "next_before": rows[ROWS - 1].pk if len(rows) > ROWS else None,
    }
    return render(request, "qa/notifications.html", context)


@require_http_methods(["POST"])
def notification_open(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Mark it as read, and go to what it is about. Raises NotVisible."""
    user = signed_in(request)
    refuse_unknown_parameters(request)
    refuse_unknown_fields(request, frozenset())
    told = mark_read(user=user, notification_id=notification_id)
    return redirect(_where(told, user))


def entries_of(rows: list[Notification], user: User) -> list[Entry]:
    """3 queries, and those of `clips_to_answer`; rows have their clips and captions."""
    hidden = _hidden(rows, user)
    told = [one for one in rows if one.pk not in hidden]
    questions = _questions(told)
    pieces = {**_caption_fixes(told), **_question_fixes(told)}
    return [
        Entry(one, is_sealed=True)
        if one.pk in hidden
        else Entry(one, False, questions.get((one.clip_id, one.question_id), ""), pieces.get(one.pk, []))
        for one in rows
    ]


def _hidden(rows: list[Notification], user: User) -> set[int]:
    """Ids of what must not be told now. Of a caption that nobody can answer questions about yet, all is told."""
    waiting = clips_to_answer({one.clip_id: one.clip for one in rows}.values(), user)
    return {
        one.pk
        for one in rows
        if one.clip_id in waiting
        and _says_something(one)
        and (one.question_id or one.clip.caption.state == State.APPROVED)
    }


def _says_something(one: Notification) -> bool:
    """That work waits gives nothing of it away."""
    return one.kind != Notification.Kind.WAITING or one.question_id != ""


def _questions(rows: Iterable[Notification]) -> dict[tuple[int, str], str]:
    """(clip's row id, question id) -> what it asks now."""
    ids = {one.question_id for one in rows if one.question_id}
    items = QAItem.objects.filter(clip__in={one.clip_id for one in rows}, question_id__in=ids).select_related("head")
    return {(item.clip_id, item.question_id): item.head.content["question"] for item in items if item.head}


def _caption_fixes(rows: Iterable[Notification]) -> dict[int, list[Piece]]:
    """Notification id -> the judged caption against the fixed one."""
    about = [one for one in rows if one.kind in _OF_FIXES and not one.question_id]
    revisions = CaptionRevision.objects.filter(
        caption__clip__in={one.clip_id for one in about},
        number__in={one.revision_number for one in about},
        kind=RevisionKind.REVIEW_FIX,
    ).select_related("parent", "caption")
    fixes: dict[Any, Any] = {(one.caption.clip_id, one.number): one for one in revisions}
    found = {}
    for one in about:
        fix = fixes.get((one.clip_id, one.revision_number))
        if fix is not None:
            found[one.pk] = word_diff(fix.parent.text if fix.parent else "", fix.text)
    return found


def _question_fixes(rows: Iterable[Notification]) -> dict[int, list[Piece]]:
    """Notification id -> the judged question against the fixed one."""
    about = [one for one in rows if one.kind in _OF_FIXES and one.question_id]
    revisions = QARevision.objects.filter(
        item__clip__in={one.clip_id for one in about},
        item__question_id__in={one.question_id for one in about},
        number__in={one.revision_number for one in about},
        kind=RevisionKind.REVIEW_FIX,
    ).select_related("parent", "item")
    fixes: dict[Any, Any] = {(one.item.clip_id, one.item.question_id, one.number): one for one in revisions}
    found = {}
    for one in about:
        fix = fixes.get((one.clip_id, one.question_id, one.revision_number))
        if fix is not None:
            before = words_of(fix.parent.content) if fix.parent else ""
            found[one.pk] = word_diff(before, words_of(fix.content))
    return found


def _mark(request: HttpRequest, user: User) -> None:
    verb = request.POST.get("verb", "")
    if verb == "read":
        mark_read(user=user, notification_id=_required(request, "id"))
    elif verb == "read_all":
        mark_all_read(user=user, up_to=_required(request, "up_to"))
    else:
        raise BadInput({"verb": "is unknown"})


def _where(told: Notification, user: User) -> str:
    """The page of what it is about, at its place."""
    clip, kind = told.clip, Notification.Kind(told.kind)
    at = [clip.project.slug, clip.clip_id]
    if kind == Notification.Kind.WAITING and told.text:
        return reverse("my_queue", args=at[:1])
    if told.pk in _hidden([told], user):
        return reverse("qa_review", args=at)
    if kind == Notification.Kind.DISPUTED and has_right(role_in(clip.project, user), "adjudicate"):
        if told.question_id:
            return reverse("qa_adjudication", args=[clip.project.slug, told.question_id])
        return reverse("caption_adjudication", args=at)
    if told.question_id:
        is_reply = kind == Notification.Kind.REPLY
        return f"{reverse('qa_workspace', args=at)}#{'notes' if is_reply else 'q'}-{told.question_id}"
    return f"{reverse('caption_workspace', args=at)}{'#notes' if kind == Notification.Kind.REPLY else ''}"


def _required(request: HttpRequest, name: str) -> int:
    number = _number(request.POST.get(name, ""), name)
    if number is None:
        raise BadInput({name: "must be a whole number"})
    return number


def _number(said: str, name: str) -> int | None:
    """None for nothing."""
    if not said:
        return None
    if not (said.isascii() and said.isdecimal() and len(said) < 19):
        raise BadInput({name: "must be a whole number"})
    return int(said)
