"""The shipped nginx configuration, filled in and run without Docker."""

import re
import shutil
import subprocess
from pathlib import Path

from haic_annotate.processes import die_with_parent
from tests.stack import HOME

TEMPLATE = HOME / "haic_annotate/production/nginx.conf.template"


def write_config(folder: Path, **values: str) -> Path:
    """A whole configuration with the site's part filled in as nginx's own image does it; everything under `folder`."""
    site = TEMPLATE.read_text()
    for name, value in values.items():
        site = site.replace(f"${{{name}}}", value)
    assert not re.search(r"\$\{\w+\}", site), "a variable has no value"
    (folder / "site.conf").write_text(site)
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (folder / name).mkdir(exist_ok=True)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{name};"
        for kind, name in [("client_body", "body"), *((one, one) for one in ("proxy", "fastcgi", "uwsgi", "scgi"))]
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"user {_owner()};\ndaemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log stderr;\n"
        f"events {{ worker_connections 2048; }}\n"
        f"http {{\ntypes {{ video/mp4 mp4; image/jpeg jpg; }}\naccess_log off;\n{temporary}\n"
        f"include {folder}/site.conf;\n}}\n"
    )
    return config


def _owner() -> str:
    import getpass

    return getpass.getuser()


def program() -> str:
    """Debian keeps it where a user's PATH does not look."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    assert found, "nginx is not installed: apt-get install nginx-light"
    return found


def check(config: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program(), "-t", "-c", str(config)], capture_output=True, text=True, check=False)


def start(config: Path) -> subprocess.Popen[bytes]:
    with (config.parent / "nginx.log").open("ab") as log:
        return subprocess.Popen([program(), "-c", str(config)], stdout=log, stderr=log, preexec_fn=die_with_parent)
