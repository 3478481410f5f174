"""Tokens of LangChain chat models called inside a task, as events (171).

LangChain hands its callbacks down in a context variable; a task's context gets ours. Nothing here
is imported unless the caller streams messages and LangChain is installed.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any
from uuid import UUID

from nbflow.events import Message

if TYPE_CHECKING:
    from nbflow._engine.op import Op

__all__ = ["listen"]


def listen(op: Op) -> None:
    """Let the chat models that this op calls report their tokens to its run."""
    if importlib.util.find_spec("langchain_core") is None:
        return
    from langchain_core.runnables.config import var_child_runnable_config

    config: Any = {"callbacks": [_handler(op)]}
    op.context.run(var_child_runnable_config.set, config)


def _handler(op: Op) -> Any:
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.tracers._streaming import _StreamingCallbackHandler

    class Tokens(BaseCallbackHandler, _StreamingCallbackHandler[Any]):
        """Emits each chunk once; whole messages only of models that do not stream."""

        run_inline = True

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
                "langgraph_node": op.name,
                "thread_id": op.execution.thread_id,
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
            op.execution.emit(Message(task=op.shown_id, chunk=message, metadata=metadata, ns=op.ns))

    return Tokens()
