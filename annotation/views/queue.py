"""My queue, and how a unit of work leaves the desk undone. Every button is a plain form."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotation.access import require
from annotation.errors import BadInput
from annotation.guidelines import as_html
from annotation.models import ClipFlag, LeaseWork, SkipReason
from annotation.services import assignments, clip_flags, desk, leases, queue
from annotation.services.stuck import nobody_may_judge
from annotation.services.units import Unit, checked_work, kind_named, kind_of
from annotation.views.pages import ProjectPage, project_page, refuse_unknown_fields

_FIELDS = frozenset({"verb", "kind", "work", "clip_id", "note", "clips", "priority", "username"})
_ADMIN_VERBS = frozenset({"priority", "assign", "pause"})
_SKIP_FIELDS = frozenset({"reason", "note", "work"})


@never_cache
@require_http_methods(["GET", "POST"])
def my_queue(request: HttpRequest, slug: str) -> HttpResponse:
    """What is mine to do, and a button for what comes next of each kind; for administrators also who has what."""
    page = project_page(request, slug, right="edit")
    if request.method == "POST":
        refuse_unknown_fields(request, _FIELDS)
        return _act(request, page)
    return _show(request, page)


def _act(request: HttpRequest, page: ProjectPage) -> HttpResponse:
    verb, said = request.POST.get("verb", ""), request.POST
    kind = said.get("kind", "caption")
    if verb == "next":
        return go_to_next(request, page, kind=kind, work=said.get("work", LeaseWork.EDIT))
    try:
        if verb in ("release", "free"):
            _end_lease(request, page, kind, verb)
        elif verb in _ADMIN_VERBS or verb == "resume":
            _administer(request, page, kind, verb)
        else:
            raise BadInput({"verb": "is unknown"})
    except BadInput as error:
        if verb not in _ADMIN_VERBS:
            raise
        return _show(request, page, refused=error)
    return redirect("my_queue", page.project.slug)


def _end_lease(request: HttpRequest, page: ProjectPage, kind: str, verb: str) -> None:
    clip_id = request.POST.get("clip_id", "")
    unit = kind_named(kind).find(page.user, slug=page.project.slug, clip_id=clip_id)
    if verb == "release":
        leases.release(unit=unit, user=page.user)
        messages.success(request, f"{clip_id} is back in the queue. What you wrote is kept.")
    else:
        leases.free(unit=unit, user=page.user)
        messages.success(request, f"{clip_id} is free again.")


def _administer(request: HttpRequest, page: ProjectPage, kind: str, verb: str) -> None:
    by: dict[str, Any] = {"project": page.project, "user": page.user}
    said = request.POST
    if verb == "pause":
        assignments.pause(**by, note=said.get("note", ""))
        messages.success(request, "The queue is paused: nothing new is handed out.")
    elif verb == "resume":
        assignments.resume(**by)
        messages.success(request, "The queue goes on.")
    elif verb == "priority":
        number = _number(request, "priority")
        found = assignments.set_priority(**by, kind=kind, clip_ids=_clips(request), priority=number)
        messages.success(request, f"Priority set for {found}.")
    else:
        username = said.get("username", "")
        found = assignments.assign(**by, kind=kind, clip_ids=_clips(request), username=username)
        messages.success(request, f"{found} assigned to {username or 'everybody'}.")


def go_to_next(request: HttpRequest, page: ProjectPage, *, kind: str, work: str) -> HttpResponse:
    """To what comes next, or to the queue's page, which says why there is nothing."""
    offer = queue.next_unit(project=page.project, user=page.user, kind=kind, work=work)
    if isinstance(offer, queue.Nothing):
        messages.info(request, offer.message)
        return redirect("my_queue", page.project.slug)
    return redirect(offer.kind.pages[offer.work], page.project.slug, offer.clip_id)


def _show(request: HttpRequest, page: ProjectPage, *, refused: BadInput | None = None) -> HttpResponse:
    may_configure = page.may("configure")
    mine = desk.on_the_desk(page.user, page.project)
    context = page.context(
        current="my_queue",
        desk=mine,
        at_hand=mine[0] if mine else None,
        waiting=desk.waiting(page.project, may_review=page.may("review")),
        returned=desk.returned_to(page.user, page.project),
        assigned=desk.assigned_to(page.user, page.project),
        today=desk.today_of(page.user, page.project),
        may_configure=may_configure,
        refused=refused,
        typed=request.POST if refused else {},
        typed_clips=" ".join(_named(request)),
        **(_admin_context(page) if may_configure else {}),
    )
    return render(request, "annotation/queue.html", context, status=400 if refused else 200)


def _admin_context(page: ProjectPage) -> dict[str, Any]:
    return {
        "desks": desk.desks_of(page.project),
        "stuck": nobody_may_judge(page.project),
        "flags": len(desk.flagged_clips(page.project)),
        "assignable": assignments.assignable(page.project),
    }


@never_cache
@require_http_methods(["GET", "POST"])
def flags(request: HttpRequest, slug: str) -> HttpResponse:
    """Clips that somebody called unusable, for an administrator to decide; and those that are excluded."""
    page = project_page(request, slug, right="configure")
    if request.method == "POST":
        refuse_unknown_fields(request, frozenset({"verb", "clip_id", "note"}))
        clip = page.clip(request.POST.get("clip_id", ""))
        verb, note = request.POST.get("verb"), request.POST.get("note")
        if verb in ClipFlag.Decision.values:
            clip_flags.decide(clip=clip, user=page.user, decision=verb, note=note or "")
            messages.success(request, f"{clip.clip_id} is {'kept' if verb == 'keep' else 'excluded'}.")
        elif verb == "restore":
            clip_flags.restore(clip=clip, user=page.user, reason=note or "")
            messages.success(request, f"{clip.clip_id} is used again.")
        else:
            raise BadInput({"verb": "is unknown"})
        return redirect("clip_flags", slug)
    context = page.context(
        current="my_queue", flags=desk.flagged_clips(page.project), excluded=desk.excluded_clips(page.project)
    )
    return render(request, "annotation/queue_flags.html", context)


@require_http_methods(["POST"])
def skip(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """Put the caption aside and go to the next."""
    return skip_unit(request, slug, clip_id, kind="caption")


def skip_unit(request: HttpRequest, slug: str, clip_id: str, *, kind: str) -> HttpResponse:
    """Put a unit of the kind aside and go to the next."""
    page = project_page(request, slug, right="edit")
    unit = kind_named(kind).find(page.user, slug=slug, clip_id=clip_id)
    refuse_unknown_fields(request, _SKIP_FIELDS)
    reason, note, work = (request.POST.get(name, "") for name in ("reason", "note", "work"))
    work = work or LeaseWork.EDIT
    queue.skip(unit=unit, user=page.user, reason=reason, note=note, work=work)
    return go_to_next(request, page, kind=kind, work=work)


@require_http_methods(["POST"])
def flag(request: HttpRequest, slug: str, clip_id: str) -> HttpResponse:
    """Say that the clip cannot be used and go to the next."""
    page = project_page(request, slug, right="edit")
    clip = page.clip(clip_id)
    refuse_unknown_fields(request, _SKIP_FIELDS | {"kind"})
    reason, note = request.POST.get("reason", ""), request.POST.get("note", "")
    kind, work = request.POST.get("kind", "caption"), checked_work(request.POST.get("work", LeaseWork.EDIT))
    kind_named(kind)
    require(page.user, queue.RIGHTS[work], project=page.project)
    clip_flags.flag_clip(clip=clip, user=page.user, reason=reason, note=note)
    messages.success(request, f"{clip_id} is flagged. An administrator decides what becomes of it.")
    return go_to_next(request, page, kind=kind, work=work)


def queue_context(page: ProjectPage, unit: Unit, *, may_skip: bool, work: str = LeaseWork.EDIT) -> dict[str, Any]:
    """What the queue adds to a workspace: whose unit this is now, what today was, the guideline, and the forms.

    unit: with its clip's project. may_skip: whether this work can be done on it now.
    """
    kind, clip = kind_of(unit), unit.clip
    lease = leases.live_lease(unit)
    guideline = page.project.guideline
    address = [page.project.slug, clip.clip_id]
    return {
        "lease": lease,
        "held_by": lease.holder if lease and lease.holder_id != page.user.pk else None,
        "queue": {
            "kind": kind.name,
            "these": kind.these,
            "work": work,
            "lease_url": reverse(f"api_{kind.name}_lease", args=address),
            "skip_url": reverse(f"{kind.name}_skip", args=address),
        },
        "today": desk.today_of(page.user, page.project),
        "guideline": as_html(guideline) if guideline.strip() else "",
        "clip_flags": clip_flags.open_flags(clip),
        "skip_reasons": SkipReason.choices,
        "clip_flag_reasons": [choice for choice in ClipFlag.Reason.choices if choice[0] != ClipFlag.Reason.SCREENING],
        "clip_facts": list(clip.metadata.items()),  # a template would look up a key called items first
        "may_skip": may_skip,
    }


def _clips(request: HttpRequest) -> list[str]:
    clips = _named(request)
    if not clips:
        raise BadInput({"clips": "name at least one"})
    return clips


def _named(request: HttpRequest) -> list[str]:
    """Typed, or chosen in the clip list."""
    return " ".join(request.POST.getlist("clips")).split()


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "").strip()
    if not value.removeprefix("-").isdecimal() or len(value) > 5:
        raise BadInput({name: "must be a whole number"})
    return int(value)
