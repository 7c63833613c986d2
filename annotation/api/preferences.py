"""The API of what a person set for themselves."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.fields import account, body_with
from annotation.api.schema import describes
from annotation.services.preferences import set_keys


def _keys() -> dict[str, serializers.Field]:
    combos = serializers.ListField(child=serializers.CharField())
    return {"keys": serializers.DictField(child=combos, help_text="A command's name -> the keys that run it.")}


class MyKeys(APIView):
    """PUT {keys: {command: [keys]}}: the person's own keys, all of them; what is absent has those it comes with."""

    @describes("MyKeys", body=_keys(), answer=_keys(), if_match=False, once=False)
    def put(self, request: Request) -> Response:
        data = body_with(request, "keys")
        return Response({"keys": set_keys(user=account(request), keys=data["keys"])})
