"""One attempt of an entrypoint or a task: where its calls and questions meet the record."""

from __future__ import annotations

import asyncio
import sys
import time
import warnings
from collections.abc import Callable
from functools import cached_property
from threading import get_ident
from types import CodeType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from nbflow import serde
from nbflow._engine.frame_log import FrameLog
from nbflow._engine.ids import op_key
from nbflow._engine.lanes import lane_token
from nbflow._engine.nested import previous_of
from nbflow._engine.replay import OPTIONAL, Call, Divergence, describe, shown
from nbflow._engine.timeouts import Watch, show_life
from nbflow.checkpoint.base import OpRow
from nbflow.errors import GraphInterrupt, NonDeterminismError, RunCancelled, RunDrained
from nbflow.runtime import ExecutionInfo, Runtime

if TYPE_CHECKING:
    from nbflow._current import Asking
    from nbflow._engine.async_driver import Relay
    from nbflow._engine.execution import Execution
    from nbflow._engine.op import Op

__all__ = ["MAIN_LANE", "Frame", "call_site"]

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

MAIN_LANE = "0"
THREAD_LANE = "t"
"""Of calls from threads of the user's own: each gets what is recorded for its content, and their
order, which is not the code's, is not judged."""


class Frame:
    """What ``current_frame`` holds while an op's function runs."""

    loop: asyncio.AbstractEventLoop | None
    """The event loop that the function runs on; None when it runs in a thread."""
    home: int
    """The thread that runs the function."""
    left_a_question = False
    """Whether a task that it called stopped at a question, even one that nobody awaits."""
    left_alone: Op | None = None
    """The task that its code called last, in its own thread: perhaps nobody has begun it."""
    watched = False
    """Whether the crew will look at that."""
    over = False
    """Whether it has ended: what still runs of its code can do nothing more in the run."""
    refused: BaseException | None = None
    """What an op was refused with; when the code returned all the same, that counts."""
    watch: Watch | None = None
    """Its time, where that is limited."""
    trailing_cancels: tuple[OpRow, ...] = ()
    """Rows that take back the cancellations after which nothing more was called."""
    _log: FrameLog | None = None
    _paused: dict[str, asyncio.Task[Any] | None] | None = None
    _lanes: WeakKeyDictionary[asyncio.Task[Any], str] | None = None
    _spawned: dict[str, int] | None = None
    _called: set[str] | None = None
    """Lanes that called a task or asked a question, the main one left out."""
    _runtime: Runtime[Any] | None = None

    def __init__(
        self, execution: Execution, op: Op, loop: asyncio.AbstractEventLoop | None
    ) -> None:
        self.execution = execution
        self.op = op
        self.loop = loop
        self.home = get_ident()

    @cached_property
    def under_way(self) -> set[Relay]:
        """Tasks in threads that its code on the loop called, before it has heard of their end."""
        return set()

    @property
    def is_clean(self) -> bool:
        """Whether its code called and asked nothing, so that nothing is left to look after."""
        return (
            self._log is None and self._paused is None and self.refused is None
            and not self.left_a_question
        )  # fmt: skip

    @property
    def log(self) -> FrameLog:
        log = self._log
        if log is None:
            log = self._log = self.execution.frame_log(self.op)
        return log

    @property
    def config(self) -> dict[str, Any]:
        return self.op.config

    @property
    def runtime(self) -> Runtime[Any]:
        if self._runtime is None:
            execution, op = self.execution, self.op
            self._runtime = op.surroundings.override(
                previous=previous_of(execution, op),
                stream_writer=op.write,
                execution_info=self.execution_info,
                heartbeat=self.heartbeat,
                control=execution.control,
            )
        return self._runtime

    @property
    def execution_info(self) -> ExecutionInfo:
        """Where its code stands."""
        execution, op = self.execution, self.op
        return ExecutionInfo(
            checkpoint_id=execution.checkpoint_id,
            checkpoint_ns="|".join(op.path),
            task_id=op.id,
            thread_id=execution.thread_id,
            run_id=execution.run_id,
            node_attempt=op.attempt,
            node_first_attempt_time=op.started or None,
        )

    def heartbeat(self) -> None:
        """The code lives (211)."""
        show_life(self, heartbeat=True)

    def ask(self, asking: Asking) -> Any:
        from nbflow._engine.questions import ask

        return ask(self, asking)

    @property
    def write_token(self) -> Callable[..., None]:
        return self.op.write_token

    @property
    def write_printed(self) -> Callable[..., None]:
        return self.op.write_printed

    def value_of(self, name: str, make: Callable[[], Any]) -> Any:
        """What ``make`` gave when this line ran first: recorded like a task, and shown to none."""
        lane, execution = self.lane(), self.execution
        self.check(lane)
        if execution.saver is None or not self.op.recorded:
            return make()
        call = self.take(name, b"", lane, 4)
        if call is not None and call.outcome is not None:
            return serde.loads(execution.value_of(call))
        value, n = make(), self.log.number(name, b"")
        row = OpRow(
            "result", op_key(self.op.key, "task", name, b"", n), self.op.key, name, b"",
            self.kept_lane(lane), n, serde.dumps(value), ts=time.time(), site=call_site(4),
        )  # fmt: skip
        execution.note([row])
        return value

    # -- lanes ------------------------------------------------------------------------------

    def lane(self) -> str:
        """Which line of control calls or asks now."""
        lane = self.here()
        if lane is not MAIN_LANE and lane is not THREAD_LANE:
            self._called = self._called or set()
            self._called.add(lane)
        return lane

    def here(self) -> str:
        """Which line of control runs now."""
        if get_ident() != self.home:
            return THREAD_LANE
        if self._lanes is None:
            return MAIN_LANE
        task = _running_task()
        if task is None:
            return MAIN_LANE
        return self._lanes.get(task, MAIN_LANE)

    def enter_lane(self, task: asyncio.Task[Any]) -> None:
        """Give an asyncio task that this frame's code made a lane of its own."""
        creator = self.here()
        if self._lanes is None:
            self._lanes = WeakKeyDictionary()
            self._spawned = {}
        assert self._spawned is not None
        token = lane_token(task)
        name = f"{creator}." if token is None else f"{creator}.{token}~"
        number = self._spawned.get(name, 0)
        self._spawned[name] = number + 1
        self._lanes[task] = f"{name}{number}"

    def lanes_alive(self) -> list[asyncio.Task[Any]]:
        """The asyncio tasks of this frame's code that have not ended."""
        return [] if self._lanes is None else [task for task in self._lanes if not task.done()]

    def working_lanes(self) -> list[asyncio.Task[Any]]:
        """Of those the ones that called or asked, or made another that did."""
        lanes, called = self._lanes, self._called
        if lanes is None or called is None:
            return []
        return [
            task
            for task in self.lanes_alive()
            if any(f"{lane}.".startswith(f"{lanes[task]}.") for lane in called)
        ]

    def end(self) -> None:
        """From now on its code can do nothing more in the run."""
        self.over = True
        if self._paused is None:
            self._paused = {}

    # -- pausing ----------------------------------------------------------------------------

    def pause(self, lane: str | None = None) -> None:
        """A question stopped this lane: it can start no further op."""
        if self._paused is None:
            self._paused = {}
        self._paused[lane or self.here()] = _running_task()

    @property
    def was_paused(self) -> bool:
        return bool(self._paused)

    def check(self, lane: str) -> None:
        """Refuse further ops in a run that was cancelled and in a lane that a question stopped.

        A lane counts as stopped, too, when one that it started was and has ended: what it holds
        in its hands then is the pause, even if it was turned into a value.
        """
        try:
            self._check_run()
        except BaseException as refused:
            self.refused = refused
            raise
        if self._paused is None:
            return
        for paused, task in self._paused.items():
            ended = task is None or task.done()
            if paused == lane or (ended and paused.startswith(lane + ".")):
                raise GraphInterrupt(self.execution.questions)

    def _check_run(self) -> None:
        self.execution.check()
        if self.over or self.op.decided:
            raise RunCancelled("The attempt was given up; what it still does is not recorded.")
        reason = self.execution.control.drain_reason
        if reason is not None and self.op.has_steps:
            raise RunDrained(reason)

    def take_trailing_cancels(self) -> list[OpRow]:
        """What a failure cancelled on its way out runs again with whatever failed."""
        rows, self.trailing_cancels = self.trailing_cancels, ()
        return [*rows]

    @property
    def is_replaying(self) -> bool:
        """Whether its code, in this line of control, is where it was before the replay."""
        if not self.execution.resumed:
            return False
        lane = self.here()
        return self.log.is_behind(MAIN_LANE if lane is THREAD_LANE else lane)

    def kept_lane(self, lane: str) -> str:
        """Under which lane a call is recorded that the record does not have."""
        late = self._paused is not None or lane == THREAD_LANE
        return lane + OPTIONAL if late else lane

    # -- the record -------------------------------------------------------------------------

    def take(
        self,
        name: str | None,
        args: bytes,
        lane: str,
        depth: int,
        called_with: Arguments = ((), {}),
    ) -> Call | None:
        """The recorded call that this one is, or None.

        Args:
            called_with: for a message.

        Raises:
            NonDeterminismError: unchanged code, another call.
        """
        try:
            return self.log.take(name, args, lane)
        except Divergence as divergence:
            return self.diverged(divergence, name, args, lane, depth + 1, called_with)

    def diverged(
        self,
        divergence: Divergence,
        name: str | None,
        args: bytes,
        lane: str,
        depth: int,
        called_with: Arguments,
    ) -> Call | None:
        """A call has no record where one was due: refuse it, or go by its content alone.

        Raises:
            NonDeterminismError: unless the workflow was told to go on.
        """
        log = self.log
        called = describe(name, call_site(depth + 1))
        due = divergence.due.describe()
        if called == due:
            called = describe(name, call_site(depth + 1), shown(*called_with))
            due = divergence.due.describe(divergence.due.arguments())
        if self.execution.on_divergence == "warn":
            _warn_divergence(f"called {called} where the record has {due}")
            self.execution.strays = True
            log.relax()
            return log.take(name, args, lane)
        raise NonDeterminismError(
            f"The code is unchanged, but on replay it called {called} where the record has "
            f"{due}. Nothing was reused for it and nothing was run. Something outside the "
            "record decides here: a clock, a random number, a set's order, a global. Move it "
            "into a @task, or give the call a fixed identity (interrupt(..., key='...')). To "
            "begin anew, invoke the workflow with a new input.",
            called,
            due,
        ) from None

    def settle_record(self) -> None:
        """Called when the function returned: every finished recorded call must have been made.

        Raises:
            NonDeterminismError: unchanged code left some out.
        """
        if self._log is None and not self.execution.resumed:
            return None
        unused = self.log.next_unused()
        if unused is not None and self.log.strict:
            due = unused.describe()
            if self.execution.on_divergence == "warn":
                return _warn_divergence(f"returned without calling {due}, which the record has")
            raise NonDeterminismError(
                f"The code is unchanged, but on replay it returned without calling {due}, which "
                "the record has. Something outside the record decides here: a clock, a random "
                "number, a set's order, a global. Move it into a @task. To begin anew, invoke "
                "the workflow with a new input.",
                None,
                due,
            )


def _warn_divergence(what: str) -> None:
    warnings.warn(
        f"The code is unchanged, but on replay it {what}. Calls that have no record run now, and "
        "what was recorded for others is left aside (on_divergence='warn').",
        stacklevel=5,
    )


def _running_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


_sites: dict[tuple[CodeType, int], str] = {}


def call_site(depth: int) -> str:
    """File and line of the user's call, ``depth`` frames up."""
    frame = sys._getframe(depth)
    at = (frame.f_code, frame.f_lasti)
    site = _sites.get(at)
    if site is None:
        if len(_sites) > 10_000:
            _sites.clear()
        name = frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
        site = _sites[at] = f"{name}:{frame.f_lineno}"
    return site
