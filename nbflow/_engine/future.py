"""What calling a task returns: a future for threads, a future for the event loop.

A thread's future is a real :class:`concurrent.futures.Future` that costs little: its condition is
made only when somebody waits, and with it the lists of those who do. Asking for the result of a
task that no worker has started runs it in the asking thread, so no wait ever needs a free worker.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from nbflow._codec.kinds import no_data
from nbflow._current import current_frame
from nbflow._engine.crew import crew
from nbflow._engine.in_place import run_in_place
from nbflow._engine.limits import waiter_here
from nbflow._engine.signals import LOOK_S
from nbflow.errors import GraphInterrupt, RunDrained

if TYPE_CHECKING:
    from nbflow._engine.op import Op

__all__ = ["AsyncTaskFuture", "AwaitedFuture", "SyncAsyncFuture", "deliver"]

T = TypeVar("T")
_FINISHED = "FINISHED"
_making = threading.Lock()


def deliver(exc: BaseException, lane: str | None = None) -> BaseException:
    """Note in the asking frame that a pause reached it: that lane can start no further op."""
    if isinstance(exc, GraphInterrupt | RunDrained):
        frame = current_frame.get()
        if frame is not None:
            if isinstance(exc, GraphInterrupt):
                frame.pause(lane)
            else:
                frame.refused = exc
    return exc


class _Waiters(list[Any]):
    """Who waits through ``concurrent.futures.wait`` or ``as_completed``, which tell nobody: the
    place of the waiting task is free meanwhile, and so is that of its thread."""

    def __init__(self, op: Op) -> None:
        super().__init__()
        self._op = op
        self._counted: list[tuple[Any, Op | None]] = []

    def append(self, waiter: Any) -> None:
        super().append(waiter)
        op = self._op
        if op.is_settled:
            return
        here = waiter_here(op.execution)
        self._counted.append((waiter, here))
        crew.wait_elsewhere(waiter)
        if op.execution.places is not None:
            op.execution.places.wait(here, op)

    def remove(self, waiter: Any) -> None:
        super().remove(waiter)
        self._over([one for one in self._counted if one[0] is waiter])

    def told(self) -> None:
        """The future has its outcome."""
        self._over(list(self._counted))

    def _over(self, waits: list[tuple[Any, Op | None]]) -> None:
        places = self._op.execution.places
        for one in waits:
            self._counted.remove(one)
            crew.waited_elsewhere(one[0])
            if places is not None:
                places.go_on(one[1], self._op)


class SyncAsyncFuture(Future[T]):
    """A task's result in the making, for threads; ``await`` works too (35-43)."""

    _lazy_condition: threading.Condition | None = None
    _state = "PENDING"
    _result: Any = None
    _exception: BaseException | None = None
    observed: bool = False
    """Whether somebody has seen the outcome."""
    key: bytes = b""
    """Of the call that it is the result of: as an argument it counts as that."""

    def __init__(self, op: Any = None) -> None:  # Any: the type of a call leads not into the engine
        self._op: Op | None = op
        if op is not None:
            self.key = op.key

    def _made_condition(self) -> threading.Condition:
        condition = self._lazy_condition
        if condition is None:
            with _making:
                condition, op = self._lazy_condition, self._op
                if condition is None:
                    self._waiters: list[Any] = [] if op is None else _Waiters(op)
                    self._done_callbacks: list[Any] = []
                    condition = self._lazy_condition = threading.Condition()
        return condition

    _condition = property(_made_condition)

    def settle(self, result: Any, exc: BaseException | None) -> None:
        """Give the outcome to everybody who waits, now or later."""
        self._result = result
        if exc is not None:
            self._exception = exc
        condition = self._lazy_condition
        if condition is None:
            self._state = _FINISHED
            self._op = None
            condition = self._lazy_condition
            if condition is None:
                return
        with condition:
            self._state = _FINISHED
            self._op = None
            for waiter in self._waiters:
                (waiter.add_exception if exc is not None else waiter.add_result)(self)
            if isinstance(self._waiters, _Waiters):
                self._waiters.told()
            condition.notify_all()
        self._invoke_callbacks()  # type: ignore[attr-defined]  # of the base class

    def result(self, timeout: float | None = None) -> T:
        """The task's result; runs the task here when no worker has started it.

        Raises:
            TimeoutError: not there after ``timeout`` seconds; the task goes on.
            BaseException: whatever the task raised.
        """
        op = self._op
        if op is not None and self._state is not _FINISHED:
            op.join(timeout)
            if self._state is not _FINISHED:
                super().result(0)
        self.observed = True
        exc = self._exception
        if exc is not None:
            raise deliver(exc)
        return self._result  # type: ignore[no-any-return]

    def exception(self, timeout: float | None = None) -> BaseException | None:
        try:
            self.result(timeout)
        except TimeoutError:
            if self._state is not _FINISHED:
                raise
        except CancelledError:
            if isinstance(self._exception, CancelledError):
                raise
        except BaseException as exc:
            if exc is not self._exception:
                raise
        return self._exception

    def wait(self, timeout: float | None) -> None:
        """Wait until it is settled, or so many seconds."""
        condition = self._condition
        with condition:
            if timeout is not None:
                condition.wait_for(lambda: self._state is _FINISHED, timeout)
            while timeout is None and self._state is not _FINISHED:
                condition.wait(LOOK_S)

    def cancel(self) -> bool:
        """Cancel a task that has not started; True when it is cancelled now or was before."""
        op = self._op
        return self.cancelled() or (op is not None and op.cancel_unstarted())

    def cancelled(self) -> bool:
        return self._state is _FINISHED and isinstance(self._exception, CancelledError)

    def __await__(self) -> Generator[Any, None, T]:
        return (yield from _awaited(self).__await__())


class Held(SyncAsyncFuture[Any]):
    """A future whose result is there."""

    _state = _FINISHED
    _op = None

    def __init__(self, result: Any, key: bytes) -> None:
        self._result = result
        self.key = key

    def result(self, timeout: float | None = None) -> Any:
        return self._result


async def _awaited(future: SyncAsyncFuture[T]) -> T:
    if future._state is not _FINISHED:
        op = future._op
        loop = asyncio.get_running_loop()
        settled = loop.create_future()

        def wake(_done: Future[T]) -> None:
            with suppress(RuntimeError):  # the loop was closed, and nobody waits any more
                loop.call_soon_threadsafe(_set_once, settled)

        future.add_done_callback(wake)
        places, here = None, None
        if op is not None:
            op.start_soon()
            places, here = op.execution.places, waiter_here(op.execution)
            if places is not None:
                places.wait(here, op)
        try:
            await settled
        except asyncio.CancelledError:
            if op is not None:
                op.drop()
            raise
        finally:
            if places is not None and op is not None:
                places.go_on(here, op)
    return future.result()


def _set_once(settled: asyncio.Future[None]) -> None:
    if not settled.done():
        settled.set_result(None)


_init = asyncio.Future.__init__
_result = asyncio.Future.result
_exception = asyncio.Future.exception


class AsyncTaskFuture(asyncio.Future[T], Generic[T]):
    """A task's result in the making, for code on the event loop."""

    __slots__ = ("_called_in", "_lane", "observed", "op")

    runner: asyncio.Task[None] | None = None
    """The asyncio task that works for it; None for a replayed result, and when the op runs in the
    place of the asyncio task that awaits it."""
    key: bytes = b""
    """Of the call that it is the result of: as an argument it counts as that."""
    given_up = False
    """Whether the code that called the task cancelled it itself."""
    _taken_for: asyncio.Task[Any] | None = None
    """The asyncio task that was cancelled when the op was meant which runs in its place."""

    def __init__(self, loop: asyncio.AbstractEventLoop, lane: str) -> None:
        _init(self, loop=loop)
        self._lane = lane
        self._called_in = current_frame.get()
        self.observed = False
        self.op: Op | None = None
        """What it is the result of, until that was seen; None for a replayed one."""

    def settle(self, result: Any, exc: BaseException | None) -> None:
        if self.done():
            return
        if exc is None:
            self.set_result(result)
        elif isinstance(exc, asyncio.CancelledError):
            super().cancel()
        else:
            self.set_exception(_loop_safe(exc))
            super().exception()

    def exception(self) -> BaseException | None:
        exc = super().exception()
        self.observed = True
        return None if exc is None else deliver(exc, self._lane)

    def cancel(self, msg: Any | None = None) -> bool:
        frame = current_frame.get()
        here = frame is not None and frame is self._called_in and frame.here() == self._lane
        task = asyncio.current_task() if here else None
        if task is not None and not task.cancelling() and not self.done():
            self.given_up = True
        if self.runner is not None and not self.done():
            return self.runner.cancel(msg)
        op = self.op
        if op is not None and op.runner is not None and not self.done():
            self._taken_for = op.runner
            return op.runner.cancel(msg)
        if op is not None and not self.done() and not op.give_up():
            return False
        return super().cancel(msg)

    def result(self) -> T:
        """The task's result, once it is done.

        Raises:
            asyncio.InvalidStateError: it is not done; on the event loop results are awaited.
        """
        if not self.done():
            raise asyncio.InvalidStateError(
                "The task has not finished. In an async function write 'await my_task(...)' "
                "instead of 'my_task(...).result()': waiting here would stop the event loop."
            )
        if asyncio.current_task(self.get_loop()) is None:
            return super().result()  # asyncio itself asks, on behalf of who awaits
        self.observed = True
        try:
            return super().result()
        except GraphInterrupt as pause:
            raise deliver(pause) from None

    def __await__(self) -> Generator[Any, None, T]:
        op = self.op
        if op is not None and not op.claimed and op.may_run_in_place:
            yield from run_in_place(op)
            if op.runner is not None:
                op.runner = None
            if self._taken_for is not None:
                self._taken_for.uncancel()
        if not self.done():
            self._asyncio_future_blocking = True
            try:
                yield self
            except GraphInterrupt as pause:
                self.observed = True
                raise deliver(pause) from None
            except asyncio.CancelledError:
                if op is not None and self.done() and not self.cancelled() and not self.observed:
                    op.missed()
                raise
            except BaseException:
                self.observed = True
                raise
        self.observed, self.op = True, None
        exc = None if self.cancelled() else _exception(self)
        if exc is not None:
            raise deliver(exc)
        return _result(self)

    __iter__ = __await__


class AwaitedFuture(AsyncTaskFuture[T]):
    """One of a run with a limit: it knows which task waits for it, by whatever means."""

    def __init__(self, loop: asyncio.AbstractEventLoop, op: Op) -> None:
        super().__init__(loop, op.lane)
        self._op = op
        self._waiting: list[tuple[Any, Op]] = []

    def add_done_callback(self, fn: Any, /, *, context: Any = None) -> None:
        super().add_done_callback(fn, context=context)
        places, here = self._op.execution.places, waiter_here(self._op.execution)
        if places is not None and here is not None and not self.done():
            self._waiting.append((fn, here))
            places.wait(here, self._op)

    def remove_done_callback(self, fn: Any, /) -> int:
        places = self._op.execution.places
        for one in [one for one in self._waiting if one[0] == fn]:
            self._waiting.remove(one)
            if places is not None:
                places.go_on(one[1], self._op)
        return super().remove_done_callback(fn)


no_data(
    "it is the future of a task, which lives only in this run. Store the task's result: "
    "future.result(), or 'await future'",
    SyncAsyncFuture,
    Held,
    AsyncTaskFuture,
    AwaitedFuture,
    identity=lambda future: ["nbflow.future", future.key],
)


def _loop_safe(exc: BaseException) -> BaseException:
    """asyncio futures refuse StopIteration."""
    if isinstance(exc, StopIteration):
        stand_in = RuntimeError("the task raised StopIteration")
        stand_in.__cause__ = exc
        return stand_in
    return exc
