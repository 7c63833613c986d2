"""What the server does with a request, by name.

A name may carry an argument after its first colon:

    ok                      a good reply                    slow:S          the same, after S seconds
    says:TEXT               a message with this text        bad:NAME        one of BAD_REPLIES
    429                     a status with the API's own error: 400 401 402 403 404 413 429 500 502 503 504 529
    429:X                   the same with `retry-after: X`; `429:date:S` with the date in S seconds (S may be negative)
    spend_limit             429 with details.error_code enforced_spend_limit_reached; also contract_spend_limit,
                            ramp_limit[:X]
    usage_limits            400 "You have reached your specified API usage limits…"
    refuse                  the connection is closed before the request is read
    reset                   the request is read and done, the connection is reset instead of a reply
    lost                    the same, the connection is closed in order
    half                    the head and half of the body of a good reply, then the connection is closed
    hang:S                  nothing for S seconds, then the connection is closed; the request is not done
    drip:S                  a good reply, a byte of its body every S seconds (default 1)
    twice                   a good reply, and the same bytes once more
    redirect:URL            307 to the same path of another host
    redirect_loop           307 to itself
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Lock

from tests.model_server.bad_replies import BAD_REPLIES
from tests.model_server.replies import Json

Chooser = Callable[[Json], str]
"""From a request as it is logged to the name of a behaviour."""

ERRORS: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "messages: something is wrong with them."),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low."),
    403: ("permission_error", "Your key may not use this model."),
    404: ("not_found_error", "model: claude-nobody"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    502: ("", ""),  # comes from a proxy, which says it in HTML
    503: ("api_error", "Service unavailable"),
    504: ("timeout_error", "Request timed out"),
    529: ("overloaded_error", "Overloaded"),
}
USAGE_LIMITS = "You have reached your specified API usage limits. You will regain access on 2031-01-01 at 00:00 UTC."
_LIMITS = {
    "spend_limit": "enforced_spend_limit_reached",
    "contract_spend_limit": "contract_spend_limit_reached",
    "ramp_limit": "ramp_limit_exceeded",
}
_SENDS = {
    "ok": "whole",
    "slow": "whole",
    "refuse": "refuse",
    "reset": "reset",
    "lost": "lost",
    "half": "half",
    "hang": "hang",
    "drip": "drip",
    "twice": "twice",
}
_SECONDS = {"slow": 1.0, "hang": 30.0, "drip": 1.0}


@dataclass(frozen=True)
class Behaviour:
    """status: 200 for a message. says, bad: instead of the good reply. send: how the reply leaves, see the names.

    seconds: before the reply; with `drip` between bytes, with `hang` until the end.
    """

    name: str
    status: int = 200
    says: str | None = None
    bad: str = ""
    message: str = ""
    error_code: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    send: str = "whole"
    seconds: float = 0
    redirect: str | None = None


def behaviour(name: str) -> Behaviour:
    """Raises ValueError for a name that means nothing."""
    word, colon, argument = name.partition(":")
    if word.isdecimal() and int(word) in ERRORS:
        headers = {"retry-after": _retry_after(argument)} if colon else {}
        return Behaviour(name, int(word), headers=headers)
    if word in _LIMITS:
        headers = {"retry-after": argument} if colon else {}
        return Behaviour(name, 429, message="A limit is reached.", error_code=_LIMITS[word], headers=headers)
    if word == "usage_limits":
        return Behaviour(name, 400, message=USAGE_LIMITS)
    if word == "says":
        return Behaviour(name, says=argument)
    if word == "bad" and argument in BAD_REPLIES:
        return Behaviour(name, bad=argument)
    if word == "redirect" and argument:
        return Behaviour(name, 307, redirect=argument.rstrip("/"))
    if word == "redirect_loop":
        return Behaviour(name, 307, redirect="")
    if word in _SENDS:
        return Behaviour(name, send=_SENDS[word], seconds=float(argument or _SECONDS.get(word, 0)))
    raise ValueError(f"no such behaviour: {name!r}")


def _retry_after(argument: str) -> str:
    word, _, seconds = argument.partition(":")
    if word != "date":
        return argument
    return format_datetime(datetime.now(UTC) + timedelta(seconds=float(seconds or 60)), usegmt=True)


def error_body(status: int, *, message: str = "", error_code: str = "", request_id: str = "") -> Json:
    error_type, usual = ERRORS[status]
    error: Json = {"type": error_type, "message": message or usual}
    if error_code:
        error["details"] = {"error_code": error_code}
    return {"type": "error", "error": error, "request_id": request_id}


class Script:
    """Which behaviour is next: first those in a row, then what a function chooses, or always the same."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.set()

    def set(self, *names: str, then: str = "ok", choose: Chooser | None = None) -> None:
        for name in (*names, then):
            behaviour(name)
        with self._lock:
            self._row = deque(names)
            self._then = then
            self._choose = choose

    def next(self, read: Callable[[], Json]) -> Behaviour:
        """read: gives the request, which is read for a function only."""
        with self._lock:
            if self._row:
                return behaviour(self._row.popleft())
            choose, then = self._choose, self._then
        return behaviour(choose(read()) if choose else then)
