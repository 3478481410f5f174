"""Arrays of NumPy and tables of pandas come back as they were."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import pydantic_core
import pytest

from nbflow.serde import dumps, loads
from tests.unit.serde_values import (
    BERLIN,
    child,
)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array(5),
        np.zeros((0, 3)), np.array(["a", "bcd"]), np.array([b"x"]), np.array([True, False]),
        np.array(["2020-01-01", "NaT"], "M8[D]"), np.array([1, 2], "m8[s]"), np.array([1j]),
        np.arange(10)[::2], np.arange(3, dtype=">i4"), np.array([np.nan, -0.0]),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array([(1, [2.0, 3.0])], dtype=np.dtype([("a", "i4"), ("b", "f8", (2,))], align=True)),
    ],
    ids=lambda a: f"{a.dtype}-{a.shape}",
)  # fmt: skip
def test_arrays(array: Any) -> None:
    """263"""
    back = loads(dumps(array))
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())
    assert back.flags.writeable
    assert back.flags.f_contiguous == array.flags.f_contiguous or not array.flags.c_contiguous


@pytest.mark.parametrize(
    "scalar",
    [
        np.float64(1.5), np.int8(3), np.uint64(2**64 - 1), np.bool_(True), np.float32("nan"),
        np.complex64(1j), np.datetime64("2020-01-01"), np.timedelta64(3, "s"), np.longdouble(1) / 3,
        np.str_("a\0"), np.bytes_(b"a\0"),
    ],
    ids=lambda s: type(s).__name__,
)  # fmt: skip
def test_scalars(scalar: Any) -> None:
    """263"""
    back = loads(dumps({1: scalar}))[1]
    assert (type(back), back.dtype, back.tobytes()) == (
        type(scalar), scalar.dtype, scalar.tobytes(),
    )  # fmt: skip


def test_frames() -> None:
    """263: without pickle."""
    days = pd.date_range("2020", periods=3, freq="D")
    frame = pd.DataFrame(
        {
            "i": [1, 2, 3], "f": [1.0, np.nan, -0.0], "s": ["a", None, "c"],
            "o": pd.Series(["a", None, (1,)], dtype=object), "c": pd.Categorical(["x", "y", None]),
            "d": days, "z": days.tz_localize(BERLIN), "utc": days.tz_localize("UTC"),
            "td": pd.to_timedelta([1, 2, 3], "s"), "I": pd.array([1, None, 3], "Int64"),
            "U": pd.array([1, None, 3], "UInt8"), "B": pd.array([True, None, False], "boolean"),
            "F": pd.array([1.5, None, 2], "Float32"), "st": pd.array(["a", None, "b"], "string"),
            1: [True, False, True],
        }
    )  # fmt: skip
    frame.attrs["source"] = ("a", 1)
    for one in (
        frame, frame.iloc[::2], frame.iloc[:0], frame.set_index("d"), frame.set_index(["s", "i"]),
        pd.DataFrame(), pd.DataFrame(index=[1, 2]), pd.DataFrame([[1, 2]], columns=["a", "a"]),
        frame.set_index("c"), frame.set_index(days),
    ):  # fmt: skip
        back = loads(dumps([one]))[0]
        pd.testing.assert_frame_equal(
            back, one, check_exact=True, check_freq=True, check_index_type="exact",
            check_column_type="exact",
        )  # fmt: skip
        assert back.attrs == one.attrs


def test_series_and_indexes() -> None:
    """263"""
    for series in (
        pd.Series([1, 2], name=("a", 1)), pd.Series([], dtype="float64"),
        pd.Series([1, 2], index=pd.date_range("2020", periods=2, freq="h")),
        pd.Series(["x"], dtype=pd.CategoricalDtype(["y", "x"], ordered=True)),
    ):  # fmt: skip
        pd.testing.assert_series_equal(loads(dumps(series)), series, check_index_type="exact")
    for index in (
        pd.RangeIndex(1, 9, 2, name="r"), pd.Index(["a", "b"], name="n"), pd.Index([1.5]),
        pd.Index([True]), pd.CategoricalIndex(["a"]), pd.timedelta_range("1D", periods=3),
        pd.date_range("2020", periods=3, tz="UTC"),
        pd.MultiIndex.from_product([[1, 2], ["a", "b"]], names=["p", "q"]),
    ):  # fmt: skip
        pd.testing.assert_index_equal(loads(dumps(index)), index, exact=True)


def test_pandas_scalars() -> None:
    """263"""
    for value in (
        pd.Timestamp("2020-01-01 12:00:00.123456789"), pd.Timestamp("2020", tz=BERLIN),
        pd.Timestamp(year=2020, month=10, day=25, hour=2, minute=30, fold=1, tz=BERLIN),
        pd.Timestamp(2020, 1, 1).as_unit("s"), pd.Timedelta("1.5s"), pd.Timedelta(1, "s"),
    ):  # fmt: skip
        back = loads(dumps(value))
        assert (type(back), back, back.unit) == (type(value), value, value.unit)
        assert getattr(back, "tz", 0) == getattr(value, "tz", 0)
        assert getattr(back, "fold", 0) == getattr(value, "fold", 0)
    assert loads(dumps(pd.NaT)) is pd.NaT
    assert loads(dumps(pd.NA)) is pd.NA


CHILD = """
import sys
sys.path[:0] = {path!r}
sys.modules["numpy"] = sys.modules["pandas"] = {blocked}
if {blocked} is Ellipsis: del sys.modules["numpy"], sys.modules["pandas"]
from nbflow import serde
before = set(sys.modules)
value = serde.loads({data!r})
print(type(value).__name__, serde.dumps(value) == {data!r})
new = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(new & {{"numpy", "pandas", "pydantic_core", "os"}}))
"""


def test_a_library_is_imported_when_a_value_of_it_is_read_and_only_then() -> None:
    """263, 268, 271: and where it is missing, the data are shown."""
    data = dumps(np.arange(3))
    present = child(CHILD.format(path=sys.path, blocked="...", data=data))
    missing = child(CHILD.format(path=sys.path, blocked="None", data=data))
    other = child(CHILD.format(path=sys.path, blocked="...", data=dumps([1, (2,)])))
    zone = dumps(pydantic_core.TzInfo(3600))
    core = child(CHILD.format(path=sys.path, blocked="...", data=zone))
    assert present == ["ndarray True", "['numpy']"]
    assert missing == ["Opaque True", "[]"]
    assert other == ["list True", "[]"]
    assert core == ["TzInfo True", "['pydantic_core']"]
