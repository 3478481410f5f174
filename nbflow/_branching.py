"""The half of a run that goes back: forks of it, and its thread run again from a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import TYPE_CHECKING, Any

from nbflow._engine.past import past_events
from nbflow.errors import MissingSaverError
from nbflow.events import RunEnded

if TYPE_CHECKING:
    from nbflow.checkpoint.base import BaseCheckpointSaver
    from nbflow.run import Run
    from nbflow.types import StateSnapshot
    from nbflow.workflow import Workflow

__all__ = ["Branching"]


class Branching:
    """What a :class:`~nbflow.run.Run` has for whoever wants to go another way.

    Each method but ``history`` begins a run on the same thread, in the background, with the same
    configuration and context, and returns it. The run itself stays as it is, and so does its log.
    """

    thread_id: str | None
    workflow: Workflow[Any, Any]
    _config: dict[str, Any]
    _context: Any
    _context_vars: Context

    @property
    def _run(self) -> Run:
        raise NotImplementedError

    def history(self, limit: int | None = None, before: str | None = None) -> list[StateSnapshot]:
        """The thread's checkpoints, newest first.

        Args:
            before: only those older than the checkpoint with this id.
        """
        if self.workflow.saver is None or self.thread_id is None:
            return []
        here = {"configurable": {"thread_id": self.thread_id}}
        mark = {"configurable": {"thread_id": self.thread_id, "checkpoint_id": before}}
        return list(
            self.workflow.get_state_history(here, limit=limit, before=mark if before else None)
        )

    def fork(
        self,
        *,
        checkpoint_id: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> Run:
        """Branch off with everything up to an op, and go on; see ``Workflow.fork``.

        Args:
            checkpoint_id: of the run to branch off; None for the thread's newest.
            after: id of the last op that is kept.
            before: id of the first op that is not kept; of a question, only the answer is not.

        Raises:
            NbflowError: as ``Workflow.fork``; nothing was stored.
        """
        config = self._at(checkpoint_id)
        self._kept("fork")
        self.workflow.fork(config, after=after, before=before)
        return self._newest()

    def again(self, checkpoint_id: str | None = None) -> Run:
        """Run again from a checkpoint, on a branch of its own; as ``invoke(None, config)`` (147).

        Args:
            checkpoint_id: one that opened a run; None for the thread's newest run, which goes on
                where it stopped.

        Raises:
            NbflowError: as ``Workflow.invoke``; nothing was stored.
        """
        self._kept("again")
        return self._begun(None, self._at(checkpoint_id))

    def begin(self, input: Any, checkpoint_id: str | None = None) -> Run:
        """Begin the thread's next run after a checkpoint; as ``invoke(input, config)``.

        Args:
            checkpoint_id: the run gets its state as ``previous``; None for the thread's newest.

        Raises:
            NbflowError: as ``Workflow.invoke``; nothing was stored.
        """
        self._kept("begin")
        return self._begun(input, self._at(checkpoint_id))

    def _kept(self, what: str) -> BaseCheckpointSaver:
        saver = self.workflow.saver
        if saver is None or self.thread_id is None:
            raise MissingSaverError(
                f"run.{what}() goes back to what was kept, and workflow {self.workflow.name!r} "
                "keeps nothing. Declare @entrypoint(checkpointer=InMemorySaver())."
            )
        return saver

    def _at(self, checkpoint_id: str | None) -> dict[str, Any]:
        """The run's configuration, at a checkpoint of the thread."""
        configurable = {**(self._config.get("configurable") or {}), "thread_id": self.thread_id}
        configurable.pop("checkpoint_id", None)
        if checkpoint_id is not None:
            configurable["checkpoint_id"] = checkpoint_id
        return {**self._config, "configurable": configurable}

    def _sibling(self, config: dict[str, Any]) -> Run:
        made: Callable[..., Run] = type(self)  # type: ignore[assignment]  # a Run is all there is
        return self._context_vars.copy().run(
            made, self.workflow, self.thread_id, config, self._context
        )

    def _begun(self, input: Any, config: dict[str, Any]) -> Run:
        run = self._sibling(config)
        run._go(input)
        run._config = self._at(None)
        return run

    def _newest(self) -> Run:
        """The thread's newest run, which was forked just now: it goes on unless it asks."""
        run = self._sibling(self._at(None))
        if run._take_past() == "ready":
            run._go(None)
        else:
            run._remember()
        return run

    def _take_past(self) -> str:
        """Take in what the thread's newest run has done; returns how it stands."""
        thread = self._kept("fork").get_thread(self.thread_id or "")
        if thread is None or thread.run is None:
            return ""
        run = self._run
        run.id, run._epoch = thread.run, thread.epoch
        for event in past_events(self._kept("fork"), thread, self.workflow.name):
            if not (isinstance(event, RunEnded) and event.status == "ready"):
                run.log(event)
        return thread.status

    def _goes_on(self, config: dict[str, Any], input: Any) -> bool | None:
        """Whether a call that continues goes on with this run, and not with a branch of it.

        None when it goes on with another run of the thread, which is there already.
        """
        saver = self._kept("again")
        thread = saver.get_thread(self.thread_id or "")
        wanted = (config.get("configurable") or {}).get("checkpoint_id")
        if thread is not None and wanted is not None and input is None:
            row = saver.get_checkpoint(thread.thread_id, thread.ns, wanted)
            if row is None or thread.head != row.id or row.source not in ("update", "fork"):
                return False
        return True if thread is None or thread.run == self._run.id else None
