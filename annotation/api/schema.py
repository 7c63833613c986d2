"""What the OpenAPI schema says of every view: the body, the headers of a save, the one shape of an error."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers

from annotation.api.authentication import TokenAuthentication

View = TypeVar("View", bound=Callable[..., Any])

_IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the words that these replace. 428 without it, 412 when somebody was faster.",
)
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 100 printable characters. The same key gets the same answer; with another body 422.",
)


class _ErrorDetail(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    detail = serializers.DictField(help_text="`fields` maps a field to what is wrong with it.")


class Error(serializers.Serializer[Any]):
    error = _ErrorDetail()


class OurSchema(AutoSchema):
    """Each operation may also answer with an error."""

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in ("4XX", "5XX"):
            bodies[status] = self._get_response_for_code(Error, status)  # type: ignore[no-untyped-call]
        return bodies


def describes(
    name: str,
    *,
    body: dict[str, serializers.Field],
    answer: dict[str, serializers.Field],
    status: int = 200,
    if_match: bool = True,
    once: bool = True,
) -> Callable[[View], View]:
    """Decorates a view's method. once: it takes an Idempotency-Key."""
    parameters = [_IF_MATCH] * if_match + [_IDEMPOTENCY_KEY] * once
    return extend_schema(
        parameters=parameters,
        request=inline_serializer(f"{name}In", body),
        responses={status: inline_serializer(f"{name}Out", answer)},
    )


def people(**options: Any) -> serializers.Field:
    """`[{"key", "description"}]`, each with or without `at`."""
    return serializers.ListField(child=serializers.DictField(), **options)


def content() -> serializers.Field:
    """A question: its words, options with stable ids, the key's id, and what supports it."""
    return serializers.DictField()


def saved() -> dict[str, serializers.Field]:
    return {
        "number": serializers.IntegerField(),
        "digest": serializers.CharField(),
        "etag": serializers.CharField(),
    }


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema names it; drf-spectacular finds it by being imported."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
