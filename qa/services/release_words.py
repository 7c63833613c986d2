"""What of a release's words a person may be told, and what is noted when they are."""

from annotation.models import Caption, Clip, User
from annotation.services.captions import note_opening
from annotation.states import ClipStatus
from qa.models import Release
from qa.services.seals import clips_to_answer


def note_what_is_told(release: Release, user: User) -> None:
    """A release tells captions and keys: who still has to answer a question of its clips blind has read them now.

    Raises Sealed where they have begun to.
    """
    in_review = Caption.objects.visible_to(user).filter(clip__qa_set__items_in_review__gt=0)
    told = in_review.filter(clip__in=release.items.values("clip")).select_related("clip")
    waiting = clips_to_answer([caption.clip for caption in told], user)
    for caption in told:
        if caption.clip_id in waiting:
            note_opening(caption=caption, user=user)


def kept_from(user: User, *, release: Release, clip_ids: list[str]) -> dict[str, str]:
    """Of which of the clips no words are told, and why. 5 queries.

    withdrawn: nobody is shown it any more; blind: its questions wait for this person's blind answer.
    """
    clips = list(Clip.objects.filter(project=release.project_id, clip_id__in=clip_ids))
    waiting = clips_to_answer(clips, user)
    kept = {clip.clip_id: "blind" for clip in clips if clip.pk in waiting}
    return kept | {clip.clip_id: "withdrawn" for clip in clips if clip.state == ClipStatus.WITHDRAWN}
