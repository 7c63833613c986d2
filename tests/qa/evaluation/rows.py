"""Rows of tables with figures worked out beforehand."""

from qa.evaluation.figures import COLUMNS, Figures, Share
from qa.evaluation.tables import Row
from qa.models.runs import Setting


def figures(*percents: float | None, error: float | None = 1.25, answers: int = 100) -> Figures:
    """percents: average, then the five in the order of the table; None for none."""
    average, *five = [None if one is None else Share(one, error, answers) for one in percents]
    by_category = {name.value: share for name, share in zip(COLUMNS, five, strict=True) if share}
    return Figures(average, by_category, {}, answers, 3, 40)


def row(
    model: str, *percents: float | None, judge: str = "judge-1", setting: Setting = Setting.CAPTION, **more: object
) -> Row:
    """One percent stands for all six."""
    shown = percents * 6 if len(percents) == 1 else percents
    given = {"frames": 64, "figures": figures(*shown), "key": model, **more}
    return Row(model=model, judge=judge, setting=setting, **given)  # type: ignore[arg-type]
