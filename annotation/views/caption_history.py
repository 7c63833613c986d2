"""The Changes and History panes: the words now against what stood before, every revision, and who wrote what stands."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest

from annotation.caption_changes import lines
from annotation.caption_content import DraftError
from annotation.models import Caption, CaptionReview, CaptionRevision, CaptionSubmission, Draft, User, Verdict
from annotation.sentence_alignment import blame
from annotation.services.caption_changes import DRAFT, SUBMITTED, changes_between, draft_text, text_of
from annotation.views.comments import caption_notes_panel
from annotation.views.pages import ProjectPage
from annotation.word_diff import word_diff, words_changed

PARAMETERS = frozenset({"against"})


@dataclass
class HistoryRow:
    """A revision, newest first. out, put: words against what stood before it. people: what changed in the registry.

    marks: what became of it, in order, each with the person's name.
    """

    revision: CaptionRevision
    out: int
    put: int
    people: list[str]
    marks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Author:
    """Who wrote a sentence: the model, a person with a revision, or whoever looks at the page and has not saved yet."""

    user: User | None = None
    number: int | None = None

    @property
    def is_model(self) -> bool:
        return self.user is None


@dataclass(frozen=True)
class WrittenSentence:
    text: str
    author: Author
    start_ms: int | None

    @property
    def start_s(self) -> float | None:
        return None if self.start_ms is None else self.start_ms / 1000


def history_context(request: HttpRequest, page: ProjectPage, caption: Caption, text: str) -> dict[str, Any]:
    """text: the person's words now. 4 queries, and 1 more to compare with a revision. Raises BadInput for `against`.

    The queries: revisions with authors, what was handed in, reviews, notes; and those of `are_sealed`.
    """
    revisions = list(caption.revisions.select_related("author").order_by("number"))
    submissions = list(CaptionSubmission.objects.filter(caption=caption).select_related("submitter"))
    reviews = list(caption.reviews.select_related("reviewer", "judged_revision"))
    rows = _rows(caption, revisions)
    _mark(rows, submissions, reviews)
    against = request.GET.get("against") or DRAFT
    return {
        "changes": changes_between(text_of(caption, page.user, against), text, against=against),
        "against_choices": _choices(caption, revisions, submissions, page.user),
        "history": rows[::-1],
        "written": _written(caption, revisions, text, page.user),
        "returns": [one for one in reversed(reviews) if one.verdict == Verdict.RETURN],
        "notes": caption_notes_panel(page, caption, text, back="edit"),
        "tokens": _tokens(caption.draft),
        "draft_errors": DraftError.choices,
    }


def _rows(caption: Caption, revisions: list[CaptionRevision]) -> list[HistoryRow]:
    """The first is compared with the draft, if it had one."""
    rows = []
    before = draft_text(caption)
    registry: list[dict[str, Any]] = caption.draft.payload.get("people", []) if caption.draft else []
    for revision in revisions:
        out, put = words_changed(word_diff(before, revision.text))
        rows.append(HistoryRow(revision, out, put, people_changes(registry, revision.people)))
        before, registry = revision.text, revision.people
    return rows


def people_changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """`["P3 added", "P1 described anew"]`, in the order of the registry; who went comes last."""
    old, new = ({person["key"]: person for person in people} for people in (before, after))
    said = []
    for key, person in new.items():
        if key not in old:
            said.append(f"{key} added")
        elif person["description"] != old[key]["description"]:
            said.append(f"{key} described anew")
        elif person.get("at") != old[key].get("at"):
            said.append(f"{key} pointed at")
    return said + [f"{key} removed" for key in old if key not in new]


def _mark(rows: list[HistoryRow], submissions: list[CaptionSubmission], reviews: list[CaptionReview]) -> None:
    by_revision: dict[int, list[tuple[Any, str]]] = defaultdict(list)
    for one in submissions:
        by_revision[one.revision_id].append((one.created_at, f"submitted for review by {one.submitter.shown_name}"))
    for review in reviews:
        who = review.reviewer.shown_name
        if review.verdict == Verdict.RETURN:
            by_revision[review.judged_revision_id].append((review.created_at, f"returned with a note by {who}"))
        elif review.final_revision_id:
            by_revision[review.final_revision_id].append((review.created_at, f"approved by {who}"))
    for row in rows:
        row.marks = [said for _, said in sorted(by_revision[row.revision.pk])]


def _choices(
    caption: Caption, revisions: Iterable[CaptionRevision], submissions: Iterable[CaptionSubmission], user: User
) -> list[tuple[str, str]]:
    """What the words can be compared with: (value, words for people)."""
    choices = [(DRAFT, "the draft" if caption.draft else "nothing (there is no draft)")]
    if any(one.submitter_id == user.pk for one in submissions):
        choices.append((SUBMITTED, "what I last submitted"))
    newest_first = sorted(revisions, key=lambda revision: -revision.number)
    return choices + [(str(one.number), f"revision {one.number}, {one.author.shown_name}") for one in newest_first]


def _written(caption: Caption, revisions: list[CaptionRevision], text: str, user: User) -> list[WrittenSentence]:
    chain = [(Author(), draft_text(caption))]
    chain += [(Author(one.author, one.number), one.text) for one in revisions]
    if text != chain[-1][1]:
        chain.append((Author(user), text))
    split = [(author, lines(said)) for author, said in chain]
    authors = blame(split)
    return [
        WrittenSentence(line.text, author, line.mark_ms) for line, author in zip(split[-1][1], authors, strict=True)
    ]


def _tokens(draft: Draft | None) -> dict[str, int]:
    """Of the call that made the draft: in (also from the cache) and out. Empty for an imported draft."""
    used = draft.provenance.get("tokens") if draft else None
    if not used:
        return {}
    read = sum(used.get(name, 0) for name in ("input", "cache_write", "cache_read"))
    return {"input": read, "output": used.get("output", 0)}
