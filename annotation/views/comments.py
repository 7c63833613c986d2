"""Notes beside a caption, as plain forms of the workspace and of the review page; what such forms are elsewhere too."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotation.caption_format import MARK, mark_ms, segments, sentences
from annotation.errors import BadInput
from annotation.models import Caption, User
from annotation.models.work import CommentBase
from annotation.services import comments
from annotation.services.comments import Thread
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields

FIELDS = frozenset({"verb", "text", "note", "back", "at", "sentence"})
_PAGES = {"edit": "caption_workspace", "review": "caption_review"}
"""Where to go on afterwards."""


@dataclass(frozen=True)
class ShownThread:
    """is_gone: the words that it speaks of are not in the text any more."""

    note: CommentBase
    replies: list[CommentBase]
    is_gone: bool


@dataclass(frozen=True)
class NotesPanel:
    """Notes beside something, to read and to write. place: part of the ids of its fields, its own on the page.

    sentences: what a new note may speak of. question_id: "" for a caption. back: the page to come back to.
    """

    url: str
    place: str
    back: str
    threads: list[ShownThread]
    sentences: list[str]
    is_sealed: bool = False
    question_id: str = ""


def shown(threads: list[Thread], sentences: Sequence[str]) -> list[ShownThread]:
    """sentences: all that the text says now."""
    there = {"", *sentences}
    return [ShownThread(one.note, one.replies, one.note.sentence not in there) for one in threads]


def caption_notes_panel(page: ProjectPage, caption: Caption, text: str, *, back: str) -> NotesPanel:
    """text: the caption as the page shows it. The queries of `threads_beside`."""
    threads = comments.threads_beside(comments.beside_caption(caption), page.user)
    said = list(dict.fromkeys(sentence.text for sentence in sentences(text)))
    return NotesPanel(
        url=reverse("caption_notes", args=[page.project.slug, caption.clip.clip_id]),
        place="note",
        back=back,
        threads=shown(threads or [], [*said, *(part.text for part in segments(text))]),
        sentences=said,
        is_sealed=threads is None,
    )


@require_http_methods(["POST"])
def caption_notes(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """Add a note, answer one, mark a thread as done, or reopen it."""
    page = project_page(request, slug, right="edit")
    caption = page.caption(clip_id)
    refuse_unknown_fields(request, FIELDS)
    where = page_to_go_back_to(request, _PAGES)
    act(request, comments.beside_caption(caption), page.user)
    return redirect(f"{reverse(where, args=[slug, clip_id])}#notes")


def page_to_go_back_to(request: HttpRequest, pages: dict[str, str]) -> str:
    """pages: what the form may say -> URL name; the first if it says nothing. Raises BadInput."""
    back = request.POST.get("back", next(iter(pages)))
    if back not in pages:
        raise BadInput({"back": f"must be one of {', '.join(pages)}"})
    return pages[back]


def act(request: HttpRequest, beside: comments.Beside, user: User) -> None:
    """One verb of a form of notes. Raises BadInput, RightMissing."""
    verb = request.POST.get("verb", "")
    # Browsers send CRLF for each line end of a textarea.
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if verb == "add":
        at_ms, sentence = _moment(request), request.POST.get("sentence", "").replace("\r\n", "\n")
        comments.add_note(beside=beside, author=user, text=text, at_ms=at_ms, sentence=sentence)
        messages.success(request, "Your note stands there for everybody in the project.")
    elif verb == "answer":
        comments.answer_note(beside=beside, author=user, note_id=_note(request), text=text)
        messages.success(request, "Your answer stands below the note.")
    elif verb in ("done", "reopen"):
        comments.mark_note(beside=beside, user=user, note_id=_note(request), is_done=verb == "done")
    else:
        raise BadInput({"verb": "is unknown"})


def _note(request: HttpRequest) -> int:
    value = request.POST.get("note", "")
    if not (value.isascii() and value.isdecimal() and len(value) < 19):
        raise BadInput({"note": "must be a whole number"})
    return int(value)


def _moment(request: HttpRequest) -> int | None:
    """`00:03.2` in milliseconds; None where the form names no moment."""
    said = request.POST.get("at", "").strip()
    if not said:
        return None
    mark = MARK.fullmatch(f"[{said}]") if len(said) < 10 else None
    if mark is None:
        raise BadInput({"at": "must be minutes and seconds, such as 00:03.2"})
    return mark_ms(mark)
