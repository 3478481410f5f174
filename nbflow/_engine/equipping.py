"""What a call needs besides its arguments, of tasks that are more than a plain function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbflow._engine.caching import CachedCall
from nbflow._engine.nested import previous_of
from nbflow._engine.sending import sending_of
from nbflow.errors import DeclarationError

if TYPE_CHECKING:
    from nbflow._engine.declaration import TaskSpec
    from nbflow._engine.nested_call import NestedCall
    from nbflow._engine.op import Op

__all__ = ["equip"]


def equip(op: Op, task: TaskSpec, nested: NestedCall | None) -> None:
    """Give it to a call that begins.

    Raises:
        DeclarationError: it is to run at most once where nothing is on record.
    """
    execution = op.execution
    if nested is not None:
        op.enter_workflow(nested, task)
        execution.sends = execution.sends or op.executor is not None
    if task.cache is not None and (cache := op.cache) is not None:
        besides = () if nested is None else (previous_of(execution, op), op.surroundings.context)
        op.cached = CachedCall.of(cache, task.cache, op.call_args, op.call_kwargs, besides)
    if task.injects:
        op.inject = task.inject
    op.timeout = task.timeout
    op.at_most_once = task.at_most_once
    assert op.caller is not None
    op.sending = sending_of(task, op.caller.op, op.call_args, op.call_kwargs)
    if op.at_most_once and not op.recorded and execution.saver is not None:
        raise DeclarationError(
            f"Task {op.name!r} is declared at_most_once, and was called in a workflow with "
            "checkpointer=False, whose steps are not on record. It did not run. Call it "
            "elsewhere, or leave checkpointer= out there."
        )
