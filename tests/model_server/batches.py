"""The Message Batches API, in memory: create, retrieve, list, cancel, delete, results."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock

from tests.model_server.behaviours import error_body
from tests.model_server.replies import Json

CUSTOM_ID = r"^[a-zA-Z0-9_-]{1,64}$"
MAX_REQUESTS = 100_000
OUTCOMES = ("succeeded", "errored", "canceled", "expired")

Reply = Callable[[Json, str], Json]
"""From the params of one request and `bad:NAME` or `ok` to the message that answers it."""


class Refused(Exception):
    """status: of the answer. message: what the API says."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Batch:
    """lines: the results, made once when the batch ends."""

    id: str
    requests: list[Json]
    created: datetime
    polls_left: int
    canceled: datetime | None = None
    ended: datetime | None = None
    lines: list[bytes] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Batches:
    """polls: how often a new batch is still in progress when it is asked for.
    outcomes: by custom_id, or by place in its batch as `#0`: one of OUTCOMES or `bad:NAME`; `errored:STATUS` names the
        error; what is not named succeeds.
    cut_after: the next stream of results ends in the middle of the line after so many.
    """

    def __init__(self, reply: Reply) -> None:
        self.polls = 1
        self.outcomes: dict[str, str] = {}
        self.cut_after: int | None = None
        self._reply = reply
        self._lock = RLock()
        self._batches: dict[str, Batch] = {}
        self._made = 0

    def create(self, body: Json) -> Batch:
        requests = body.get("requests")
        if not isinstance(requests, list) or not 1 <= len(requests) <= MAX_REQUESTS:
            raise Refused(400, f"requests: List should have between 1 and {MAX_REQUESTS} items")
        _check_custom_ids(requests)
        with self._lock:
            self._made += 1
            batch = Batch(f"msgbatch_{self._made:06d}", requests, datetime.now(UTC), self.polls)
            self._batches[batch.id] = batch
        return batch

    def poll(self, batch_id: str) -> Batch:
        """The batch as it is asked for, which counts."""
        with self._lock:
            batch = self._get(batch_id)
            if batch.ended is None:
                if batch.polls_left <= 0:
                    self._end(batch)
                batch.polls_left -= 1
            return batch

    def cancel(self, batch_id: str) -> Batch:
        """It is `canceling` until it is asked for again; then all that had not ended is canceled."""
        with self._lock:
            batch = self._get(batch_id)
            if batch.ended is None and batch.canceled is None:
                batch.canceled = datetime.now(UTC)
                batch.polls_left = 0
            return batch

    def delete(self, batch_id: str) -> Json:
        with self._lock:
            if self._get(batch_id).ended is None:
                raise Refused(400, "Cannot delete a batch that is still processing.")
            del self._batches[batch_id]
        return {"id": batch_id, "type": "message_batch_deleted"}

    def page(self, *, limit: int = 20, after_id: str = "", before_id: str = "") -> tuple[list[Batch], bool]:
        """Newest first, and whether more follow in the direction of the cursor."""
        if not 1 <= limit <= 1000:
            raise Refused(400, "limit: Input should be between 1 and 1000")
        with self._lock:
            rows = [*reversed(self._batches.values())]
        ids = [row.id for row in rows]
        for cursor in filter(None, (after_id, before_id)):
            if cursor not in ids:
                raise Refused(404, f"No batch found with id {cursor!r}")
        if before_id:
            rows = rows[: ids.index(before_id)]
            return rows[-limit:], len(rows) > limit
        rows = rows[ids.index(after_id) + 1 :] if after_id else rows
        return rows[:limit], len(rows) > limit

    def results(self, batch_id: str) -> tuple[bytes, int]:
        """The whole file, and how many of its bytes to send before the connection is closed."""
        with self._lock:
            batch = self._get(batch_id)
            if batch.ended is None:
                raise Refused(404, f"Batch {batch_id!r} has no results yet.")
            whole = b"".join(batch.lines)
            if self.cut_after is None or self.cut_after >= len(batch.lines):
                return whole, len(whole)
            after, self.cut_after = self.cut_after, None
            return whole, len(b"".join(batch.lines[:after])) + len(batch.lines[after]) // 2

    def body(self, batch: Batch, base_url: str) -> Json:
        """The batch as the API shows it."""
        ended = batch.ended is not None
        status = "ended" if ended else "canceling" if batch.canceled else "in_progress"
        counts = batch.counts if ended else {**dict.fromkeys(OUTCOMES, 0), "processing": len(batch.requests)}
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": status,
            "request_counts": counts,
            "created_at": batch.created.isoformat(),
            "expires_at": (batch.created + timedelta(hours=24)).isoformat(),
            "ended_at": batch.ended.isoformat() if batch.ended else None,
            "cancel_initiated_at": batch.canceled.isoformat() if batch.canceled else None,
            "archived_at": None,
            "results_url": f"{base_url}/v1/messages/batches/{batch.id}/results" if ended else None,
        }

    def _get(self, batch_id: str) -> Batch:
        if batch_id not in self._batches:
            raise Refused(404, f"No batch found with id {batch_id!r}")
        return self._batches[batch_id]

    def _end(self, batch: Batch) -> None:
        results = {
            request["custom_id"]: self._result(batch, place, request) for place, request in enumerate(batch.requests)
        }
        kinds = [result["type"] for result in results.values()]
        batch.counts = {**{kind: kinds.count(kind) for kind in OUTCOMES}, "processing": 0}
        # The API promises no order. This one is the same every time, and never that of the requests but by chance.
        order = sorted(results, key=lambda custom_id: hashlib.sha256(custom_id.encode()).digest())
        lines = [{"custom_id": custom_id, "result": results[custom_id]} for custom_id in order]
        batch.lines = [json.dumps(line).encode() + b"\n" for line in lines]
        batch.ended = datetime.now(UTC)

    def _result(self, batch: Batch, place: int, request: Json) -> Json:
        by_place = self.outcomes.get(f"#{place}", "succeeded")
        kind, _, argument = self.outcomes.get(request["custom_id"], by_place).partition(":")
        if batch.canceled:
            kind = "canceled"
        if kind == "succeeded":
            return {"type": "succeeded", "message": self._reply(request["params"], "ok")}
        if kind == "bad":
            return {"type": "succeeded", "message": self._reply(request["params"], f"bad:{argument}")}
        if kind == "errored":
            return {"type": "errored", "error": error_body(int(argument or 400))}
        check_outcome(kind)
        return {"type": kind}


def check_outcome(outcome: str) -> None:
    """Raises ValueError for what `Batches.outcomes` does not know."""
    if outcome.partition(":")[0] not in {*OUTCOMES, "bad"}:
        raise ValueError(f"no such outcome: {outcome!r}")


def _check_custom_ids(requests: list[Json]) -> None:
    seen: set[str] = set()
    for number, request in enumerate(requests):
        if not isinstance(request, dict) or not isinstance(request.get("params"), dict):
            raise Refused(400, f"requests.{number}.params: Field required")
        custom_id = request.get("custom_id")
        if not isinstance(custom_id, str) or not re.fullmatch(CUSTOM_ID, custom_id):
            raise Refused(400, f"requests.{number}.custom_id: String should match pattern '{CUSTOM_ID}'")
        if custom_id in seen:
            raise Refused(400, f"requests.{number}.custom_id: {custom_id!r} is there twice; it must be unique")
        seen.add(custom_id)
