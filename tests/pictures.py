"""Pictures small enough to be kept: WebP without loss but for the finest shades.

``python -m tests.pictures FOLDER`` turns every PNG of a folder into one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

__all__ = ["write"]

_SHADES = 32
"""Of each colour. What is left out nobody sees, and it is a third of the bytes."""

_STEP = 255 / (_SHADES - 1)
_EVEN = [round(round(value / _STEP) * _STEP) for value in range(256)] * 3


def write(pictures: Sequence[BinaryIO], path: Path, ms: Sequence[int] = ()) -> None:
    """Write a picture, or several as one that moves and begins again for ever.

    Args:
        pictures: PNG files of one size, open for reading.
        path: of the WebP.
        ms: how long each of several stands, in milliseconds.
    """
    first, *rest = [Image.open(picture).convert("RGB").point(_EVEN) for picture in pictures]
    moving: dict[str, Any] = {}
    if ms:
        moving = {"save_all": True, "append_images": rest, "duration": list(ms), "loop": 0}
    first.save(path, lossless=True, quality=80, method=6, minimize_size=True, **moving)


def main() -> None:
    """Turn what is in the folder."""
    for png in sorted(Path(sys.argv[1]).glob("*.png")):
        with png.open("rb") as picture:
            write([picture], png.with_suffix(".webp"))
        png.unlink()


if __name__ == "__main__":
    main()
