"""The API of answering questions blind and judging them. Each view: parse, one service call, serialize.

If-Match names the revision that was seen, `"<number>-0"`: an answer to or a verdict on another one is 412.
"""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.access import require
from annotation.api.fields import account, body_with
from annotation.api.idempotency import once
from annotation.api.listing import only_parameters
from annotation.api.reviews import judged, one_of, seen_number, standing
from annotation.api.schema import content as content_field
from annotation.api.schema import describes
from annotation.services.lookups import clip_for
from qa.models import QAItem
from qa.services import blind, disputes, items, reviews


class _Option(serializers.Serializer[Any]):
    id = serializers.CharField()
    text = serializers.CharField()


class BlindQuestionOut(serializers.Serializer[Any]):
    """All that is said of a question before it is answered; nothing of the others."""

    id = serializers.CharField()
    category = serializers.CharField()
    question = serializers.CharField()
    options = _Option(many=True)
    etag = serializers.CharField(help_text="For If-Match of the answer.")


class NextQuestionOut(serializers.Serializer[Any]):
    waiting = serializers.IntegerField(help_text="How many questions of the clip wait for the asker's answer.")
    next = BlindQuestionOut(allow_null=True)


class NextQuestion(APIView):
    """The question of the clip that the asker answers next, without its key."""

    @extend_schema(responses=NextQuestionOut)
    def get(self, request: Request, slug: str, clip_id: str) -> Response:
        only_parameters(request, set())
        user = account(request)
        clip = clip_for(user, slug=slug, clip_id=clip_id)
        require(user, "review", project=clip.project)
        waiting = blind.unanswered(clip, user)
        return Response({"waiting": len(waiting), "next": _sealed(waiting[0]) if waiting else None})


class Answer(APIView):
    """POST {question_id, choice} with If-Match and Idempotency-Key: answer the question that is next."""

    @describes(
        "BlindAnswer",
        body={"question_id": serializers.CharField(), "choice": serializers.CharField()},
        answer={"waiting": serializers.IntegerField()},
        status=201,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user = account(request)
        clip = clip_for(user, slug=slug, clip_id=clip_id)
        said = body_with(request, "question_id", "choice")
        seen = seen_number(request)

        def action() -> Response:
            blind.store_answer(clip=clip, user=user, seen_number=seen, **said)
            return Response({"waiting": len(blind.unanswered(clip, user))}, 201)

        return once(request, action=action)


class Verdict(APIView):
    """POST {verdict: approve | fix | return | undo | confirm} with If-Match and Idempotency-Key: judge a question.

    fix: with content; return: with reason and reason_code; undo: takes one's verdict of the last seconds back;
    confirm: an approved question still holds by the caption's newer words.
    """

    @describes(
        "QuestionVerdict",
        body={
            "verdict": serializers.CharField(),
            "reason": serializers.CharField(required=False),
            "reason_code": serializers.CharField(required=False),
            "content": serializers.DictField(required=False),
        },
        answer=standing(),
    )
    def post(self, request: Request, slug: str, question_id: str) -> Response:
        user = account(request)
        item = items.item_for(user, slug=slug, question_id=question_id)
        said = body_with(request, "verdict", optional=("reason", "reason_code", "content"))
        seen: dict[str, Any] = {"item": item, "reviewer": user, "seen_number": seen_number(request)}
        verbs: dict[str, Callable[[], object]] = {
            "approve": lambda: reviews.approve(**seen),
            "fix": lambda: reviews.fix_and_approve(**seen, content=said.get("content"), reason=said.get("reason", "")),
            "return": lambda: reviews.return_to_author(**seen, reason=said.get("reason"), code=said.get("reason_code")),
            "undo": lambda: reviews.undo(item=item, reviewer=user),
            "confirm": lambda: reviews.confirm(**seen),
        }
        return _done(request, item, one_of(verbs, said["verdict"], field="verdict"))


class Settle(APIView):
    """POST {outcome, reason_code, reason} with If-Match and Idempotency-Key: end a dispute; fix: with content."""

    @describes(
        "QuestionSettle",
        body={
            "outcome": serializers.CharField(),
            "reason_code": serializers.CharField(),
            "reason": serializers.CharField(),
            "content": content_field(),
        },
        answer=standing(),
    )
    def post(self, request: Request, slug: str, question_id: str) -> Response:
        user = account(request)
        item = items.item_for(user, slug=slug, question_id=question_id)
        said = body_with(request, "outcome", "reason_code", "reason", optional=("content",))
        seen = seen_number(request)
        return _done(
            request,
            item,
            lambda: disputes.settle(
                item=item,
                adjudicator=user,
                seen_number=seen,
                outcome=said["outcome"],
                code=said["reason_code"],
                reason=said["reason"],
                content=said.get("content"),
            ),
        )


class Reopen(APIView):
    """POST {reason} with If-Match and Idempotency-Key: take an approval back, to editing."""

    @describes("QuestionReopen", body={"reason": serializers.CharField()}, answer=standing())
    def post(self, request: Request, slug: str, question_id: str) -> Response:
        user = account(request)
        item = items.item_for(user, slug=slug, question_id=question_id)
        reason, seen = body_with(request, "reason")["reason"], seen_number(request)
        return _done(request, item, lambda: items.reopen(item=item, user=user, reason=reason, seen_number=seen))


class WithdrawUnit(APIView):
    """POST {} with Idempotency-Key: the clip's questions that are in review go back to editing."""

    @describes("QuestionsWithdraw", body={}, answer={}, if_match=False)
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user = account(request)
        clip = clip_for(user, slug=slug, clip_id=clip_id)
        body_with(request)

        def action() -> Response:
            items.withdraw_unit(clip=clip, user=user)
            return Response({})

        return once(request, action=action)


def _sealed(item: QAItem) -> dict[str, Any]:
    content = item.head.content if item.head else {}
    return {
        "id": item.question_id,
        "category": item.category,
        "question": content["question"],
        "options": content["options"],
        "etag": f'"{item.head_number}-0"',
    }


def _done(request: Request, item: QAItem, act: Callable[[], object]) -> Response:
    def action() -> Response:
        act()
        return judged(item)

    return once(request, action=action)
