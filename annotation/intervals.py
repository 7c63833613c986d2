"""A share of counted things, and how far it can be trusted. Pure functions."""

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964
"""Of a 95 % interval."""


def wilson(hits: int, tries: int) -> list[float] | None:
    """The 95 % interval of a share, [low, high], four digits; None without tries.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    if not tries:
        return None
    share = hits / tries
    middle = share + _Z**2 / (2 * tries)
    spread = _Z * sqrt(share * (1 - share) / tries + _Z**2 / (4 * tries**2))
    whole = 1 + _Z**2 / tries
    return [round(max(0.0, (middle - spread) / whole), 4), round(min(1.0, (middle + spread) / whole), 4)]


@dataclass(frozen=True)
class Share:
    """So many of so many. share: four digits, None of nothing. interval: `wilson`, which takes each as independent."""

    hits: int
    of: int

    @property
    def share(self) -> float | None:
        return round(self.hits / self.of, 4) if self.of else None

    @property
    def interval(self) -> list[float] | None:
        return wilson(self.hits, self.of)
