"""Pictures among what is read before an answer: bytes of the usual formats, drawn by the page.

A picture is told by its first bytes, never by what the payload says of it; SVG, which can hold
scripts, is none.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbflow.forms.model import Field

__all__ = ["PICTURE_BYTES", "picture_field"]

PICTURE_BYTES = 90_000
"""A larger picture is named and not shown; a form has 200 KB for everything."""

_HEADS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def picture_field(label: str, value: Any) -> Field | None:
    """Return a picture as one field of context; None for what is none.

    >>> picture_field("Chart", b"\\x89PNG\\r\\n\\x1a\\n...")["value"]["mime"]
    'image/png'
    """
    if not isinstance(value, bytes | bytearray | memoryview):
        return None
    mime = _mime_of(bytes(value[:16]))
    if mime is None:
        return None
    size = memoryview(value).nbytes
    if size > PICTURE_BYTES:
        kind = mime.removeprefix("image/").upper()
        text = f"{kind} picture of {size:,} bytes; up to {PICTURE_BYTES:,} are shown here"
        return {"label": label, "kind": "text", "value": text}
    data = base64.b64encode(value).decode("ascii")
    return {"label": label, "kind": "image", "value": {"mime": mime, "data": data}}


def _mime_of(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for start, mime in _HEADS if head.startswith(start)), None)
