"""How the kernels that are known give a tap their messages.

The names used are ipykernel's private ones (measured on 6.31, 7.1, 7.3 and 7.4), so every one
of them is looked for before anything is changed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

from nbflow.notebook.tap import ShellMessage, Tap

__all__ = ["tap_of"]

_INSTALL_S = 10.0


class _ShellThreadTap(Tap):
    """On ipykernel 7, which reads its shell channel on a thread of its own.

    That thread hands every message to the main thread, where it would lie until the cell ends.
    Ours are served on a thread of the tap.
    """

    def __init__(self, kernel: Any) -> None:
        super().__init__(kernel)
        self._queue: SimpleQueue[ShellMessage] = SimpleQueue()

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

    async def _on_message(self, frames: list[Any]) -> None:
        message = self._read(frames)
        if message is None:
            await self._kernel.shell_channel_thread_main(frames)
        else:
            self._queue.put(message)

    def _work(self) -> None:
        while True:
            self._answer(self._queue.get())

    @contextmanager
    def _parented(self, message: ShellMessage) -> Iterator[None]:
        idents, parent = message
        self._kernel._shell_parent.set(parent)  # of this thread alone
        self._kernel._shell_parent_ident.set(idents)
        yield

    def _reply_stream(self) -> Any:
        return _ShellReplies(self._kernel)

    @staticmethod
    def fits(kernel: Any) -> bool:
        """Whether the kernel has all that this tap uses."""
        thread = getattr(kernel, "shell_channel_thread", None)
        return (
            hasattr(thread, "io_loop")
            and callable(getattr(kernel, "shell_channel_thread_main", None))
            and isinstance(getattr(kernel, "_shell_parent", None), ContextVar)
            and isinstance(getattr(kernel, "_shell_parent_ident", None), ContextVar)
        )


class _ShellReplies:
    """Sends on the shell channel from any thread: the channel's own thread does it."""

    def __init__(self, kernel: Any) -> None:
        self._loop = kernel.shell_channel_thread.io_loop
        self._stream = kernel.shell_stream

    def send_multipart(self, parts: list[bytes], *_args: Any, **_kwargs: Any) -> None:
        self._loop.add_callback(self._stream.send_multipart, parts)


class _MainThreadTap(Tap):
    """On ipykernel 6, which reads its shell channel on the main thread's event loop.

    A cell that awaits leaves the loop running; one that blocks has to listen now and then. Ours
    are served there and then; the others queue up behind the cell, as they always did.
    """

    def install(self) -> None:
        """Put the tap in."""
        self._watch_cells()
        self._kernel.shell_stream.on_recv(self._on_message, copy=False)

    def listener(self) -> Callable[[], None] | None:
        """Return what a blocking wait in the main thread has to call now and then."""
        return self._listen if threading.current_thread() is threading.main_thread() else None

    def _listen(self) -> None:
        self._kernel.shell_stream.flush()

    def _on_message(self, frames: list[Any]) -> None:
        message = self._read(frames)
        if message is None:
            self._kernel.schedule_dispatch(self._kernel.dispatch_shell, frames)
        else:
            self._answer(message)

    @contextmanager
    def _parented(self, message: ShellMessage) -> Iterator[None]:
        kernel = self._kernel
        before = kernel._parent_ident["shell"], kernel._parents["shell"]
        kernel._parent_ident["shell"], kernel._parents["shell"] = message
        try:
            yield
        finally:
            kernel._parent_ident["shell"], kernel._parents["shell"] = before

    def _reply_stream(self) -> Any:
        return self._kernel.shell_stream

    @staticmethod
    def fits(kernel: Any) -> bool:
        """Whether the kernel has all that this tap uses."""
        return (
            getattr(kernel, "shell_channel_thread", None) is None
            and callable(getattr(kernel, "schedule_dispatch", None))
            and callable(getattr(kernel, "dispatch_shell", None))
            and "shell" in getattr(kernel, "_parents", {})
            and "shell" in getattr(kernel, "_parent_ident", {})
        )


_taps: dict[int, Tap] = {}
_installing = threading.Lock()


def tap_of(kernel: Any) -> Tap | None:
    """Return the kernel's tap, put in at the first call; None where there cannot be one."""
    with _installing:
        tap = _taps.get(id(kernel))
        if tap is None and _has_what_all_use(kernel):
            kinds = (_ShellThreadTap, _MainThreadTap)
            tap = next((kind(kernel) for kind in kinds if kind.fits(kernel)), None)
            if tap is not None:
                tap.install()
                _taps[id(kernel)] = tap
        return tap


def _has_what_all_use(kernel: Any) -> bool:
    return (
        hasattr(getattr(kernel, "shell_stream", None), "on_recv")
        and callable(getattr(kernel, "get_parent", None))
        and callable(getattr(kernel, "_topic", None))
        and hasattr(getattr(kernel, "comm_manager", None), "comms")
        and getattr(kernel, "session", None) is not None
        and getattr(kernel, "shell", None) is not None
    )
