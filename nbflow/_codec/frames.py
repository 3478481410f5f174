"""pandas frames, series, indexes and scalars of the ordinary dtypes; anything else is refused.

A column is stored as the NumPy array it is made of, or as a list of its values where it holds
Python objects. Only public pandas constructors are used to put it together again.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nbflow._codec.arrays import build_array, dtype_of, split_array
from nbflow._codec.kinds import Kind, Layout, Unencodable, add

__all__ = ["enter"]

_NULLABLE = {
    "boolean": pd.arrays.BooleanArray,
    **{f"{sign}Int{bits}": pd.arrays.IntegerArray
       for sign in ("", "U") for bits in (8, 16, 32, 64)},
    **{f"Float{bits}": pd.arrays.FloatingArray for bits in (32, 64)},
}  # fmt: skip


def _split_column(values: Any) -> list[Any]:
    """An extension or NumPy array as ``[form, ...]``."""
    if isinstance(values.dtype, np.dtype) or type(values) is pd.arrays.NumpyExtensionArray:
        values = np.asarray(values)
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        if dtype.hasobject:
            return ["objects", list(values)]
        return ["array", *split_array(np.asarray(values))]
    if isinstance(dtype, pd.CategoricalDtype):
        codes = split_array(np.asarray(values.codes))
        return ["categories", codes, dtype.categories, bool(dtype.ordered)]
    if isinstance(dtype, pd.DatetimeTZDtype):
        return ["instants", dtype.unit, dtype.tz, values.asi8.tobytes()]
    if isinstance(dtype, pd.StringDtype):
        absent = values.isna()
        texts = [None if gone else str(v) for v, gone in zip(values, absent, strict=True)]
        return ["texts", dtype.storage, dtype.na_value is pd.NA, texts]
    if dtype.name in _NULLABLE:
        absent = np.asarray(values.isna())
        plain = values.to_numpy(dtype.numpy_dtype, na_value=dtype.numpy_dtype.type(0))
        return ["nullable", dtype.name, split_array(plain), split_array(absent)]
    raise Unencodable(f"its dtype {dtype} is not one that is stored. Convert it with astype(...)")


def _build_column(parts: list[Any]) -> Any:
    form, *rest = parts
    if form == "objects":
        (items,) = rest
        values = np.empty(len(items), object)
        values[:] = items
        return values
    if form == "array":
        return build_array(rest)
    if form == "categories":
        codes, categories, ordered = rest
        dtype = pd.CategoricalDtype(categories, ordered)
        return pd.Categorical.from_codes(build_array(codes), dtype=dtype)
    if form == "instants":
        unit, tz, raw = rest
        instants = np.frombuffer(bytearray(raw), "i8").view(dtype_of(f"<M8[{unit}]"))
        return pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(tz).array
    if form == "texts":
        storage, with_na, texts = rest
        dtype = pd.StringDtype(storage, pd.NA if with_na else np.nan)
        return pd.array(texts, dtype=dtype)
    if form == "nullable":
        name, plain, absent = rest
        return _NULLABLE[name](build_array(plain), build_array(absent))
    raise ValueError(f"unknown column form {form!r}")


def _split_index(value: Any) -> list[Any]:
    if isinstance(value, pd.RangeIndex):
        return ["range", value.name, value.start, value.stop, value.step]
    if isinstance(value, pd.MultiIndex):
        codes = [split_array(np.asarray(code)) for code in value.codes]
        return ["multi", list(value.names), list(value.levels), codes]
    freq = getattr(value, "freqstr", None)
    return ["plain", value.name, freq, _split_column(value.array)]


def _build_index(parts: list[Any]) -> Any:
    form, name, *rest = parts
    if form == "range":
        start, stop, step = rest
        return pd.RangeIndex(start, stop, step, name=name)
    if form == "multi":
        levels, codes = rest
        return pd.MultiIndex(levels, [build_array(code) for code in codes], names=name)
    freq, column = rest
    values = _build_column(column)
    index = pd.Index(values, dtype=values.dtype, name=name)
    if freq is not None:
        index.freq = freq
    return index


def _split_series(value: Any) -> list[Any]:
    return [value.name, value.index, _split_column(value.array), value.attrs]


def _build_series(parts: list[Any]) -> Any:
    name, index, column, attrs = parts
    values = _build_column(column)
    series = pd.Series(values, index=index, name=name, dtype=values.dtype)
    series.attrs = attrs
    return series


def _split_frame(value: Any) -> list[Any]:
    columns = [_split_column(value.iloc[:, i].array) for i in range(value.shape[1])]
    return [value.index, value.columns, columns, value.attrs]


def _build_frame(parts: list[Any]) -> Any:
    index, names, columns, attrs = parts
    if len(names) != len(columns):
        raise ValueError("names and columns do not fit")
    arrays = [_build_column(column) for column in columns]
    if any(len(values) != len(index) for values in arrays):
        raise ValueError("columns and index do not fit")
    series = {i: pd.Series(a, index=index, dtype=a.dtype) for i, a in enumerate(arrays)}
    frame = pd.DataFrame(series, index=index)
    frame.columns = names
    frame.attrs = attrs
    return frame


def _split_timestamp(value: Any) -> list[Any]:
    return [value.asm8.view("i8").item(), value.unit, value.fold, value.tzinfo]


def _build_timestamp(parts: list[Any]) -> Any:
    count, unit, _, tz = parts
    instant = pd.Timestamp(np.datetime64(count, unit))
    return instant if tz is None else instant.tz_localize("UTC").tz_convert(tz)


def _split_timedelta(value: Any) -> list[Any]:
    return [value.asm8.view("i8").item(), value.unit]


def _build_timedelta(parts: list[Any]) -> Any:
    return pd.Timedelta(np.timedelta64(*parts))


_ABSENT = {"NaT": pd.NaT, "NA": pd.NA}


def enter() -> None:
    """Add the kinds to the tables."""
    add(Kind(50, Layout.PARTS, _split_timestamp, _build_timestamp), pd.Timestamp)
    add(Kind(51, Layout.PARTS, _split_timedelta, _build_timedelta), pd.Timedelta)
    add(Kind(52, Layout.PARTS, lambda v: ["NaT" if v is pd.NaT else "NA"],
             lambda p: _ABSENT[p[0]]), type(pd.NaT), type(pd.NA))  # fmt: skip
    indexes = (pd.Index, pd.RangeIndex, pd.MultiIndex, pd.DatetimeIndex, pd.TimedeltaIndex,
               pd.CategoricalIndex)  # fmt: skip
    add(Kind(53, Layout.PARTS, _split_index, _build_index), *indexes)
    add(Kind(54, Layout.PARTS, _split_series, _build_series), pd.Series)
    add(Kind(55, Layout.PARTS, _split_frame, _build_frame), pd.DataFrame)
    add(Kind(56, Layout.PARTS, _split_column, _build_column), pd.Categorical)
