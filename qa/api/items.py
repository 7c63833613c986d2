"""The API of the QA workspace. Each view: parse, one service call, serialize."""

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
from qa.services import items


class WorkingCopy(APIView):
    """PUT {content} with If-Match: keep unsaved words."""

    @describes("QuestionWords", body={"content": content_field()}, answer={"etag": serializers.CharField()}, once=False)
    def put(self, request: Request, slug: str, question_id: str) -> Response:
        item = items.item_for(account(request), slug=slug, question_id=question_id)
        content = body_with(request, "content")["content"]
        words = items.autosave(item=item, user=account(request), etag=if_match(request), content=content)
        return Response({"etag": words.etag}, headers={"ETag": words.etag})


class Revisions(APIView):
    """POST {content} with If-Match and Idempotency-Key: save."""

    @describes("QuestionSave", body={"content": content_field()}, answer=saved(), status=201)
    def post(self, request: Request, slug: str, question_id: str) -> Response:
        item = items.item_for(account(request), slug=slug, question_id=question_id)
        content = body_with(request, "content")["content"]

        def action() -> Response:
            revision = items.save(item=item, user=account(request), etag=if_match(request), content=content)
            etag = f'"{revision.number}-0"'
            body = {"number": revision.number, "digest": revision.digest, "etag": etag}
            return Response(body, 201, headers={"ETag": etag})

        return once(request, action=action)


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
    """POST {seen: {question id: ETag}} with Idempotency-Key: hand in all open questions of the clip."""

    @describes(
        "QuestionsSubmit",
        body={"seen": serializers.DictField(child=serializers.CharField())},
        answer={"submitted": serializers.ListField(child=serializers.CharField())},
        if_match=False,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        clip = clip_for(account(request), slug=slug, clip_id=clip_id)
        seen = body_with(request, "seen")["seen"]
        if not isinstance(seen, dict) or not all(isinstance(etag, str) for etag in seen.values()):
            raise BadInput({"seen": "must map question ids to ETags"})

        def action() -> Response:
            submitted = items.submit_unit(clip=clip, user=account(request), seen=seen)
            return Response({"submitted": [item.question_id for item in submitted]})

        return once(request, action=action)
