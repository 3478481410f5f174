"""What the server extension answers: the names of the databases, and a channel to each.

Every request needs the server's authentication and its authorization for the resource ``nbflow``.
Files are read on threads of their own, never on the server's event loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import web
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from nbflow.server.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbflow.server.databases import Database, Databases
    from nbflow.widgets.inbox_session import InboxSession
    from nbflow.widgets.panel_session import PanelSession

__all__ = ["ChannelHandler", "DatabasesHandler", "Service"]

_RESOURCE = "nbflow"
_BODY_BYTES = 10_000
_log = logging.getLogger(__name__)


class Service:
    """What the handlers share.

    Args:
        databases: those that were named.
    """

    def __init__(self, databases: Databases) -> None:
        self.databases: Databases = databases
        """Those that were named."""
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="nbflow-server")

    async def run(self, work: Callable[[], Any]) -> Any:
        """Return what work returns that reads files."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """End the threads and close the files."""
        self._threads.shutdown(wait=True)
        self.databases.close()


class DatabasesHandler(APIHandler):
    """Lists the databases that were named; names one; forgets one."""

    auth_resource: str = _RESOURCE
    """What the server's authorizer is asked about."""

    def initialize(self, service: Service) -> None:
        """Take what the handlers share."""
        self._service = service

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator] # it says no types
    async def get(self) -> None:
        """Answer with the names, relative to the server's root."""
        await self._answer(lambda: self._service.databases.names)

    @web.authenticated
    @authorized("write")  # type: ignore[untyped-decorator] # it says no types
    async def post(self) -> None:
        """Name the database of the body's ``path``."""
        body = self._body()
        await self._answer(lambda: self._service.databases.add(body.get("path")))

    @web.authenticated
    @authorized("write")  # type: ignore[untyped-decorator] # it says no types
    async def delete(self) -> None:
        """Forget the database of the body's ``path``."""
        body = self._body()
        await self._answer(lambda: self._service.databases.remove(body.get("path")))

    def _body(self) -> dict[str, Any]:
        try:
            body = json.loads(self.request.body) if len(self.request.body) < _BODY_BYTES else None
        except (ValueError, RecursionError):
            body = None
        return body if isinstance(body, dict) else {}

    async def _answer(self, work: Callable[[], list[str]]) -> None:
        try:
            names = await self._service.run(work)
        except RefusedError as refused:
            self.set_status(refused.status)
            self.finish(json.dumps({"reason": refused.reason, "message": str(refused)}))
            return
        except OSError as fault:
            self.set_status(500)
            what = f"The list of databases could not be kept: {fault}. Nothing was changed."
            self.finish(json.dumps({"reason": "not_kept", "message": what}))
            return
        self.finish(json.dumps({"databases": names}))


class ChannelHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """A conversation about one database: ``shows`` says which.

    Each frame is a JSON object with ``message`` or ``snapshot``, as a widget's channel has them. A
    request that is refused gets a first frame with ``refused``, and the channel ends.
    """

    auth_resource: str = _RESOURCE
    """What the server's authorizer is asked about."""

    def initialize(self, service: Service) -> None:
        """Take what the handlers share."""
        self._service = service
        self._talk: InboxSession | PanelSession | None = None
        self._loop = asyncio.get_running_loop()

    @ws_authenticated
    @authorized("write")  # type: ignore[untyped-decorator] # it says no types
    async def get(self) -> None:  # type: ignore[override] # no part of the path is an argument
        """Open the channel; the user, and where the page came from, are made sure of."""
        await super().get()

    def get_compression_options(self) -> dict[str, Any]:
        """Have long lists packed."""
        return {}

    async def open(self, *_args: str, **_kwargs: str) -> None:
        """Find the database, or say why it is not to be had."""
        name = self.get_query_argument("database", "")
        shows = self.get_query_argument("shows", "")
        try:
            database: Database = await self._service.run(lambda: self._service.databases.get(name))
            talks: dict[str, InboxSession | PanelSession] = {
                "inbox": database.inbox,
                "panel": database.panel,
            }
            if shows not in talks:
                raise RefusedError(
                    400, "bad_request", "'shows' must be 'inbox' or 'panel'. Nothing was opened."
                )
        except RefusedError as refused:
            self._write({"refused": {"reason": refused.reason, "message": str(refused)}})
            self.close(1000)
            return
        self._talk = talks[shows]
        self.show(self._talk.attach(self))

    async def on_message(self, message: str | bytes) -> None:
        """Serve one message, on a thread; the next one waits for it."""
        talk = self._talk
        if talk is None:
            return
        try:
            content = json.loads(message)
        except (ValueError, RecursionError):
            content = None
        await self._service.run(lambda: talk.receive(self, content))

    def on_close(self) -> None:
        """Leave the conversation."""
        if self._talk is not None:
            self._talk.detach(self)
            self._talk = None

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send one message; from any thread."""
        self._later({"message": content})

    def show(self, snapshot: Any) -> None:
        """Send the small state; from any thread."""
        self._later({"snapshot": snapshot})

    def follow(self, run: Any) -> None:
        """No run is shown here that could be followed."""

    def _later(self, frame: dict[str, Any]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._write, frame)
        except RuntimeError:
            _log.debug("The server is gone", exc_info=True)

    def _write(self, frame: dict[str, Any]) -> None:
        try:
            self.write_message(json.dumps(frame))
        except WebSocketClosedError:
            _log.debug("The page is gone")
