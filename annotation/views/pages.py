"""What every page inside a project needs: the project as its member sees it, and the way about."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from annotation.access import has_right, require, role_in
from annotation.errors import BadInput, NotVisible
from annotation.models import Caption, Clip, Project, User
from annotation.services.lookups import caption_for, clip_for

_NAV = [
    ("my_queue", "My queue", "edit"),
    ("project", "Overview", "see"),
    ("clips", "Clips", "see"),
    ("review_queue", "Review", "review"),
    ("figures", "Agreement", "review"),
    ("figures", "My figures", "see"),
    ("statistics", "Statistics", "see"),
    ("accumulation", "Accumulation", "add_clips"),
    ("drafting", "Drafting", "draft"),
    ("people", "People", "see"),
    ("project_settings", "Settings", "configure"),
    ("releases", "Releases", "see"),
    ("evaluation", "Evaluation", "see"),
]
"""URL name, label, and the right that shows the entry; of two with one name the first that the role may see."""


@dataclass(frozen=True)
class ProjectPage:
    """A project, who looks at it, and in what role."""

    project: Project
    user: User
    role: str

    def context(self, *, current: str, **more: Any) -> dict[str, Any]:
        """For templates: project, role, nav, and what the page adds. current: a URL name."""
        labels: dict[str, str] = {}
        for name, label, right in _NAV:
            if has_right(self.role, right):
                labels.setdefault(name, label)
        nav = [
            {"label": label, "url": reverse(name, args=[self.project.slug]), "current": name == current}
            for name, label in labels.items()
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
    refuse_unknown_parameters(request, parameters)
    role = role_in(project, user)
    assert role is not None  # noqa: S101 - `require` has just seen it
    return ProjectPage(project, user, role)


def page_or_partial(request: HttpRequest, template: str, partial: str, context: dict[str, Any]) -> HttpResponse:
    """The whole page, or only its named partial for htmx; caches must not mix the two."""
    is_partial = request.headers.get("HX-Request") == "true"
    response = render(request, f"{template}#{partial}" if is_partial else template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def refuse_unknown_parameters(request: HttpRequest, known: frozenset[str] = frozenset()) -> None:
    """known: the names that may stand in the address's query. Raises BadInput."""
    unknown = {name[:100]: "is unknown" for name in request.GET if name not in known}
    if unknown:
        raise BadInput(unknown)


def refuse_unknown_fields(request: HttpRequest, known: frozenset[str], *, each: tuple[str, ...] = ()) -> None:
    """For forms that are read by name. each: beginnings of names that stand once per question. Raises BadInput."""
    sent = {*request.POST, *request.FILES} - known - {"csrfmiddlewaretoken"}
    unknown = {name[:100]: "is unknown" for name in sorted(sent) if not (each and name.startswith(each))}
    if unknown:
        raise BadInput(unknown)


def whole_number(request: HttpRequest, name: str) -> int:
    """A field of a form. Raises BadInput."""
    value = request.POST.get(name, "")
    if not value.isdecimal() or len(value) > 9:
        raise BadInput({name: "must be a whole number"})
    return int(value)


def signed_in(request: HttpRequest) -> User:
    """The account behind a request that has passed LoginRequiredMiddleware."""
    assert isinstance(request.user, User)  # noqa: S101 - the middleware lets nobody else in
    return request.user
