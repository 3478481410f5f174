"""The executing program's end of the line to a kernel; see :mod:`nbflow.notebook.supervisor`."""

from __future__ import annotations

import asyncio
import secrets
import threading
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from nbflow import serde

__all__ = ["KernelLine"]


class KernelLine:
    """A line that one kernel can connect to; made and used on one event loop.

    >>> async def heard() -> str:
    ...     line = KernelLine()
    ...     await asyncio.to_thread(exec, line.connecting, {})
    ...     from nbflow.notebook.supervisor import finish
    ...     finish(0)
    ...     message = await line.hear()
    ...     line.close()
    ...     return message["kind"]
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._listener = Listener(authkey=self._key)
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._connection: Connection | None = None
        threading.Thread(target=self._listen, name="nbflow-line", daemon=True).start()

    @property
    def connecting(self) -> str:
        """Code that connects the kernel that runs it."""
        return (
            "from nbflow.notebook.supervisor import connect as _connect\n"
            f"_connect({self._listener.address!r}, {self._key!r})\n"
            "del _connect"
        )

    async def hear(self) -> dict[str, Any] | None:
        """The kernel's next message; None when there comes no more."""
        return await self._heard.get()

    def say(self, **facts: Any) -> None:
        """Reply to the kernel; nothing happens when it is gone.

        Raises:
            NotSerializableError: a fact that cannot be sent.
        """
        data = serde.dumps(facts)
        assert self._connection is not None
        try:
            self._connection.send_bytes(data)
        except OSError:
            return

    def close(self) -> None:
        """End the line when its kernel has ended, or has not come."""
        if self._connection is None:
            with suppress(OSError, EOFError, AuthenticationError):  # its thread goes on to its end
                Client(self._listener.address, authkey=self._key).close()
        self._listener.close()

    def _listen(self) -> None:
        try:
            with self._listener.accept() as connection:
                self._connection = connection
                while True:
                    self._pass_on(serde.loads(connection.recv_bytes()))
        except (OSError, EOFError, AuthenticationError):
            self._pass_on(None)

    def _pass_on(self, message: dict[str, Any] | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._heard.put_nowait, message)
        except RuntimeError:
            return  # the loop is closed, and nobody hears
