"""A record as JSON text, and back.

What comes back is looked at, never run. A file says its version. Parts that are not known are left
out, so one can be added without a new version; it is declared ``NotRequired``, with its default
where it is read, since older files lack it. Only what an older nbflow would misread takes a new
version. The invariant: any file whatever gives a record whose parts have the types that they are
declared with, or a CorruptDataError that says what is wrong; the work is bounded by the size that
is accepted.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict  # Pydantic wants this one before Python 3.12

from nbflow.errors import CorruptDataError
from nbflow.export.story import Record, is_importable
from nbflow.widgets.protocol import PROTOCOL, CheckpointItem, EventData

__all__ = ["FILE_BYTES", "from_json", "record_in", "to_json"]

FILE_BYTES = 50_000_000
"""A file that is larger is refused."""


_VERSION = 1


@with_config({"extra": "ignore"})
class _Kept(TypedDict):
    nbflow_record: int
    protocol: int
    made_at: float
    module: str | None
    variable: str
    log: list[EventData]
    history: list[CheckpointItem]


@with_config({"extra": "ignore"})
class _Marked(TypedDict):
    nbflow_record: Annotated[int, Field(ge=1)]


@cache
def _kept() -> TypeAdapter[_Kept]:
    return TypeAdapter(_Kept)


def to_json(record: Record) -> str:
    """Return a record as JSON text.

    >>> to_json(Record(log=[], history=[], made_at=0.0))[:20]
    '{"nbflow_record":1,"'
    """
    kept: _Kept = {
        "nbflow_record": _VERSION,
        "protocol": PROTOCOL,
        "made_at": record.made_at,
        "module": record.module,
        "variable": record.variable,
        "log": record.log,
        "history": record.history,
    }
    return json.dumps(kept, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str | bytes) -> Record:
    """Return the record that a JSON text holds.

    Raises:
        CorruptDataError: it holds none, or one that a newer nbflow wrote.

    >>> from_json(to_json(Record(log=[], history=[], made_at=1.5))).made_at
    1.5
    >>> from_json("[]")
    Traceback (most recent call last):
        ...
    nbflow.errors.CorruptDataError: This is no record of a run: Input should be an object...
    """
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if len(data) > FILE_BYTES:
        raise _too_large()
    try:
        _refuse_later(data)
        kept = _kept().validate_json(data, strict=True)
    except ValidationError as exc:
        raise _no_record(exc.errors(include_url=False, include_context=False)[0]) from None
    names = [kept["variable"], *([kept["module"]] if kept["module"] is not None else [])]
    if not all(is_importable(name) for name in names):
        raise CorruptDataError(
            "This is no record of a run: 'module' and 'variable' must be names in Python."
        )
    for at, entry in enumerate(kept["log"]):
        entry["seq"] = at
    return Record(
        log=kept["log"],
        history=kept["history"],
        made_at=kept["made_at"],
        module=kept["module"],
        variable=kept["variable"],
    )


def record_in(path: str | os.PathLike[str]) -> Record:
    """Return the record that a file holds.

    Raises:
        CorruptDataError: as in :func:`from_json`.
        OSError: the file cannot be read.

    >>> record_in("/dev/null")
    Traceback (most recent call last):
        ...
    nbflow.errors.CorruptDataError: This is no record of a run: Invalid JSON: EOF while parsing...
    """
    with Path(path).open("rb") as file:
        data = file.read(FILE_BYTES + 1)
    return from_json(data)


@cache
def _marked() -> TypeAdapter[_Marked]:
    return TypeAdapter(_Marked)


def _refuse_later(data: bytes) -> None:
    version = _marked().validate_json(data, strict=True)["nbflow_record"]
    if version > _VERSION:
        raise CorruptDataError(
            f"This is no record of a run that can be read here: it is of version {version}, "
            f"expected {_VERSION} at most. A newer nbflow wrote it: pip install --upgrade nbflow."
        )


def _no_record(fault: Any) -> CorruptDataError:
    place = ".".join(str(part) for part in fault["loc"])[:200]
    where = f" (at {place})" if place else ""
    return CorruptDataError(
        f"This is no record of a run: {fault['msg'][:300]}{where}. nbflow.export.json(run, path) "
        "writes one."
    )


def _too_large() -> CorruptDataError:
    return CorruptDataError(
        f"This is no record of a run: it is larger than {FILE_BYTES:,} bytes, and no record is."
    )
