"""Static files on one machine: browsers keep them, and never mix two versions."""

import os
import re
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.test import Client

from haic_annotate.tree_digest import tree_digest


def test_browsers_may_keep_a_static_file_for_good() -> None:
    answer = Client().get(static("js/keys.js"))
    assert answer.status_code == 200
    assert re.fullmatch(r"max-age=\d{9,}, public, immutable", answer["Cache-Control"])


def test_the_address_of_static_files_changes_with_any_of_them(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    script = tmp_path / "js" / "a.js"
    script.write_text("1")
    first = tree_digest(tmp_path)
    assert tree_digest(tmp_path) == first
    os.utime(script, ns=(1, 1))
    touched = tree_digest(tmp_path)
    script.rename(tmp_path / "js" / "b.js")
    renamed = tree_digest(tmp_path)
    script.write_text("22")
    assert len({first, touched, renamed, tree_digest(tmp_path)}) == 4


def test_without_hashed_names_the_digest_stands_in_the_address() -> None:
    assert f"/static/{tree_digest(settings.BASE_DIR / 'static')}/" == settings.STATIC_URL
