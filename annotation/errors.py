"""What can go wrong in a service, each with a code. Views and the API make answers of them; nothing here knows HTTP."""

from typing import Any


class DomainError(Exception):
    """A refusal that a person can act on. `code` is for programs, the text for people, `detail` for both."""

    code = "refused"

    def __init__(self, message: str, **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class BadInput(DomainError):
    """A value that cannot be stored. `detail["fields"]` maps a field to what is wrong with it."""

    code = "bad_input"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in fields.items()), fields=fields)


class NotVisible(DomainError):
    """Absent, or another project's: the asker is told the same."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is nothing here for you.")


class RightMissing(DomainError):
    code = "right_missing"


class OwnWork(RightMissing):
    """Nobody judges their own words."""

    code = "own_work"


class MoveNotAllowed(DomainError):
    """The object's state does not allow what was asked."""

    code = "move_not_allowed"


class Sealed(MoveNotAllowed):
    """The asker answers this clip's questions blind just now."""

    code = "sealed"


class Conflict(DomainError):
    """Others were at the same rows at the same time; nothing was changed."""

    code = "conflict"


class ChunkOutOfPlace(Conflict):
    """Not the next bytes of an upload. `detail["received"]`: how many are there."""

    code = "chunk_out_of_place"


class LeaseHeld(DomainError):
    """Somebody else has this unit of work on the desk."""

    code = "lease_held"


class StaleRevision(DomainError):
    """Somebody saved meanwhile, or another tab of the same person did."""

    code = "stale_revision"


class EtagMissing(DomainError):
    code = "if_match_missing"


class KeyReused(DomainError):
    """An Idempotency-Key that came before with another body."""

    code = "idempotency_key_reused"


class InvitationUsed(DomainError):
    code = "invitation_used"


class StoreAway(DomainError):
    """The store of the files does not answer, or refuses us."""

    code = "unavailable"

    def __init__(self) -> None:
        super().__init__("The store of the videos does not answer. Nothing was changed; try again in a moment.")


class NoRoom(DomainError):
    """Too large for the place where it should go."""

    code = "no_room"
