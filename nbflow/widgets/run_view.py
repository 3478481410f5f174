"""The widget that shows a run.

It holds a small snapshot as traits and passes every message to the run's session. Its ``_esm`` is
only the loader; the page gets the bundle once, by a message.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbflow.widgets import assets
from nbflow.widgets.session import Session, session_of

if TYPE_CHECKING:
    from nbflow.run import Run
    from nbflow.widgets.protocol import Snapshot

__all__ = ["RunView", "view_of"]

if TYPE_CHECKING:

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


class RunView(_AnyWidget):
    """The live view of one run; several of them share the run's session.

    Raises:
        MissingBundleError: the front end was not built.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    bundle_version: traitlets.Unicode[str, str | bytes] = traitlets.Unicode().tag(sync=True)
    """Which bundle the page needs; it asks for that once."""
    snapshot: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """The run's :class:`~nbflow.widgets.protocol.Snapshot`, seen by the page."""

    def __init__(self, run: Run) -> None:
        self._session: Session = session_of(run)
        super().__init__(
            _esm=assets.loader_text(),
            bundle_version=assets.version(),
            snapshot=dict(self._session.attach(self)),
        )
        self.on_msg(self._receive)

    def show(self, snapshot: Snapshot) -> None:
        """Update the small state that the page has before any message."""
        self.snapshot = dict(snapshot)

    def close(self) -> None:
        """Take the widget off its pages; the run goes on."""
        self._session.detach(self)
        super().close()

    @property
    def comm_ids(self) -> tuple[str, ...]:
        """Ids of the channels that a page of this view uses."""
        owners = (self, self.layout)
        return tuple(owner.comm.comm_id for owner in owners if owner.comm is not None)

    def _receive(self, _widget: RunView, content: Any, _buffers: Any) -> None:
        self._session.receive(self, content)


_creating = threading.Lock()


def view_of(run: Run) -> RunView:
    """Return the run's view, the same one for every cell that shows the run.

    Raises:
        MissingBundleError: the front end was not built.
    """
    with _creating:
        for page in session_of(run).pages:
            if isinstance(page, RunView):
                return page
        return RunView(run)
