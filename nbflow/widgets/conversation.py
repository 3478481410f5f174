"""What the kernel's conversations with pages have in common.

The invariants: every message from a page gets an answer, and none, however wrong, raises out of
``receive``. Messages may come on any thread. What is said is left to each conversation.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from nbflow.errors import NbflowError
from nbflow.forms.portable import clean_text
from nbflow.widgets.assets import bundle_reply

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun

__all__ = ["MESSAGE_CHARS", "BadMessageError", "Conversation", "Page", "number_in", "text_in"]

MESSAGE_CHARS = 4_000_000
"""A message from a page that is larger is refused."""

_log = logging.getLogger(__name__)


class Page(Protocol):
    """One widget's channel to its pages."""

    def send(self, content: Any, buffers: Any = None) -> None:
        """Send one message."""

    def show(self, snapshot: Any) -> None:
        """Update the small state that is there before any message."""

    def follow(self, run: BaseRun) -> None:
        """Hear that another run is shown from now on."""


class BadMessageError(Exception):
    """A message that does not keep to the protocol; the text goes back to the page."""


class Conversation:
    """Receives messages and sees that each is answered.

    >>> class Log:
    ...     def send(self, content, buffers=None):
    ...         print(content["type"], content["message"])
    ...     def show(self, snapshot):
    ...         pass
    >>> Conversation().receive(Log(), {"type": "format_disk"})
    failed This kind of message is not known to the kernel.
    """

    _serves: ClassVar[Mapping[str, Callable[[Any, Page, dict[str, Any]], None]]] = {}
    """What serves each kind of message, besides the request for the bundle."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._pages: dict[int, Page] = {}

    @property
    def pages(self) -> tuple[Page, ...]:
        """The widgets that take part."""
        with self._lock:
            return tuple(self._pages.values())

    def receive(self, page: Page, content: Any) -> None:
        """Serve one message from the browser."""
        request = _request_of(content)
        try:
            if _weight(content, MESSAGE_CHARS) > MESSAGE_CHARS:
                raise BadMessageError(f"The message is larger than {MESSAGE_CHARS:,} characters.")
            kind = content.get("type") if isinstance(content, dict) else None
            if kind == "bundle":
                self._serve_bundle(page, content)
                return
            serve = self._serves.get(kind) if isinstance(kind, str) else None
            if serve is None:
                raise BadMessageError("This kind of message is not known to the kernel.")
            serve(self, page, content)
        except (BadMessageError, NbflowError) as exc:
            _log.warning("A message from the page was refused: %s", exc)
            self._fail(page, request, str(exc))
        except Exception as exc:
            _log.exception("A message from the page could not be served")
            self._fail(page, request, f"{type(exc).__name__}: {exc}")

    def _fail(self, page: Page, request: str, message: str) -> None:
        text = clean_text(message[:2_000])
        self._post(page, {"type": "failed", "request": request, "message": text})

    def _post(self, page: Page, content: Any, buffers: list[bytes] | None = None) -> None:
        try:
            page.send(content, buffers)
        except Exception:
            _log.exception("An answer to the page could not be sent")

    def _serve_bundle(self, page: Page, content: dict[str, Any]) -> None:
        language = content.get("language", "")
        reply = bundle_reply(text_in(content, "request"), language=str(language))
        if reply is not None:
            self._post(page, *reply)


def text_in(content: Mapping[str, Any], key: str) -> str:
    """Return a text of a message.

    Raises:
        BadMessageError: it is missing, too long, or no text.

    >>> text_in({"request": "r1"}, "request")
    'r1'
    """
    value = content.get(key)
    if not isinstance(value, str) or len(value) > 200:
        raise BadMessageError(f"'{key}' must be a text of at most 200 characters.")
    return value


def number_in(content: Mapping[str, Any], key: str) -> int:
    """Return a whole number of a message, 0 or more.

    Raises:
        BadMessageError: it is missing, negative, or no whole number.

    >>> number_in({"since": 3}, "since")
    3
    """
    value = content.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadMessageError(f"'{key}' must be a whole number, 0 or more.")
    return value


def _request_of(content: Any) -> str:
    """Return what names a message in the answer to it; empty when it has no name."""
    if isinstance(content, dict):
        for key in ("request", "submission"):
            if isinstance(content.get(key), str):
                return clean_text(content[key][:200])
    return ""


def _weight(value: Any, limit: int) -> int:
    """Return about how many characters a message has; stops counting beyond ``limit``."""
    total = 0
    queue = [value]
    while queue and total <= limit:
        one = queue.pop()
        total += 8
        if isinstance(one, str):
            total += len(one)
        elif isinstance(one, dict):
            total += sum(len(key) for key in one if isinstance(key, str))
            queue.extend(one.values())
        elif isinstance(one, list):
            queue.extend(one)
    return total
