"""For whom a clip's questions are sealed: whoever may review them and has not answered them yet."""

from collections.abc import Iterable

from annotation.access import has_right
from annotation.models import Clip, Membership, User
from annotation.states import State
from qa.models import BlindAnswer, QAItem
from qa.services.blind import own_words


def clips_to_answer(clips: Iterable[Clip], user: User) -> set[int]:
    """Row ids of those clips of which a question waits for this person's blind answer, now or later. 4 queries."""
    there = {clip.pk: clip for clip in clips}
    members = Membership.objects.filter(
        user=user, is_active=True, project__in={clip.project_id for clip in there.values()}
    )
    projects = {member.project_id for member in members if has_right(member.role, "review")}
    if not projects:
        return set()
    waiting = list(QAItem.objects.filter(clip__in=there, clip__project__in=projects, state=State.IN_REVIEW))
    own = set(own_words(user).filter(item__in=waiting).values_list("item_id", flat=True))
    heads = [item.head_id for item in waiting]
    answered = set(BlindAnswer.objects.filter(user=user, revision__in=heads).values_list("revision_id", flat=True))
    return {item.clip_id for item in waiting if item.pk not in own and item.head_id not in answered}


def hides_notes(clip: Clip, user: User) -> bool:
    """Whether what was said of the clip is kept from this person. While nobody can answer, it is open."""
    return clip.caption.state == State.APPROVED and clip.pk in clips_to_answer([clip], user)
