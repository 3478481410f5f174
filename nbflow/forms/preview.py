"""A value to look at: a bounded, readable text of anything.

The invariant: the work is bounded by the limit, not by the value, and nothing makes it raise.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbflow.forms.portable import (
    is_structured,
    portable,
    safe_repr,
    shorten,
    type_name,
    visible,
)

if TYPE_CHECKING:
    from nbflow.forms.model import Preview

__all__ = ["preview"]


def preview(value: Any, limit: int = 4_000) -> Preview:
    """Return ``value`` as text of at most ``limit`` characters.

    ``cut`` is exact for text and an estimate for containers, whose end was not visited.

    >>> preview({"a": [1, 2.5, None]})["text"]
    '{\\n  "a": [\\n    1,\\n    2.5,\\n    null\\n  ]\\n}'
    >>> preview("x" * 10, limit=4)
    {'text': 'xxxx', 'kind': 'text', 'cut': 6}
    """
    try:
        shown = _preview(value, limit)
        text, over = shorten(visible(shown["text"]), limit)
        return {"text": text, "kind": shown["kind"], "cut": shown["cut"] + over}
    except Exception as exc:
        text = f"<{type_name(value)}: looking at it raised {type(exc).__name__}>"
        return {"text": text[:limit], "kind": "repr", "cut": 0}


def _preview(value: Any, limit: int) -> Preview:
    if isinstance(value, str):
        text, cut = shorten(value, limit)
        return {"text": text, "kind": "text", "cut": cut}
    if not is_structured(value):
        text, cut = safe_repr(value, limit)
        return {"text": text, "kind": "repr", "cut": cut}
    part = portable(value, chars=limit, exact=True)
    written = json.dumps(part.value, ensure_ascii=False, indent=2)
    text, over = shorten(written, limit)
    return {"text": text, "kind": "json", "cut": part.cut + over}
