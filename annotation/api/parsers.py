"""The API's only parser."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from annotation.strict_json import NotJSON, read_json

MOST_BYTES = 2 * 1024 * 1024


class StrictJSONParser(BaseParser):
    """`annotation.strict_json` for bodies of at most 2 MiB."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise ParseError(f"The body has more than {MOST_BYTES:,} bytes.")
        try:
            return read_json(raw)
        except NotJSON as error:
            raise ParseError(str(error)) from error
