"""The stack of docker-compose.yml without Docker: production settings, the guard on, each part a process."""

import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import redis

from haic_annotate.embedded import Postgres
from haic_annotate.processes import die_with_parent
from tests.once_a_run import start_migrated
from tests.production import nginx
from tests.stack import HOME, environment, free_port

SITE = "annotate.test"


class ProductionServer:
    """Postgres, Redis on TCP with a password, migrations as the owner, gunicorn, relay, two workers, nginx."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port, self.web_port, self.redis_port = free_port(), free_port(), free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.postgres = Postgres(data / "pg", log=data / "postgres.log")
        start_migrated(self.postgres)
        self.password = secrets.token_urlsafe(20)
        self.env = {
            **environment(),
            "DJANGO_SETTINGS_MODULE": "haic_annotate.settings",
            "PYTHONPATH": str(HOME),
            "SECRET_KEY": secrets.token_urlsafe(60),
            "DATABASE_URL": self.postgres.url("haic_app", "haic"),
            "REDIS_URL": f"redis://:{self.password}@127.0.0.1:{self.redis_port}/0",
            "ALLOWED_HOSTS": SITE,
            "SITE_URL": f"http://{SITE}",
            "HTTPS": "false",  # TLS ends before nginx; the rest is as in compose
            "BEHIND_PROXY": "1",
            "MEDIA_DELIVERY": "accel",
            "HAIC_DATA": str(data / "haic"),
            "STATIC_ROOT": str(data / "static"),
            "WEB_BIND": f"127.0.0.1:{self.web_port}",
        }
        (data / "haic/media").mkdir(parents=True)

    def start(self) -> None:
        self._start_redis()
        self.manage("migrate", "-v", "0", owner=True)
        self.manage("collectstatic", "--noinput", "-v", "0")
        self._spawn("web", "-m", "gunicorn", "haic_annotate.wsgi", "-c", "haic_annotate/production/gunicorn.py")
        self._spawn("relay", "manage.py", "relay")
        for name, queues in (("video", "video"), ("rest", "default,drafting")):
            worker = ["-m", "celery", "-A", "haic_annotate", "worker", "-c", "1", "-l", "WARNING"]
            self._spawn(f"worker-{name}", *worker, "-Q", queues, "-n", f"{name}@%h")
        folder = self.data / "nginx"
        folder.mkdir()
        config = nginx.write_config(
            folder,
            LISTEN=f"127.0.0.1:{self.port}",
            WEB_ADDRESS=f"127.0.0.1:{self.web_port}",
            SITE_HOST=SITE,
            SITE_SCHEME="http",
            UPLOAD_MAX_BYTES=str(64 * 1024 * 1024),
            MEDIA_ROOT=str(self.data / "haic/media"),
        )
        self.processes["nginx"] = nginx.start(config)
        self._wait_ready()

    def manage(self, *arguments: str, owner: bool = False) -> str:
        env = {**self.env, "DATABASE_URL": self.postgres.url("haic_owner", "haic")} if owner else self.env
        answer = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=HOME,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout

    def _start_redis(self) -> None:
        options = ["--requirepass", self.password, "--appendonly", "yes", "--maxmemory-policy", "noeviction"]
        place = ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--dir", str(self.data)]
        log = (self.data / "redis.log").open("ab")
        self.processes["redis"] = subprocess.Popen(
            ["redis-server", *place, *options], stdout=log, stderr=log, preexec_fn=die_with_parent
        )
        client = redis.Redis(port=self.redis_port, password=self.password)
        end = time.monotonic() + 30
        while True:
            try:
                client.ping()
                break
            except redis.RedisError:
                assert time.monotonic() < end, "Redis did not start"
                time.sleep(0.05)
        client.close()

    def _spawn(self, name: str, *command: str) -> None:
        with (self.data / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command], cwd=HOME, env=self.env, stdout=log, stderr=log, preexec_fn=die_with_parent
            )

    def _wait_ready(self) -> None:
        """Until nginx, web, database, relay and worker answer: nothing is degraded."""
        end = time.monotonic() + 60
        said = ""
        while '"degraded": []' not in said:
            for name, process in self.processes.items():
                log = self.data / f"{name}.log"
                assert process.poll() is None, f"{name} ended: {log.read_text() if log.exists() else ''}"
            assert time.monotonic() < end, f"not ready: {said}"
            time.sleep(0.2)
            try:
                with urlopen(
                    Request(f"http://127.0.0.1:{self.port}/readyz", headers={"Host": SITE}), timeout=5
                ) as reply:
                    said = reply.read().decode()
            except (URLError, OSError) as error:
                said = str(error)

    def raw(self, request: bytes) -> bytes:
        """Send bytes to nginx as they are; all that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            pieces = []
            while piece := connection.recv(65536):
                pieces.append(piece)
        return b"".join(pieces)

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            process.wait(40)
        self.postgres.stop()
