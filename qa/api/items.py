"""The API of the QA workspace. Each view: parse, one service call, serialize."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with, if_match
from annotation.api.idempotency import once
from annotation.api.schema import content as content_field
from annotation.api.schema import describes, saved
from annotation.errors import BadInput
from annotation.services.lookups import clip_for
from qa.marks import mark_warnings
from qa.models import QAItem, QARevision
from qa.services import items


def _warnings() -> serializers.Field:
    """What the marks of the clip say against the words, for people."""
    return serializers.ListField(child=serializers.CharField())


class WorkingCopy(APIView):
    """PUT {content} with If-Match: keep unsaved words."""

    @describes(
        "QuestionWords",
        body={"content": content_field()},
        answer={"etag": serializers.CharField(), "warnings": _warnings()},
        once=False,
    )
    def put(self, request: Request, slug: str, question_id: str) -> Response:
        item = items.item_for(account(request), slug=slug, question_id=question_id)
        content = body_with(request, "content")["content"]
        words = items.autosave(item=item, user=account(request), etag=if_match(request), content=content)
        body = {"etag": words.etag, "warnings": mark_warnings(item.category, words.content)}
        return Response(body, headers={"ETag": words.etag})


class Revisions(APIView):
    """POST {content} with If-Match and Idempotency-Key: save."""

    @describes(
        "QuestionSave",
        body={"content": content_field()},
        answer={**saved(), "warnings": _warnings()},
        status=201,
    )
    def post(self, request: Request, slug: str, question_id: str) -> Response:
        item = items.item_for(account(request), slug=slug, question_id=question_id)
        content = body_with(request, "content")["content"]

        def action() -> Response:
            revision = items.save(item=item, user=account(request), etag=if_match(request), content=content)
            return _revision_answer(item, revision)

        return once(request, action=action)


class Restore(APIView):
    """POST {number} with If-Match and Idempotency-Key: the words of an earlier revision become the newest."""

    @describes(
        "QuestionRestore",
        body={"number": serializers.IntegerField()},
        answer={**saved(), "warnings": _warnings()},
        status=201,
    )
    def post(self, request: Request, slug: str, question_id: str) -> Response:
        item = items.item_for(account(request), slug=slug, question_id=question_id)
        number: Any = body_with(request, "number")["number"]
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 10**9:
            raise BadInput({"number": "must be a whole number"})

        def action() -> Response:
            revision = items.restore(item=item, user=account(request), etag=if_match(request), number=number)
            return _revision_answer(item, revision)

        return once(request, action=action)


def _revision_answer(item: QAItem, revision: QARevision) -> Response:
    etag = f'"{revision.number}-0"'
    body = {"number": revision.number, "digest": revision.digest, "etag": etag}
    warnings = mark_warnings(item.category, revision.content)
    return Response({**body, "warnings": warnings}, 201, headers={"ETag": etag})


class Drop(APIView):
    """POST {reason} with If-Match and Idempotency-Key: take the question out."""

    @describes("QuestionDrop", body={"reason": serializers.CharField()}, answer={"state": serializers.CharField()})
    def post(self, request: Request, slug: str, question_id: str) -> Response:
        item = items.item_for(account(request), slug=slug, question_id=question_id)
        reason = body_with(request, "reason")["reason"]

        def action() -> Response:
            items.drop(item=item, user=account(request), etag=if_match(request), reason=reason)
            return Response({"state": "dropped"})

        return once(request, action=action)


class Questions(APIView):
    """POST {category, content} with Idempotency-Key: add a question."""

    @describes(
        "QuestionNew",
        body={"category": serializers.CharField(), "content": content_field()},
        answer={"id": serializers.CharField(), "etag": serializers.CharField()},
        status=201,
        if_match=False,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        clip = clip_for(account(request), slug=slug, clip_id=clip_id)
        data = body_with(request, "category", "content")

        def action() -> Response:
            item = items.add_item(clip=clip, user=account(request), **data)
            return Response({"id": item.question_id, "etag": f'"{item.head_number}-0"'}, 201)

        return once(request, action=action)


class SubmitUnit(APIView):
    """POST {seen: {question id: ETag}} with Idempotency-Key: hand in all open questions of the clip.

    reasons: why questions go in although a check blocks them, {question id: {rule: reason}}; watched: what was played
    of the clip, [[start_ms, end_ms], …].
    """

    @describes(
        "QuestionsSubmit",
        body={
            "seen": serializers.DictField(child=serializers.CharField()),
            "reasons": serializers.DictField(child=serializers.DictField(), required=False),
            "watched": serializers.ListField(child=serializers.ListField(), required=False),
        },
        answer={"submitted": serializers.ListField(child=serializers.CharField())},
        if_match=False,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        clip = clip_for(account(request), slug=slug, clip_id=clip_id)
        data = body_with(request, "seen", optional=("reasons", "watched"))
        seen = data["seen"]
        if not isinstance(seen, dict) or not all(isinstance(etag, str) for etag in seen.values()):
            raise BadInput({"seen": "must map question ids to ETags"})

        def action() -> Response:
            submitted = items.submit_unit(clip=clip, user=account(request), **data)
            return Response({"submitted": [item.question_id for item in submitted]})

        return once(request, action=action)
