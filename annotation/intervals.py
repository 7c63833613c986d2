"""A share of counted things, and how far it can be trusted. Pure functions."""

from dataclasses import dataclass
from math import sqrt

_Z = 1.959964
"""Of a 95 % interval."""
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)
"""The same of Student's t with 1 to 30 degrees of freedom (NIST/SEMATECH e-Handbook, 1.3.6.7.2)."""


def student_95(freedom: int) -> float:
    """How many standard errors a 95 % interval goes to each side, with so many degrees of freedom, 1 or more.

    Source: above 30 the first terms of Abramowitz and Stegun, 26.7.5.
    """
    if freedom <= len(_T):
        return _T[freedom - 1]
    return _Z + (_Z**3 + _Z) / (4 * freedom) + (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / (96 * freedom**2)


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
