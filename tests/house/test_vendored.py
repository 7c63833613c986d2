"""Other people's scripts: each file is the one that the list names, and none says where packages come from."""

import json
import re
from hashlib import sha256

from django.conf import settings

VENDOR = settings.BASE_DIR / "static/vendor"
CODEMIRROR = VENDOR / "codemirror"
ROW = re.compile(r"^\| `([^`]+\.js)` \|.*\| `([0-9a-f]{64})` \|$", flags=re.MULTILINE)
REGISTRY = re.compile(r"registry\.|\"resolved\"|npmjs|index-url|//[^\s\"'`/]*:\d{2,5}/")
COMMITTED = [path for path in VENDOR.rglob("*") if path.is_file() and "node_modules" not in path.parts]


def test_every_script_has_the_digest_that_the_list_gives() -> None:
    listed = dict(ROW.findall((VENDOR / "README.md").read_text()))
    assert set(listed) == {"htmx-2.0.11.min.js", "codemirror/codemirror.js"}
    for name, digest in listed.items():
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_no_registry_stands_in_a_vendored_file() -> None:
    assert {path.name for path in COMMITTED} >= {"package-lock.json", "codemirror.js"}
    assert [path.name for path in COMMITTED if REGISTRY.search(path.read_text())] == []
    assert REGISTRY.search('"resolved": "https://registry.npmjs.org/crelt/-/crelt-1.0.6.tgz"')
    assert REGISTRY.search("http://10.0.0.1:4873/crelt.tgz")


def test_versions_are_pinned_and_every_package_has_a_digest() -> None:
    named = json.loads((CODEMIRROR / "package.json").read_text())["devDependencies"]
    assert [name for name, version in named.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    locked = json.loads((CODEMIRROR / "package-lock.json").read_text())["packages"]
    packages = {path.removeprefix("node_modules/"): package for path, package in locked.items() if path}
    assert {name: packages[name]["version"] for name in named} == named
    assert [name for name, package in packages.items() if not package["integrity"].startswith("sha512-")] == []


def test_the_licence_of_every_bundled_package_is_there() -> None:
    licences = re.findall(r"^(\S+) \d+\.\d+\.\d+ \((\S+)\)$", (CODEMIRROR / "LICENSES").read_text(), flags=re.MULTILINE)
    assert len(licences) == 11
    assert {licence for _, licence in licences} == {"MIT"}
    assert (CODEMIRROR / "LICENSES").read_text().count("Permission is hereby granted") == 11


def test_what_is_installed_to_build_a_script_is_never_committed() -> None:
    assert "node_modules/" in (settings.BASE_DIR / ".gitignore").read_text().splitlines()
    assert "**/node_modules" in (settings.BASE_DIR / ".dockerignore").read_text().splitlines()
