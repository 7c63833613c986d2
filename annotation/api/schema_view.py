"""The OpenAPI schema, for whoever has signed in. A file of its own: annotation.api.schema is loaded by DRF's views."""

from typing import Any

from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request

from annotation.api.listing import only_parameters


class SchemaView(SpectacularJSONAPIView):
    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        only_parameters(request, set())
