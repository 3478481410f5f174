"""Values of Pydantic's own that its models hold."""

from __future__ import annotations

from functools import partial
from typing import Any

from nbflow._codec.kinds import Kind, Layout, add

__all__ = ["enter_secrets", "enter_zones"]


def enter_zones() -> None:
    """Add the kind of the time zones that Pydantic gives to what it parses; once."""
    from pydantic_core import TzInfo

    def split(zone: TzInfo) -> list[Any]:
        offset = zone.utcoffset(None)
        return [0 if offset is None else int(offset.total_seconds())]

    def build(parts: list[Any]) -> TzInfo:
        (seconds,) = parts
        return TzInfo(seconds)

    add(Kind(60, Layout.PARTS, split, build), TzInfo)


def enter_secrets() -> None:
    """Add the kinds of secrets, which are stored as they are and come back hidden; once.

    Whoever may not read them must not read the database; ``EncryptedSaver`` keeps it closed.
    """
    from pydantic import SecretBytes, SecretStr

    def split(secret: SecretStr | SecretBytes) -> list[Any]:
        return [secret.get_secret_value()]

    def build(cls: Any, content: type, parts: list[Any]) -> Any:
        (secret,) = parts
        if type(secret) is not content:
            raise TypeError("not what such a secret is made of")
        return cls(secret)

    add(Kind(61, Layout.PARTS, split, partial(build, SecretStr, str)), SecretStr)
    add(Kind(62, Layout.PARTS, split, partial(build, SecretBytes, bytes)), SecretBytes)
