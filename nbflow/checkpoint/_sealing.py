"""Rows with their values encrypted, and back.

A sealed value is ``MARK``, four bytes that tell the key, and what AES-256 made of it: GCM with a
random nonce for values (good for four billion of them), SIV for the short arguments of calls,
which ops without a value have, too. Both cover what the row is and which columns have a value, so
a value opens in its own place only.
The key of an op is a digest of its arguments, which could be guessed from it. So it is hidden by
AES as the permutation of 16 bytes that it is, which keeps distinct keys distinct.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NoReturn

from ormsgpack import packb

from nbflow._codec.unpack import ENCRYPTED as MARK
from nbflow.checkpoint._rows import CheckpointRow, OpRow, RunRow, require_names
from nbflow.errors import CorruptDataError, InvalidConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import ECB

__all__ = ["RowSealer", "key_of"]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_OP_KEY_BYTES = 16
_SALT_BYTES = 16
_SCRYPT = {"n": 1 << 17, "r": 8, "p": 1}


def key_of(passphrase: str, salt: bytes) -> bytes:
    """A key made from a passphrase.

    Raises:
        InvalidConfigError: there is no passphrase, or the salt is too short.
    """
    try:
        words = passphrase.encode()
    except (AttributeError, UnicodeEncodeError):
        words = b""
    if not words:
        raise InvalidConfigError("The passphrase is empty or no text; expected some words.")
    if _size(salt) < _SALT_BYTES:
        raise InvalidConfigError(
            f"The salt is too short or no bytes; expected {_SALT_BYTES} random bytes or more. "
            f"Make it once with os.urandom({_SALT_BYTES}), and keep it with the database."
        )
    try:
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    except ModuleNotFoundError as fault:
        _not_installed(fault)
    return Scrypt(salt, _KEY_BYTES, **_SCRYPT).derive(words)


class RowSealer:
    """Encrypts the values of rows with one key, and decrypts them; safe from any thread.

    It never changes a row that it is given.
    """

    def __init__(self, key: bytes) -> None:
        if _size(key) != _KEY_BYTES:
            what = type(key).__name__ if _size(key) < 0 else f"{_size(key)} bytes"
            raise InvalidConfigError(
                f"The key is {what}; expected {_KEY_BYTES} random bytes. Make one with "
                f"os.urandom({_KEY_BYTES}), or use EncryptedSaver.from_passphrase()."
            )
        try:
            from cryptography.exceptions import InvalidTag
            from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
        except ModuleNotFoundError as fault:
            _not_installed(fault)
        self.fingerprint = _derived(key, b"fingerprint", 16)
        """Tells the key from others, and nothing else of it."""
        self._header = MARK + self.fingerprint[:4]
        self._values = aead.AESGCM(_derived(key, b"values", 32))
        self._args = aead.AESSIV(_derived(key, b"arguments", 64))
        self._keys = _Keys(Cipher(algorithms.AES(_derived(key, b"keys", 32)), modes.ECB()))
        self._wrong: type[Exception] = InvalidTag

    # -- runs -------------------------------------------------------------------------------

    def seal_run(self, row: RunRow) -> RunRow:
        what = _run(row, row.thread_id, row.id)
        seal = self._seal
        return replace(row, input=seal(row.input, what, "input"), meta=seal(row.meta, what, "meta"))

    def open_run(self, row: RunRow, thread_id: str, run_id: str) -> RunRow:
        """The run with its values, which were sealed for a run of this name.

        Raises:
            CorruptDataError: they were not, or with another key.
        """
        what = _run(row, thread_id, run_id)
        where = f"Run {row.id} of thread {row.thread_id!r}"
        return replace(
            row,
            input=self._open(row.input, what, "input", where),
            meta=self._open(row.meta, what, "meta", where),
        )

    # -- ops --------------------------------------------------------------------------------

    def seal_op(self, op: OpRow, run_id: str) -> OpRow:
        try:
            key, parent = self._keys.hide(op.key), self._keys.hide(op.parent)
            what = _op(op, run_id, key, parent)
        except TypeError:
            require_names(op.name, op.lane, op.site)
            raise
        value = None if op.value is None else self._seal(op.value, what, "value")
        args = self._header + self._args.encrypt(b"=" + op.args, [what, _args_column(op)])
        return OpRow(
            op.kind, key, parent, op.name, args, op.lane, op.n, value, op.attempt, op.gen,
            op.ts, op.dur, op.site, op.seq,
        )  # fmt: skip

    def open_op(self, op: OpRow, run_id: str) -> OpRow:
        """The op with its values, which were sealed for an op of this run.

        Raises:
            CorruptDataError: they were not, or with another key.
        """
        what = _op(op, run_id, op.key, op.parent)
        where = f"Op {op.seq} of run {run_id}"
        self._require_header(op.args, "args", where)
        sealed = memoryview(op.args)[len(self._header) :]
        try:
            args = self._args.decrypt(sealed, [what, _args_column(op)])[1:]
        except (self._wrong, ValueError):
            _changed("args, or one of kind ... gen,", where)
        return OpRow(
            op.kind, self._keys.show(op.key), self._keys.show(op.parent), op.name, args, op.lane,
            op.n, None if op.value is None else self._open(op.value, what, "value", where),
            op.attempt, op.gen, op.ts, op.dur, op.site, op.seq,
        )  # fmt: skip

    # -- checkpoints ------------------------------------------------------------------------

    def seal_checkpoint(self, row: CheckpointRow) -> CheckpointRow:
        """What is saved and returned as one object is sealed as one, and so stored once."""
        what = _checkpoint(row, row.thread_id)
        saved, returned = row.saved, row.returned
        columns = _columns(saved, returned, one=returned is saved)
        if saved is not None:
            saved = self._seal(saved, what, columns[0])
        if returned is not None:
            one = returned is row.saved
            returned = saved if one else self._seal(returned, what, columns[-1])
        meta = self._seal(row.meta, what, _meta_column(columns))
        return replace(row, saved=saved, returned=returned, meta=meta)

    def open_meta(self, row: CheckpointRow, thread_id: str) -> CheckpointRow:
        """As :meth:`open_checkpoint`, with nothing saved or returned."""
        return self._opened(row, thread_id, whole=False)

    def open_checkpoint(self, row: CheckpointRow, thread_id: str) -> CheckpointRow:
        """The checkpoint with its values, which were sealed for one of this thread.

        Raises:
            CorruptDataError: they were not, or with another key.
        """
        return self._opened(row, thread_id, whole=True)

    def _opened(self, row: CheckpointRow, thread_id: str, *, whole: bool) -> CheckpointRow:
        what = _checkpoint(row, thread_id)
        where = f"Checkpoint {row.id} of thread {row.thread_id!r}"
        saved, returned = row.saved, row.returned
        one = saved == returned
        columns = _columns(saved, returned, one=one)
        meta = self._open(row.meta, what, _meta_column(columns), where)
        if not whole:
            return replace(row, saved=None, returned=None, meta=meta)
        if saved is not None:
            saved = self._open(saved, what, columns[0], where)
        if returned is not None:
            returned = saved if one else self._open(returned, what, columns[-1], where)
        return replace(row, saved=saved, returned=returned, meta=meta)

    # -- values -----------------------------------------------------------------------------

    def _seal(self, value: bytes, what: bytes, column: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._values.encrypt(nonce, value, what + column.encode())
        return b"".join((self._header, nonce, sealed))

    def _open(self, value: bytes, what: bytes, column: str, where: str) -> bytes:
        self._require_header(value, column, where)
        begin = len(self._header) + _NONCE_BYTES
        parts = memoryview(value)
        try:
            return self._values.decrypt(
                parts[len(self._header) : begin], parts[begin:], what + column.encode()
            )
        except (self._wrong, ValueError):
            _changed(column, where)

    def _require_header(self, value: bytes, column: str, where: str) -> None:
        if value.startswith(self._header):
            return
        if value.startswith(MARK):
            raise CorruptDataError(
                f"{where} cannot be decrypted: its {column} was encrypted with another key than "
                "this saver has. Pass the key that it was stored with."
            )
        raise CorruptDataError(
            f"{where} is not encrypted, and this saver has a key, so its {column} is not trusted. "
            "It was stored without the key, or put there. Open the database without "
            "EncryptedSaver to look at it, or delete_thread() it."
        )


class _Keys(threading.local):
    """Permutes the keys of ops; each thread has a state of its own."""

    def __init__(self, cipher: Cipher[ECB]) -> None:
        self._hide: Callable[[bytes], bytes] = cipher.encryptor().update
        self._show: Callable[[bytes], bytes] = cipher.decryptor().update

    def hide(self, key: bytes) -> bytes:
        return self._hide(_whole(key))

    def show(self, key: bytes) -> bytes:
        return self._show(_whole(key))


def _whole(key: bytes) -> bytes:
    """A shorter key would leave bytes behind, in which the next one would be mixed."""
    if len(key) not in (0, _OP_KEY_BYTES):  # the entrypoint itself has no parent
        raise ValueError(f"The key of an op has {len(key)} bytes; expected {_OP_KEY_BYTES}.")
    return key


def _run(row: RunRow, thread_id: str, run_id: str) -> bytes:
    return packb(["run", thread_id, run_id, row.ns, row.workflow, row.code_fp, row.fmt])


def _op(op: OpRow, run_id: str, key: bytes, parent: bytes) -> bytes:
    return packb(["op", run_id, op.kind, key, parent, op.name, op.lane, op.n, op.attempt, op.gen])


def _args_column(op: OpRow) -> bytes:
    return b"args" if op.value is None else b"args of a value"


def _checkpoint(row: CheckpointRow, thread_id: str) -> bytes:
    return packb(["checkpoint", thread_id, row.ns, row.id, row.source, row.step])


def _columns(saved: Any, returned: Any, *, one: bool) -> tuple[str, ...]:
    """Names of what a checkpoint has of the two."""
    if one:
        return () if saved is None else ("saved and returned",)
    return (*(() if saved is None else ("saved",)), *(() if returned is None else ("returned",)))


def _meta_column(columns: tuple[str, ...]) -> str:
    return ", ".join(("meta", *columns))


def _size(value: object) -> int:
    """Of bytes; -1 for anything else."""
    return len(value) if isinstance(value, bytes) else -1


def _derived(key: bytes, purpose: bytes, size: int) -> bytes:
    return blake2b(b"nbflow " + purpose, key=key, digest_size=size).digest()


def _changed(column: str, where: str) -> NoReturn:
    raise CorruptDataError(
        f"{where} cannot be decrypted: its {column} was changed since it was stored, or belongs "
        "in another row. Other runs are not affected. Restore the database from a copy."
    ) from None


def _not_installed(fault: ModuleNotFoundError) -> NoReturn:
    raise ModuleNotFoundError(
        "Encryption needs the package 'cryptography', which is not installed. Install it with: "
        "pip install 'nbflow[encryption]'",
        name=fault.name,
    ) from fault
