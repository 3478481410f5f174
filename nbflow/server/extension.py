"""How the server extension is loaded: its routes, and where it keeps the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.utils import url_path_join

from nbflow.server.databases import Databases
from nbflow.server.handlers import ChannelHandler, DatabasesHandler, Service

__all__ = ["add_routes"]


def add_routes(app: Any) -> Service:
    """Add the routes below ``nbflow/`` to a server; returns what its handlers share.

    Args:
        app: the ``ServerApp``.
    """
    hidden = bool(getattr(app.contents_manager, "allow_hidden", False))
    kept = Path(jupyter_data_dir()) / "nbflow" / "databases.json"
    service = Service(Databases(Path(app.root_dir), kept, allow_hidden=hidden))
    base = app.web_app.settings["base_url"]
    given = {"service": service}
    app.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "nbflow", "databases"), DatabasesHandler, given),
            (url_path_join(base, "nbflow", "channel"), ChannelHandler, given),
        ],
    )
    return service
