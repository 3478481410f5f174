"""The built front end: the loader that every widget carries, and the bundle that a page gets once.

Both are built into ``static/`` by ``make build`` and shipped in the wheel. The bundle leaves as
gzip bytes, packed once per kernel; its version is a digest of its content, so that a page never
mixes two builds.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nbflow.errors import MissingBundleError

if TYPE_CHECKING:
    from nbflow.widgets.protocol import Bundle

__all__ = [
    "BUNDLE",
    "LOADER",
    "STATIC",
    "bundle_gz",
    "bundle_name",
    "bundle_reply",
    "loader_text",
    "version",
]

STATIC = Path(__file__).parent / "static"
"""Where the build puts the front end; the wheel carries it."""

LOADER = "loader.mjs"
"""The module that every widget carries."""

BUNDLE = "bundle.mjs"
"""The module that a page gets once."""

_IN_LANGUAGE = {"de": "bundle.de.mjs"}
"""The same in other languages."""

_ONCE_S = 2.0
_REMEMBERED = 64

_answered: dict[str, float] = {}
_answered_lock = threading.Lock()


@lru_cache(maxsize=1)
def loader_text() -> str:
    """Return the module that a widget carries as ``_esm``.

    Raises:
        MissingBundleError: the front end was not built.
    """
    return _read(LOADER).decode()


@lru_cache
def bundle_gz(name: str = BUNDLE) -> bytes:
    """Return a bundle, gzipped.

    Raises:
        MissingBundleError: the front end was not built.
    """
    return gzip.compress(_read(name), compresslevel=9, mtime=0)


@lru_cache(maxsize=1)
def version() -> str:
    """Return the bundles' version: 16 hex digits of their content.

    Raises:
        MissingBundleError: the front end was not built.
    """
    content = [_read(name) for name in (BUNDLE, *_IN_LANGUAGE.values())]
    return hashlib.sha256(b"".join(content)).hexdigest()[:16]


def bundle_name(language: str) -> str:
    """Return the bundle in a page's language; the English one where there is none such.

    >>> bundle_name("de-AT"), bundle_name("xx"), bundle_name("")
    ('bundle.de.mjs', 'bundle.mjs', 'bundle.mjs')
    """
    return _IN_LANGUAGE.get(language.lower().partition("-")[0], BUNDLE)


def bundle_reply(request: str, language: str = "") -> tuple[Bundle, list[bytes]] | None:
    """Return the answer to a page that asks for the bundle.

    Every widget of a page asks with the page's one id; an id that was answered less than two
    seconds ago gets None, so that the bundle is sent once. Without a built front end the answer
    says so in ``error``.
    """
    with _answered_lock:
        now = time.monotonic()
        if now - _answered.get(request, -_ONCE_S) < _ONCE_S:
            return None
        _answered.pop(request, None)
        _answered[request] = now
        while len(_answered) > _REMEMBERED:
            del _answered[next(iter(_answered))]
    try:
        return {"type": "bundle", "request": request, "version": version()}, [
            bundle_gz(bundle_name(language))
        ]
    except MissingBundleError as exc:
        return {"type": "bundle", "request": request, "version": "", "error": str(exc)}, []


def _read(name: str) -> bytes:
    path = STATIC / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MissingBundleError(
            f"nbflow's front end is not built: {path.parent.name}/{name} is missing from the "
            "package. In a clone run `make build`, or `pip install .` to build and install it; "
            "then restart the kernel."
        ) from None
