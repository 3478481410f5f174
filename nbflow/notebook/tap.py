"""Serves nbflow's widget messages while a cell keeps the kernel's main thread.

A kernel serves what a page sends one message after the other, so that a form's answer lies until
the cell ends. A tap looks at each message first: those for nbflow's widgets, and the two questions
that a page asks when it is loaded again, are served at once; everything else goes on untouched. The
invariant: each message is served once, in order, and the kernel says busy and idle for it as it
would have. How a tap gets at the messages is its kernel's: see ``taps``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["ShellMessage", "Tap"]

ShellMessage = tuple[list[bytes], dict[str, Any]]
"""Whom to answer, and what was asked."""

_CONTROL = "jupyter.widget.control"
_COMM_MESSAGES = frozenset({"comm_open", "comm_msg", "comm_close"})
_PAGE_REQUESTS = frozenset({"comm_info_request", "kernel_info_request"})


class Tap:
    """The tap on one kernel."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._own: set[str] = set()
        self._targets = {_CONTROL}
        self._status = threading.Lock()
        self._cells: dict[int, dict[str, Any]] = {}

    def install(self) -> None:
        """Put the tap in."""
        raise NotImplementedError

    def listener(self) -> Callable[[], None] | None:
        """Return what a thread that waits has to call now and then; None if nothing has to be."""
        return None

    def _parented(self, message: ShellMessage) -> AbstractContextManager[None]:
        """What is sent meanwhile names this message as its parent."""
        raise NotImplementedError

    def _reply_stream(self) -> Any:
        """What replies on the shell channel are sent on."""
        raise NotImplementedError

    def serve(self, comm_ids: Iterable[str]) -> None:
        """Serve the messages of these comms from now on."""
        self._own.update(comm_ids)

    def serve_target(self, name: str) -> None:
        """Serve from now on the comms that pages open to this target."""
        self._targets.add(name)

    def _watch_cells(self) -> None:
        """Keep the requests of the cells that run, to say busy again after an idle of our own.

        A server that last heard "idle" may cull the kernel while its cell waits for a person.
        """
        running = self._kernel.get_parent("shell")
        if running.get("header", {}).get("msg_type") == "execute_request":
            self._cells[threading.get_ident()] = running
        self._kernel.shell.events.register("pre_run_cell", self._cell_begins)
        self._kernel.shell.events.register("post_run_cell", self._cell_ends)

    def _cell_begins(self, _info: Any) -> None:
        with self._status:
            self._cells[threading.get_ident()] = self._kernel.get_parent("shell")

    def _cell_ends(self, _result: Any) -> None:
        with self._status:
            self._cells.pop(threading.get_ident(), None)

    def _read(self, frames: list[Any]) -> ShellMessage | None:
        """Return a message that is ours; None for every other, and for what cannot be read."""
        session = self._kernel.session
        try:
            idents, frames = session.feed_identities(frames, copy=False)
            head = session.deserialize(frames, content=False, copy=False)
            if not self._is_ours(head["header"]["msg_type"], session, head["content"]):
                return None
            return idents, session.deserialize(frames, content=True, copy=False)
        except Exception:
            self._kernel.log.debug("nbflow left a message to the kernel", exc_info=True)
            return None

    def _is_ours(self, kind: str, session: Any, packed: bytes) -> bool:
        if kind in _PAGE_REQUESTS:
            return True
        if kind not in _COMM_MESSAGES:
            return False
        content = session.unpack(packed)
        comm_id = content.get("comm_id")
        if kind == "comm_open" and content.get("target_name") in self._targets:
            # A page sends its first message right after; the comm is registered later.
            self._own.add(comm_id)
        comm = self._kernel.comm_manager.comms.get(comm_id)
        return comm_id in self._own or getattr(comm, "target_name", None) in self._targets

    def _answer(self, message: ShellMessage) -> None:
        """Serve one message as the kernel would have."""
        with self._parented(message):
            try:
                self._say("busy", message[1])
                self._serve(*message)
            except Exception:
                self._kernel.log.error("nbflow could not serve a message", exc_info=True)
            finally:
                self._say_idle(message[1])

    def _say(self, state: str, parent: dict[str, Any]) -> None:
        kernel = self._kernel
        kernel.session.send(
            kernel.iopub_socket,
            "status",
            {"execution_state": state},
            parent=parent,
            ident=kernel._topic("status"),
        )

    def _say_idle(self, message: dict[str, Any]) -> None:
        with self._status:
            self._say("idle", message)
            for running in self._cells.values():
                self._say("busy", running)

    def _serve(self, idents: list[bytes], message: dict[str, Any]) -> None:
        kernel = self._kernel
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "kernel_info_request":
            self._reply("kernel_info_reply", dict(kernel.kernel_info), idents, message)
        elif kind == "comm_info_request":
            wanted = content.get("target_name")
            comms = {
                comm_id: {"target_name": comm.target_name}
                for comm_id, comm in list(kernel.comm_manager.comms.items())
                if wanted is None or comm.target_name == wanted
            }
            self._reply("comm_info_reply", {"comms": comms}, idents, message)
        elif kind == "comm_msg":
            # The comm's own handle_msg would also run the shell's post_execute callbacks, which
            # belong to the cell: matplotlib would flush its half-drawn figures.
            comm = kernel.comm_manager.comms.get(content["comm_id"])
            callback = getattr(comm, "_msg_callback", None)
            if callback is not None:
                callback(message)
        else:
            getattr(kernel.comm_manager, kind)(None, idents, message)

    def _reply(
        self, kind: str, content: dict[str, Any], idents: list[bytes], parent: dict[str, Any]
    ) -> None:
        self._kernel.session.send(
            self._reply_stream(), kind, {"status": "ok", **content}, parent, idents
        )
