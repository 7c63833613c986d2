"""Children that never outlive us, even when we are killed and cannot say goodbye, and that may do less than we may."""

import ctypes
import os
import signal
import sys
import threading
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def die_with_parent(sig: signal.Signals = signal.SIGKILL, *, parent: int | None = None) -> None:
    """Ask the kernel to signal this process when its parent thread ends; watch the parent where it cannot be asked.

    Call it in the child: right after fork, or as the first thing of the program. The setting is lost by a fork, so
    each generation asks for itself.
    parent: who it was at the fork, where that is some time ago: it may have died before we could ask.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, sig)
        if parent is not None and os.getppid() != parent:
            os.kill(os.getpid(), sig)
    else:
        threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()


def confine() -> None:
    """Give up new rights and, where the system allows it, the network. Call it before any thread starts.

    Nothing is said where the system does not allow it, as in most containers: there the container has to.
    """
    if sys.platform != "linux":
        return
    system = ctypes.CDLL(None)
    # Root needs no user namespace for it, and in one could not read the files of others any more.
    namespaces = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET
    system.unshare(namespaces)
    system.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
