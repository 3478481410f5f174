"""How a store finds values by meaning: number 289."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import threading
from typing import Any

import pytest

from nbflow.errors import NotSerializableError
from nbflow.store.base import (
    InvalidNamespaceError,
    PutOp,
    SearchItem,
    SearchOp,
)
from nbflow.testing._stores import Make, MakesStores, keys

__all__ = ["FindsByMeaning"]

Vector = list[float]


def embed(texts: list[str]) -> list[Vector]:
    return [[float(len(text)), float(text.count("a")), 1.0] for text in texts]


async def aembed(texts: list[str]) -> list[Vector]:
    await asyncio.sleep(0)
    return embed(texts)


class Documents:
    """As LangChain's Embeddings, with queries that look another way."""

    def embed_documents(self, texts: list[str]) -> list[Vector]:
        return embed(texts)

    def embed_query(self, text: str) -> Vector:
        return embed([text.removeprefix("query: ")])[0]


class AwaitedObject:
    async def __call__(self, texts: list[str]) -> list[Vector]:
        return embed(texts)


def filled(store: Any) -> Any:
    store.put(("d",), "0", {"text": "none", "n": 0}, index=False)
    store.put(("d",), "1", {"text": "banana", "n": 1})
    store.put(("d",), "2", {"text": "cherry", "n": 2})
    store.put(("d",), "3", {"text": "aaaa", "n": 3}, index=False)
    store.put(("d",), "4", {"text": "zzzz", "other": "aaaaaaaa", "n": 4}, index=["other"])
    store.put(("d", "e"), "5", {"text": "banana", "n": 1})
    store.put(("d",), "6", {"text": "b", "other": "aaaaaaa"}, index=["text", "other"])
    return store


def scores(items: list[SearchItem]) -> list[tuple[str, float | None]]:
    return [(item.key, None if item.score is None else round(item.score, 4)) for item in items]


# in one namespace LangGraph's InMemoryStore gives the same, to the last digit shown
RANKED = [("6", 0.9972), ("4", 0.9962), ("1", 0.7776), ("5", 0.7776), ("2", 0.7025)]


class FindsByMeaning(MakesStores):
    """The nearest come first, and a value has the vectors of what it is now."""

    @pytest.mark.parametrize("how", [embed, aembed, Documents(), AwaitedObject()])
    def test_the_nearest_come_first(self, make: Make, how: Any) -> None:
        """289"""
        store = filled(make(index={"dims": 3, "embed": how}))

        assert scores(store.search(("d",), query="aaaa")) == [*RANKED, ("0", None), ("3", None)]
        assert scores(store.search(("d",), query="aaaa", limit=2, offset=1)) == RANKED[1:3]
        assert scores(store.search(("d",), query="aaaa", limit=2, offset=4)) == [
            RANKED[4],
            ("0", None),
        ]
        assert scores(store.search(("d",), query="aaaa", filter={"n": {"$gt": 1}})) == [
            ("4", 0.9962), ("2", 0.7025), ("3", None)
        ]  # fmt: skip
        assert scores(store.search(("d", "e"), query="aaaa")) == [("5", 0.7776)]
        assert store.search(("x",), query="aaaa") == []

    @pytest.mark.parametrize("how", [embed, aembed, Documents(), AwaitedObject()])
    def test_the_async_forms_embed_too(self, make: Make, how: Any) -> None:
        """289"""

        async def ask() -> None:
            store = make(index={"dims": 3, "embed": how})
            await store.aput(("d",), "1", {"t": "a"})
            await store.aput(("d",), "2", {"t": "aaaaaaaaa"})
            assert keys(await store.asearch(("d",), query="aaaaaaaaaaaa")) == ["2", "1"]
            assert keys(store.search(("d",), query="aaaaaaaaaaaa")) == ["2", "1"]
            store.put(("d",), "3", {"t": "b"})
            assert len(await store.asearch(("d",), query="b")) == 3

        asyncio.run(ask())

    def test_without_an_index_a_query_changes_nothing(self, store: Any) -> None:
        """289"""
        store = filled(store)
        assert scores(store.search(("d",), query="aaaa", limit=2)) == [("0", None), ("1", None)]
        with pytest.raises(TypeError, match="no text"):
            store.search((), query=3)

    def test_an_empty_query_is_none(self, make: Make) -> None:
        """289"""
        store = filled(make(index={"dims": 3, "embed": embed}))
        assert [item.score for item in store.search((), query="")] == [None] * 7

    def test_vectors_follow_their_value(self, make: Make) -> None:
        """289: LangGraph keeps the old vector of a value that is replaced without one."""
        store = make(index={"dims": 3, "embed": embed, "fields": ["t"]})
        store.put(("d",), "k", {"t": "a"})
        store.put(("d",), "k", {"t": "b"}, index=False)
        assert scores(store.search((), query="a")) == [("k", None)]
        store.put(("d",), "k", {"t": "a"})
        store.delete(("d",), "k")
        store.put(("d",), "k", {"t": "a"}, index=False)
        assert scores(store.search((), query="a")) == [("k", None)]

    def test_texts_are_embedded_once_a_batch(self, make: Make) -> None:
        """289"""
        asked: list[list[str]] = []

        def noted(texts: list[str]) -> list[Vector]:
            asked.append(texts)
            return embed(texts)

        store = make(index={"dims": 3, "embed": noted, "fields": ["t"]})
        store.batch(
            [PutOp(("d",), "1", {"t": "old"}), PutOp(("d",), "1", {"t": "x"}),
             SearchOp((), query="q"),
             PutOp(("d",), "2", {"t": "x"}), PutOp(("d",), "3", {"t": None}),
             SearchOp((), query="q")]
        )  # fmt: skip
        assert asked == [["x"], ["q"]]
        assert scores(store.search((), query="x")) == [("1", 1.0), ("2", 1.0), ("3", None)]

    def test_several_texts_of_one_value_count_by_the_nearest(self, make: Make) -> None:
        """289"""
        store = make(index={"dims": 3, "embed": embed, "fields": ["parts[*].t"]})
        store.put(("d",), "1", {"parts": [{"t": "zzz"}, {"t": "aaaa"}]})
        store.put(("d",), "2", {"parts": [{"t": "zaaa"}]})
        found = store.search((), query="aaaa")
        assert keys(found) == ["1", "2"]
        assert found[0].score == pytest.approx(1.0)

    def test_all_of_a_value_is_embedded_when_no_fields_are_named(self, make: Make) -> None:
        """289"""
        seen: list[str] = []

        def noted(texts: list[str]) -> list[Vector]:
            seen.extend(texts)
            return embed(texts)

        day = dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC)
        make(index={"dims": 3, "embed": noted}).put(("d",), "k", {"b": "é", "a": (1, day)})
        assert seen == ['{"a": [1, "2026-01-02 03:00:00+00:00"], "b": "é"}']

    def test_zero_and_opposite_vectors(self, make: Make) -> None:
        """289"""
        vectors = {"zero": [0.0, 0.0], "left": [-2.0, 0.0], "right": [1e-30, 0.0], "up": [0.0, 9.0]}
        store = make(
            index={"dims": 2, "embed": lambda ts: [vectors[t] for t in ts], "fields": ["t"]}
        )
        for key in vectors:
            store.put(("d",), key, {"t": key})
        assert scores(store.search((), query="right")) == [
            ("right", 1.0), ("zero", 0.0), ("up", 0.0), ("left", -1.0)
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("made", "said"),
        [([[1.0, 2.0]], "2 numbers.*dims=3"), ([], "0 vectors for 1 texts"),
         ([[1.0, math.nan, 0.0]], "not finite"), ([[math.inf, 0.0, 0.0]], "not finite")],
    )  # fmt: skip
    def test_vectors_that_cannot_be_compared_are_refused(
        self, make: Make, made: Any, said: str
    ) -> None:
        """289"""
        store = make(index={"dims": 3, "embed": lambda texts: made})
        with pytest.raises(ValueError, match=said):
            store.put(("d",), "k", {"t": "a"})
        assert store.search(()) == []

    def test_what_embeds_nothing_is_refused(self, make: Make) -> None:
        """289"""
        for wrong in ("openai:text-embedding-3-small", 3, None):
            with pytest.raises(TypeError, match="makes no vectors"):
                make(index={"dims": 3, "embed": wrong})
        with pytest.raises(ValueError, match="no 'embed'"):
            make(index={"dims": 3})
        store = make(index={"dims": 3, "embed": embed})
        for index in (True, "text", [1]):
            with pytest.raises(TypeError, match="list of paths"):
                store.put(("d",), "k", {}, index=index)
        assert store.search(()) == []

    def test_an_embedding_that_fails_stores_nothing(self, make: Make) -> None:
        """289"""

        def broken(texts: list[str]) -> list[Vector]:
            raise ConnectionError("no network")

        store = make(index={"dims": 3, "embed": broken, "fields": ["t"]})
        with pytest.raises(ConnectionError, match="no network"):
            store.put(("d",), "k", {"t": "a"})
        store.put(("d",), "k", {"t": "a"}, index=False)
        assert keys(store.search(())) == ["k"]

    def test_an_async_function_embeds_in_a_sync_call_within_a_loop(self, make: Make) -> None:
        """289"""

        async def ask() -> None:
            store = make(index={"dims": 3, "embed": aembed})
            store.put(("d",), "k", {"t": "a"})
            assert keys(store.search((), query="a")) == ["k"]

        asyncio.run(ask())

    def test_a_request_that_fails_fails_alone(self, make: Make) -> None:
        """290"""

        async def ask() -> None:
            def picky(texts: list[str]) -> list[Vector]:
                if "bad" in texts:
                    raise ConnectionError("no network")
                return embed(texts)

            store = make(index={"dims": 3, "embed": picky, "fields": ["t"]})
            answers = await asyncio.gather(
                store.aput(("a",), "1", {"t": "good"}), store.aput(("a",), "2", {"t": "bad"}),
                store.aput(("a",), "3", {"t": threading.Lock()}), store.aput((), "4", {}),
                store.asearch(("a",), query="bad"), store.aget(("a",), "1"),
                return_exceptions=True,
            )  # fmt: skip

            assert [type(answer) for answer in answers[:5]] == [
                type(None), ConnectionError, NotSerializableError, InvalidNamespaceError,
                ConnectionError,
            ]  # fmt: skip
            assert keys(await store.asearch(("a",))) == ["1"]

        asyncio.run(ask())
