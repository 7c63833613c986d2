"""What people found wrong in drafts: counted for each prompt version, and row by row for whoever studies it.

Counted is one revision of a caption: the newest that was approved or handed in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Func, IntegerField, Q, QuerySet, Sum, Value

from annotation.caption_content import DraftError
from annotation.models import Caption, CaptionRevision, Clip, Membership, Project
from annotation.states import State

MOST_COUNTED = 10_000
"""Captions of a project, the newest first: a page must not read a million rows to print a number."""
_AT_ONCE = 500


@dataclass(frozen=True)
class ErrorProfile:
    """captions: those judged, with or without an error. counts: of each DraftError, in its order."""

    prompt_version: str
    captions: int
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


class _Tagged(Func):
    """How many critiques of a column name one error."""

    template = "jsonb_array_length(jsonb_path_query_array(%(expressions)s::jsonpath))"
    output_field = IntegerField()

    def __init__(self, error: str) -> None:
        super().__init__(F("critiques"), Value(f'$[*] ? (@.error == "{error}")'))


def judged_revisions(project: Project) -> QuerySet[CaptionRevision]:
    """Of each caption with a draft the newest revision that was approved or handed in."""
    handed_in = Q(submissions__isnull=False) | Q(pk=F("caption__approved_revision"))
    with_a_reviewer = Q(pk=F("caption__head"), caption__state__in=[State.IN_REVIEW, State.APPROVED])
    standing = Clip.objects.standing().filter(project=project)
    revisions = CaptionRevision.objects.filter(caption__clip__in=standing, draft__isnull=False)
    return revisions.filter(handed_in | with_a_reviewer).order_by("caption", "-number").distinct("caption")


def error_profiles(project: Project, versions: list[str]) -> dict[str, ErrorProfile]:
    """By prompt version; a version whose captions nobody has judged is not there. 1 query."""
    newest = Caption.objects.filter(project=project, draft__prompt_version__in=versions).order_by("-pk")[:MOST_COUNTED]
    judged = judged_revisions(project).filter(caption__in=newest.values("pk")).values("pk")
    counts = {error: Sum(_Tagged(error)) for error in DraftError.values}
    rows = (
        CaptionRevision.objects.filter(pk__in=judged)
        .order_by()
        .values_list("draft__prompt_version")
        .annotate(captions=Count("pk"), **counts)
    )
    return {version: ErrorProfile(version, captions, list(found)) for version, captions, *found in rows}


def critiques_of(project: Project) -> Iterator[dict[str, Any]]:
    """Every critique of a judged revision, by clip id and in the order of its text. People are pseudonyms."""
    pseudonyms = dict(Membership.objects.filter(project=project).values_list("user_id", "pseudonym"))
    judged = CaptionRevision.objects.filter(pk__in=judged_revisions(project).values("pk")).exclude(critiques=[])
    rows = judged.select_related("caption__clip", "draft").order_by("caption__clip__clip_id")
    for revision in rows.iterator(chunk_size=_AT_ONCE):
        draft = revision.draft
        for critique in revision.critiques:
            yield {
                "clip_id": revision.caption.clip.clip_id,
                "prompt_version": (draft.prompt_version or None) if draft else None,
                "model": draft.model if draft else None,
                **{name: critique[name] for name in ("error", "draft", "final")},
                "author": pseudonyms[revision.author_id],
                "revision": revision.digest,
            }
