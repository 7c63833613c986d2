"""Work on a file of somebody else's in a child process of its own, so that a hostile one harms only its own job.

The child may take so much memory and processor and no more, opens no connection where the system allows to forbid it,
gains no rights, has no secrets in its environment, and ends with its parent. What it says is read as JSON; whatever
else may come of it (a crash, a limit) is a refusal of the file. Only what is no fault of the file is ChildFailed.

    python -m annotation.accumulation.contained      (reads what run_contained writes; there is no other use)
"""

import contextlib
import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from math import ceil
from pathlib import Path
from threading import Thread
from typing import IO, Any

from annotation.accumulation.limits import Refused
from annotation.processes import confine, die_with_parent

HOME = Path(__file__).resolve().parents[2]
BEAT_S = 2.0
SAID_LINES, SAID_CHARACTERS = 20, 500
RESULT = "result.json"
NEARLY = 15 / 16  # of the memory: what did not fit may have been a few large pictures
STARTING_CPU_S = 60  # of processor, until it is known how long the file claims to be
PASSED_ON = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
# One thread for each library: more would take address space and no less time, since each worker has a core.
THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS)


class ChildFailed(RuntimeError):
    """The child ended without an answer, and the file is not to blame: a model that cannot be loaded, a kill."""


@dataclass(frozen=True)
class ChildLimits:
    """What the child may take. cpu_s and cpu_per_s: seconds of processor, and more of them for each second that the
    video claims to last. wall: how many times as long it may take by the clock, beside others on the same cores."""

    memory_bytes: int = 2 * 1024**3
    file_bytes: int = 64 * 1024**2
    cpu_s: float = 60
    cpu_per_s: float = 10
    wall: float = 4


def run_contained(
    module: str,
    order: dict[str, Any],
    *,
    into: Path,
    limits: ChildLimits,
    doing: str,
    alive: Callable[[], None] = lambda: None,
) -> Any:
    """What `work(order, into, budget)` of a module answers, done in a child; order and answer are JSON.

    into: an empty folder for what it writes, and empty again after any error. doing: what it does, as a sentence
    begins. alive: called every two seconds while it works; if it raises, the child is killed.

    Raises Refused as the work does, with "media_limit" where the child would take more than it may, and with
    "decoder_crashed" where it crashed; ChildFailed where another try may help.
    """
    if any(into.iterdir()):
        raise ValueError(f"{into} is not empty")
    told = {"module": module, "order": order, "into": str(into.resolve()), "limits": asdict(limits), "doing": doing}
    try:
        return _answer_of(*_run({**told, "parent": os.getpid()}, alive), into, doing)
    except BaseException:
        _clear(into)
        raise


def _run(told: dict[str, Any], alive: Callable[[], None]) -> tuple[int, str]:
    """The child's exit code (negative: the signal that ended it) and the last of what it said."""
    env = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | THREADS
    with subprocess.Popen(
        [sys.executable, "-m", "annotation.accumulation.contained"],
        cwd=HOME,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:
        said: deque[str] = deque(maxlen=SAID_LINES)
        listener = Thread(target=_listen, args=(child.stderr, said), daemon=True)
        listener.start()
        try:
            with contextlib.suppress(BrokenPipeError), child.stdin:  # type: ignore[union-attr]
                json.dump(told, child.stdin)  # type: ignore[arg-type]
            code = _wait(child, alive)
        finally:
            child.kill()
        listener.join(BEAT_S)
    return code, "".join(said).strip()


def _wait(child: subprocess.Popen[str], alive: Callable[[], None]) -> int:
    while True:
        try:
            return child.wait(BEAT_S)
        except subprocess.TimeoutExpired:
            alive()


def _listen(stderr: IO[str], said: deque[str]) -> None:
    """Keep the last lines: a child that talks without end must not fill our memory."""
    while line := stderr.readline(SAID_CHARACTERS):
        said.append(line)


def _answer_of(code: int, said: str, into: Path, doing: str) -> Any:
    if code == 0:
        result = into / RESULT
        answer = json.loads(result.read_bytes())
        result.unlink()
        if "refused" in answer:
            raise Refused(answer["refused"]["code"], answer["refused"]["message"], **answer["refused"]["detail"])
        return answer["done"]
    if -code == signal.SIGXCPU:
        raise Refused("media_limit", f"{doing} took more processor time than a video of its length may.")
    if -code == signal.SIGALRM:
        raise Refused("media_limit", f"{doing} took longer than a video of its length may.")
    if -code in CRASHES:
        raise Refused("decoder_crashed", "The video made the program that reads it crash.", signal=-code, said=said)
    raise ChildFailed(f"{doing}: the child ended with {code}: {said or 'it said nothing'}")


def _clear(into: Path) -> None:
    for path in into.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


# --- in the child -----------------------------------------------------------------------------------------------------


class Budget:
    """What the child may still take. Work begins with `open`, and ends with `work_on` once it knows how much it is."""

    def __init__(self, limits: ChildLimits) -> None:
        self.limits = limits

    def open(self) -> None:
        """Memory, the size of files, and processor for looking at the file's own claims."""
        _limit_processor(STARTING_CPU_S, self.limits)
        _limit_memory(self.limits)

    def work_on(self, seconds: float) -> None:
        """Processor for so many seconds of video, for good."""
        _limit_processor(self.limits.cpu_s + self.limits.cpu_per_s * seconds, self.limits, for_good=True)


def main() -> None:
    told = json.load(sys.stdin)
    limits, into, doing = ChildLimits(**told["limits"]), Path(told["into"]), told["doing"]
    confine()
    die_with_parent()
    if os.getppid() != told["parent"]:  # it ended before we could ask to end with it
        sys.exit(1)
    try:
        answer = {"done": import_module(told["module"]).work(told["order"], into, Budget(limits))}
    except Refused as refused:
        answer = {"refused": _as_refused(refused, limits, doing)}
    except Exception as error:
        if not (full := _limit_met(error, limits, doing)):
            raise
        answer = {"refused": {"code": "media_limit", "message": full, "detail": {}}}
    unfinished = into / f"{RESULT}.part"
    unfinished.write_text(json.dumps(answer))
    unfinished.rename(into / RESULT)


def _limit_processor(more_s: float, limits: ChildLimits, *, for_good: bool = False) -> None:
    """So many seconds more from now on. The kernel ends the process then, whatever library it is in."""
    end = ceil(time.process_time() + more_s)
    resource.setrlimit(resource.RLIMIT_CPU, (end, end + 5 if for_good else resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, limits.wall * more_s)


def _limit_memory(limits: ChildLimits) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _as_refused(refused: Refused, limits: ChildLimits, doing: str) -> dict[str, Any]:
    full = _limit_met(refused, limits, doing)
    if refused.code == "damaged" and _address_space() > limits.memory_bytes * NEARLY:
        full = _too_much_memory(
            limits, doing
        )  # decoders call many things invalid data, also that there is no room for it
    if full:
        return {"code": "media_limit", "message": full, "detail": {}}
    return {"code": refused.code, "message": refused.message, "detail": refused.detail}


def _limit_met(error: BaseException, limits: ChildLimits, doing: str) -> str:
    """Which limit is behind an error, in a sentence; "" if none is."""
    for cause in _causes(error):
        number = getattr(cause, "errno", None)
        if isinstance(cause, MemoryError) or number == errno.ENOMEM or "nsufficient memory" in str(cause):
            return _too_much_memory(limits, doing)
        if number == errno.EFBIG:
            return f"{doing} would have filled more than {limits.file_bytes / 1024**2:.0f} MB of disk."
    return ""


def _too_much_memory(limits: ChildLimits, doing: str) -> str:
    return f"{doing} took more than {limits.memory_bytes / 1024**3:.1f} GB of memory."


def _address_space() -> int:
    """The most that this process ever had, in bytes."""
    status = Path("/proc/self/status")
    return int(status.read_text().partition("VmPeak:")[2].split()[0]) * 1024 if status.exists() else 0


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


if __name__ == "__main__":
    main()
