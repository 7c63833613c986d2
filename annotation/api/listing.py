"""Lists of the API: filters and parameters by allow-list, keyset pages."""

from typing import Any

from django_filters import rest_framework as filters
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from annotation.errors import BadInput
from annotation.models import Clip
from annotation.states import CAPTION_MOVES, ClipStatus

PAGE_PARAMETERS = {"cursor", "limit"}
LONGEST_PAGE = 500
_CAPTION_STATES = sorted({to for targets in CAPTION_MOVES.values() for to in targets})
_CLIP_STATES = [choice for choice in ClipStatus.choices if choice[0] != ClipStatus.WITHDRAWN]


def only_parameters(request: Request, allowed: set[str]) -> None:
    """Raises BadInput that names each query parameter which is not allowed."""
    unknown = {name[:100]: "is unknown" for name in request.query_params if name not in allowed}
    if unknown:
        raise BadInput(unknown)


class KeysetPagination(CursorPagination):
    """`{"next", "previous", "results"}`; the cost of a page does not grow with its place."""

    page_size = 100
    page_size_query_param = "limit"
    max_page_size = LONGEST_PAGE

    def get_page_size(self, request: Request) -> int:
        said = request.query_params.get("limit", str(self.page_size))
        if not said.isdecimal() or len(said) > 9 or not 1 <= int(said) <= LONGEST_PAGE:
            raise ValidationError({"limit": [f"must be 1 to {LONGEST_PAGE}"]})
        return int(said)

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError) as error:
            raise ValidationError({"cursor": ["is none of ours"]}) from error


class ClipKeyset(KeysetPagination):
    ordering = "clip_id"


class ClipFilter(filters.FilterSet):  # type: ignore[misc]
    """The only questions that may be asked of a list of clips."""

    state = filters.ChoiceFilter(choices=_CLIP_STATES)
    caption_state = filters.ChoiceFilter(field_name="caption__state", choices=[(one, one) for one in _CAPTION_STATES])
    clip_id_prefix = filters.CharFilter(field_name="clip_id", lookup_expr="startswith", max_length=100)

    class Meta:
        model = Clip
        fields: list[str] = []
