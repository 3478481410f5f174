"""A database that somebody wrote to do harm: nothing runs, and nothing grows beyond bounds."""

from __future__ import annotations

import pickle
import resource
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from ormsgpack import Ext, packb

from nbflow.checkpoint._cells import blob_name, checkpoint_check
from nbflow.checkpoint.base import CheckpointRow
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError
from nbflow.func import entrypoint
from tests.durability.dying import ends

THREAD: dict[str, Any] = {"configurable": {"thread_id": "t"}}

_PART = b"x" * (1 << 20)
_TIMES = 100_000
_ROOM = 1 << 30
"""Bytes of memory that the reader may have beyond what it has."""


def keeping(saver: SqliteSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def workflow(n: Any, *, previous: Any = None) -> Any:
        return [n, type(previous).__name__]

    return workflow


def put(path: Path, cell: bytes | str) -> None:
    """Let the thread's newest checkpoint hold something else, with a check sum that fits."""
    raw = sqlite3.connect(path, isolation_level=None)
    row = [*raw.execute("SELECT * FROM ckpt ORDER BY seq DESC LIMIT 1").fetchone()]
    names = [one[1] for one in raw.execute("PRAGMA table_info(ckpt)")]
    fields = {name: value for name, value in zip(names, row, strict=True) if name != "check_"}
    found = CheckpointRow(**fields)
    check = checkpoint_check(found, cell, cell, found.meta)
    raw.execute(
        "UPDATE ckpt SET saved = ?1, returned = ?1, check_ = ?2 WHERE seq = ?3",
        (cell, check, fields["seq"]),
    )
    raw.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sqlite"
    with SqliteSaver(path) as saver:
        keeping(saver).invoke(1, THREAD)
    return path


class _Harm:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


def test_code_in_a_value_is_not_run(path: Path, tmp_path: Path) -> None:
    """Fault 35: a pickle, a call by name and an unknown type: refused, or shown as they are."""
    mark = tmp_path / "called"
    called = ["os.system", {"command": f"touch {mark}"}]
    for data in (
        pickle.dumps(_Harm(mark)),
        packb(Ext(31, packb(called))),
        packb(Ext(32, packb(called))),
        packb({"lc": 2, "type": "constructor", "id": ["os", "system"], "kwargs": called[1]}),
        packb(Ext(99, packb(called))),
    ):
        put(path, data)
        with SqliteSaver(path) as saver:
            workflow = keeping(saver)
            try:
                shown = repr(workflow.get_state(THREAD).values)
                went_on = workflow.invoke(2, THREAD)
            except CorruptDataError:
                continue
            assert shown.startswith(("Opaque('os.system'", "{'lc': 2", "{}"))
            assert went_on[1] in ("Opaque", "dict")
        assert not mark.exists()
    assert not mark.exists()


def _read_in_little_room(path: Path) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _ROOM, used + _ROOM))
    with SqliteSaver(path) as saver:
        workflow = keeping(saver)
        with pytest.raises(CorruptDataError):
            workflow.get_state(THREAD).values  # noqa: B018  # what is read late is read here
        with pytest.raises(CorruptDataError):
            workflow.invoke(2, THREAD)


def test_a_value_that_would_be_terabytes(path: Path) -> None:
    """Fault 35: one part of a long value, a hundred thousand times over."""
    from nbflow.checkpoint._blobs import _name_of_whole

    part = blob_name(_PART)
    hashes = bytes.fromhex(part) * _TIMES
    whole = _name_of_whole(hashes)
    raw = sqlite3.connect(path, isolation_level=None)
    add = "INSERT INTO blob (h, codec, size, data) VALUES (?, ?, ?, ?)"
    raw.execute(add, (part, "raw", len(_PART), _PART))
    raw.execute(add, (whole, "parts", len(_PART) * _TIMES, hashes))
    raw.close()
    put(path, whole)
    ends(_read_in_little_room, path)


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\x3b\x9a\xca\x00", b"\xdf\x3b\x9a\xca\x00", b"\xc6\x7f\xff\xff\xff",
        b"\xdb\x7f\xff\xff\xff", b"\xc9\x7f\xff\xff\xff\x04", b"\x91" * 1_000_000,
        packb(Ext(40, packb(["<f8", [10**12], False, b""]))),
    ],
    ids=["array", "map", "bytes", "text", "extension", "deep", "numpy"],
)  # fmt: skip
def test_lengths_that_are_not_there(path: Path, data: bytes) -> None:
    """Fault 35: a header that promises a billion entries allocates none."""
    put(path, data)
    ends(_read_in_little_room, path)


def test_a_row_with_columns_of_other_kinds(path: Path) -> None:
    """Fault 35: a number where a text is, a text where a blob is: an error says so."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("UPDATE ckpt SET saved = 5, returned = 'x' WHERE seq = 2")
    raw.execute("UPDATE run SET code_fp = 'text', ts = 'never'")
    raw.close()
    with SqliteSaver(path) as saver:
        with pytest.raises(CorruptDataError):
            keeping(saver).get_state(THREAD)
        with pytest.raises(CorruptDataError):
            saver.list_runs("t")
