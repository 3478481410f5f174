"""A record's conversation with the pages that show it: a run that is over, and only looked at.

The invariant: nothing is run or changed; whoever asks for that is told that this is a record.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from nbflow.widgets.conversation import BadMessageError, Conversation, Page, number_in, text_in
from nbflow.widgets.protocol import PROTOCOL
from nbflow.widgets.session import next_part

if TYPE_CHECKING:
    from nbflow.widgets.protocol import CheckpointItem, EventData, RunStatus, Snapshot

__all__ = ["RecordSession"]


class RecordSession(Conversation):
    """What a record says to its pages.

    Args:
        log: all that the run said of itself, in wire form.
        history: the thread's checkpoints, newest first.

    >>> from nbflow.widgets.protocol import PROTOCOL
    >>> RecordSession([], [], "done").attach(None)["status"]
    'done'
    """

    def __init__(
        self, log: Sequence[EventData], history: Sequence[CheckpointItem], status: RunStatus
    ) -> None:
        super().__init__()
        self.log: str = uuid.uuid4().hex
        """Id of the log: 32 hex digits."""
        self._wire = list(log)
        self._history = list(history)
        self._status: RunStatus = status

    def attach(self, page: Page) -> Snapshot:
        """Return the state to begin with."""
        begun: Any = next((one for one in self._wire if one["type"] == "run_started"), {})
        return {
            "protocol": PROTOCOL,
            "run_id": begun.get("run_id", ""),
            "thread_id": begun.get("thread_id"),
            "workflow": begun.get("workflow", ""),
            "status": self._status,
            "head": len(self._wire),
            "pending": 0,
        }

    def detach(self, page: Page) -> None:
        """Forget a page: it is told nothing by itself."""

    def _serve_sync(self, page: Page, content: dict[str, Any]) -> None:
        since, head = number_in(content, "since"), len(self._wire)
        since = min(since, head) if text_in(content, "log") == self.log else 0
        while True:
            part = next_part(self._wire, since)
            self._post(
                page,
                {"type": "events", "log": self.log, "since": since, "head": head, "events": part},
            )
            since += len(part)
            if since >= head:
                return

    def _serve_history(self, page: Page, content: dict[str, Any]) -> None:
        limit, before = max(1, number_in(content, "limit")), content.get("before")
        ids = [item["checkpoint_id"] for item in self._history]
        start = ids.index(before) + 1 if before in ids else 0
        items = self._history[start : start + limit]
        more = start + limit < len(ids)
        request = text_in(content, "request")
        self._post(page, {"type": "history", "request": request, "items": items, "more": more})

    def _refuse(self, page: Page, content: dict[str, Any]) -> None:
        raise BadMessageError("This is the record of a run: it can be looked at, not changed.")

    _serves: ClassVar = {
        "sync": _serve_sync,
        "history": _serve_history,
        "submit": _refuse,
        "cancel": _refuse,
    }
