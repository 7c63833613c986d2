"""Telling people what happened to their work. Written in the transaction of what it tells of."""

from collections.abc import Iterable
from datetime import datetime

from annotation.errors import NotVisible
from annotation.models import Clip, Membership, Notification, User
from annotation.transactions import in_transaction
from annotation.workflow import database_now

MOST_COUNTED = 10
"""Nobody reads more than that in a badge: `9+`."""


def tell(
    *,
    recipients: Iterable[User],
    kind: Notification.Kind,
    clip: Clip,
    actor: User | None,
    question_id: str = "",
    revision_number: int = 0,
    text: str = "",
) -> None:
    """One notification for each of the recipients who still work here, but for whoever did it. 3 queries."""
    now = database_now()
    wanted = {user.pk for user in recipients} - {actor.pk if actor else None}
    active = Membership.objects.filter(project=clip.project, user__in=wanted, is_active=True, user__is_active=True)
    Notification.objects.bulk_create(
        Notification(
            recipient_id=user_id,
            kind=kind,
            clip=clip,
            question_id=question_id,
            revision_number=revision_number,
            actor=actor,
            text=text,
            created_at=now,
        )
        for user_id in active.order_by("user_id").values_list("user_id", flat=True)
    )


def forget(*, clip: Clip, actor: User, since: datetime, question_id: str = "") -> None:
    """Untell what this person's verdict of then told, as it was taken back."""
    told = Notification.objects.filter(clip=clip, question_id=question_id, actor=actor, created_at__gte=since)
    told.delete()


def tell_assigned(*, assignee: User, clips: list[Clip], actor: User, what: str) -> None:
    """One notification for all that was assigned in one go; none for nothing. what: `captions`, `sets of questions`."""
    if clips:
        text = f"{len(clips)} {what}" if len(clips) > 1 or what != "captions" else ""
        tell(recipients=[assignee], kind=Notification.Kind.WAITING, clip=clips[0], actor=actor, text=text)


def unread_count(user: User) -> int:
    """At most MOST_COUNTED. 1 query, over the unread alone."""
    return Notification.objects.visible_to(user).unread()[:MOST_COUNTED].count()


@in_transaction
def mark_read(*, user: User, notification_id: int) -> Notification:
    """Twice is as once. Raises NotVisible for another person's as for none."""
    visible = Notification.objects.visible_to(user).select_related("clip__project", "clip__caption")
    # Lock first: two tabs may open the same one.
    found = visible.select_for_update(of=("self",)).filter(pk=notification_id).first()
    if found is None:
        raise NotVisible
    if found.read_at is None:
        found.read_at = database_now()
        found.save(update_fields=["read_at"])
    return found


@in_transaction
def mark_all_read(*, user: User, up_to: int) -> int:
    """Of all projects; how many. up_to: the newest that the person has seen: what came since stays unread."""
    seen = Notification.objects.visible_to(user).unread().filter(pk__lte=up_to)
    return Notification.objects.filter(pk__in=seen.values("pk")).update(read_at=database_now())
