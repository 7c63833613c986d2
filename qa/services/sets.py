"""The set of a clip's questions on somebody's desk: what writing, handing in and judging them does to its lease.

All of it runs inside the caller's transaction and locks the set after the clip and its questions.
"""

from django.db.models.functions import Now

from annotation.models import Clip, LeaseEnd, LeaseWork, User
from annotation.models.work import LeaseBase
from annotation.services import leases
from qa.models import QASet
from qa.services.queue import MAY_JUDGE, QUESTIONS


def set_of(clip: Clip) -> QASet:
    """With the clip that was asked for. 1 query."""
    found = QASet.objects.get(clip=clip)
    found.clip = clip
    return found


def lock(clip: Clip) -> QASet:
    """The set's row under lock, with its clip's project. Needs an open transaction."""
    return QASet.objects.select_for_update(of=("self",)).select_related("clip__project").get(clip=clip)


def keep_or_take(clip: Clip, user: User, *, work: LeaseWork = LeaseWork.EDIT) -> LeaseBase | None:
    """Whoever works has the set on the desk, if it is free. None if somebody else has it: that refuses nothing."""
    return leases.keep_or_take(lock(clip), user, work=work)


def handed_in(clip: Clip, user: User) -> int:
    """The open questions go to review, before or after this: for how long they were worked on, in ms of activity.

    Returned ones are kept for the reviewer who returned them. Raises LeaseHeld if somebody else has the set on the
    desk.
    """
    found = lock(clip)
    lease = leases.end_for(found, user, LeaseEnd.SUBMITTED)
    leases.reserve_for_its_reviewer(found)
    return lease.active_ms


def taken_back(clip: Clip, user: User) -> None:
    """The questions have been taken out of review: they are on the user's desk, and off that of any reviewer."""
    found = lock(clip)
    leases.give_up(found, None, LeaseEnd.RELEASED)
    leases.unreserve(found)
    leases.keep_or_take(found, user)


def returned(clip: Clip, author: User) -> None:
    """A question went back: the set is kept for its author, unless they have left."""
    leases.reserve(lock(clip), author, days=leases.RETURN_DAYS)


def end_review(clip: Clip, user: User) -> None:
    """After a verdict: the set leaves the reviewer's desk once nothing is left that they may judge.

    Raises LeaseHeld if another reviewer has it on the desk.
    """
    found = lock(clip)
    live = leases.live_lease(found)
    is_anothers = live is not None and live.holder_id != user.pk
    if live is not None and is_anothers and live.work == LeaseWork.REVIEW:
        leases.refuse_held(found)
    if is_anothers:
        return  # somebody writes on what was returned: that lease is not the reviewer's
    if QUESTIONS.is_so(MAY_JUDGE, found, user):
        leases.keep_or_take(found, user, work=LeaseWork.REVIEW)
    else:
        leases.end_for(found, user, LeaseEnd.JUDGED, keep_reserved=found.open_items > 0)


def answered(clip: Clip, user: User) -> None:
    """After a blind answer: the set is on the desk of who goes on to judge it, if it is free."""
    found = lock(clip)
    if QUESTIONS.is_so(MAY_JUDGE, found, user):
        leases.keep_or_take(found, user, work=LeaseWork.REVIEW)
    else:
        leases.give_up(found, user, LeaseEnd.JUDGED)


def disputed(clip: Clip) -> None:
    """A question left review for adjudication: where it was the last, no reviewer has the set on the desk."""
    found = lock(clip)
    if found.items_in_review == 0:
        found.leases.filter(ended_at=None, work=LeaseWork.REVIEW).update(ended_at=Now(), ended_how=LeaseEnd.JUDGED)


def dropped(clip: Clip, user: User) -> None:
    """A question was dropped: where nothing else is open, the set is off its author's desk and kept for nobody."""
    found = lock(clip)
    if found.open_items == 0:
        leases.give_up(found, user, LeaseEnd.RELEASED)
        leases.unreserve(found)


def verdict_undone(clip: Clip, reviewer: User) -> None:
    """A verdict was taken back: the set is on the reviewer's desk again, if it is free and they may still judge it.

    It is no longer kept for its author, unless another question of it went back as well.
    """
    found = lock(clip)
    if found.open_items == 0:
        leases.give_up(found, None, LeaseEnd.RELEASED)
        leases.unreserve(found)
    if QUESTIONS.is_so(MAY_JUDGE, found, reviewer):
        leases.keep_or_take(found, reviewer, work=LeaseWork.REVIEW)
