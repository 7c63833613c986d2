"""The only code that writes a state. Each move is an event in the same transaction."""

from datetime import datetime

from django.db import connection

from annotation.errors import MoveNotAllowed
from annotation.models import Clip, Event, Membership, Project, User
from annotation.models.screening import ScreenedModel
from annotation.models.work import RevisionBase, WorkObject
from annotation.ready_sql import Ready, insert_row, update_row
from annotation.states import NEW

_MEMBER = Ready(
    lambda project, user: Membership.objects.filter(project=project, user=user).order_by(), project=-1, user=-2
)


def database_now() -> datetime:
    """The database's clock: the one clock that all parts of an installation share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def pseudonym_of(user: User, *, project: Project) -> str:
    """How exports and digests name a person. It never changes: 1 query for each user object and project."""
    if project.pk not in user.pseudonyms:
        member = _MEMBER.first(project=project.pk, user=user.pk)
        if member is None:
            raise Membership.DoesNotExist(f"{user} was never in {project}")
        user.pseudonyms[project.pk] = member.pseudonym
    return user.pseudonyms[project.pk]


def project_of(subject: WorkObject | Clip | ScreenedModel) -> Project:
    return subject.project if isinstance(subject, Clip | ScreenedModel) else subject.clip.project  # type: ignore[attr-defined]


def move(
    subject: WorkObject | Clip | ScreenedModel,
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
    subject.state = _target(subject, before, verb, to)
    now, written = database_now(), ["state"]
    if verb == "submit" and isinstance(subject, WorkObject):
        subject.submitted_at = now
        written.append("submitted_at")
    update_row(subject, *written)
    event = _event(subject, verb, before, actor=actor, at=now, revision=revision, reason=reason)
    insert_row(event)
    return event


def move_unstored(
    subject: WorkObject | Clip, verb: str, *, actor: User | None, at: datetime, to: str | None = None
) -> Event:
    """As `move`, of an object that is not stored yet and that nobody else knows; a new one has the state NEW.

    The event is not stored either: whoever makes many objects at once stores all of it in one transaction.
    """
    before = subject.state
    subject.state = _target(subject, before, verb, to)
    return _event(subject, verb, before, actor=actor, at=at)


def _target(subject: WorkObject | Clip | ScreenedModel, before: str, verb: str, to: str | None) -> str:
    targets = subject.MOVES.get((before, verb), ())
    if to is None and len(targets) == 1:
        return targets[0]
    if to is None or to not in targets:
        raise MoveNotAllowed(
            f"“{verb}” is not possible while this is {before.replace('_', ' ') or 'new'}.", state=before, verb=verb
        )
    return to


def _event(
    subject: WorkObject | Clip | ScreenedModel,
    verb: str,
    before: str,
    *,
    actor: User | None,
    at: datetime,
    revision: RevisionBase | None = None,
    reason: str = "",
) -> Event:
    """Not stored yet; the subject stands where the move has led."""
    event = Event(
        project=project_of(subject),
        object_type=subject.OBJECT_TYPE,
        object_id=subject.object_id,
        actor=actor,
        verb=verb,
        from_state=before,
        to_state=subject.state,
        revision_digest=revision.digest if revision else "",
        reason=reason,
        created_at=at,
    )
    event.digest = event.computed_digest(pseudonym=pseudonym_of(actor, project=event.project) if actor else None)
    return event
