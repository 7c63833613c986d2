"""Agreement and everybody's figures, for reviewers; one's own figures, for everybody."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from annotation.errors import NotVisible
from annotation.models import Membership
from annotation.views.pages import project_page
from qa.categories import Category
from qa.services.figures import Group, agreement_of, figures_of, figures_of_everybody


@require_safe
def figures(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody's, by name. Who may not see them is led to their own."""
    page = project_page(request, slug)
    if not page.may("review"):
        return redirect("person_figures", slug, page.user.username)
    found = agreement_of(page.project)
    context = page.context(
        current="figures",
        blind=_shown(found.blind),
        opened=_shown(found.opened),
        people=figures_of_everybody(page.project),
    )
    return render(request, "qa/figures.html", context)


@require_safe
def person_figures(request: HttpRequest, slug: str, username: str) -> HttpResponse:
    """One member's; for annotators nobody is there but themselves."""
    page = project_page(request, slug)
    member = Membership.objects.filter(project=page.project, user__username=username).select_related("user").first()
    if member is None or not (page.may("review") or member.user == page.user):
        raise NotVisible
    context = page.context(
        current="figures",
        figures=figures_of(page.project, member.user),
        viewer=page.user,
        may_see_all=page.may("review"),
    )
    return render(request, "qa/person_figures.html", context)


def _shown(group: Group) -> dict[str, Any]:
    """rows: (label, figures) of each category, in table order; pooled."""
    rows = [(Category(name).label, figures) for name, figures in group.by_category.items()]
    return {"rows": rows, "pooled": group.pooled}
