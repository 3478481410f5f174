"""A conversation with pages that list something: they hear that there is news, and ask then."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, ClassVar, TypedDict
from weakref import finalize, ref

from nbflow._hooks import hooks
from nbflow.events import Event
from nbflow.widgets.batches import batches
from nbflow.widgets.conversation import Conversation, Page
from nbflow.widgets.protocol import PROTOCOL

__all__ = ["ListingSession", "News"]


class News(TypedDict):
    """The small state of a page that lists something.

    >>> News(protocol=2, news=0)["news"]
    0
    """

    protocol: int
    """Version of the messages."""
    news: int
    """One more each time that there is news."""


class ListingSession(Conversation):
    """What is told to pages that list something which executions of this process change.

    >>> class Log:
    ...     def show(self, snapshot):
    ...         print(snapshot["news"])
    >>> session = ListingSession()
    >>> session.attach(Log())["news"]
    0
    >>> session.flush()
    1
    """

    _heard: ClassVar[tuple[type[Event], ...]] = ()
    """The kinds of events that are news."""

    def __init__(self) -> None:
        super().__init__()
        self._observing = False
        self._news = 0

    def attach(self, page: Page) -> News:
        """Add a page, which hears of news from now on. Return the state to begin with."""
        with self._lock:
            if not self._observing:
                self._observing = True
                _observe(self, self._heard)
            self._pages[id(page)] = page
            return self._snapshot()

    def detach(self, page: Page) -> None:
        """Forget a page."""
        with self._lock:
            self._pages.pop(id(page), None)

    def flush(self) -> None:
        """Tell every page that there is news."""
        with self._lock:
            self._news += 1
            snapshot = self._snapshot()
            for page in list(self._pages.values()):
                page.show(snapshot)

    def _mark(self, listed: Any) -> str:
        """A list's mark: a page that has it already is not sent it again."""
        return blake2b(json.dumps(listed, sort_keys=True).encode(), digest_size=8).hexdigest()

    def _snapshot(self) -> News:
        return {"protocol": PROTOCOL, "news": self._news}


def _observe(session: ListingSession, kinds: tuple[type[Event], ...]) -> None:
    """Have a session hear of every execution of this process, as long as there is the session."""
    known = ref(session)

    def listen(event: Event) -> None:
        there = known()
        if there is not None and isinstance(event, kinds):
            batches.mark(there)

    def observer() -> Callable[[Event], None]:
        return listen

    hooks.observers.append(observer)
    finalize(session, hooks.observers.remove, observer)
