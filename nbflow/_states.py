"""What is kept of a workflow's threads: looked at, changed by hand, and branched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from nbflow._engine import forks, rehearsal
from nbflow._engine.history import checkpoint_at, closed_by, snapshot, snapshots
from nbflow._engine.stored_snapshot import fetched
from nbflow._engine.threads import address_of
from nbflow.audit import Audit, audit
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import MissingSaverError
from nbflow.types import ReplayReport, StateSnapshot, StateUpdate

if TYPE_CHECKING:
    from nbflow.config import RunnableConfig
    from nbflow.workflow import Workflow

__all__ = ["ThreadStates"]


class ThreadStates:
    """The half of a :class:`~nbflow.workflow.Workflow` that needs no run."""

    name: str
    saver: BaseCheckpointSaver | None

    def fingerprint(self) -> bytes:
        """Digest of the code that the workflow can reach now: 16 bytes."""
        raise NotImplementedError

    @property
    def _workflow(self) -> Workflow[Any, Any]:
        raise NotImplementedError

    # -- looking ----------------------------------------------------------------------------

    def thread_status(self, thread_id: str) -> str | None:
        """How a thread stands, as its snapshot's ``status``; None where there is none."""
        row = None if self.saver is None else self.saver.get_thread(thread_id)
        return None if row is None else {"idle": "done"}.get(row.status, row.status)

    def get_state(
        self, config: RunnableConfig | dict[str, Any], *, subgraphs: bool = False
    ) -> StateSnapshot:
        """The thread at its newest checkpoint, or at the one that ``config`` names (137-145).

        Besides LangGraph's fields it has ``status`` and ``ops``, the tasks and questions of the
        run.

        Args:
            subgraphs: with the state of a nested workflow that is under way, as
                ``tasks[0].state``.

        Raises:
            UnknownCheckpointError: the thread has no checkpoint of that name.
        """
        saver = self._saver("get_state")
        settings = dict(config)
        thread_id, ns = address_of(settings)
        if ns and saver.get_thread(thread_id, ns) is None:
            found = self._nested_state(thread_id, ns)
            if found is not None:
                return found
        row = checkpoint_at(saver, thread_id, ns, settings["configurable"].get("checkpoint_id"))
        if row is None:
            return StateSnapshot({}, (), settings, None, None, None, (), ())
        closed = closed_by(saver, row)
        return snapshot(saver, row, closed, subgraphs=subgraphs)

    def get_input(self, config: RunnableConfig | dict[str, Any]) -> Any:
        """The input of the run that a checkpoint belongs to, as an instance of its type.

        So the same input can be run again on another state:
        ``workflow.invoke(workflow.get_input(config), workflow.update_state(config, values))``.

        Args:
            config: names the thread, for its newest checkpoint, or one of its checkpoints.

        Raises:
            UnknownCheckpointError: the thread has no checkpoint of that name, or it belongs to no
                run: it was made by hand.
        """
        saver = self._saver("get_input")
        return forks.input_at(saver, dict(config))

    def audit(self, thread_id: str | int) -> Audit:
        """Who answered what, when and from where, on one thread; see :func:`nbflow.audit.audit`.

        ``workflow.audit(thread_id).to_frame()`` is a DataFrame, ``.records()`` a list of dicts.

        Raises:
            MissingSaverError: the workflow keeps nothing.
            CorruptDataError: an answer cannot be read.
        """
        return audit(self._saver("audit"), thread_id)

    def _nested_state(self, thread_id: str, ns: str) -> StateSnapshot | None:
        """The state of a workflow that the thread's run is in, by its namespace."""
        above = {"configurable": {"thread_id": thread_id}}
        state: StateSnapshot | None = self.get_state(above, subgraphs=True)
        while state is not None and state.config["configurable"].get("checkpoint_ns") != ns:
            state = state.tasks[0].state if state.tasks else None
        return state

    async def aget_state(
        self, config: RunnableConfig | dict[str, Any], *, subgraphs: bool = False
    ) -> StateSnapshot:
        """:meth:`get_state` for the event loop, which it does not hold up."""
        return await asyncio.to_thread(lambda: fetched(self.get_state(config, subgraphs=subgraphs)))

    def get_state_history(
        self,
        config: RunnableConfig | dict[str, Any],
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | dict[str, Any] | None = None,
        limit: int | None = None,
    ) -> Iterator[StateSnapshot]:
        """The thread's checkpoints, newest first (142).

        Args:
            filter: entries that the metadata must have.
            before: only checkpoints older than the one this configuration names.
            limit: at most so many.

        Raises:
            UnknownCheckpointError: the thread has no checkpoint as ``before`` names it.
        """
        saver = self._saver("get_state_history")
        thread_id, ns = address_of(dict(config))
        mark = None if before is None else before.get("configurable", {}).get("checkpoint_id")
        newer = None if mark is None else checkpoint_at(saver, thread_id, ns, mark)
        rows = saver.list_checkpoints(thread_id, ns, before=mark, limit=None if filter else limit)
        for at, shot in enumerate(snapshots(saver, rows, filter, newer)):
            if at == limit:
                return
            yield shot

    async def aget_state_history(
        self, config: RunnableConfig | dict[str, Any], **choice: Any
    ) -> AsyncIterator[StateSnapshot]:
        """:meth:`get_state_history` for the event loop, which it does not hold up."""
        for shot in await asyncio.to_thread(
            lambda: [*map(fetched, self.get_state_history(config, **choice))]
        ):
            yield shot

    def replay_report(self, thread_id: str | int, *, context: Any = None) -> ReplayReport:
        """What ``invoke(None)`` would reuse, run and leave aside on this thread.

        For a look before going on, after the code was edited. The body of the entrypoint runs up
        to the first result that is not there; no task runs and nothing is stored.

        Raises:
            UnknownThreadError: there is no such thread, or it has no run.
            ThreadBusyError: it is running.
            WorkflowMismatchError: another workflow began its run.
        """
        saver = self._saver("replay_report")
        return rehearsal.report(self._workflow, saver, str(thread_id), context)

    # -- going another way --------------------------------------------------------------------

    def update_state(
        self,
        config: RunnableConfig | dict[str, Any],
        values: Any,
        as_node: str | None = None,
        task_id: str | None = None,
        *,
        force: bool = False,
    ) -> dict[str, Any]:
        """Replace what the next run gets as ``previous`` (133-136, 151).

        Args:
            as_node: the workflow's own name, or nothing; ``"__copy__"`` makes a sibling of the
                checkpoint instead, open where that one is open (153).
            task_id: as LangGraph's; a workflow has one task, so it changes nothing.
            force: drop the open questions of a run that waits, failed or was cancelled.

        Returns:
            The configuration that names the new checkpoint.

        Raises:
            InvalidUpdateError: another ``as_node``, or the thread has open questions.
        """
        saver = self._saver("update_state")
        return forks.update(
            saver, dict(config), values, as_node, self.name, self.fingerprint(), force=force
        )

    async def aupdate_state(
        self,
        config: RunnableConfig | dict[str, Any],
        values: Any,
        as_node: str | None = None,
        task_id: str | None = None,
        *,
        force: bool = False,
    ) -> dict[str, Any]:
        """:meth:`update_state` for the event loop, which it does not hold up."""
        return await asyncio.to_thread(
            self.update_state, config, values, as_node, task_id, force=force
        )

    def bulk_update_state(
        self,
        config: RunnableConfig | dict[str, Any],
        supersteps: Sequence[Sequence[StateUpdate]],
    ) -> dict[str, Any]:
        """Several updates in order, one checkpoint each (157).

        Raises:
            ValueError: there are none.
            InvalidUpdateError: a superstep with more than one update; a workflow has one node.
        """
        saver = self._saver("bulk_update_state")
        return forks.update_in_bulk(saver, dict(config), supersteps, self.name, self.fingerprint())

    async def abulk_update_state(
        self,
        config: RunnableConfig | dict[str, Any],
        supersteps: Sequence[Sequence[StateUpdate]],
    ) -> dict[str, Any]:
        """:meth:`bulk_update_state` for the event loop, which it does not hold up."""
        return await asyncio.to_thread(self.bulk_update_state, config, supersteps)

    def fork(
        self,
        config: RunnableConfig | dict[str, Any],
        *,
        after: str | None = None,
        before: str | None = None,
    ) -> dict[str, Any]:
        """Branch off a run, with everything that it had done up to an op (155).

        The fork becomes the thread's newest run; the old branch stays in the history. It goes on
        with ``invoke(None, config)``, or with an answer where it asks.

        Args:
            config: names the thread, or one of its checkpoints: the run that this opened.
            after: id of the last op that is kept, a task or an answered question.
            before: id of the first op that is not kept; of a question, only the answer is not:
                one that nobody answered is open again, with all that the run had done.
                Without either, everything is kept.

        Returns:
            The configuration that names the fork.

        Raises:
            ValueError: both are given.
            UnknownOpError: the run has no such op, or it has no outcome.
            ThreadBusyError: the thread is running.
        """
        saver = self._saver("fork")
        return forks.fork(
            saver, dict(config), self.name, self.fingerprint(), after=after, before=before
        )

    def _saver(self, what: str) -> BaseCheckpointSaver:
        if self.saver is None:
            raise MissingSaverError(
                f"{what}() needs a checkpointer, and workflow {self.name!r} has none. Declare "
                "@entrypoint(checkpointer=InMemorySaver())."
            )
        self.fingerprint()  # from here on the code's classes are known, to be read as themselves
        return self.saver
