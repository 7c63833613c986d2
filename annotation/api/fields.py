"""Reading a request's body: exactly the fields that are known, each by name."""

from typing import Any

from rest_framework.request import Request

from annotation.errors import BadInput
from annotation.models import User


def body_with(request: Request, *names: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body's fields. Raises BadInput that names each missing and each unknown one."""
    data = request.data
    if not isinstance(data, dict):
        raise BadInput({"body": "must be a JSON object"})
    problems = {name: "is missing" for name in names if name not in data}
    problems |= {str(name)[:100]: "is unknown" for name in data if name not in {*names, *optional}}
    if problems:
        raise BadInput(problems)
    return data


def if_match(request: Request) -> str | None:
    return request.headers.get("If-Match")


def account(request: Request) -> User:
    """The account behind a request that has passed the API's permissions."""
    assert isinstance(request.user, User)  # noqa: S101 - the API is closed to anybody else
    return request.user
