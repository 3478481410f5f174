"""One Jupyter server for all tests here, with a database of open questions under its root."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.func import entrypoint
from nbflow.types import interrupt
from tests.browser.lab import Lab, serve


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("served")
    with serve(root, tmp_path_factory.mktemp("state"), "jupyter_server") as running:
        yield running


@dataclass(frozen=True, slots=True)
class Door:
    """How the tests speak to the server, as somebody who has its token."""

    server: Lab

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.server.token}"}

    def ask(self, method: str, path: object = None, **given: Any) -> httpx.Response:
        """Ask for the databases, or name or forget one."""
        body = {} if method == "GET" else {"content": json.dumps({"path": path})}
        url = f"{self.server.url}/nbflow/databases"
        return httpx.request(method, url, **{"headers": self.headers, **body, **given})

    @asynccontextmanager
    async def channel(
        self, database: str, shows: str = "inbox", headers: dict[str, str] | None = None
    ) -> AsyncIterator[Channel]:
        query = urlencode({"database": database, "shows": shows})
        url = f"{self.server.url.replace('http', 'ws', 1)}/nbflow/channel?{query}"
        socket = await websocket_connect(
            HTTPRequest(url, headers=self.headers if headers is None else headers)
        )
        try:
            yield Channel(socket)
        finally:
            socket.close()


@dataclass(frozen=True, slots=True)
class Channel:
    """One open channel."""

    socket: WebSocketClientConnection

    async def frame(self) -> Any:
        """The next frame; None at the end."""
        read = await self.socket.read_message()
        return None if read is None else json.loads(read)

    async def answer(self, message: Any) -> Any:
        """What is answered to a message; snapshots that come before it are passed over."""
        await self.socket.write_message(json.dumps(message))
        while True:
            frame = await self.frame()
            if frame is None or "message" in frame:
                return frame and frame["message"]


@pytest.fixture
def door(server: Lab) -> Door:
    return Door(server)


@pytest.fixture
def database(server: Lab) -> str:
    """Path, under the root, of a database in which three questions wait."""
    name = f"{uuid.uuid4().hex}.sqlite"
    make_database(server.root / name)
    return name


def make_database(path: Path) -> None:
    with SqliteSaver(path) as saver:

        @entrypoint(checkpointer=saver)
        def review(topic: str) -> Any:
            return interrupt({"question": f"Publish {topic}?"}, response_schema=bool)

        for topic in ("ants", "bees", "cats"):
            review.invoke(topic, {"configurable": {"thread_id": topic}})
