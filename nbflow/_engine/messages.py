"""Tokens of LangChain chat models called inside a task, as events (171).

LangChain hands its callbacks down in a context variable; a task's context gets ours. Nothing here
is imported unless the caller streams messages and LangChain is installed.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

from nbflow._engine.settings import settings_below
from nbflow.events import Message

if TYPE_CHECKING:
    from nbflow._engine.called import Called
    from nbflow._engine.op import Op

__all__ = ["are_guided", "listen", "place_of", "tell_messages"]


_HANDED_DOWN = ("callbacks", "tags", "metadata")


def are_guided(config: dict[str, Any]) -> bool:
    """Whether LangChain models are told something of a configuration (193)."""
    return "langchain_core" in sys.modules and any(config.get(key) for key in _HANDED_DOWN)


def listen(op: Op) -> None:
    """Hand the run's callbacks, tags and metadata to what LangChain does in this op (171, 193).

    With somebody streaming messages, the chat models report their tokens to the run, too.
    """
    if importlib.util.find_spec("langchain_core") is None:
        return
    from langchain_core.runnables.config import var_child_runnable_config

    execution, config = op.execution, op.config
    around: Any = op.context.run(var_child_runnable_config.get) or {}
    if op.parent is None:
        execution.outer_langchain = around
    elif execution.guides_langchain:
        around = execution.outer_langchain
    own = {key: config[key] for key in _HANDED_DOWN if config.get(key)}
    given: Any = settings_below(around, own)
    if execution.wants_messages:
        given["callbacks"] = _with(_handler(op), given.get("callbacks"))
    op.context.run(var_child_runnable_config.set, given)


def _with(handler: Any, callbacks: Any) -> Any:
    """The user's callbacks, which may be a manager of such, and ours.

    A runnable that was called on the way here hands ours of that call down with the user's.
    """
    if callbacks is None or isinstance(callbacks, list):
        return [*(one for one in callbacks or () if not _of_one_run(one, handler)), handler]
    both = callbacks.copy()
    for one in (*both.handlers,):
        if _of_one_run(one, handler):
            both.remove_handler(one)
    both.add_handler(handler, inherit=True)
    return both


def _of_one_run(handler: Any, other: Any) -> bool:
    return getattr(handler, "nbflow_execution", None) is other.nbflow_execution


def tell_messages(op: Op, value: Any) -> None:
    """A message that a task returns is one of the stream, unless its tokens were (171)."""
    if "langchain_core" not in sys.modules:
        return
    from langchain_core.messages import BaseMessage

    execution = op.execution
    for one in value if isinstance(value, list | tuple) else (value,):
        if not isinstance(one, BaseMessage) or (one.id and one.id in execution.streamed):
            continue
        execution.emit(Message(task=op.shown_id, chunk=one, metadata=place_of(op), ns=op.ns))


def place_of(op: Called) -> dict[str, Any]:
    """What the metadata of a message say of where it comes from."""
    place: dict[str, Any] = {"langgraph_node": op.name}
    if op.execution.thread_id is not None:
        place["thread_id"] = op.execution.thread_id
    return place


def _handler(op: Op) -> Any:
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.tracers._streaming import _StreamingCallbackHandler

    class Tokens(BaseCallbackHandler, _StreamingCallbackHandler[Any]):
        """Emits each chunk once; whole messages only of models that do not stream."""

        run_inline = True
        nbflow_execution = op.execution

        def __init__(self) -> None:
            self._metadata: dict[UUID, dict[str, Any]] = {}
            self._streamed: set[UUID] = set()

        def tap_output_aiter(self, run_id: UUID, output: Any) -> Any:
            return output

        def tap_output_iter(self, run_id: UUID, output: Any) -> Any:
            return output

        def on_chat_model_start(
            self, serialized: Any, messages: Any, *, run_id: UUID, tags: Any = None,
            metadata: Any = None, **_: Any,
        ) -> None:  # fmt: skip
            self._metadata[run_id] = {
                **(metadata or {}),
                **({"tags": list(tags)} if tags else {}),
                **place_of(op),
            }

        def on_llm_new_token(
            self, token: Any, *, chunk: Any = None, run_id: UUID, **_: Any
        ) -> None:
            message = getattr(chunk, "message", None)
            if message is not None:
                self._streamed.add(run_id)
                self._emit(run_id, message)

        def on_llm_end(self, response: Any, *, run_id: UUID, **_: Any) -> None:
            if run_id not in self._streamed:
                for generation in response.generations[0]:
                    if (message := getattr(generation, "message", None)) is not None:
                        self._emit(run_id, message)
            self._metadata.pop(run_id, None)

        def _emit(self, run_id: UUID, message: Any) -> None:
            metadata = self._metadata.get(run_id, {})
            if message.id:
                op.execution.streamed.add(message.id)
            if op.is_heard():
                op.execution.emit(
                    Message(task=op.shown_id, chunk=message, metadata=metadata, ns=op.ns)
                )

    return Tokens()
