"""Words that were overtaken, beside what stands now: choose, sentence by sentence, and save the merged text.

Works as a plain form. The browser sends words that only it has first (`keep`), and comes back for the page.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.caption_content import OPTIONAL
from annotation.caption_format import MARK
from annotation.errors import BadInput, StaleRevision
from annotation.merge import Choice, Part, PersonRow, SentenceRow
from annotation.models import Caption
from annotation.services.captions import note_opening
from annotation.services.merging import Overtaken, keep_stale, merge_save, overtaken
from annotation.states import EDITABLE
from annotation.strict_json import NotJSON, read_json
from annotation.views.merge_choices import OF_ROWS, choices_of, own_texts, shown_choices
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from annotation.word_diff import word_diff

_FIELDS = frozenset({"verb", "etag", "seen_number", "content"})


@never_cache
@require_http_methods(["GET", "POST"])
def caption_merge(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """take: `theirs` or `yours`, to choose for all conflicts at once without JavaScript."""
    page = project_page(request, slug, right="edit", parameters=frozenset({"take"}))
    caption = page.caption(clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS, each=OF_ROWS)
        return _act(request, page, caption)
    return _show(request, page, caption)


def _act(request: HttpRequest, page: ProjectPage, caption: Caption) -> HttpResponse:
    verb, etag = request.POST.get("verb", ""), request.POST.get("etag")
    where = (page.project.slug, caption.clip.clip_id)
    if verb == "keep":
        words = keep_stale(caption=caption, user=page.user, etag=etag, **_content(request))
        is_overtaken = words.base_number != page.caption(caption.clip.clip_id).head_number
        return redirect("caption_merge" if is_overtaken else "caption_workspace", *where)
    if verb != "merge":
        raise BadInput({"verb": "is unknown"})
    number, choices = whole_number(request, "seen_number"), choices_of(request)
    try:
        merge_save(caption=caption, user=page.user, etag=etag, seen_number=number, choices=choices)
    except (BadInput, StaleRevision) as error:
        return _show(request, page, page.caption(caption.clip.clip_id), refused=error)
    messages.success(request, "The merged text is saved. Both of your texts are in the history.")
    return redirect("caption_workspace", *where)


def _content(request: HttpRequest) -> dict[str, Any]:
    """text, people and notes of the field `content`, which is JSON as the API takes it. Raises BadInput."""
    try:
        said = read_json(request.POST.get("content", "").encode("utf-8", "surrogatepass"))
    except NotJSON as error:
        raise BadInput({"content": str(error)}) from error
    if not isinstance(said, dict) or not {"text", "people"} <= set(said) <= {"text", "people", *OPTIONAL}:
        raise BadInput({"content": "must have text and people, and may have critiques, dismissed and watched"})
    notes = {name: said[name] for name in OPTIONAL if name in said}
    return {"text": said["text"], "people": said["people"], "notes": notes}


def _show(
    request: HttpRequest, page: ProjectPage, caption: Caption, *, refused: BadInput | StaleRevision | None = None
) -> HttpResponse:
    note_opening(caption=caption, user=page.user)
    found = overtaken(caption, page.user) if caption.state in EDITABLE else None
    if found is None:
        nothing = page.context(current="clips", clip=caption.clip, caption=caption, refused=refused)
        return render(request, "annotation/merge.html", nothing, status=200 if refused is None else 412)
    is_stale = isinstance(refused, StaleRevision)
    choices = {} if is_stale else shown_choices(request, found.merge.conflicts)
    conflicts = found.merge.conflicts
    context = page.context(
        current="clips",
        clip=caption.clip,
        caption=caption,
        found=found,
        is_mine=found.head.author_id == page.user.pk,
        sentence_conflicts=sum(isinstance(row, SentenceRow) for row in conflicts),
        people_conflicts=sum(isinstance(row, PersonRow) for row in conflicts),
        merged_alone=sum(row.kind not in ("same", "conflict") for row in found.merge.rows),
        people=[_person_row(row, choices) for row in found.merge.people if row.kind != "same"],
        runs=_runs(found, choices),
        result=[_sentence_row(row, choices) for row in found.merge.sentences],
        result_people=[_person_row(row, choices) for row in found.merge.people],
        refused=refused,
        left_over=own_texts(request) if is_stale else [],
    )
    status = 200 if refused is None else 412 if is_stale else 400
    return render(request, "annotation/merge.html", context, status=status)


def _runs(found: Overtaken, choices: Mapping[str, Choice]) -> list[dict[str, Any]]:
    """The rows of the page; neighbours that are the same in all three are one: {"first", "last"}, else {"row"}."""
    runs: list[dict[str, Any]] = []
    for is_same, group in groupby(found.merge.sentences, key=lambda row: row.kind == "same"):
        rows = list(group)
        if is_same:
            runs.append({"first": rows[0].number, "last": rows[-1].number})
        else:
            runs += [{"row": _sentence_row(row, choices)} for row in rows]
    return runs


def _sentence_row(row: SentenceRow, choices: Mapping[str, Choice]) -> dict[str, Any]:
    sides = [part.text if part else None for part in (row.base, row.theirs, row.yours)]
    marks = {mark[0] if (mark := MARK.match(text)) else "" for text in sides if text is not None}
    shown = [_without_mark(text) if len(marks) == 1 else text for text in sides]
    choice = choices.get(row.name)
    part: Part | None = row.taken(choice) if choice or row.kind != "conflict" else None
    taken = part.text if part else ""
    return {**_cells(row, shown, sides, choice), "number": row.number, "start_ms": row.start_ms, "taken": taken}


def _person_row(row: PersonRow, choices: Mapping[str, Choice]) -> dict[str, Any]:
    sides = [person["description"] if person else None for person in (row.base, row.theirs, row.yours)]
    choice = choices.get(row.name)
    person = row.taken(choice) if choice or row.kind != "conflict" else None
    taken = person["description"] if person else ""
    return {**_cells(row, sides, sides, choice), "key": row.key, "is_there": person is not None, "taken": taken}


def _cells(
    row: SentenceRow | PersonRow, shown: list[str | None], whole: list[str | None], choice: Choice | None
) -> dict[str, Any]:
    """What both kinds of rows have. theirs, yours: the pieces of the difference from the base; None for nothing there.

    shown, whole: of base, theirs and yours, what the cells show and what the result would have.
    """
    base, theirs, yours = shown
    return {
        "name": row.name,
        "kind": row.kind,
        "base": base,
        "theirs": None if theirs is None else word_diff(base or "", theirs),
        "yours": None if yours is None else word_diff(base or "", yours),
        "is_theirs_same": theirs == base,
        "is_yours_same": yours == base,
        "theirs_whole": whole[1] or "",
        "yours_whole": whole[2] or "",
        "take": choice.take if choice else "",
        "own": choice.own if choice and choice.take == "own" else whole[2] or whole[1] or "",
    }


def _without_mark(text: str | None) -> str | None:
    return None if text is None else MARK.sub("", text, count=1).lstrip() if MARK.match(text) else text
