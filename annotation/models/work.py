"""What a caption and a question have in common: a head, revisions, working copies and reviews.

Abstract here, concrete in each app with real foreign keys. Chains of digests are per object: a revision's digest covers
its parent's, and the object repeats the head's, so that a change in the middle and a cut tail both show.
"""

from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models

from annotation.append_only import AppendOnlyModel
from annotation.canonical import digest_of, microseconds
from annotation.states import Moves, State


class WorkObject(models.Model):
    """Something that people write, submit and judge."""

    MOVES: ClassVar[Moves]
    OBJECT_TYPE: ClassVar[str]
    head: Any  # a foreign key to the concrete table of revisions

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    state = models.CharField(max_length=20, choices=State.choices)
    head_number = models.PositiveIntegerField(default=0)
    head_digest = models.CharField(max_length=64, blank=True)
    draft = models.ForeignKey("annotation.Draft", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    @property
    def object_id(self) -> str:
        return str(self.uid)


class RevisionKind(models.TextChoices):
    EDIT = "edit", "Edit"
    REVIEW_FIX = "review_fix", "Fix in review"
    RESTORE = "restore", "Restored"
    IMPORT = "import", "Imported"


class RevisionBase(AppendOnlyModel):
    """What a person wrote, once and for good."""

    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=RevisionKind.choices, default=RevisionKind.EDIT)
    draft = models.ForeignKey("annotation.Draft", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        abstract = True

    @property
    def payload(self) -> dict[str, Any]:
        raise NotImplementedError

    def computed_digest(self, *, object_id: str, pseudonym: str) -> str:
        """What the digest must be. Reads the parent's and the draft's digest: two queries unless they are fetched."""
        return digest_of(
            {
                "v": 1,
                "object": object_id,
                "number": self.number,
                "parent": self.parent.digest if self.parent else None,
                "author": pseudonym,
                "kind": self.kind,
                "payload": self.payload,
                "draft": self.draft.digest if self.draft else None,
                "created_at": microseconds(self.created_at),
            }
        )


class WorkingCopyBase(models.Model):
    """Unsaved words of one person: mutable, without history, theirs alone until Save makes them a revision.

    base_number: the revision they started from; 0 before the first.
    seq: counts the autosaves, so that a late one cannot overwrite a newer one.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    base_number = models.PositiveIntegerField()
    seq = models.PositiveIntegerField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Verdict(models.TextChoices):
    APPROVE = "approve", "Approved"
    FIX = "fix", "Fixed and approved"
    RETURN = "return", "Returned"


class ReviewBase(AppendOnlyModel):
    """One reviewer's judgement of one revision.

    judged_author is copied from the judged revision by a trigger, and a constraint keeps it apart from the reviewer.
    """

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    judged_author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def computed_digest(self, *, object_id: str, pseudonym: str, judged: str, final: str | None) -> str:
        """judged, final: digests of the revision that was judged and of the one that was approved, if any."""
        return digest_of(
            {
                "v": 1,
                "object": object_id,
                "reviewer": pseudonym,
                "judged": judged,
                "final": final,
                "verdict": self.verdict,
                "reason": self.reason,
                "created_at": microseconds(self.created_at),
            }
        )
