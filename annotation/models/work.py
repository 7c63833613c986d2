"""What a caption and a question have in common: a head, revisions, working copies and reviews.

Abstract here, concrete in each app with real foreign keys. Chains of digests are per object: a revision's digest covers
its parent's, and the object repeats the head's, so that a change in the middle and a cut tail both show.
"""

from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models

from annotation.append_only import AppendOnlyModel
from annotation.canonical import microseconds
from annotation.digests import review_digest, revision_digest, submission_digest
from annotation.states import Moves, State


class WorkObject(models.Model):
    """Something that people write, submit and judge.

    submitted_at: when it was handed in last; what was judged before that is judged anew, also the same revision.
    """

    MOVES: ClassVar[Moves]
    OBJECT_TYPE: ClassVar[str]
    head: Any  # a foreign key to the concrete table of revisions

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    state = models.CharField(max_length=20, choices=State.choices)
    head_number = models.PositiveIntegerField(default=0)
    head_digest = models.CharField(max_length=64, blank=True)
    draft = models.ForeignKey("annotation.Draft", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
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
        return revision_digest(
            object_id=object_id,
            number=self.number,
            parent=self.parent.digest if self.parent else None,
            author=pseudonym,
            kind=self.kind,
            payload=self.payload,
            draft=self.draft.digest if self.draft else None,
            created_at=microseconds(self.created_at),
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


class LeaseWork(models.TextChoices):
    EDIT = "edit", "Edit"
    REVIEW = "review", "Review"


class LeaseEnd(models.TextChoices):
    """Why a person no longer holds a unit of work."""

    SUBMITTED = "submitted", "Handed in"
    JUDGED = "judged", "Judged"
    SKIPPED = "skipped", "Skipped"
    FLAGGED = "flagged", "Clip flagged"
    RELEASED = "released", "Given back"
    EXPIRED = "expired", "Ran out"
    FREED = "freed", "Freed by an administrator"


class LeaseBase(models.Model):
    """One unit of work on one person's desk. A constraint of the concrete table leaves a unit one row without an end.

    A row whose time is over by the database's clock holds nobody up: who takes the unit next ends it.
    is_prefetch: the unit that its holder gets next; it runs out after a minute unless they come.
    active_ms: how long its holder was at work on it; idle time is not counted.
    """

    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    work = models.CharField(max_length=20, choices=LeaseWork.choices)
    is_prefetch = models.BooleanField(default=False)
    leased_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_how = models.CharField(max_length=20, choices=LeaseEnd.choices, blank=True)
    active_ms = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class CommentBase(models.Model):
    """A note beside a unit of work: never changed, marked as done when it is dealt with.

    parent: the note that this one answers; threads are one level deep, and only their first note is marked.
    at_ms: the moment of the clip that it speaks of; sentence: the words that it speaks of, as they were then.
    """

    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replies")
    at_ms = models.PositiveIntegerField(null=True)
    sentence = models.TextField(blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True


class SubmissionBase(AppendOnlyModel):
    """A revision as it was handed in.

    flags: what the checks said then; checks_version: of the checks that said so. watched_percent: of the clip.
    active_ms: of this piece of work.
    """

    submitter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    flags = models.JSONField(default=list)
    checks_version = models.CharField(max_length=20, blank=True)
    watched_percent = models.PositiveSmallIntegerField(default=0)
    active_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def computed_digest(self, *, object_id: str, pseudonym: str, revision: str) -> str:
        """revision: the digest of what was handed in."""
        return submission_digest(
            object_id=object_id,
            submitter=pseudonym,
            revision=revision,
            flags=self.flags,
            checks_version=self.checks_version,
            watched_percent=self.watched_percent,
            active_ms=self.active_ms,
            created_at=microseconds(self.created_at),
        )


class Verdict(models.TextChoices):
    APPROVE = "approve", "Approved"
    FIX = "fix", "Fixed and approved"
    RETURN = "return", "Returned"
    DROP = "drop", "Dropped"  # by adjudication only
    UNDO = "undo", "Taken back"


class ReviewBase(AppendOnlyModel):
    """One reviewer's judgement of one revision.

    judged_author is copied from the judged revision by a trigger, and a constraint keeps it apart from the reviewer.
    reason_code: why it was returned or how a dispute was settled, one of a list; reason: in words.
    is_adjudication: it settled a dispute.
    undoes: the judgement that this one takes back (verdict `undo`); a judgement is taken back once.
    """

    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    judged_author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    reason = models.TextField(blank=True)
    reason_code = models.CharField(max_length=30, blank=True)
    is_adjudication = models.BooleanField(default=False)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    created_at = models.DateTimeField()
    digest = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def computed_digest(self, *, object_id: str, pseudonym: str, judged: str, final: str | None) -> str:
        """judged, final: digests of the revision that was judged and of the one that was approved, if any.

        Costs 1 query for the undone judgement unless it is fetched.
        """
        return review_digest(
            object_id=object_id,
            reviewer=pseudonym,
            judged=judged,
            final=final,
            verdict=self.verdict,
            reason=self.reason,
            reason_code=self.reason_code,
            is_adjudication=self.is_adjudication,
            undoes=self.undoes.digest if self.undoes else None,
            created_at=microseconds(self.created_at),
        )
