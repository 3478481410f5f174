"""The widget that shows a run.

It holds a small snapshot as traits and passes every message to the run's session. Its ``_esm`` is
only the loader; the page gets the bundle once, by a message.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbflow.widgets import assets
from nbflow.widgets.session import Session, session_of

if TYPE_CHECKING:
    from nbflow.run import Run
    from nbflow.widgets.protocol import Snapshot

__all__ = ["RunView", "view_of"]


class RunView(anywidget.AnyWidget):
    """The live view of one run; several of them share the run's session.

    Raises:
        MissingBundleError: the front end was not built.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    bundle_version = traitlets.Unicode().tag(sync=True)
    snapshot = traitlets.Dict().tag(sync=True)

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
