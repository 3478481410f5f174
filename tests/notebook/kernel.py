"""A page's side of a real kernel: sends what JupyterLab sends, and keeps all that comes back."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

__all__ = ["Cell", "Kernel", "kernel"]

_WAIT_S = 15.0
_WIDGET = "application/vnd.jupyter.widget-view+json"

Message = dict[str, Any]


class Cell:
    """What came back for one request, so far."""

    def __init__(self, kernel: Kernel, message_id: str, again: Callable[[], str] | None = None):
        self._kernel = kernel
        self.id = message_id
        self._again = again

    @property
    def messages(self) -> list[Message]:
        """Everything on iopub that names this request as its parent."""
        return [m for m in self._kernel.heard if m["parent_header"].get("msg_id") == self.id]

    @property
    def states(self) -> list[str]:
        """Busy and idle, in order."""
        return [m["content"]["execution_state"] for m in self.messages if m["msg_type"] == "status"]

    @property
    def printed(self) -> str:
        return "".join(m["content"]["text"] for m in self.messages if m["msg_type"] == "stream")

    @property
    def error(self) -> str | None:
        """The error's name and text."""
        for message in self.messages:
            if message["msg_type"] == "error":
                return f"{message['content']['ename']}: {message['content']['evalue']}"
        return None

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The MIME bundles that are displayed now, each in its newest form."""
        found: dict[str, dict[str, Any]] = {}
        mine = {
            m["content"]["transient"].get("display_id", m["header"]["msg_id"])
            for m in self.messages
            if m["msg_type"] == "display_data"
        }
        for message in self._kernel.heard:
            if message["msg_type"] in ("display_data", "update_display_data"):
                transient = message["content"]["transient"]
                name = transient.get("display_id", message["header"]["msg_id"])
                if name in mine:
                    found[name] = message["content"]["data"]
        return list(found.values())

    def finish(self) -> Cell:
        """Wait until the cell is done; an error in it fails the test."""
        self.settle()
        assert self.error is None, self.error
        return self

    def settle(self) -> Cell:
        """Wait until the cell is done, by an error too.

        ipykernel 7.1 and 7.3 mislay a request now and then, a bare one too. Nothing is heard of it,
        and it is sent again.
        """
        try:
            self._kernel.wait_for(lambda: self.states and self.states[-1] == "idle")
        except AssertionError:
            if self.messages or self._again is None:
                raise
            self.id = self._again()
            self._kernel.wait_for(lambda: self.states and self.states[-1] == "idle")
        return self

    @property
    def records(self) -> list[dict[str, Any]]:
        """What is shown for readers without widgets, in its newest form."""
        return [data for data in self.shown if data["text/plain"]]

    def widget(self) -> str:
        """The id of the widget that the cell shows."""
        self._kernel.wait_for(lambda: any(_WIDGET in data for data in self.shown))
        ids = [data[_WIDGET]["model_id"] for data in self.shown if _WIDGET in data]
        model_id: str = ids[0]
        return model_id


class Kernel:
    """One kernel and all that it said."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager = manager
        self._client = client
        self.heard: list[Message] = []

    def run(self, code: str, *, headless: bool = False) -> Cell:
        """Queue a cell; ``headless`` as nbclient does, without stdin."""

        def send() -> str:
            message_id: str = self._client.execute(code, allow_stdin=not headless)
            return message_id

        return Cell(self, send(), send)

    def send(
        self, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> Cell:
        """Send any other message on the shell channel."""
        message = self._client.session.msg(kind, content, metadata=metadata)
        self._client.shell_channel.send(message)
        return Cell(self, message["header"]["msg_id"])

    def say(self, widget: str, content: dict[str, Any]) -> Cell:
        """Send a widget a custom message."""
        data = {"method": "custom", "content": content}
        return self.send("comm_msg", {"comm_id": widget, "data": data})

    def interrupt(self) -> None:
        """What the stop button does."""
        self._manager.interrupt_kernel()

    def replies(self, widget: str, kind: str) -> list[dict[str, Any]]:
        """The custom messages of one type that a widget got."""
        return [
            content
            for m in self.heard
            if m["msg_type"] == "comm_msg" and m["content"]["comm_id"] == widget
            if m["content"]["data"].get("method") == "custom"
            if (content := m["content"]["data"]["content"])["type"] == kind
        ]

    def events(self, widget: str) -> list[dict[str, Any]]:
        """The events that a widget got, in order."""
        return [event for batch in self.replies(widget, "events") for event in batch["events"]]

    def question(self, widget: str, number: int = 0) -> dict[str, Any]:
        """The form of one question, once it was asked."""

        def forms() -> list[dict[str, Any]]:
            return [e["form"] for e in self.events(widget) if e["type"] == "asked"]

        self.say(widget, {"type": "sync", "since": 0, "log": ""})
        self.wait_for(lambda: len(forms()) > number)
        return forms()[number]

    def submit(self, widget: str, form: dict[str, Any], value: Any) -> Cell:
        """Answer a question; returns when the receipt is there."""
        name = f"submission {len(self.heard)}"
        message = {
            "type": "submit",
            "submission": name,
            "interrupt_id": form["interrupt_id"],
            "value": value,
        }
        sent = self.say(widget, message)
        self.wait_for(lambda: any(r["submission"] == name for r in self.replies(widget, "receipt")))
        return sent

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """Listen until ``condition`` holds."""
        end = time.monotonic() + _WAIT_S
        while not condition():
            left = end - time.monotonic()
            try:
                self.heard.append(self._client.get_iopub_msg(timeout=max(0.0, left)))
            except queue.Empty:
                raise AssertionError(f"Not heard in {_WAIT_S} s: {self._tail()}") from None

    def reply_to(self, request: Cell) -> Message:
        """The answer to a request on the shell channel."""
        while True:
            message: Message = self._client.get_shell_msg(timeout=_WAIT_S)
            if message["parent_header"].get("msg_id") == request.id:
                return message

    def _tail(self) -> list[tuple[str, str]]:
        return [(m["msg_type"], str(m["content"])[:300]) for m in self.heard[-8:]]


@contextmanager
def kernel(name: str = "python3", data: Path | None = None) -> Iterator[Kernel]:
    """A fresh kernel, killed at the end; ``data`` is a Jupyter folder that has it."""
    manager = KernelManager(kernel_name=name)
    if data is not None:
        manager.kernel_spec_manager.kernel_dirs.append(str(data / "kernels"))
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
