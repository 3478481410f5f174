"""Pages that keep what the kernel says to them, in place of a browser."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pydantic import TypeAdapter

from nbflow.base_run import BaseRun
from nbflow.widgets.history_protocol import PastToBrowser
from nbflow.widgets.inbox import Inbox
from nbflow.widgets.inbox_protocol import InboxToBrowser
from nbflow.widgets.protocol import Events, History
from nbflow.widgets.session import session_of

WAIT_S = 10.0
MESSAGE: TypeAdapter[Any] = TypeAdapter(InboxToBrowser)
PAST: TypeAdapter[Any] = TypeAdapter(PastToBrowser | History)


class Page:
    """A page that keeps what it is sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.buffers: list[Any] = []
        self.snapshot: Any = None
        self.followed: list[BaseRun] = []
        self._news = threading.Condition()

    def send(self, content: Any, buffers: Any = None) -> None:
        with self._news:
            self.messages.append(content)
            self.buffers.append(buffers)
            self._news.notify_all()

    def show(self, snapshot: Any) -> None:
        with self._news:
            self.snapshot = snapshot
            self._news.notify_all()

    def follow(self, run: BaseRun) -> None:
        with self._news:
            self.followed.append(run)
            self._news.notify_all()

    def wait_for(self, condition: Callable[[], Any]) -> None:
        with self._news:
            assert self._news.wait_for(condition, WAIT_S), self.messages


class RunPage(Page):
    """A page that shows one run."""

    def says_done(self) -> bool:
        return self.snapshot is not None and self.snapshot["status"] == "done"

    def is_done(self) -> bool:
        return self.says_done() and self.events[-1].get("status") == "done"

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events in the order of arrival, proven to leave no gap."""
        found: list[dict[str, Any]] = []
        for message in self.messages:
            if message["type"] == "events":
                TypeAdapter(Events).validate_python(message)
                assert message["since"] == len(found)
                found += message["events"]
        assert [event["seq"] for event in found] == list(range(len(found)))
        return found


class Past:
    """A page that asks about the past of its run, and goes on with what follows."""

    def __init__(self, run: BaseRun) -> None:
        self.run = run
        self.page = RunPage()
        self.session = session_of(run)
        self.page.snapshot = self.session.attach(self.page)
        self.session.receive(self.page, {"type": "sync", "since": 0, "log": ""})
        self._asked = 0

    def ask(self, kind: str, request: str | None = None, **parts: Any) -> dict[str, Any]:
        self._asked += 1
        request = request or f"r{self._asked}"
        self.session.receive(self.page, {"type": kind, "request": request, **parts})
        found = [one for one in self.page.messages if one.get("request") == request][-1]
        if found["type"] != "failed":
            assert PAST.validate_python(found) == found
        return found

    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("history", limit=200, before=None)["items"]
        return found

    def opening(self) -> dict[str, Any]:
        return self.ask("checkpoint", checkpoint_id=self.items()[-1]["checkpoint_id"])

    def code(self, detail: dict[str, Any], action: str) -> str:
        found: str = next(one["text"] for one in detail["codes"] if one["action"] == action)
        return found

    def go(self, action: str, checkpoint_id: str, **parts: Any) -> dict[str, Any]:
        return self.ask("go", action=action, checkpoint_id=checkpoint_id, **parts)

    def shown_run(self) -> BaseRun:
        """The run that the page shows now."""
        session = self.session
        while id(self.page) in session._handed:
            session = session._handed[id(self.page)]
        return session.run


class InboxPage(Page):
    """A page that shows an inbox, and asks in turn."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__()
        self._session = inbox.session
        self._asked = 0
        self.snapshot = inbox.session.attach(self)

    def send(self, content: Any, buffers: Any = None) -> None:
        super().send(MESSAGE.validate_python(content), buffers)

    def ask(self, kind: str, **parts: Any) -> dict[str, Any]:
        self._asked += 1
        self._session.receive(self, {"type": kind, "request": f"r{self._asked}", **parts})
        return self.messages[-1]

    def look(self, **filters: Any) -> dict[str, Any]:
        whole = {
            "workflow": None,
            "text": "",
            "older_than_s": 0,
            "mine": False,
            "mark": "",
            **filters,
        }
        return self.ask("questions", **whole)

    def listing(self, **filters: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.look(**filters)["listing"]
        return found

    def titles(self, **filters: Any) -> list[str]:
        return [row["title"] for row in self.listing(**filters)["rows"]]

    def id_of(self, title: str) -> str:
        rows = self.listing()["rows"]
        found: str = next(row["interrupt_id"] for row in rows if row["title"] == title)
        return found

    def submit(self, interrupt_id: str, name: str = "s1", **reply: Any) -> dict[str, Any]:
        whole = {"submission": name, "interrupt_id": interrupt_id, **reply}
        self._session.receive(self, {"type": "submit", **whole})
        return self.messages[-1]
