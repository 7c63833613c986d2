"""Notes beside the questions of a clip, as plain forms of the QA workspace and of the review page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotation.errors import NotVisible
from annotation.models import Clip
from annotation.views.comments import FIELDS, NotesPanel, act, page_to_go_back_to, shown
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields
from qa.models import QAItem
from qa.services.comments import beside_question, threads_of_questions
from qa.services.items import item_for

_PAGES = {"edit": "qa_workspace", "review": "qa_review"}


def question_notes_panels(
    page: ProjectPage, clip: Clip, items: list[QAItem], *, back: str, is_sealed: bool
) -> dict[int, NotesPanel]:
    """Question's row id -> its notes. is_sealed: a question of the clip waits for the person's blind answer.

    1 query, none for who is sealed.
    """
    threads = {} if is_sealed else threads_of_questions(items, page.user)
    url = reverse("question_notes", args=[page.project.slug, clip.clip_id])
    panels = {}
    for item in items:
        evidence = [part["text"] for part in item.head.content["evidence"]] if item.head else []
        panels[item.pk] = NotesPanel(
            url=url,
            place=f"note-{item.question_id}",
            back=back,
            threads=shown(threads.get(item.pk, []), evidence),
            sentences=[] if is_sealed else evidence,
            is_sealed=is_sealed,
            question_id=item.question_id,
        )
    return panels


@require_http_methods(["POST"])
def question_notes(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """Add a note beside a question, answer one, mark a thread as done, or reopen it."""
    page = project_page(request, slug, right="edit")
    clip = page.clip(clip_id)
    refuse_unknown_fields(request, FIELDS | {"question_id"})
    where = page_to_go_back_to(request, _PAGES)
    item = item_for(page.user, slug=slug, question_id=request.POST.get("question_id", ""))
    if item.clip_id != clip.pk:
        raise NotVisible
    act(request, beside_question(item), page.user)
    return redirect(f"{reverse(where, args=[slug, clip_id])}#notes-{item.question_id}")
