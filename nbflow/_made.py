"""The runs of this process that something still holds, for a view of all of them."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun

__all__ = ["note_run", "runs"]

_number = count()
_runs: WeakValueDictionary[int, BaseRun] = WeakValueDictionary()
_lock = threading.Lock()


def note_run(run: BaseRun) -> None:
    """Have a run among them, as long as something holds it."""
    with _lock:
        _runs[next(_number)] = run


def runs() -> list[BaseRun]:
    """Return them, those made first before the others."""
    with _lock:
        return list(_runs.values())
