"""A question's words that were overtaken, beside what stands now: choose field by field, and save what comes of it.

Works as a plain form. The workspace keeps the words first (its verb `compare`), and comes here.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.errors import BadInput, StaleRevision
from annotation.merge import Choice
from annotation.services.captions import note_opening
from annotation.templatetags.ui import timecode
from annotation.views.merge_choices import OF_ROWS, choices_of, own_texts, shown_choices
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.word_diff import word_diff
from qa.content import LETTERS, option_ids, words_of
from qa.merge import EVIDENCE, KEY, MARKS, ORDER, QUESTION, FieldRow
from qa.models import QAItem
from qa.services import items
from qa.services.merging import Overtaken, merge_save, overtaken
from qa.views.item_history import is_sealed_for
from qa.views.items import back_to

_FIELDS = frozenset({"verb", "etag", "seen_number"})
_LABELS = {QUESTION: "Question", ORDER: "Order", KEY: "Key", EVIDENCE: "Evidence", MARKS: "Marks"}


@never_cache
@require_http_methods(["GET", "POST"])
def qa_merge(request: HttpRequest, slug: str, question_id: str) -> HttpResponse:
    """take: `theirs` or `yours`, to choose for all conflicts at once without JavaScript."""
    page = project_page(request, slug, right="edit", parameters=frozenset({"take"}))
    item = items.item_for(page.user, slug=slug, question_id=question_id)
    if request.method == "GET":
        return _show(request, page, item)
    refuse_unknown_fields(request, _FIELDS, each=OF_ROWS)
    if request.POST.get("verb") != "merge":
        raise BadInput({"verb": "is unknown"})
    number, choices = whole_number(request, "seen_number"), choices_of(request)
    try:
        merge_save(item=item, user=page.user, etag=request.POST.get("etag"), seen_number=number, choices=choices)
    except (BadInput, StaleRevision) as error:
        fresh = items.item_for(page.user, slug=slug, question_id=question_id)
        return _show(request, page, fresh, refused=error)
    messages.success(request, "The merged question is saved. Both of your words are in its history.")
    return redirect(back_to(page.project.slug, item))


def _show(
    request: HttpRequest, page: ProjectPage, item: QAItem, *, refused: BadInput | StaleRevision | None = None
) -> HttpResponse:
    found = None
    if item.state in items.EDITABLE and not is_sealed_for(page, item):
        note_opening(caption=page.caption(item.clip.clip_id), user=page.user)
        found = overtaken(item, page.user)
    is_stale = isinstance(refused, StaleRevision)
    context = page.context(current="clips", clip=item.clip, item=item, found=found, refused=refused)
    if found is not None:
        choices = {} if is_stale else shown_choices(request, found.merge.conflicts)
        rows = [_row(row, found, choices) for row in found.merge.rows]
        context |= {
            "is_mine": found.head.author_id == page.user.pk,
            "conflicts": len(found.merge.conflicts),
            "merged_alone": sum(row.kind not in ("same", "conflict") for row in found.merge.rows),
            "rows": [row for row in rows if row["kind"] != "same"],
            "result": rows,
            "left_over": own_texts(request) if is_stale else [],
            "your_words": words_of(found.words.content),
        }
    status = 200 if refused is None else 412 if is_stale else 400
    return render(request, "qa/qa_merge.html", context, status=status)


def _row(row: FieldRow, found: Overtaken, choices: Mapping[str, Choice]) -> dict[str, Any]:
    """For annotation/partials/merge_row.html. Letters are those of the newest revision."""
    ids = option_ids(found.head.content)
    texts = {option["id"]: option["text"] for option in found.head.content["options"]}
    base, theirs, yours = (_shown(row, value, ids, texts) for value in (row.base, row.theirs, row.yours))
    choice = choices.get(row.name)
    is_taken = row.kind != "conflict" or (choice is not None and (choice.take != "own" or row.is_text))
    return {
        "name": row.name,
        "label": f"Option {LETTERS[ids.index(row.option_id)]}" if row.option_id else _LABELS[row.name],
        "kind": row.kind,
        "base": base,
        "theirs": word_diff(base, theirs),
        "yours": word_diff(base, yours),
        "is_theirs_same": row.theirs == row.base,
        "is_yours_same": row.yours == row.base,
        "theirs_whole": theirs,
        "yours_whole": yours,
        "take": choice.take if choice else "",
        "own": choice.own if choice and choice.take == "own" else yours,
        "takes_no_third": not row.is_text,
        "taken": _shown(row, row.taken(choice), ids, texts) if is_taken else "",
    }


def _shown(row: FieldRow, value: Any, ids: list[str], texts: dict[str, str]) -> str:
    """A field's value as a text, one line for each of its parts."""
    if row.is_text:
        return str(value)
    if row.name == KEY:
        return "none" if value is None else f"Option {LETTERS[ids.index(value)]}, now “{texts[value]}”"
    if row.name == ORDER:
        return ", ".join(LETTERS[ids.index(option_id)] for option_id in value)
    if row.name == MARKS:
        return "\n".join(f"{timecode(mark['at_ms'])} {mark['what']}" for mark in value) or "none"
    return "\n".join(f"{timecode(part['start_ms'])} {part['text']}".strip() for part in value) or "none"
