"""The widget that shows a run: traits for a small snapshot, the run's session for the rest."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbflow.widgets.session import session_of
from nbflow.widgets.view import View

if TYPE_CHECKING:
    from nbflow.base_run import BaseRun

__all__ = ["RunView", "close_views", "view_of"]


class RunView(View):
    """The live view of one run; several of them share the run's session.

    Raises:
        MissingBundleError: the front end was not built.
    """

    def __init__(self, run: BaseRun) -> None:
        super().__init__(session_of(run), "run")


_creating = threading.Lock()


def view_of(run: BaseRun) -> RunView:
    """Return the run's view, the same one for every cell that shows the run.

    Raises:
        MissingBundleError: the front end was not built.
    """
    with _creating:
        for page in session_of(run).pages:
            if isinstance(page, RunView):
                return page
        return RunView(run)


def close_views(run: BaseRun) -> None:
    """Take the run's views off their pages; the run goes on, and can be shown again."""
    with _creating:
        for page in session_of(run).pages:
            if isinstance(page, RunView):
                page.close()
