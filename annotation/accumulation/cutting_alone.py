"""Cutting in a child: `cut`, as `contained` runs it. The film is somebody else's, what comes out is ours."""

from pathlib import Path
from typing import Any

from annotation.accumulation.contained import Budget, ChildLimits, run_contained
from annotation.accumulation.limits import DEFAULT_LIMITS

LIMITS = ChildLimits(memory_bytes=4 * 1024**3, file_bytes=DEFAULT_LIMITS.max_bytes, cpu_s=120)
ENCODING = 6
"""How many times as much as reading it a second of the scene may take: it is decoded and encoded."""


def cut_contained(
    source: Path,
    *,
    start_frame: int,
    end_frame: int,
    start_ms: int,
    end_ms: int,
    into: Path,
    has_audio: bool,
    limits: ChildLimits = LIMITS,
) -> Path:
    """As `cut`, in a child; into is empty before. Raises as `run_contained` does."""
    stretch = {"start_frame": start_frame, "end_frame": end_frame, "start_ms": start_ms, "end_ms": end_ms}
    order = {"source": str(source.resolve()), "has_audio": has_audio, **stretch}
    name = run_contained(__name__, order, into=into, limits=limits, doing="Cutting the scene")
    return into / str(name)


def work(order: dict[str, Any], into: Path, budget: Budget) -> str:
    budget.open()

    from annotation.accumulation.cutting import cut

    # A film without an index is read from its beginning.
    budget.work_on((order["end_ms"] + ENCODING * (order["end_ms"] - order["start_ms"])) / 1000)
    return cut(Path(order.pop("source")), into=into, **order).name
