"""Canonical JSON and the digests over it: the same value gives the same bytes on every machine and in every process."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson


def canonical_json(value: Any) -> bytes:
    """UTF-8, keys sorted, no white space. Floats do not belong in it: times are integer milliseconds."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest_of(fields: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(fields)).hexdigest()


def microseconds(moment: datetime) -> str:
    """A time as ISO 8601 in UTC with six decimals, so that a digest does not depend on a zone or on trailing zeros."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
