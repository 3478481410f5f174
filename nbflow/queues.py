"""A review of a plain list: one call, and each entry becomes a question.

The review is a run like any other: it stops at each entry, what was answered is stored, and the
same call after a restart of the kernel goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from nbflow import serde
from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import EmptyInputError
from nbflow.func import entrypoint
from nbflow.run import Run
from nbflow.types import interrupt

__all__ = ["review"]


def review(
    items: Sequence[Any],
    response_schema: Any = None,
    *,
    question: str = "Please review this",
    thread_id: str | None = None,
    checkpointer: BaseCheckpointSaver | str | os.PathLike[str] = "reviews.sqlite",
) -> Run:
    """Ask about each entry of a list, one after another; ``result()`` is the list of answers.

    Calling it again with the same entries attaches to the review that was begun, also in another
    kernel. Show the run in a cell for its forms, or answer from code.

    Args:
        items: what is reviewed; of a mapping, each entry is shown under its key.
        response_schema: what an answer looks like, as for ``interrupt``; any value when it is None.
        question: what is asked about each; a mapping's own ``question`` goes before it.
        thread_id: the name of the review; left out, it is known by what it asks.
        checkpointer: where it is kept: a saver, or the path of an SQLite file.

    Raises:
        EmptyInputError: there is nothing to review.
        NotSerializableError: an entry cannot be stored.

    >>> from nbflow.checkpoint.memory import InMemorySaver
    >>> run = review(["a.txt", "b.txt"], bool, question="Keep it?", checkpointer=InMemorySaver())
    >>> for answer in (True, False):
    ...     _ = run.wait()
    ...     run.resume(answer)
    >>> run.result()
    [True, False]
    """
    entries = list(items)
    if not entries:
        raise EmptyInputError("There is nothing to review. Pass a list with at least one entry.")
    saver = _saver(checkpointer)

    @entrypoint(checkpointer=saver, name="review")
    def workflow(entries: list[Any]) -> list[Any]:
        total = len(entries)
        return [
            interrupt(
                _payload(entry, f"{question} ({at} of {total})"),
                response_schema=response_schema,
                key=str(at),
            )
            for at, entry in enumerate(entries, 1)
        ]

    name = thread_id or _name_of(entries, question)
    if saver.get_thread(name) is None:
        return workflow.start(entries, thread_id=name)
    begun = workflow.thread(name)
    if begun.status in (
        "error",
        "cancelled",
    ):  # its kernel stopped between an answer and a question
        begun.resume()
    return begun


def _payload(entry: Any, asked: str) -> dict[str, Any]:
    if isinstance(entry, Mapping) and all(isinstance(key, str) for key in entry):
        return {"question": asked, **entry}
    return {"question": asked, "entry": entry}


def _name_of(entries: list[Any], question: str) -> str:
    source = serde.dumps([question, entries])
    return f"review-{blake2b(source, digest_size=8).hexdigest()}"


def _saver(kept: BaseCheckpointSaver | str | os.PathLike[str]) -> BaseCheckpointSaver:
    if isinstance(kept, BaseCheckpointSaver):
        return kept
    from nbflow.checkpoint.sqlite import SqliteSaver

    return SqliteSaver(kept)
