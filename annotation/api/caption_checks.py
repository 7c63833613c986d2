"""POST a caption's text, get what the checks say of it. Nothing is written."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with
from annotation.api.schema import describes
from annotation.caption_checks import Caption, flags_of
from annotation.caption_content import CAPTION_CHARACTERS
from annotation.flags_for_browsers import for_browsers
from annotation.services.lookups import caption_for
from annotation.text import checked_text


class CaptionChecks(APIView):
    """POST {text}: its flags, and the people whom it describes. Positions count UTF-16 units, as browsers do."""

    @describes(
        "CaptionChecks",
        body={"text": serializers.CharField(allow_blank=True, trim_whitespace=False)},
        answer={
            "version": serializers.CharField(),
            "flags": serializers.ListField(child=serializers.DictField()),
            "people": serializers.ListField(child=serializers.DictField()),
        },
        if_match=False,
        once=False,
    )
    def post(self, request: Request, slug: str, clip_id: str) -> Response:
        caption = caption_for(account(request), slug=slug, clip_id=clip_id)
        data = body_with(request, "text")
        text = checked_text(data["text"], field="text", most=CAPTION_CHARACTERS)
        words = Caption(text, caption.clip.duration_ms)
        return Response(for_browsers(words, flags_of(words)))
