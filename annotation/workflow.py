"""The only code that writes a state. Each move is an event in the same transaction."""

from datetime import datetime

from django.db import connection

from annotation.errors import MoveNotAllowed
from annotation.models import Clip, Event, Membership, Project, User
from annotation.models.work import RevisionBase, WorkObject
from annotation.states import NEW


def database_now() -> datetime:
    """The database's clock: the one clock that all parts of an installation share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def pseudonym_of(user: User, *, project: Project) -> str:
    """How exports and digests name a person. 1 query."""
    return Membership.objects.values_list("pseudonym", flat=True).get(project=project, user=user)


def project_of(subject: WorkObject | Clip) -> Project:
    return subject.project if isinstance(subject, Clip) else subject.clip.project  # type: ignore[attr-defined]


def move(
    subject: WorkObject | Clip,
    verb: str,
    *,
    actor: User | None,
    to: str | None = None,
    revision: RevisionBase | None = None,
    reason: str = "",
    created: bool = False,
) -> Event:
    """Change the subject's state and write the event. The caller holds the row's lock and an open transaction.

    to: where to, when the verb may lead to more than one state.
    created: the subject was made in this transaction and has no earlier state.
    Raises MoveNotAllowed if the subject's state does not allow the verb.
    """
    before = NEW if created else subject.state
    targets = subject.MOVES.get((before, verb), ())
    if to is None and len(targets) == 1:
        to = targets[0]
    if to is None or to not in targets:
        raise MoveNotAllowed(
            f"“{verb}” is not possible while this is {before.replace('_', ' ') or 'new'}.", state=before, verb=verb
        )
    subject.state = to
    subject.save(update_fields=["state"])
    return _write_event(
        subject,
        verb=verb,
        before=before,
        after=to,
        actor=actor,
        reason=reason,
        revision=revision.digest if revision else "",
    )


def _write_event(
    subject: WorkObject | Clip, *, verb: str, before: str, after: str, actor: User | None, reason: str, revision: str
) -> Event:
    project = project_of(subject)
    event = Event(
        project=project,
        object_type=subject.OBJECT_TYPE,
        object_id=subject.object_id,
        actor=actor,
        verb=verb,
        from_state=before,
        to_state=after,
        revision_digest=revision,
        reason=reason,
        created_at=database_now(),
    )
    event.digest = event.computed_digest(pseudonym=pseudonym_of(actor, project=project) if actor else None)
    event.save(force_insert=True)
    return event
