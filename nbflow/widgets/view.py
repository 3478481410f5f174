"""What nbflow's widgets have in common: a small state as traits, and a conversation.

The ``_esm`` is only the loader; the page gets the bundle once, by a message, whatever it shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

import anywidget
import traitlets

from nbflow.widgets import assets

__all__ = ["Talk", "View"]

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun

    class _AnyWidget(traitlets.HasTraits):
        """What is used of anywidget's class, whose own parent declares no types."""

        comm: Any
        layout: Any
        model_id: str

        def __init__(self, **traits: Any) -> None: ...
        def close(self) -> None: ...
        def on_msg(self, callback: Callable[[Any, Any, Any], None]) -> None: ...
        def send(self, content: Any, buffers: Any = None) -> None: ...
else:
    _AnyWidget = anywidget.AnyWidget


class Talk(Protocol):
    """The conversation that a widget takes part in."""

    def attach(self, page: Any) -> Any:
        """Add the widget; return the state to begin with."""

    def detach(self, page: Any) -> None:
        """Forget the widget."""

    def receive(self, page: Any, content: Any) -> None:
        """Serve one message from the browser."""


class View(_AnyWidget):
    """One widget.

    Args:
        talk: what it says and hears.
        shows: which view the page draws.

    Raises:
        MissingBundleError: the front end was not built.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    bundle_version: traitlets.Unicode[str, str | bytes] = traitlets.Unicode().tag(sync=True)
    """Which bundle the page needs; it asks for that once."""
    shows: traitlets.Unicode[str, str | bytes] = traitlets.Unicode().tag(sync=True)
    """``run``, ``inbox`` or ``start``."""
    snapshot: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """What the page has before any message."""

    def __init__(self, talk: Talk, shows: Literal["run", "inbox", "start"]) -> None:
        self._talk = talk
        self._followers: list[Callable[[BaseRun], None]] = []
        super().__init__(
            _esm=assets.loader_text(),
            bundle_version=assets.version(),
            shows=shows,
            snapshot=dict(talk.attach(self)),
        )
        self.on_msg(self._receive)

    def show(self, snapshot: Any) -> None:
        """Update the small state that the page has before any message."""
        self.snapshot = dict(snapshot)

    def follow(self, run: BaseRun) -> None:
        """Pass on that another run is shown from now on."""
        for listener in list(self._followers):
            listener(run)

    def on_follow(self, listener: Callable[[BaseRun], None]) -> None:
        """Have a function told of each run that the widget goes on to."""
        self._followers.append(listener)

    def close(self) -> None:
        """Take the widget off its pages; what it shows goes on."""
        self._talk.detach(self)
        super().close()

    @property
    def comm_ids(self) -> tuple[str, ...]:
        """Ids of the channels that a page of this view uses."""
        owners = (self, self.layout)
        return tuple(owner.comm.comm_id for owner in owners if owner.comm is not None)

    def _receive(self, _widget: View, content: Any, _buffers: Any) -> None:
        self._talk.receive(self, content)
