"""The comparison of the words in the editor with what stood before, as the page of a release would count it."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with
from annotation.api.schema import describes
from annotation.services.caption_changes import compare
from annotation.services.lookups import caption_for

_ANSWER: dict[str, serializers.Field] = {
    "against": serializers.CharField(),
    "rows": serializers.ListField(
        child=serializers.DictField(),
        help_text="Each sentence of both texts once: n, start_ms, is_marked, was_ms, same, pieces, before, after, and "
        "what puts the earlier one back: `back` in place of `from` to `to`, in UTF-16 units of the text that was sent.",
    ),
    "pieces": serializers.ListField(child=serializers.DictField(), help_text="op (same, del, ins) and text."),
    "removed": serializers.IntegerField(help_text="Words."),
    "added": serializers.IntegerField(help_text="Words."),
    "percent": serializers.IntegerField(allow_null=True, help_text="Of the earlier words: how many are out."),
}


class Changes(APIView):
    """POST {text, against: draft, submitted or the number of a revision}: what changed. Nothing is saved."""

    @describes(
        "CaptionChanges",
        body={"text": serializers.CharField(allow_blank=True), "against": serializers.CharField()},
        answer=_ANSWER,
        if_match=False,
        once=False,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        user = account(request)
        caption = caption_for(user, slug=slug, clip_id=clip_id)
        return Response(compare(caption=caption, user=user, **body_with(request, "text", "against")).as_json)
