"""A record's conversation with the pages that show it: a run that is over, and only looked at.

The invariant: nothing is run or changed; whoever asks for that is told that this is a record.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from nbflow.branches import branches_of, checkpoint_id_of
from nbflow.compare import differences
from nbflow.forms import preview
from nbflow.forms.secrets import Secrets
from nbflow.types import StateSnapshot
from nbflow.widgets.checkpoints import CHANGES, branch_item, change_item
from nbflow.widgets.conversation import BadMessageError, Conversation, Page, number_in, text_in
from nbflow.widgets.protocol import PROTOCOL
from nbflow.widgets.session import next_part

if TYPE_CHECKING:
    from nbflow.widgets.protocol import CheckpointItem, EventData, RunStatus, Snapshot

__all__ = ["RecordSession"]

_ONLY_LOOK = "This is the record of a run: it can be looked at, not changed."


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
        self._branches = branches_of(map(_snapshot, history))
        numbers = {
            checkpoint_id_of(shot.config): branch.number
            for branch in self._branches
            for shot in branch.checkpoints
        }
        self._history: list[CheckpointItem] = [
            {**item, "branch": numbers[item["checkpoint_id"]]} for item in history
        ]
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
        branches = [branch_item(one) for one in self._branches]
        self._post(
            page,
            {
                "type": "history",
                "request": request,
                "items": items,
                "branches": branches,
                "more": more,
            },
        )

    def _serve_checkpoint(self, page: Page, content: dict[str, Any]) -> None:
        item = self._item(text_in(content, "checkpoint_id"))
        known = ("source", "step", "created_at", "next", "questions")
        self._post(
            page,
            {
                "type": "checkpoint",
                "request": text_in(content, "request"),
                "checkpoint_id": item["checkpoint_id"],
                "values": item["values"],
                "metadata": preview({name: item.get(name) for name in known}),
                "error": None,
                "ops": [],
                "more": 0,
                "form": None,
                "fixed": _ONLY_LOOK,
                "rerun": False,
                "codes": [],
            },
        )

    def _serve_comparison(self, page: Page, content: dict[str, Any]) -> None:
        old, new = (_value(self._item(text_in(content, side))) for side in ("left", "right"))
        found = differences(old, new, limit=CHANGES + 1)
        self._post(
            page,
            {
                "type": "comparison",
                "request": text_in(content, "request"),
                "changes": [change_item(one, Secrets()) for one in found[:CHANGES]],
                "more": len(found) > CHANGES,
                "hidden": False,
                "pairs": [],
                "first": None,
                "unpaired": 0,
                "code": "",
            },
        )

    def _item(self, checkpoint_id: str) -> CheckpointItem:
        for item in self._history:
            if item["checkpoint_id"] == checkpoint_id:
                return item
        raise BadMessageError("This checkpoint is not in the record.")

    def _refuse(self, page: Page, content: dict[str, Any]) -> None:
        raise BadMessageError(_ONLY_LOOK)

    _serves: ClassVar = {
        "sync": _serve_sync,
        "history": _serve_history,
        "checkpoint": _serve_checkpoint,
        "comparison": _serve_comparison,
        "go": _refuse,
        "submit": _refuse,
        "cancel": _refuse,
    }


def _snapshot(item: CheckpointItem) -> StateSnapshot:
    """Return as much of a checkpoint as its branch depends on."""
    here, before = item["checkpoint_id"], item["parent_id"]
    return StateSnapshot(
        values=None,
        next=(),
        config={"configurable": {"checkpoint_id": here}},
        metadata={"source": item["source"], "step": item["step"]},
        created_at=item["created_at"],
        parent_config=None if before is None else {"configurable": {"checkpoint_id": before}},
        tasks=(),
        interrupts=(),
    )


def _value(item: CheckpointItem) -> Any:
    """Return a checkpoint's values, as far as the record has them: as data, or as text."""
    values = item["values"]
    if values["kind"] != "json" or values["cut"]:
        return values["text"]
    try:
        return json.loads(values["text"])
    except ValueError:
        return values["text"]
