"""Measuring in a child: `measure`, with the models that settings name, as `contained` runs it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from annotation.accumulation.contained import Budget, ChildLimits, run_contained
from annotation.accumulation.limits import RAW_LIMITS, Limits
from annotation.accumulation.measurements import VideoMeasurement
from annotation.accumulation.perception import DEFAULT_DETECTOR, DEFAULT_ESTIMATOR


@dataclass(frozen=True)
class MeasuringOptions:
    """detector, estimator: dotted paths. The rest as `measure` takes it."""

    detector: str = DEFAULT_DETECTOR
    estimator: str = DEFAULT_ESTIMATOR
    sample_every_ms: int = 400
    max_scene_ms: int = 60_000
    limits: Limits = RAW_LIMITS
    child: ChildLimits = field(default_factory=ChildLimits)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(**{**value, "limits": Limits(**value["limits"]), "child": ChildLimits(**value["child"])})


def measure_contained(
    path: Path,
    *,
    into: Path,
    options: MeasuringOptions = MeasuringOptions(),
    alive: Callable[[], None] = lambda: None,
) -> VideoMeasurement:
    """As `measure`, in a child. Raises as `run_contained` does."""
    order = {"path": str(path.resolve()), "options": asdict(options)}
    doing = "Measuring the video"
    done = run_contained(__name__, order, into=into, limits=options.child, doing=doing, alive=alive)
    return VideoMeasurement.from_json(done)


def work(order: dict[str, Any], into: Path, budget: Budget) -> Any:
    # Not at the top: the parent needs none of it, and what is refused by its claims is refused at once.
    from annotation.accumulation.probe import claimed_s
    from annotation.accumulation.unchanged import unchanged

    path, options = Path(order["path"]), MeasuringOptions.from_json(order["options"])
    budget.open()
    with unchanged(path):
        claimed = claimed_s(path, limits=options.limits)

    import cv2

    from annotation.accumulation.measuring import measure
    from annotation.accumulation.perception import load_detector, load_estimator

    cv2.setNumThreads(1)
    detector, estimator = load_detector(options.detector), load_estimator(options.estimator)
    budget.work_on(float(claimed) or options.limits.max_duration_ms / 1000)
    measured = measure(
        path,
        into=into,
        detector=detector,
        estimator=estimator,
        sample_every_ms=options.sample_every_ms,
        max_scene_ms=options.max_scene_ms,
        limits=options.limits,
    )
    return measured.to_json()
