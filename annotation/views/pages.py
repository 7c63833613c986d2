"""What every page inside a project needs: the project as its member sees it, and the way about."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from annotation.access import has_right, require, role_in
from annotation.errors import BadInput, NotVisible
from annotation.models import Caption, Clip, Project, User
from annotation.services.lookups import caption_for, clip_for

_NAV = [
    ("project", "Overview", "see"),
    ("clips", "Clips", "see"),
    ("review_queue", "Review", "review"),
    ("people", "People", "see"),
    ("project_settings", "Settings", "configure"),
    ("releases", "Releases", "see"),
]
"""URL name, label, and the right that shows the entry."""


@dataclass(frozen=True)
class ProjectPage:
    """A project, who looks at it, and in what role."""

    project: Project
    user: User
    role: str

    def context(self, *, current: str, **more: Any) -> dict[str, Any]:
        """For templates: project, role, rights (a set of names), nav, and what the page adds. current: a URL name."""
        nav = [
            {"label": label, "url": reverse(name, args=[self.project.slug]), "current": name == current}
            for name, label, right in _NAV
            if has_right(self.role, right)
        ]
        return {"project": self.project, "role": self.role, "nav": nav, **more}

    def may(self, right: str) -> bool:
        return has_right(self.role, right)

    def clip(self, clip_id: str) -> Clip:
        """Raises NotVisible."""
        return clip_for(self.user, slug=self.project.slug, clip_id=clip_id)

    def caption(self, clip_id: str) -> Caption:
        """Raises NotVisible."""
        return caption_for(self.user, slug=self.project.slug, clip_id=clip_id)


def project_page(
    request: HttpRequest, slug: str, *, right: str = "see", parameters: frozenset[str] = frozenset()
) -> ProjectPage:
    """parameters: the names that may stand in the address's query; all others are refused.

    Raises NotVisible for who is not in the project, RightMissing for a member without the right, BadInput.
    """
    user = signed_in(request)
    project = Project.objects.visible_to(user).filter(slug=slug).first()
    if project is None:
        raise NotVisible
    require(user, right, project=project)
    unknown = {name[:100]: "is unknown" for name in request.GET if name not in parameters}
    if unknown:
        raise BadInput(unknown)
    role = role_in(project, user)
    assert role is not None  # noqa: S101 - `require` has just seen it
    return ProjectPage(project, user, role)


def refuse_unknown_fields(request: HttpRequest, known: frozenset[str], *, each: tuple[str, ...] = ()) -> None:
    """For forms that are read by name. each: beginnings of names that stand once per question. Raises BadInput."""
    sent = {*request.POST, *request.FILES} - known - {"csrfmiddlewaretoken"}
    unknown = {name[:100]: "is unknown" for name in sorted(sent) if not (each and name.startswith(each))}
    if unknown:
        raise BadInput(unknown)


def signed_in(request: HttpRequest) -> User:
    """The account behind a request that has passed LoginRequiredMiddleware."""
    assert isinstance(request.user, User)  # noqa: S101 - the middleware lets nobody else in
    return request.user
