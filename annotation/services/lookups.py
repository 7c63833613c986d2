"""Finding what a person may see. What they may not see is not there."""

from annotation.errors import NotVisible
from annotation.models import Caption, Clip, Project, User
from annotation.ready_sql import Ready

_CAPTION = Ready(
    lambda user, slug, clip_id: (
        Caption.objects.visible_to(user).for_review_page().filter(clip__project__slug=slug, clip__clip_id=clip_id)
    ),
    user=-1,
    slug="?slug",
    clip_id="?clip",
)
_PROJECT = Ready(lambda user, slug: Project.objects.visible_to(user).filter(slug=slug).order_by(), user=-1, slug="?")


def caption_for(user: User, *, slug: str, clip_id: str) -> Caption:
    """Raises NotVisible for another project's clip and for none."""
    if "\x00" in clip_id:  # Postgres cannot even be asked for it
        raise NotVisible
    caption = _CAPTION.first(user=user.pk, slug=slug, clip_id=clip_id)
    if caption is None:
        raise NotVisible
    return caption


def clip_for(user: User, *, slug: str, clip_id: str) -> Clip:
    """Raises NotVisible for another project's clip and for none."""
    if "\x00" in clip_id:
        raise NotVisible
    clips = Clip.objects.visible_to(user).select_related("project")
    clip = clips.filter(project__slug=slug, clip_id=clip_id).first()
    if clip is None:
        raise NotVisible
    return clip


def project_for(user: User, *, slug: str) -> Project:
    """Raises NotVisible for a project that the user is not in and for none."""
    project = _PROJECT.first(user=user.pk, slug=slug)
    if project is None:
        raise NotVisible
    return project
