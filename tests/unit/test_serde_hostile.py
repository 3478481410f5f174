"""Damaged and hostile bytes end in a value of a known kind, or in one error."""

from __future__ import annotations

import contextlib
import json
import pathlib
import pickle
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ormsgpack import Ext, packb, unpackb

from nbflow import serde
from nbflow._codec import unpack
from nbflow._codec.kinds import BY_TAG
from nbflow._codec.unpack import deepest
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow
from nbflow.errors import CorruptDataError
from nbflow.func import entrypoint
from nbflow.serde import Opaque, dumps, loads
from tests.unit.serde_values import (
    PLAIN,
    Hostile,
    Point,
    ext,
    values,
)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\xdf\x3b\x9a\xca\x00", b"\xc6\xff\xff\xff\xff",
        b"\xc9\xff\xff\xff\xff\x04", b"\x91" * 100_000, b"\x81\xa1a" * 100_000, b"\x81\x90\xc0",
        ext(99, b""), b"\xd4\xffx", ext(127, [1]), ext(4, b"\xc0"),
        ext(4, b""), ext(5, [[1]]), ext(7, [1]), ext(7, [[], 1]), ext(8, [1]), ext(9, [1]),
        ext(10, ["os.system", {}]), ext(10, ["eval", {}]), ext(11, [-1, []]), ext(11, ["a", 1]),
        ext(12, b"1"), ext(13, [1, 0]), ext(13, ["1/0", 1]), ext(14, [1, 2, 0]), ext(16, b"x"),
        ext(17, b"x"), ext(20, [1]), ext(20, [2020, 99, 1, 0, 0, 0, 0, 0, None]),
        ext(21, [0, 0, 0]),
        ext(23, [10**18, 0, 0]), ext(24, [1]), ext(25, b"../../etc/passwd"),
        ext(25, b"/etc/passwd"),
        ext(25, b"a" * 500), ext(25, b"os.system"), ext(26, ["Path", "x"]),
        ext(26, ["os", "system"]), ext(27, ["(", 0]), ext(27, ["a", "b"]), ext(28, ["x", "y"]),
        ext(30, [1, 2, 3]), ext(30, ["a"]), ext(31, ["a"]), ext(32, []), ext(32, [["x"], {}]),
        ext(33, ["a", {}]), ext(33, [{}, {}, [], None, None]), ext(34, []), ext(35, []),
        ext(40, ["|O", [1], False, b"\0" * 8]), ext(40, ["<f8", [10**9], False, b""]),
        ext(40, ["<f8", [-1], False, b""]), ext(40, ["|S0", [10**9], False, b""]),
        ext(40, ["|V0", [10**9], False, b""]), ext(40, [["os"], [1], False, b""]),
        ext(40, ["<f8", [2**62, 4], False, b""]), ext(41, ["|O", b"\0" * 8]),
        ext(50, [1, "x", 0, 0]),
        ext(52, ["x"]), ext(53, ["range"]), ext(53, ["range", None, 0, 10, 0]), ext(54, [1]),
        ext(55, [[1], ["a"], [["objects", [1, 2]]], {}]), ext(56, ["os", 1]), ext(56, [1]),
        ext(60, []), ext(60, ["UTC"]), ext(60, [86400]),
        ext(61, []), ext(61, [1]), ext(62, ["a"]), ext(62, [10**15]),
    ],
    ids=lambda d: f"{d[:12]!r}",
)  # fmt: skip
def test_hostile_bytes(data: bytes) -> None:
    """268, fault 35"""
    with pytest.raises(CorruptDataError, match="cannot be read|newer nbflow"):
        loads(data)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_not_run(protocol: int) -> None:
    """268, 272, fault 35"""
    with contextlib.suppress(CorruptDataError):
        assert type(loads(pickle.dumps(Hostile(), protocol))) in (int, dict)


def test_nothing_named_is_imported_or_called(tmp_path: pathlib.Path) -> None:
    """268, 270, fault 35: whatever the bytes name, they are shown as data."""
    mark = tmp_path / "called"
    names = ["os.system", "subprocess.Popen", "builtins.eval", "antigravity.fly", "this.s"]
    before = set(sys.modules)
    for name in names:
        for data in (
            ext(30, [name, f"touch {mark}", None]), ext(31, [name, {"args": f"touch {mark}"}]),
            ext(32, [name, {"command": f"touch {mark}"}]),
            ext(33, [name, {"x": 1}, [], None, None]), ext(35, [name]),
        ):  # fmt: skip
            value = loads(data)
            assert type(value) is Opaque
            assert value.type_name == name
            assert dumps(value) == data
    assert not mark.exists()
    assert not {"antigravity", "this"} & (set(sys.modules) - before)


@pytest.fixture
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has read nothing."""
    monkeypatch.setattr(unpack, "_said", set())


@pytest.mark.usefixtures("nothing_said")
def test_a_look_at_a_hostile_thread_runs_nothing(
    saver: BaseCheckpointSaver, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """268, fault 35: what the state, the history and the next run read is shown, whatever it is."""
    mark = tmp_path / "called"
    row = CheckpointRow(
        id="c", thread_id="t", ns="", parent=None, run=None, source="update", step=0,
        saved=ext(32, ["os.system", {"command": f"touch {mark}"}]),
        returned=ext(31, ["subprocess.Popen", {"args": f"touch {mark}"}]), meta=b"\x80", ts=0.0,
    )  # fmt: skip
    saver.update(row, None)

    @entrypoint(checkpointer=saver)
    def workflow(given: Any, *, previous: Any = None) -> str:
        return f"{type(previous).__name__} {previous.type_name} {previous.data}"

    config = {"configurable": {"thread_id": "t"}}
    seen = [workflow.get_state(config), *workflow.get_state_history(config)]
    shown = [repr(state.values) for state in seen]
    said = workflow.invoke(1, config)

    assert shown == [f"Opaque('subprocess.Popen', {{'args': 'touch {mark}'}})"] * 2
    assert said == f"Opaque os.system {{'command': 'touch {mark}'}}"
    assert not mark.exists()
    assert [one.getMessage().partition(" cannot")[0] for one in caplog.records] == [
        "Stored values of 'subprocess.Popen'", "Stored values of 'os.system'",
    ]  # fmt: skip


LANGCHAIN = {
    "lc": 2, "type": "constructor", "id": ["os", "system"], "method": ["__init__", "eval"],
    "args": ["true"], "kwargs": {"command": "true"},
}  # fmt: skip


def test_descriptions_of_calls_are_data() -> None:
    """272, fault 35: LangChain's ``lc`` envelopes mean nothing, and there is no JSON way in."""
    for value in (LANGCHAIN, {**LANGCHAIN, "lc": 1}, json.dumps(LANGCHAIN), [LANGCHAIN]):
        assert loads(dumps(value)) == value
    for data in (json.dumps(LANGCHAIN).encode(), json.dumps([LANGCHAIN]).encode()):
        assert type(loads(data)) is int  # msgpack's meaning of the first letter


def test_a_zone_that_is_not_here_is_shown() -> None:
    """271"""
    zone = ext(25, b"Moon/Tycho")
    assert repr(loads(zone)) == "Opaque('zoneinfo.ZoneInfo', 'Moon/Tycho')"
    moment = packb([2020, 1, 1, 0, 0, 0, 0, 0, Ext(25, b"Moon/Tycho")])
    assert loads(ext(20, moment)).type_name == "datetime.datetime"
    assert dumps(loads(ext(20, moment))) == ext(20, moment)


def test_a_newer_format_says_so() -> None:
    """253"""
    assert serde.FORMAT_VERSION == 1
    with pytest.raises(CorruptDataError, match=r"version 7; this nbflow reads version 1.*upgrade"):
        loads(b"\xc1\x07rest")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_random_flips_end_in_a_value_or_the_error(data: st.DataObject) -> None:
    """268"""
    whole = bytearray(dumps(PLAIN[data.draw(st.integers(20, len(PLAIN) - 1))]))
    for _ in range(data.draw(st.integers(1, 4))):
        if whole:
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptDataError):
        loads(bytes(whole))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes_end_in_a_value_or_the_error(data: bytes) -> None:
    """268"""
    for raw in (data, *(ext(tag, data) for tag in BY_TAG)):
        with contextlib.suppress(CorruptDataError):
            loads(raw)


def test_depth_is_counted_across_extensions() -> None:
    """267, 268"""
    data = b"\xc0"
    for _ in range(40):
        data = ext(4, b"\x91" * 1_000 + data)
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from nbflow import serde, errors\n"
        "try: serde.loads(sys.stdin.buffer.read())\n"
        "except errors.CorruptDataError as e: print(e)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert b"nested too deep" in done.stdout
    for _ in range(300):
        data = ext(4, b"\x91" + data)
    with pytest.raises(CorruptDataError):
        loads(data)


def test_many_values_deep_inside_are_no_danger() -> None:
    """267"""
    rows: Any = [[1, {"a": i}, (i,)] for i in range(3_000)]
    value = Point(1, Point(2, Point(3, Point(4, (rows, "é" * 5_000, b"\x91" * 5_000)))))
    assert loads(dumps(value)) == value


@settings(max_examples=200, deadline=None)
@given(values)
def test_depth_is_counted_as_it_is(value: Any) -> None:
    """267"""

    def depth(raw: bytes) -> int:
        def hook(tag: int, payload: bytes) -> Any:
            kind = BY_TAG[tag]
            return (depth(payload),) if kind.layout.name != "RAW" else 0

        return height(unpackb(raw, ext_hook=hook))

    def height(part: Any) -> int:
        if isinstance(part, tuple):
            return 1 + int(part[0])
        if isinstance(part, list):
            return 1 + max(map(height, part), default=0)
        if isinstance(part, dict):
            return 1 + max(map(height, part.values()), default=0)
        return 0

    assert deepest(dumps(value)) == depth(dumps(value))
