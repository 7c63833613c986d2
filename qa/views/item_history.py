"""The history of one question: each revision against the one before, what became of it, and going back to it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.errors import BadInput, StaleRevision
from annotation.models import Event, Verdict
from annotation.services.captions import note_opening
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.word_diff import Piece, word_diff
from qa.content import LETTERS, marks_of, option_ids, words_of
from qa.models import QAItem, QARevision
from qa.services import items
from qa.services.blind import unanswered
from qa.views.items import back_to

_FIELDS = frozenset({"verb", "etag", "number"})


@dataclass
class RevisionRow:
    """A revision, newest first. changes: of its words, against what stood before; said: what else changed.

    marks: what became of it, in order, each with the person's name.
    """

    revision: QARevision
    changes: list[Piece]
    said: list[str]
    marks: list[str] = field(default_factory=list)


@never_cache
@require_http_methods(["GET", "POST"])
def qa_history(request: HttpRequest, slug: str, question_id: str) -> HttpResponse:
    page = project_page(request, slug, right="edit")
    item = items.item_for(page.user, slug=slug, question_id=question_id)
    if request.method == "GET":
        return _show(request, page, item)
    refuse_unknown_fields(request, _FIELDS)
    if request.POST.get("verb") != "restore":
        raise BadInput({"verb": "is unknown"})
    number = whole_number(request, "number")
    try:
        items.restore(item=item, user=page.user, etag=request.POST.get("etag"), number=number)
    except StaleRevision as error:
        fresh = items.item_for(page.user, slug=slug, question_id=question_id)
        return _show(request, page, fresh, refused=error)
    messages.success(request, f"Revision {number} is restored: its words are the newest revision.")
    return redirect(back_to(page.project.slug, item))


def _show(
    request: HttpRequest, page: ProjectPage, item: QAItem, *, refused: StaleRevision | None = None
) -> HttpResponse:
    is_sealed = is_sealed_for(page, item)
    if not is_sealed:
        note_opening(caption=page.caption(item.clip.clip_id), user=page.user)
    context = page.context(
        current="clips",
        clip=item.clip,
        item=item,
        is_sealed=is_sealed,
        rows=[] if is_sealed else _rows(item),
        words=None if is_sealed else items.words_for(item, page.user),
        is_editable=item.state in items.EDITABLE,
        origin="" if is_sealed else _origin(item),
        refused=refused,
    )
    return render(request, "qa/qa_history.html", context, status=200 if refused is None else 412)


def is_sealed_for(page: ProjectPage, item: QAItem) -> bool:
    """Whether a question of the clip waits for this person's blind answer."""
    return page.may("review") and bool(unanswered(item.clip, page.user))


def _rows(item: QAItem) -> list[RevisionRow]:
    """Newest first. 3 queries: revisions with authors, what was handed in, verdicts."""
    rows = []
    before = items.began_with(item)
    for revision in item.revisions.select_related("author").order_by("number"):
        pieces = word_diff(words_of(before), words_of(revision.content))
        rows.append(RevisionRow(revision, pieces, other_changes(before, revision.content)))
        before = revision.content
    marks = _marks(item)
    for row in rows:
        row.marks = [said for _, said in sorted(marks[row.revision.pk])]
    return rows[::-1]


def other_changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What changed besides the words of question and options: `["options in another order", "key: B, was A"]`."""
    said = []
    if option_ids(before) != option_ids(after):
        said.append("options in another order")
    if before["key"] != after["key"]:
        said.append(f"key: {_text_of_key(after)}, was {_text_of_key(before)}")
    if before["evidence"] != after["evidence"]:
        said.append(f"evidence: {_counted(after['evidence'], 'sentence')}, was {len(before['evidence'])}")
    if marks_of(before) != marks_of(after):
        said.append(f"marked: {_counted(marks_of(after), 'moment')}, was {len(marks_of(before))}")
    return said


def _text_of_key(content: dict[str, Any]) -> str:
    for letter, option in zip(LETTERS, content["options"], strict=True):
        if option["id"] == content["key"]:
            return f"{letter} “{option['text']}”"
    return "none"


def _counted(parts: list[Any], noun: str) -> str:
    return f"{len(parts)} {noun}{'' if len(parts) == 1 else 's'}"


def _marks(item: QAItem) -> dict[int, list[tuple[Any, str]]]:
    """A revision's id -> when something became of it, and what."""
    marks: dict[int, list[tuple[Any, str]]] = defaultdict(list)
    for one in item.submissions.select_related("submitter"):
        kept = [f"{row['reason']} Reason: {row['override']}" for row in one.flags if row["override"]]
        said = "; ".join([f"submitted for review by {one.submitter.shown_name}", *kept])
        marks[one.revision_id].append((one.created_at, said))
    for revision_id, at, said in _verdicts(item):
        marks[revision_id].append((at, said))
    return marks


def _verdicts(item: QAItem) -> Iterator[tuple[int, Any, str]]:
    for review in item.reviews.select_related("reviewer"):
        who, why = review.reviewer.shown_name, f": {review.reason}" if review.reason else ""
        label = Verdict(review.verdict).label.lower()
        about = review.final_revision_id or review.judged_revision_id
        yield about, review.created_at, f"{label} by {who}{why}"


def _origin(item: QAItem) -> str:
    """Where the question comes from, by its first event. 1 query."""
    first = Event.objects.filter(object_type=QAItem.OBJECT_TYPE, object_id=item.object_id).order_by("pk").first()
    return first.reason if first else ""
