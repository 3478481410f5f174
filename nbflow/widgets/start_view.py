"""The widget that shows a workflow's start form, and the runs that it began below it."""

from __future__ import annotations

from nbflow.widgets.start_session import StartSession
from nbflow.widgets.view import View

__all__ = ["StartView"]


class StartView(View):
    """The live view of one start form; each cell that shows the workflow has its own.

    Raises:
        MissingBundleError: the front end was not built.
    """

    def __init__(self, session: StartSession) -> None:
        super().__init__(session, "start")
