"""The API of judging captions. Each view: parse, one service call, serialize.

If-Match names the revision that was seen, `"<number>-0"`: a verdict on another one is 412.
"""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with, if_match
from annotation.api.idempotency import once
from annotation.api.schema import describes, people
from annotation.errors import BadInput, EtagMissing, StaleRevision
from annotation.models import Caption
from annotation.services import captions, reviews
from annotation.services.lookups import caption_for


def seen_number(request: Request) -> int:
    """The revision that If-Match names. Raises EtagMissing, StaleRevision for what is no ETag of ours."""
    etag = if_match(request)
    if not etag:
        raise EtagMissing("The request must say which version it saw (If-Match).")
    number = captions.base_of(etag)
    if number is None:
        raise StaleRevision("This is no version that can be judged.")
    return number


def judged(subject: Any) -> Response:
    """Where the subject stands now."""
    subject.refresh_from_db(fields=["state", "head_number"])
    etag = f'"{subject.head_number}-0"'
    return Response({"state": subject.state, "number": subject.head_number, "etag": etag}, headers={"ETag": etag})


def standing() -> dict[str, serializers.Field]:
    return {"state": serializers.CharField(), "number": serializers.IntegerField(), "etag": serializers.CharField()}


def one_of(verbs: dict[str, Callable[[], object]], verb: object, *, field: str) -> Callable[[], object]:
    """Raises BadInput."""
    if not isinstance(verb, str) or verb not in verbs:
        raise BadInput({field: f"must be one of {', '.join(verbs)}"})
    return verbs[verb]


class Verdict(APIView):
    """POST {verdict: approve | fix | return | undo} with If-Match and Idempotency-Key: judge a caption.

    fix: with text and people; return: with reason and reason_code; undo: takes one's verdict of the last seconds back.
    """

    @describes(
        "CaptionVerdict",
        body={
            "verdict": serializers.CharField(),
            "reason": serializers.CharField(required=False),
            "reason_code": serializers.CharField(required=False),
            "text": serializers.CharField(required=False),
            "people": people(required=False),
        },
        answer=standing(),
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user = account(request)
        caption = caption_for(user, slug=slug, clip_id=clip_id)
        said = body_with(request, "verdict", optional=("reason", "reason_code", "text", "people"))
        seen: dict[str, Any] = {"caption": caption, "reviewer": user, "seen_number": seen_number(request)}
        verbs: dict[str, Callable[[], object]] = {
            "approve": lambda: reviews.approve(**seen),
            "fix": lambda: reviews.fix_and_approve(
                **seen, text=said.get("text"), people=said.get("people"), reason=said.get("reason", "")
            ),
            "return": lambda: reviews.return_to_author(**seen, reason=said.get("reason"), code=said.get("reason_code")),
            "undo": lambda: reviews.undo(caption=caption, reviewer=user),
        }
        return _done(request, caption, one_of(verbs, said["verdict"], field="verdict"))


class Settle(APIView):
    """POST {outcome, reason_code, reason} with If-Match and Idempotency-Key: end a dispute; fix: with text, people."""

    @describes(
        "CaptionSettle",
        body={
            "outcome": serializers.CharField(),
            "reason_code": serializers.CharField(),
            "reason": serializers.CharField(),
            "text": serializers.CharField(required=False),
            "people": people(required=False),
        },
        answer=standing(),
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user = account(request)
        caption = caption_for(user, slug=slug, clip_id=clip_id)
        said = body_with(request, "outcome", "reason_code", "reason", optional=("text", "people"))
        seen = seen_number(request)
        return _done(
            request,
            caption,
            lambda: reviews.settle(
                caption=caption,
                adjudicator=user,
                seen_number=seen,
                outcome=said["outcome"],
                code=said["reason_code"],
                reason=said["reason"],
                text=said.get("text"),
                people=said.get("people"),
            ),
        )


class Recall(APIView):
    """POST {verb: withdraw | reopen, reason} with If-Match and Idempotency-Key: to editing again."""

    @describes(
        "CaptionRecall",
        body={"verb": serializers.CharField(), "reason": serializers.CharField(required=False)},
        answer=standing(),
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user = account(request)
        caption = caption_for(user, slug=slug, clip_id=clip_id)
        said = body_with(request, "verb", optional=("reason",))
        seen: dict[str, Any] = {"caption": caption, "user": user, "seen_number": seen_number(request)}
        verbs: dict[str, Callable[[], object]] = {
            "withdraw": lambda: captions.withdraw(**seen),
            "reopen": lambda: captions.reopen(**seen, reason=said.get("reason", "")),
        }
        return _done(request, caption, one_of(verbs, said["verb"], field="verb"))


def _done(request: Request, caption: Caption, act: Callable[[], object]) -> Response:
    def action() -> Response:
        act()
        return judged(caption)

    return once(request, action=action)
