"""Tables with a header, as the readers take them: one broken row refuses the file."""

from collections.abc import Collection
from pathlib import Path

from annotation.errors import BadInput
from annotation.services.csv_rows import BadRow, read_table
from qa.evaluation.importers._shape import Values, opened, refused


def table(path: Path, *, required: Collection[str]) -> Values:
    """Each row as column -> text; required columns whose cell is empty hold an empty text."""
    with opened(path) as file:
        try:
            found = read_table(file, name=path.name, required=required)
        except BadInput as error:
            raise BadInput({"file": error.detail["fields"]["manifest"]}) from error
        for row in found.rows:
            if isinstance(row, BadRow):
                raise refused(path, row.number, row.reason)
            yield row.number, {**dict.fromkeys(required, ""), **row.cells}
