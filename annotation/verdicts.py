"""What the verdicts on one revision come to. Pure functions."""

from collections.abc import Sequence
from enum import StrEnum

RETURN = "return"


class Outcome(StrEnum):
    WAIT = "wait"  # for another reviewer
    APPROVE = "approve"
    RETURN = "return"
    DISPUTE = "dispute"


def outcome_of(verdicts: Sequence[str], *, needed: int) -> Outcome:
    """verdicts: of different reviewers on one revision, `approve`, `fix` or `return`; a fix is an approval.

    Two that differ are a dispute at once; else as many as are needed decide. Without a verdict it waits.
    """
    returns = [verdict == RETURN for verdict in verdicts]
    if any(returns) and not all(returns):
        return Outcome.DISPUTE
    if len(returns) < max(needed, 1):
        return Outcome.WAIT
    return Outcome.RETURN if returns[0] else Outcome.APPROVE
