"""The Jupyter Server extension: what JupyterLab's side panel reads of databases, with no kernel.

Only databases under the server's root that the user named are read, and only with the server's own
authentication and authorization. Nothing stored is ever run.
"""

from __future__ import annotations

from typing import Any

__all__: list[str] = []


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "nbflow.server"}]


def _load_jupyter_server_extension(app: Any) -> None:
    from nbflow.server.extension import add_routes

    add_routes(app)
