"""Serves nbflow's widget messages while a cell keeps the kernel's main thread.

ipykernel 7 reads its shell channel on a thread of its own and hands every message to the main
thread, where it lies until the cell ends. The tap looks at each message first: those for nbflow's
widgets, and the two questions that a page asks when it is loaded again, are served on a thread of
the tap; everything else goes on untouched. The invariant: each message is served once, in order,
and the kernel says busy and idle for it as it would have.

The names used are ipykernel's private ones (measured on 7.1, 7.3 and 7.4), so every one of them
is looked for before anything is changed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

__all__ = ["Tap", "tap_of"]

_CONTROL = "jupyter.widget.control"
_COMM_MESSAGES = frozenset({"comm_open", "comm_msg", "comm_close"})
_PAGE_REQUESTS = frozenset({"comm_info_request", "kernel_info_request"})
_INSTALL_S = 10.0


class Tap:
    """The tap on one kernel."""

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._own: set[str] = set()
        self._queue: SimpleQueue[tuple[list[bytes], dict[str, Any]]] = SimpleQueue()
        self._status = threading.Lock()
        self._cells: dict[int, dict[str, Any]] = {}

    def install(self) -> None:
        """Put the tap in; the shell channel's callback changes on the channel's own thread."""
        self._watch_cells()
        threading.Thread(target=self._work, name="nbflow-comms", daemon=True).start()
        done = threading.Event()

        def change() -> None:
            self._kernel.shell_stream.on_recv(self._on_message, copy=False)
            done.set()

        self._kernel.shell_channel_thread.io_loop.add_callback(change)
        if not done.wait(_INSTALL_S):
            raise TimeoutError(f"The kernel's shell thread did not answer in {_INSTALL_S:.0f} s")

    def serve(self, comm_ids: Iterable[str]) -> None:
        """Serve the messages of these comms from now on."""
        self._own.update(comm_ids)

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

    async def _on_message(self, message: list[Any]) -> None:
        if not self._take(message):
            await self._kernel.shell_channel_thread_main(message)

    def _take(self, message: list[Any]) -> bool:
        """Queue a message that is ours; False for every other, and for what cannot be read."""
        session = self._kernel.session
        try:
            idents, frames = session.feed_identities(message, copy=False)
            head = session.deserialize(frames, content=False, copy=False)
            if not self._is_ours(head["header"]["msg_type"], session, head["content"]):
                return False
            self._queue.put((idents, session.deserialize(frames, content=True, copy=False)))
        except Exception:
            self._kernel.log.debug("nbflow left a message to the kernel", exc_info=True)
            return False
        return True

    def _is_ours(self, kind: str, session: Any, packed: bytes) -> bool:
        if kind in _PAGE_REQUESTS:
            return True
        if kind not in _COMM_MESSAGES:
            return False
        content = session.unpack(packed)
        comm_id = content.get("comm_id")
        if kind == "comm_open" and content.get("target_name") == _CONTROL:
            # A page sends its first message right after; the comm is registered later.
            self._own.add(comm_id)
        comm = self._kernel.comm_manager.comms.get(comm_id)
        return comm_id in self._own or getattr(comm, "target_name", None) == _CONTROL

    def _work(self) -> None:
        kernel = self._kernel
        while True:
            idents, message = self._queue.get()
            kernel._shell_parent.set(message)
            kernel._shell_parent_ident.set(idents)
            try:
                self._say("busy", message)
                self._serve(idents, message)
            except Exception:
                kernel.log.error("nbflow could not serve a message", exc_info=True)
            finally:
                self._say_idle(message)

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
            _ShellReplies(self._kernel), kind, {"status": "ok", **content}, parent, idents
        )


class _ShellReplies:
    """Sends on the shell channel from any thread: the channel's own thread does it."""

    def __init__(self, kernel: Any) -> None:
        self._loop = kernel.shell_channel_thread.io_loop
        self._stream = kernel.shell_stream

    def send_multipart(self, parts: list[bytes], *_args: Any, **_kwargs: Any) -> None:
        self._loop.add_callback(self._stream.send_multipart, parts)


_taps: dict[int, Tap] = {}
_installing = threading.Lock()


def tap_of(kernel: Any) -> Tap | None:
    """Return the kernel's tap, put in at the first call; None where there cannot be one."""
    with _installing:
        tap = _taps.get(id(kernel))
        if tap is None and _can_tap(kernel):
            tap = Tap(kernel)
            tap.install()
            _taps[id(kernel)] = tap
        return tap


def _can_tap(kernel: Any) -> bool:
    thread = getattr(kernel, "shell_channel_thread", None)
    return (
        hasattr(thread, "io_loop")
        and hasattr(getattr(kernel, "shell_stream", None), "on_recv")
        and callable(getattr(kernel, "shell_channel_thread_main", None))
        and callable(getattr(kernel, "get_parent", None))
        and callable(getattr(kernel, "_topic", None))
        and isinstance(getattr(kernel, "_shell_parent", None), ContextVar)
        and isinstance(getattr(kernel, "_shell_parent_ident", None), ContextVar)
        and hasattr(getattr(kernel, "comm_manager", None), "comms")
        and getattr(kernel, "session", None) is not None
        and getattr(kernel, "shell", None) is not None
    )
