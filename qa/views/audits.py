"""Audits of training data: drawing them, marking captions one after the other, and what came out."""

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.caption_format import timeline
from annotation.errors import BadInput, MoveNotAllowed
from annotation.forms import add_problems
from annotation.models import Clip
from annotation.services.captions import note_opening
from annotation.states import ClipStatus
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields, whole_number
from qa.forms import AuditForm
from qa.models import Audit, AuditItem, AuditMark
from qa.models.audits import RIGHT, VERDICTS
from qa.releases.audits import changed_since, newest_marks, result_of, results_of
from qa.services import audits as service

SHOWN = 200
"""Audits, and wrong captions of one, that a page lists."""


@require_http_methods(["GET", "POST"])
def audits(request: HttpRequest, slug: str) -> HttpResponse:
    page = project_page(request, slug, right="review")
    form = AuditForm(request.POST or None, initial={"asked": 200})
    if request.method == "POST" and form.is_valid():
        seed = form.cleaned_data["seed"]
        drawn = secrets.randbelow(service.MOST_SEED) if seed is None else seed
        try:
            audit = service.draw_audit(
                project=page.project, seed=drawn, asked=form.cleaned_data["asked"], actor=page.user
            )
        except BadInput as error:
            add_problems(form, error)
        except MoveNotAllowed as error:
            form.add_error(None, error.message)
        else:
            return redirect("audit", slug, audit.number)
    before = Audit.objects.visible_to(page.user).filter(project=page.project).select_related("created_by")
    shown = list(before[:SHOWN])
    results = results_of(page.project, shown)
    context = page.context(
        current="releases",
        rows=[{"audit": audit, "result": results[audit.pk]} for audit in shown],
        may_draw=page.may("release"),
        form=form,
    )
    return render(request, "qa/audits.html", context, status=400 if form.errors else 200)


@require_safe
def audit(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """How far it is; to administrators also what came out, so that no reviewer follows the others."""
    page = project_page(request, slug, right="review")
    found = service.audit_for(page.user, slug=slug, number=number)
    result = result_of(found)
    kinds = dict(VERDICTS)
    marks = newest_marks(found.project).filter(item__audit=found, item__clip__in=Clip.objects.standing())
    shown = marks.exclude(verdict=RIGHT) if page.may("release") else marks.filter(reviewer=page.user)
    context = page.context(
        current="releases",
        audit=found,
        result=result,
        percent=100 * result.share.share if result.share.share is not None else None,
        errors=[(kinds[kind], count) for kind, count in result.errors.items()],
        may_see_result=page.may("release"),
        changed=changed_since(found).count(),
        marks=shown.select_related("item__clip", "reviewer").order_by("item__place")[:SHOWN],
        waits=service.next_item(found, page.user) is not None,
    )
    return render(request, "qa/audit.html", context)


@require_POST
def audit_next(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """after: the place of a caption that is skipped."""
    page = project_page(request, slug, right="review")
    found = service.audit_for(page.user, slug=slug, number=number)
    refuse_unknown_fields(request, frozenset({"after"}))
    return _to_next(page, found, after=whole_number(request, "after") if request.POST.get("after") else None)


@never_cache
@require_http_methods(["GET", "POST"])
def audit_caption(request: HttpRequest, slug: str, number: int, clip_id: str) -> HttpResponse:
    page = project_page(request, slug, right="review")
    found = service.audit_for(page.user, slug=slug, number=number)
    item = service.item_of(found, clip_id)
    if request.method == "POST":
        refuse_unknown_fields(request, frozenset({"verdict", "seen_mark"}))
        seen = whole_number(request, "seen_mark")
        service.mark(item=item, reviewer=page.user, verdict=request.POST.get("verdict"), seen_mark=seen)
        return _to_next(page, found, after=item.place)
    note_opening(caption=item.clip.caption, user=page.user)
    return _show(request, page, found, item)


def _to_next(page: ProjectPage, audit: Audit, *, after: int | None) -> HttpResponse:
    following = service.next_item(audit, page.user, after=after)
    if following is None:
        return redirect("audit", page.project.slug, audit.number)
    return redirect("audit_caption", page.project.slug, audit.number, following.clip.clip_id)


def _show(request: HttpRequest, page: ProjectPage, audit: Audit, item: AuditItem) -> HttpResponse:
    result = result_of(audit)
    newest = item.marks.select_related("reviewer").order_by("-pk").first()
    is_own = any(revision.author_id == page.user.pk for revision in service.authors_of(item))
    context = page.context(
        current="releases",
        audit=audit,
        item=item,
        clip=item.clip,
        text=item.text,
        segments=[{"start": (part.start_ms or 0) / 1000, "text": part.text} for part in timeline(item.text)],
        newest=newest,
        verdicts=VERDICTS,
        is_own=is_own,
        may_mark=not is_own and item.clip.state == ClipStatus.ACTIVE,
        result=result,
        last=_last(service.last_mark_of(audit, page.user), item),
    )
    return render(request, "qa/audit_caption.html", context)


def _last(mark: AuditMark | None, item: AuditItem) -> AuditMark | None:
    """The mark before, that may have been a slip; none while it is looked at."""
    return mark if mark is not None and mark.item_id != item.pk else None
