"""A long value in parts that end where its content says, so that its versions share most of them.

Whether a part may end at some place depends on the ten bytes around it alone. So a value that
grows at its end, or is changed or cut somewhere, keeps all parts but those around that place. Other
constants would cost sharing with what is stored, nothing else.

A very long value is cut where it comes, without a copy: parts are what a database takes and gives
at once, so that the whole is in memory no more often than whoever stores or reads it holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

__all__ = ["LONGEST", "SHORTEST", "parts_of"]

SHORTEST = 64 << 10
"""Bytes of a value from which parts pay: their lookup costs as much as writing this once."""

LONGEST = 64 << 20
"""Longer values are cut where it comes: looking for ends would take longer than it saves."""

_CUT = 256 << 10
"""Bytes of each part of those."""

_MIXER = 0x779B97F4A7C15E5
"""Eight bytes by which a value is multiplied: each byte of the product mixes eight neighbours."""

_MARK = b"\xb1"
"""A byte of the product that one place in 256 has, whatever the value is made of."""

_STRETCH = 128 << 10
"""Bytes that are multiplied at once; more would leave the processor's cache."""

_BEFORE, _AFTER = 16, 2
"""Bytes around a stretch that its ends depend on."""

_SMALLEST_MEAN, _LARGEST_MEAN = 4 << 10, 64 << 10
"""Bytes; a power of two between them is the mean length of the parts, for about so many parts:"""

_USUAL_PARTS = 64


def parts_of(value: bytes) -> Sequence[bytes | memoryview]:
    """The parts in order; none for an empty value. Those of a very long one are views of it.

    >>> value = b"".join(b"%d " % (n * n) for n in range(20_000))
    >>> b"".join(parts_of(value)) == value
    True
    >>> longer = parts_of(value + b"and one more")
    >>> [part in parts_of(value) for part in longer].count(False)
    1
    """
    if len(value) > LONGEST:
        whole = memoryview(value)
        return [whole[at : at + _CUT] for at in range(0, len(value), _CUT)]
    mean = _SMALLEST_MEAN
    while mean < _LARGEST_MEAN and mean * 2 * _USUAL_PARTS <= len(value):
        mean *= 2
    shortest, longest = mean >> 2, mean << 3
    parts: list[bytes] = []
    begun = 0
    for end in (*_possible_ends(value, (mean >> 8) - 1), len(value)):
        while end - begun > longest:
            parts.append(value[begun : begun + longest])
            begun += longest
        if end - begun >= shortest or end == len(value) > begun:
            parts.append(value[begun:end])
            begun = end
    return parts


def _possible_ends(value: bytes, mask: int) -> list[int]:
    """Places that the content marks, one in ``256 * (mask + 1)``; few in monotonous content."""
    ends: list[int] = []
    for start in range(0, len(value), _STRETCH):
        left = max(0, start - _BEFORE)
        stretch = value[left : start + _STRETCH + _AFTER]
        product = int.from_bytes(stretch, "little") * _MIXER
        mixed = product.to_bytes(len(stretch) + 8, "little")
        if mixed.count(_MARK) > len(stretch) >> 5:
            continue
        first, last = start - left, min(start + _STRETCH, len(value)) - left
        pieces = accumulate(map(len, mixed.split(_MARK)))
        ends += [
            left + at
            for number, length in enumerate(pieces)
            if first <= (at := number + length) < last and not mixed[at + 1] & mask
        ]
    return ends
