"""Keys and ids, computed from content alone."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

__all__ = ["ROOT", "key_begun", "next_key", "op_key", "parent_id", "public_id"]

ROOT = bytes(16)
"""The key of the entrypoint itself: parent of the calls in its body."""

_EMPTY = blake2b(digest_size=16)


def op_key(parent: bytes, kind: str, name: str, args: bytes, n: int) -> bytes:
    """Identity of one call within a run: 16 bytes.

    Args:
        parent: key of the calling op.
        n: how many equal calls there were under that parent before.
    """
    return next_key(key_begun(parent, kind, name), args, n)


def key_begun(parent: bytes, kind: str, name: str) -> blake2b:
    """What the keys of all calls of one name under one parent have in common."""
    label = f"{kind}\0{len(name)}\0{name}\0".encode("utf-8", "surrogatepass")
    digest = _EMPTY.copy()  # cheaper than a new one
    digest.update(parent + label)
    return digest


def next_key(begun: blake2b, args: bytes, n: int) -> bytes:
    """The key of one of those calls."""
    digest = begun.copy()
    digest.update(b"%d\0%b" % (n, args))
    return digest.digest()


def public_id(run_id: str, key: bytes) -> str:
    """The id under which an op is shown, and a question answered: 32 hex digits.

    Two runs that make the same call have two ids, so an answer can never reach another run.
    """
    digest = _id_begun(run_id).copy()
    digest.update(key)
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _id_begun(run_id: str) -> blake2b:
    return blake2b(run_id.encode(), digest_size=16)


def parent_id(run_id: str, parent: bytes | None) -> str | None:
    """The id under which the calling task is shown; None when the entrypoint called."""
    return None if parent is None or parent == ROOT else public_id(run_id, parent)
