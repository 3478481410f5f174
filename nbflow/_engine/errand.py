"""A task whose function an executor runs: driven as any other, by no thread while it is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future
from functools import partial
from typing import TYPE_CHECKING, Any

from nbflow._engine.crew import Crew, crew, takers
from nbflow._engine.failures import add_note
from nbflow._engine.far_frame import Elsewhere
from nbflow._engine.frame import Frame
from nbflow._engine.lines import Ear, courier_to
from nbflow._engine.sending import leave_sent
from nbflow._engine.sent import Body, Outcome, opened
from nbflow._engine.sync_driver import done
from nbflow.config import RunnableConfig
from nbflow.executors import NotSendableError

if TYPE_CHECKING:
    from nbflow._engine.op import Op, Step

__all__ = ["Errand"]

_SENT_SETTINGS = RunnableConfig.__annotations__.keys() - {"callbacks", "executor"}


class Errand:
    """Takes the steps that an op asks for: until its function is sent in the thread that is there,
    from then on in workers, since nobody knows what waits for the executor's own threads.

    Whoever takes the executor's future out of it decides what becomes of the op.
    """

    claimed = False
    queued = False

    def __init__(self, op: Op) -> None:
        self._op = op
        self._context = op.take_context()
        self._steps = op.attempts()
        self._taking = threading.Lock()
        self._away: Future[Any] | None = None
        """The executor's, while its function is there."""
        self._step: Step | None = None
        """Another one, for a worker to take."""
        self._ear: Ear | None = None
        op.errand = self

    def claim(self) -> bool:
        """There is one at a time who goes on with it."""
        return True

    def begin(self) -> None:
        """Send its function; what there is to wait for before is waited for in a worker."""
        self._go_on(partial(next, self._steps))

    def run(self) -> None:
        """Go on, in a worker: take the step that is due, or take in what came of its function."""
        with self._taking:
            future, self._away = self._away, None
        self._hang_up()
        if self._step is not None:
            value, exc = self._taken(self._step)
        elif future is not None:
            value, exc = _outcome(future, self._op.name)
        else:
            return self._leave()
        steps = self._steps
        self._go_on(partial(steps.send, value) if exc is None else partial(steps.throw, exc))

    def recall(self, *, begun: bool = False) -> bool:
        """Take the function out of the executor's queue.

        Returns:
            Whether the op is the caller's to settle.

        Args:
            begun: also when it runs already; then its result is dropped.
        """
        with self._taking:
            if self._away is None or not (self._away.cancel() or begun):
                return False
            self._away = None
        return True

    def _go_on(self, resume: Callable[[], Step]) -> None:
        try:
            while True:
                step = resume()
                if not isinstance(step, Frame):
                    self._step = step
                    return self._call(crew)
                try:
                    return self._send(step)
                except BaseException as exc:
                    resume = partial(self._steps.throw, exc)
        except StopIteration:
            pass
        except BaseException as exc:
            self._op.break_off(exc)
        self._leave()

    def _call(self, workers: Crew, _: object = None) -> None:
        self.queued = False
        workers.start(self)

    def _taken(self, step: Step) -> Outcome:
        self._step = None
        try:
            return done(step, self._op, self._context), None
        except BaseException as exc:
            return None, exc

    def _send(self, frame: Frame) -> None:
        op = self._op
        assert op.sending is not None
        try:
            courier = courier_to(op.sending.executor)
            ear = self._ear = courier.ear(frame)
            future = self._away = courier.send(self._body(frame, ear))
        except Exception as exc:
            self._hang_up()
            if isinstance(exc, NotSendableError):
                raise
            raise _lost(exc, op.name) from None
        future.add_done_callback(partial(self._call, takers))
        if op.execution.stopping:  # since it was asked: whoever stopped it may have seen nothing
            leave_sent(op.execution)

    def _body(self, frame: Frame, ear: Ear) -> Body:
        op = self._op
        assert op.sending is not None
        settings, around = op.config, op.surroundings
        return Body(
            name=op.name, fn=op.fn, args=op.call_args, kwargs=op.call_kwargs,
            injects=op.sending.injects, say=ear, context=self._context,
            config={key: settings[key] for key in _SENT_SETTINGS if key in settings},
            runtime=around.override(
                previous=None, execution_info=frame.execution_info,
                store=None if around.store is None else Elsewhere("the store"),
            ),
        )  # fmt: skip

    def _hang_up(self) -> None:
        """Its function says nothing more."""
        if self._ear is not None:
            self._ear.close()
            self._ear = None

    def _leave(self) -> None:
        """Nobody goes on with it any more."""
        op, op.errand = self._op, None
        if op.execution.places is not None:
            op.execution.places.leave(op)


def _outcome(future: Future[Any], name: str) -> Outcome:
    """What came of a function that was sent, whether or not it ran."""
    try:
        outcome: bytes | Outcome = future.result()
        return opened(outcome) if isinstance(outcome, bytes) else outcome
    except NotSendableError as exc:
        return None, exc
    except CancelledError:
        return None, _lost(BrokenExecutor("The executor gave the task up."), name)
    except Exception as exc:
        return None, _lost(exc, name)


def _lost(exc: Exception, name: str) -> Exception:
    add_note(
        exc,
        f"The executor could not bring task {name!r} to its end: it was shut down, or a worker was "
        "lost. The function may have run in part. A RetryPolicy whose retry_on matches "
        f"{type(exc).__name__} runs it again; a ProcessPoolExecutor that is broken stays so, and a "
        "new one is needed.",
    )
    return exc
