"""What changed between two releases, word by word, a page of clips at a time."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from annotation.views.pages import project_page
from qa.categories import Category
from qa.services.release_changes import (
    PARTS,
    changes_page,
    checked_part,
    earlier_release,
    earlier_releases,
    summary_lines,
    tally_of,
)
from qa.services.releases import release_for

SIZE = 25


@require_safe
def release_changes(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    page = project_page(request, slug, parameters=frozenset({"against", "part", "after"}))
    found = release_for(page.user, slug=slug, version=version)
    against = earlier_release(found, request.GET.get("against"))
    part, after = checked_part(request.GET.get("part", "")), request.GET.get("after", "").replace("\x00", "")
    context = page.context(
        current="releases", release=found, against=against, earlier=earlier_releases(found), part=part, parts=PARTS
    )
    if against is not None:
        tally = tally_of(against, found)
        changes, following = changes_page(against, found, user=page.user, after=after, part=part, size=SIZE)
        asked = {"against": against.version, **({"part": part} if part else {})}
        context |= {
            "changes": changes,
            "lines": summary_lines(tally),
            "by_category": [
                (one.label, tally.questions_added[one], tally.questions_changed[one], tally.questions_retired[one])
                for one in Category
            ],
            "first_page": f"?{urlencode(asked)}" if after else "",
            "next_page": f"?{urlencode({**asked, 'after': following})}" if following else "",
        }
    return render(request, "qa/release_changes.html", context)
