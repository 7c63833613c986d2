"""The API of the queue: the next unit of work, how long one is somebody's, and how it leaves their desk undone.

A unit is a caption here; `qa.api.queue` has the same for the questions of a clip.

None of it needs an Idempotency-Key: asked twice, each of these does and answers the same.
"""

from dataclasses import asdict
from typing import Any

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with
from annotation.api.schema import describes
from annotation.models import LeaseWork, Project, User
from annotation.models.work import LeaseBase
from annotation.services import leases, queue
from annotation.services.clip_flags import flag_clip
from annotation.services.desk import today_of
from annotation.services.lookups import clip_for, project_for
from annotation.services.units import kind_named

_OFFER: dict[str, serializers.Field] = {
    "clip_id": serializers.CharField(required=False),
    "url": serializers.CharField(required=False, help_text="The page to work on."),
    "video": serializers.CharField(required=False),
    "poster": serializers.CharField(required=False),
    "why": serializers.CharField(
        required=False, help_text="yours, prefetched, returned, resubmitted, assigned, queue or skipped."
    ),
    "expires_at": serializers.DateTimeField(required=False),
    "nothing": serializers.DictField(
        required=False, help_text="Instead of the others: `why` (paused, empty, all_leased or finished) and `message`."
    ),
}
_WORK: dict[str, serializers.Field] = {
    "work": serializers.ChoiceField(choices=LeaseWork.choices),
    "kind": serializers.CharField(required=False, help_text="caption (unless said) or questions."),
}
_LEASE: dict[str, serializers.Field] = {
    "expires_at": serializers.DateTimeField(allow_null=True),
    "is_yours": serializers.BooleanField(),
    "holder": serializers.CharField(allow_null=True),
    "today": serializers.DictField(help_text="The asker's: `submitted` and `active_minutes` since midnight, UTC."),
}


def page_of(offer: queue.Offer, project: Project) -> str:
    """The address of the page to work on."""
    return reverse(offer.kind.pages[offer.work], args=[project.slug, offer.clip_id])


def _answer(said: queue.Offer | queue.Nothing, project: Project) -> Response:
    if isinstance(said, queue.Nothing):
        return Response({"nothing": {"why": said.why, "message": said.message}})
    address = [project.slug, said.clip_id]
    return Response(
        {
            "clip_id": said.clip_id,
            "url": page_of(said, project),
            "video": reverse("clip_video", args=address),
            "poster": reverse("clip_poster", args=address),
            "why": said.why,
            "expires_at": said.expires_at,
        }
    )


class Next(APIView):
    """POST {work, kind}: the unit to do next. It is on the asker's desk from then on."""

    prefetch = False

    @describes("QueueNext", body=_WORK, answer=_OFFER, if_match=False, once=False)
    def post(self, request: Request, slug: str) -> Response:
        user = account(request)
        project = project_for(user, slug=slug)
        said = body_with(request, "work", optional=("kind",))
        offer = queue.next_unit(
            project=project,
            user=user,
            kind=said.get("kind", "caption"),
            work=said["work"],
            prefetch=self.prefetch,
        )
        return _answer(offer, project)


class Prefetch(Next):
    """POST {work, kind}: the unit after that, kept for a minute, so that its video can be fetched ahead."""

    prefetch = True


class UnitView(APIView):
    """Of one unit of work in the address."""

    kind = "caption"

    def unit(self, request: Request, slug: str, clip_id: str) -> Any:
        """Raises NotVisible."""
        return kind_named(self.kind).find(account(request), slug=slug, clip_id=clip_id)


class Lease(UnitView):
    """POST {active_ms}: the asker is still at work. Says who has it on the desk."""

    @describes("Lease", body={"active_ms": serializers.IntegerField()}, answer=_LEASE, if_match=False, once=False)
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user, unit = account(request), self.unit(request, slug, clip_id)
        said = body_with(request, "active_ms")
        lease = leases.keep_alive(unit=unit, user=user, active_ms=said["active_ms"])
        return Response(_lease(lease, user) | {"today": asdict(today_of(user, unit.clip.project))})


def _lease(lease: LeaseBase | None, user: User) -> dict[str, Any]:
    if lease is None:
        return {"expires_at": None, "is_yours": False, "holder": None}
    is_yours = lease.holder_id == user.pk
    return {"expires_at": lease.expires_at, "is_yours": is_yours, "holder": lease.holder.shown_name}


def _why(**more: serializers.Field) -> dict[str, serializers.Field]:
    return {"reason": serializers.CharField(), "note": serializers.CharField(required=False), **more}


class Skip(UnitView):
    """POST {reason, note, work}: put it aside."""

    @describes(
        "Skip",
        body=_why(work=serializers.ChoiceField(choices=LeaseWork.choices, required=False)),
        answer={},
        if_match=False,
        once=False,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        unit = self.unit(request, slug, clip_id)
        said = body_with(request, "reason", optional=("note", "work"))
        queue.skip(unit=unit, user=account(request), **{"note": "", **said})
        return Response({})


class Release(UnitView):
    """POST {}: give it back."""

    @describes("Release", body={}, answer={}, if_match=False, once=False)
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        unit = self.unit(request, slug, clip_id)
        body_with(request)
        leases.release(unit=unit, user=account(request))
        return Response({})


class Flag(APIView):
    """POST {reason, note}: say that the clip cannot be used."""

    @describes(
        "ClipFlag",
        body=_why(),
        answer={},
        if_match=False,
        once=False,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user = account(request)
        clip = clip_for(user, slug=slug, clip_id=clip_id)
        said = body_with(request, "reason", optional=("note",))
        flag_clip(clip=clip, user=user, reason=said["reason"], note=said.get("note", ""))
        return Response({})
