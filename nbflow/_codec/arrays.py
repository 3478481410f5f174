"""NumPy arrays and scalars.

An array is stored as dtype, shape, memory order and its bytes. Arrays of Python objects are
refused: their content would have to be run to be rebuilt.
"""

from __future__ import annotations

import math
from typing import Any

from nbflow._codec.kinds import Kind, Layout, Unencodable, add

__all__ = ["build_array", "enter", "split_array"]


def _descriptor(dtype: Any) -> Any:
    import numpy as np

    if dtype.hasobject or dtype.kind not in "biufcmMSUV" or dtype.itemsize == 0:
        raise Unencodable(
            f"its dtype {dtype} holds Python objects or has no fixed form. "
            "Convert it, as in array.tolist() or array.astype(...)"
        )
    if dtype.metadata:
        raise Unencodable("its dtype carries metadata")
    return np.lib.format.dtype_to_descr(dtype)


def dtype_of(descriptor: Any) -> Any:
    """The dtype of a stored descriptor.

    Raises:
        ValueError: it would hold Python objects, or is of no size.
    """
    import numpy as np

    dtype: Any = np.lib.format.descr_to_dtype(descriptor)
    if dtype.hasobject or dtype.itemsize == 0 or dtype.kind not in "biufcmMSUV":
        raise ValueError(f"dtype {dtype} is not stored")
    return dtype


def split_array(value: Any) -> list[Any]:
    """Descriptor, shape, order and bytes."""
    descriptor = _descriptor(value.dtype)
    fortran = bool(value.flags.f_contiguous and not value.flags.c_contiguous)
    return [descriptor, list(value.shape), fortran, value.tobytes("F" if fortran else "C")]


def build_array(parts: list[Any]) -> Any:
    """A new, writable array."""
    import numpy as np

    descriptor, shape, fortran, raw = parts
    dtype = dtype_of(descriptor)
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("a shape is made of sizes")
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError("shape and data do not fit")
    return np.ndarray(tuple(shape), dtype, bytearray(raw), order="F" if fortran else "C")


def _split_scalar(value: Any) -> list[Any]:
    import numpy as np

    if isinstance(value, np.str_):
        return ["text", str.__str__(value)]  # str() would cut NULs at the end
    if isinstance(value, np.bytes_):
        return ["bytes", bytes(value)]
    return [_descriptor(value.dtype), value.tobytes()]


def _build_scalar(parts: list[Any]) -> Any:
    import numpy as np

    descriptor, raw = parts
    if descriptor == "text":
        return np.str_(raw)
    if descriptor == "bytes":
        return np.bytes_(raw)
    return build_array([descriptor, [], False, raw])[()]


def enter() -> None:
    """Add the kinds; once."""
    import numpy as np

    add(Kind(40, Layout.PARTS, split_array, build_array), np.ndarray)
    scalars = {cls for cls in np.sctypeDict.values() if cls is not np.object_}
    add(Kind(41, Layout.PARTS, _split_scalar, _build_scalar), *scalars)
