"""What this process owns, and the heart that keeps it: each lease is renewed before it ends."""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from nbflow._engine.clerk import Clerk
from nbflow.checkpoint.base import BaseCheckpointSaver, RunRow
from nbflow.errors import LeaseLostError, NbflowError

__all__ = ["Holding", "Leases"]

_log = logging.getLogger(__name__)

_IDLE_S = 10.0
"""How often the heart looks where nothing is due."""


@dataclass(slots=True, kw_only=True)
class Holding:
    """A thread that this process owns, or is about to: two may try at once."""

    saver: BaseCheckpointSaver
    run: RunRow
    epoch: int
    clerk: Clerk
    """Who renews the leases of this saver, and waits for it."""
    stops: list[Callable[[], None]] = field(default_factory=list)
    """Each asks what one of those who try runs on it to stop."""
    count: int = 0
    due: float = field(init=False)
    """When the lease is renewed next, by the monotonic clock; infinite while that is under way."""

    def __post_init__(self) -> None:
        self.put_off(time.monotonic())

    def put_off(self, since: float) -> None:
        """Until a third of the lease is over, so that two renewals may fail."""
        lease_s = self.saver.lease_s
        self.due = math.inf if lease_s is None else since + lease_s / 3


class Leases:
    """What one process owns, by run and epoch."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, int], Holding] = {}
        self._lock = threading.Lock()
        self._sooner = threading.Event()
        self._wakes = math.inf
        self._heart: int | None = None
        """The process whose heart beats: a forked child has none yet."""

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._held

    def get(self, run_id: str, epoch: int) -> Holding | None:
        return self._held.get((run_id, epoch))

    def clear(self) -> None:
        """In a forked child: what the parent owns is the parent's."""
        self._lock = threading.Lock()
        self._held.clear()

    def hold(
        self,
        saver: BaseCheckpointSaver,
        run: RunRow,
        epoch: int,
        stop: Callable[[], None] | None = None,
    ) -> None:
        with self._lock:
            holding = self._held.get((run.id, epoch))
            if holding is None:
                clerk = self._clerk_of(saver)
                holding = Holding(saver=saver, run=run, epoch=epoch, clerk=clerk)
                self._held[run.id, epoch] = holding
            holding.count += 1
            if stop is not None:
                holding.stops.append(stop)
        if holding.due < math.inf:
            self._beat_by(holding.due)

    def release(self, run_id: str, epoch: int) -> None:
        with self._lock:
            holding = self._held.get((run_id, epoch))
            if holding is not None:
                holding.count -= 1
                if holding.count <= 0:
                    del self._held[run_id, epoch]

    # -- the heart --------------------------------------------------------------------------

    def _beat_by(self, due: float) -> None:
        if self._heart != os.getpid():
            with self._lock:
                if self._heart != os.getpid():
                    self._heart, self._sooner = os.getpid(), threading.Event()
                    self._wakes = due
                    threading.Thread(target=self._beat, name="nbflow-leases", daemon=True).start()
        if due < self._wakes:
            self._sooner.set()

    def _beat(self) -> None:
        while True:
            now = time.monotonic()
            with self._lock:
                for holding in self._held.values():
                    if holding.due <= now:
                        holding.due = math.inf
                        holding.clerk.promise(partial(self._renew, holding))
                self._wakes = min([now + _IDLE_S, *[one.due for one in self._held.values()]])
            self._sooner.wait(max(0.0, self._wakes - time.monotonic()))
            self._sooner.clear()

    def _renew(self, holding: Holding) -> None:
        if self.get(holding.run.id, holding.epoch) is not holding:
            return
        began = time.monotonic()
        try:
            holding.saver.renew(holding.run, holding.epoch)
        except LeaseLostError:
            return  # the run learns it with the next thing that it stores
        except NbflowError:
            pass  # another renewal comes before the lease ends
        except Exception:
            _log.exception("A lease could not be renewed; that is tried again")
        holding.put_off(began)
        self._beat_by(holding.due)

    def _clerk_of(self, saver: BaseCheckpointSaver) -> Clerk:
        """One for each saver: a database that lets its clerk wait holds up no other's leases."""
        others = (one.clerk for one in self._held.values() if one.saver is saver)
        return next(others, None) or Clerk()
