"""Texts to vectors, through the user's function, and how near vectors are to each other.

A vector is kept as its direction: little-endian 32-bit floats of length 1, or all zero.
"""

from __future__ import annotations

import asyncio
import inspect
import math
import struct
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import mul
from typing import Any, Protocol, cast, runtime_checkable

__all__ = ["Embedder", "Embeddings", "ensure_embeddings", "similarities"]

_Vectors = Sequence[Sequence[float]]
_SyncFunction = Callable[[list[str]], _Vectors]
_AsyncFunction = Callable[[list[str]], Awaitable[_Vectors]]

_EXPECTED = (
    "Give a function from a list of texts to a list of vectors, an async one, or an object with "
    "embed_documents and embed_query, such as LangChain's Embeddings."
)


@runtime_checkable
class Embeddings(Protocol):
    """What turns texts into vectors; LangChain's class of that name is one.

    Where it has ``aembed_documents`` and ``aembed_query``, the async methods of a store await them.
    """

    def embed_documents(self, texts: list[str]) -> Sequence[Sequence[float]]:
        """One vector per text that is kept."""

    def embed_query(self, text: str) -> Sequence[float]:
        """The vector of a text that is searched for."""


class _Function:
    """Embeddings that a function makes."""

    def __init__(self, function: _SyncFunction) -> None:
        self._function = function

    def embed_documents(self, texts: list[str]) -> _Vectors:
        return self._function(texts)

    def embed_query(self, text: str) -> Sequence[float]:
        return self._function([text])[0]


class _AsyncEmbeddings:
    """Embeddings that an async function makes; without an event loop it gets one of its own."""

    def __init__(self, function: _AsyncFunction) -> None:
        self._function = function

    async def aembed_documents(self, texts: list[str]) -> _Vectors:
        return await self._function(texts)

    async def aembed_query(self, text: str) -> Sequence[float]:
        return (await self._function([text]))[0]

    def embed_documents(self, texts: list[str]) -> _Vectors:
        return _run(self._function, texts)

    def embed_query(self, text: str) -> Sequence[float]:
        return _run(self._function, [text])[0]


def _run(function: _AsyncFunction, texts: list[str]) -> _Vectors:
    async def call() -> _Vectors:
        return await function(texts)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(call())
    with ThreadPoolExecutor(1, "nbflow-embed") as beside:
        return beside.submit(asyncio.run, call()).result()


def ensure_embeddings(embed: Any) -> Embeddings:
    """An object with ``embed_documents`` and ``embed_query`` for whatever makes vectors.

    Raises:
        TypeError: it is neither a function nor such an object; the name of a model is not
            looked up.

    >>> ensure_embeddings(lambda texts: [[float(len(text))] for text in texts]).embed_query("tea")
    [3.0]
    """
    if not isinstance(embed, type) and isinstance(embed, Embeddings):
        return embed
    if not callable(embed):
        raise TypeError(f"{embed!r} makes no vectors. {_EXPECTED}")
    called = embed if inspect.isroutine(embed) else getattr(embed, "__call__", embed)  # noqa: B004
    if inspect.iscoroutinefunction(embed) or inspect.iscoroutinefunction(called):
        return _AsyncEmbeddings(cast(_AsyncFunction, embed))
    return _Function(cast(_SyncFunction, embed))


class Embedder:
    """Embeds texts, each once a batch, and checks what comes back."""

    def __init__(self, embed: Any, dims: int | None) -> None:
        self._embeddings = ensure_embeddings(embed)
        self._dims = dims

    def embed(self, texts: Sequence[str], queries: Sequence[str]) -> list[bytes]:
        """The directions of the texts, then of the queries."""
        made = self._embeddings
        vectors = made.embed_documents(list(texts)) if texts else []
        asked = [made.embed_query(query) for query in queries]
        return self._checked(vectors, texts) + self._checked(asked, queries)

    async def aembed(self, texts: Sequence[str], queries: Sequence[str]) -> list[bytes]:
        """As :meth:`embed`, on the event loop where the embeddings are async, else beside it."""
        made: Any = self._embeddings
        if not (hasattr(made, "aembed_documents") and hasattr(made, "aembed_query")):
            return await asyncio.to_thread(self.embed, texts, queries)
        vectors = await made.aembed_documents(list(texts)) if texts else []
        asked = [await made.aembed_query(query) for query in queries]
        return self._checked(vectors, texts) + self._checked(asked, queries)

    def _checked(self, vectors: Any, texts: Sequence[str]) -> list[bytes]:
        if len(vectors) != len(texts):
            raise ValueError(
                f"The embedding gave {len(vectors)} vectors for {len(texts)} texts. Nothing was "
                "stored. It must give one per text."
            )
        for vector in vectors:
            if self._dims is not None and len(vector) != self._dims:
                raise ValueError(
                    f"The embedding gave a vector of {len(vector)} numbers; the index was made "
                    f"with dims={self._dims}. Nothing was stored. Make the two agree."
                )
        return [_direction(vector) for vector in vectors]


def _direction(vector: Sequence[float]) -> bytes:
    numbers = [float(number) for number in vector]
    length = math.hypot(*numbers)
    if not math.isfinite(length):
        raise ValueError(
            "The embedding gave a vector with a number that is not finite. Nothing was stored. "
            "Look at what it does with that text."
        )
    return struct.pack(f"<{len(numbers)}f", *(number / (length or 1.0) for number in numbers))


def similarities(query: bytes, vectors: Sequence[bytes]) -> list[float]:
    """The cosine of the angle between a query and each vector of its length."""
    try:
        import numpy as np
    except ImportError:
        return similarities_without_numpy(query, vectors)
    matrix = np.frombuffer(b"".join(vectors), dtype="<f4").reshape(len(vectors), len(query) // 4)
    asked = np.frombuffer(query, dtype="<f4").astype(np.float64)
    found: list[float] = (matrix @ asked).tolist()
    return found


def similarities_without_numpy(query: bytes, vectors: Sequence[bytes]) -> list[float]:
    """The same where NumPy is not installed."""
    size = f"<{len(query) // 4}f"
    asked = struct.unpack(size, query)
    return [math.fsum(map(mul, asked, struct.unpack(size, vector))) for vector in vectors]
