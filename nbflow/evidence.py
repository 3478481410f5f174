"""What a decision is about, as something that can be stored: pictures and text of live objects.

A question's payload is only looked at, never handed back to the code. So what of it cannot be
stored, such as a figure, is stored as what IPython would show of it.
"""

from __future__ import annotations

import base64
import io
import sys
from typing import Any

from nbflow.errors import NotSerializableError

__all__ = ["as_evidence", "picture"]

_PICTURES = ("image/png", "image/jpeg")
_MARKDOWN = "text/markdown"
_DOTS_PER_INCH = 100


def picture(value: Any) -> bytes:
    """The picture that IPython would show of a figure or an image, as PNG or JPEG.

    A task that draws returns this: a figure itself cannot be stored, and its picture can be
    shown beside a question at any time after.

    Raises:
        NotSerializableError: the value has no picture.

    >>> class Dot:
    ...     def _repr_png_(self):
    ...         return b"..."
    >>> picture(Dot())
    b'...'
    """
    found = _picture_of(value)
    if found is None:
        raise NotSerializableError(
            f"A {type(value).__name__} has no picture. Expected a figure with savefig(), or an "
            "object that IPython shows as PNG or JPEG.",
            "$",
            type(value).__name__,
        )
    return found


def as_evidence(value: Any, depth: int = 4) -> Any:
    """A payload with its live objects replaced by what IPython would show of them.

    >>> class Note:
    ...     def _repr_markdown_(self):
    ...         return "**Hot**"
    >>> as_evidence({"about": Note(), "n": [1]})
    {'about': '**Hot**', 'n': [1]}
    """
    if depth and isinstance(value, dict):
        return {key: as_evidence(item, depth - 1) for key, item in value.items()}
    if depth and type(value) in (list, tuple):
        return type(value)(as_evidence(item, depth - 1) for item in value)
    if value is None or isinstance(value, type | str | bytes | int | float):
        return value
    shown = _picture_of(value)
    return shown or _shown(value).get(_MARKDOWN) or value


def _picture_of(value: Any) -> bytes | None:
    save = getattr(value, "savefig", None)
    if callable(save) and not isinstance(value, type):
        drawn = io.BytesIO()
        save(drawn, format="png", dpi=_DOTS_PER_INCH, bbox_inches="tight")
        return drawn.getvalue()
    shown = _shown(value)
    return next((_bytes(shown[mime]) for mime in _PICTURES if shown.get(mime)), None)


def _bytes(data: str | bytes) -> bytes:
    return base64.b64decode(data) if isinstance(data, str) else data


def _shown(value: Any) -> dict[str, Any]:
    """What the object shows of itself by MIME type."""
    found: dict[str, Any] = {}
    for name, mime in (
        ("_repr_png_", "image/png"),
        ("_repr_jpeg_", "image/jpeg"),
        ("_repr_markdown_", _MARKDOWN),
    ):
        show = getattr(value, name, None)
        shown = show() if callable(show) and not isinstance(value, type) else None
        if shown is not None:
            found[mime] = shown[0] if isinstance(shown, tuple) else shown
    return found or _formatted(value)


def _formatted(value: Any) -> dict[str, Any]:
    """What IPython's own formatters know of it, where IPython is in use."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        return {}
    data: dict[str, Any] = shell.display_formatter.format(value, include=[*_PICTURES, _MARKDOWN])[0]
    return data
