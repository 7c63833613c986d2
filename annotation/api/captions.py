"""The API of the caption workspace. Each view: parse, one service call, serialize."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with, if_match
from annotation.api.idempotency import once
from annotation.api.schema import describes, people, saved
from annotation.caption_content import OPTIONAL
from annotation.errors import BadInput
from annotation.models import Caption, CaptionRevision
from annotation.services import captions
from annotation.services.lookups import caption_for


def _revision_answer(revision: CaptionRevision, *, status: int) -> Response:
    etag = f'"{revision.number}-0"'
    body = {"number": revision.number, "digest": revision.digest, "etag": etag}
    return Response(body, status, headers={"ETag": etag})


def _words() -> dict[str, serializers.Field]:
    notes = {name: serializers.ListField(required=False) for name in OPTIONAL}
    return {"text": serializers.CharField(), "people": people(), **notes}


def _content(request: Request, *optional: str) -> dict[str, Any]:
    """text, people, notes: what else was said of them; and those of the optional ones that are there."""
    data = body_with(request, "text", "people", optional=(*OPTIONAL, *optional))
    notes = {name: data[name] for name in OPTIONAL if name in data}
    more = {name: data[name] for name in optional if name in data}
    return {"text": data["text"], "people": data["people"], "notes": notes, **more}


class _CaptionView(APIView):
    def _caption(self, request: Request, slug: str, clip_id: str) -> Caption:
        return caption_for(account(request), slug=slug, clip_id=clip_id)


class WorkingCopy(_CaptionView):
    """PUT {text, people, and any of critiques, dismissed, watched} with If-Match: keep unsaved words."""

    @describes("CaptionWords", body=_words(), answer={"etag": serializers.CharField()}, once=False)
    def put(self, request: Request, slug: str, clip_id: str) -> Response:
        caption = self._caption(request, slug, clip_id)
        data = _content(request)
        words = captions.autosave(caption=caption, user=account(request), etag=if_match(request), **data)
        return Response({"etag": words.etag}, headers={"ETag": words.etag})


class Revisions(_CaptionView):
    """POST as PUT working-copy with If-Match and Idempotency-Key: save."""

    @describes("CaptionSave", body=_words(), answer=saved(), status=201)
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        caption = self._caption(request, slug, clip_id)
        data = _content(request)

        def action() -> Response:
            revision = captions.save(caption=caption, user=account(request), etag=if_match(request), **data)
            return _revision_answer(revision, status=201)

        return once(request, action=action)


class Submit(_CaptionView):
    """POST as PUT working-copy with If-Match and Idempotency-Key: save what changed and hand in.

    reasons: why flags of the checks stay, `[{"rule", "sentence", "reason"}]`.
    """

    @describes(
        "CaptionSubmit",
        body={**_words(), "reasons": serializers.ListField(child=serializers.DictField(), required=False)},
        answer=saved(),
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        caption = self._caption(request, slug, clip_id)
        data = _content(request, "reasons")

        def action() -> Response:
            revision = captions.submit(caption=caption, user=account(request), etag=if_match(request), **data)
            return _revision_answer(revision, status=200)

        return once(request, action=action)


class Restore(_CaptionView):
    """POST {number} with If-Match and Idempotency-Key: the words of an earlier revision become the newest."""

    @describes("CaptionRestore", body={"number": serializers.IntegerField()}, answer=saved(), status=201)
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        caption = self._caption(request, slug, clip_id)
        number: Any = body_with(request, "number")["number"]
        if isinstance(number, bool) or not isinstance(number, int):
            raise BadInput({"number": "must be a whole number"})

        def action() -> Response:
            revision = captions.restore(caption=caption, user=account(request), etag=if_match(request), number=number)
            return _revision_answer(revision, status=201)

        return once(request, action=action)
