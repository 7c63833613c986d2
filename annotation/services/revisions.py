"""Appending to a chain: the one way in which a revision of a caption or of a question comes to be."""

from annotation.models.work import RevisionBase, WorkObject
from annotation.ready_sql import insert_row, update_row
from annotation.workflow import database_now, project_of, pseudonym_of

HEAD_FIELDS = ["head", "head_number", "head_digest"]


def append_revision(subject: WorkObject, revision: RevisionBase) -> None:
    """Number, chain and digest the revision, store it, and make it the subject's head.

    The caller holds the subject's row lock. The draft that the subject shows is named as what the words started from.
    """
    head: RevisionBase | None = subject.head
    revision.number = subject.head_number + 1
    revision.parent = head
    revision.draft = subject.draft
    revision.created_at = database_now()
    pseudonym = pseudonym_of(revision.author, project=project_of(subject))
    revision.digest = revision.computed_digest(object_id=subject.object_id, pseudonym=pseudonym)
    insert_row(revision)
    subject.head = revision
    subject.head_number = revision.number
    subject.head_digest = revision.digest
    update_row(subject, *HEAD_FIELDS)
