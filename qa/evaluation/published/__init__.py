"""Tables in print, as rows beside our own. Every file names its source."""

import json
from pathlib import Path

from qa.evaluation.figures import published_figures
from qa.evaluation.tables import Row
from qa.models.runs import Setting

_TABLE_2 = Path(__file__).with_name("haic_table2.json")


def haic_table_2() -> list[Row]:
    """The nine rows of the paper's Table 2, judged by Gemini-1.5-Pro on release v1."""
    table = json.loads(_TABLE_2.read_text())
    return [
        Row(
            model=row["model"],
            judge=table["judge"],
            frames=row["frames"],
            setting=Setting(row.get("setting", table["setting"])),
            figures=published_figures({name: value for name, value in row.items() if isinstance(value, float)}),
            published_in=f"{table['title']}, release {table['release']}",
        )
        for row in table["rows"]
    ]
