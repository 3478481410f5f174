"""The widget that shows an inbox."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from nbflow.widgets.view import View

if TYPE_CHECKING:
    from nbflow.widgets.inbox import Inbox

__all__ = ["InboxView", "inbox_view_of"]


class InboxView(View):
    """The live view of one inbox.

    Raises:
        MissingBundleError: the front end was not built.
    """

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(inbox.session, "inbox")


_creating = threading.Lock()


def inbox_view_of(inbox: Inbox) -> InboxView:
    """Return the inbox's view, the same one for every cell that shows it.

    Raises:
        MissingBundleError: the front end was not built.
    """
    with _creating:
        for page in inbox.session.pages:
            if isinstance(page, InboxView):
                return page
        return InboxView(inbox)
