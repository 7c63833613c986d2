"""Finding what a person may see. What they may not see is not there."""

from annotation.errors import NotVisible
from annotation.models import Caption, Clip, User


def caption_for(user: User, *, slug: str, clip_id: str) -> Caption:
    """Raises NotVisible for another project's clip and for none."""
    captions = Caption.objects.visible_to(user).for_review_page()
    caption = captions.filter(clip__project__slug=slug, clip__clip_id=clip_id).first()
    if caption is None:
        raise NotVisible
    return caption


def clip_for(user: User, *, slug: str, clip_id: str) -> Clip:
    """Raises NotVisible for another project's clip and for none."""
    clips = Clip.objects.visible_to(user).select_related("project")
    clip = clips.filter(project__slug=slug, clip_id=clip_id).first()
    if clip is None:
        raise NotVisible
    return clip
