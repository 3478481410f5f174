"""What a saver shows of threads, as LangGraph's savers do: numbers 233 to 251."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from nbflow.checkpoint.base import BaseCheckpointSaver
from nbflow.errors import MissingThreadError, UnknownCheckpointError
from nbflow.func import entrypoint
from nbflow.testing._programs import (
    HEX,
    Config,
    counter,
    ids_of,
    newest,
    on,
    values_of,
    with_metadata,
)
from nbflow.types import Interrupt

__all__ = ["ListsCheckpoints"]


class ListsCheckpoints:
    """Checkpoints are found and listed as in LangGraph."""

    def test_storing_names_the_checkpoint(self, saver: BaseCheckpointSaver) -> None:
        """233: what stores a checkpoint returns thread_id, checkpoint_ns and checkpoint_id."""
        stored = counter(saver).update_state(on("t"), 7)

        assert stored == on(
            "t", checkpoint_ns="", checkpoint_id=stored["configurable"]["checkpoint_id"]
        )
        assert newest(saver, stored).config == newest(saver, on("t")).config == stored

    def test_all_parts_come_back(self, saver: BaseCheckpointSaver) -> None:
        """234: values, versions, versions_seen, metadata and run_id."""
        count = counter(saver)
        count.invoke(1, with_metadata(on("t"), mine=[1, None], score=0.5))
        count.invoke(2, on("t"))

        closed, opened, first, _ = saver.list(on("t"))
        run_id = closed.metadata["run_id"]

        assert closed.checkpoint["channel_values"] == {"__end__": 3, "__previous__": 3}
        assert opened.checkpoint["channel_values"] == {
            "__end__": 1, "__previous__": 1, "__start__": 2,
        }  # fmt: skip
        versions = opened.checkpoint["channel_versions"]
        assert sorted(versions) == ["__end__", "__previous__", "__start__"]
        assert versions["__end__"] < versions["__start__"]
        assert versions["__start__"] < closed.checkpoint["channel_versions"]["__end__"]
        assert closed.checkpoint["versions_seen"] == {
            "__input__": {}, "count": {"__start__": versions["__start__"]},
        }  # fmt: skip
        assert closed.metadata == {"source": "loop", "step": 2, "parents": {}, "run_id": run_id}
        assert opened.metadata == {"source": "input", "step": 1, "parents": {}, "run_id": run_id}
        assert first.metadata.pop("run_id") not in (run_id, None)
        assert first.metadata == {
            "source": "loop", "step": 0, "parents": {}, "mine": [1, None], "score": 0.5,
        }  # fmt: skip

    def test_namespaces(self, saver: BaseCheckpointSaver) -> None:
        """235: what nested workflows keep is apart from the thread; the default namespace is ""."""
        outer = nesting(saver)
        outer.invoke(1, on("t"))
        outer.invoke(2, on("t"))
        ns = next(thread.ns for thread in saver.list_threads() if thread.ns)

        nested = newest(saver, on("t", checkpoint_ns=ns))

        assert nested.checkpoint["channel_values"] == {"__end__": 3, "__previous__": 3}
        assert nested.config["configurable"]["checkpoint_ns"] == ns
        assert newest(saver, on("t")).checkpoint["channel_values"]["__end__"] == [3]
        assert newest(saver, on("t", checkpoint_ns="")) == newest(saver, on("t"))
        assert len(ids_of(saver, on("t", checkpoint_ns=""))) == 4
        assert len(ids_of(saver, on("t", checkpoint_ns=ns))) == 2
        assert len(ids_of(saver, on("t"))) == 6
        assert saver.get_tuple(on("t", checkpoint_ns="other")) is None
        below = nested.config["configurable"]["checkpoint_id"]
        assert saver.get_tuple(on("t", checkpoint_id=below)) is None

    def test_threads_and_parents(self, saver: BaseCheckpointSaver) -> None:
        """236: threads do not see each other; each checkpoint names the one that it follows."""
        count = counter(saver)
        for thread_id in ("t", "u", "t1"):
            count.invoke(1, on(thread_id))
        count.invoke(5, on("t"))

        chain = list(saver.list(on("t")))

        assert [one.parent_config for one in chain] == [*(one.config for one in chain[1:]), None]
        assert {one.config["configurable"]["thread_id"] for one in chain} == {"t"}
        assert len(ids_of(saver, on("u"))) == len(ids_of(saver, on("t1"))) == 2
        strange = chain[0].config["configurable"]["checkpoint_id"]
        assert saver.get_tuple(on("u", checkpoint_id=strange)) is None

    def test_there_are_no_channels(self, saver: BaseCheckpointSaver) -> None:
        """237, 247: writing channels, or reading them as deltas, is refused with the reason."""
        reason = r"not part of nbflow, because its savers keep runs .* Use workflow\."
        checkpoint = {"v": 4, "id": str(uuid.uuid4()), "channel_values": {"a": 1}}

        with pytest.raises(NotImplementedError, match=rf"^put\(\) is {reason}update_state"):
            saver.put(on("t"), checkpoint, {}, {})
        with pytest.raises(NotImplementedError, match=rf"^put_writes\(\) is {reason}invoke"):
            saver.put_writes(on("t"), [("a", 1)], "task")
        with pytest.raises(
            NotImplementedError, match=rf"^get_delta_channel_history\(\) is {reason}"
        ):
            saver.get_delta_channel_history(config=on("t"), channels=["a"])
        for refused in (
            lambda: saver.aput(on("t"), checkpoint, {}, {}),
            lambda: saver.aput_writes(on("t"), [("a", 1)], "task", "path"),
            lambda: saver.aget_delta_channel_history(config=on("t"), channels=["a"]),
        ):
            with pytest.raises(NotImplementedError, match="LangGraph needs a saver of LangGraph"):
                asyncio.run(awaited(refused))
        assert saver.list_threads() == []

    def test_get_tuple(self, saver: BaseCheckpointSaver) -> None:
        """238: None when missing, the newest without id, exactly one with id, with its writes."""
        count = counter(saver)
        assert saver.get_tuple(on("t")) is None
        assert saver.get(on("t")) is None
        count.invoke(1, on("t"))
        count.invoke(-2, on("t"))

        opened, before, _ = saver.list(on("t"))

        assert newest(saver, on("t")) == opened == newest(saver, opened.config)
        assert newest(saver, before.config) == before
        assert saver.get(before.config) == before.checkpoint
        assert before.pending_writes == []
        assert opened.pending_writes == [
            (HEX, "__interrupt__", [Interrupt({"below": -2}, HEX)]), (HEX, "__return__", -1),
        ]  # fmt: skip
        state = count.get_state(on("t"))
        question = opened.pending_writes[0]
        assert (question[0], question[2]) == (state.tasks[0].id, list(state.interrupts))
        assert opened.pending_writes[1][0] == state.ops[0].id
        assert saver.get_tuple(on("t", checkpoint_id="junk")) is None
        assert saver.get_tuple(on("nobody", checkpoint_id=opened.checkpoint["id"])) is None
        nameless: list[Config] = [{}, {"configurable": {}}, {"configurable": {"thread": 1}}]
        for config in nameless:
            with pytest.raises(MissingThreadError, match="thread_id"):
                saver.get_tuple(config)

    def test_the_twins(self, saver: BaseCheckpointSaver) -> None:
        """238, 239, 248: each method has one for ``await`` that gives the same."""
        count = counter(saver)
        for n in range(40):
            count.invoke(n, with_metadata(on("t"), n=n))

        async def ask() -> list[Any]:
            listed = [one async for one in saver.alist(on("t"))]
            few = [one async for one in saver.alist(on("t"), filter={"n": 3}, limit=1)]
            assert await saver.aget_tuple(on("none")) is None
            return [await saver.aget_tuple(on("t")), await saver.aget(on("t")), listed, few]

        async def change() -> None:
            await saver.acopy_thread("t", "copy")
            await saver.adelete_for_runs([newest(saver, on("copy")).metadata["run_id"]])
            await saver.aprune(["copy"], strategy="keep_latest")
            await saver.adelete_thread("t")

        assert asyncio.run(ask()) == [
            saver.get_tuple(on("t")), saver.get(on("t")), list(saver.list(on("t"))),
            list(saver.list(on("t"), filter={"n": 3}, limit=1)),
        ]  # fmt: skip
        asyncio.run(change())
        assert values_of(saver, None) == [
            {"__end__": sum(range(39)), "__previous__": sum(range(39))}
        ]

    def test_list(self, saver: BaseCheckpointSaver) -> None:
        """239: by thread, filter, before and limit; newest first, with writes and own metadata."""
        count = counter(saver)
        stored = [
            count.update_state(with_metadata(on("t"), number=n, half=n // 2, own={"a": [n]}), n)
            for n in range(7)
        ]
        count.invoke(-1, on("u"))
        numbers = [6, 5, 4, 3, 2, 1, 0]

        def found(**choice: Any) -> list[int]:
            return [v["__end__"] for v in values_of(saver, on("t"), **choice)]

        assert found() == numbers
        assert found(filter={"half": 1}) == [3, 2]
        assert found(filter={"half": 1, "source": "update", "number": 2}) == [2]
        assert found(filter={"step": 4}) == [4]
        assert found(filter={"own": {"a": [4]}}) == [4]
        assert found(filter={"half": 99}) == found(filter={"unknown": 1}) == []
        assert found(filter={"unknown": None}) == found(filter={}) == numbers
        assert found(limit=3) == [6, 5, 4]
        assert found(limit=0) == []
        assert found(limit=100) == numbers
        assert found(filter={"half": 0}, limit=1) == [1]
        assert found(before=stored[4]) == [3, 2, 1, 0]
        assert found(before=stored[4], limit=2) == [3, 2]
        only_id = {"configurable": {"checkpoint_id": stored[2]["configurable"]["checkpoint_id"]}}
        assert found(before=only_id) == [1, 0]
        assert found(before=on("t")) == numbers
        assert [one.pending_writes for one in saver.list(on("u"))] == [
            [(HEX, "__interrupt__", [Interrupt({"below": -1}, HEX)]), (HEX, "__return__", -1)]
        ]
        assert list(saver.list(stored[3])) == [saver.get_tuple(stored[3])]
        assert list(saver.list(on("nobody"))) == []

    def test_list_over_all_threads(self, saver: BaseCheckpointSaver) -> None:
        """239: without a configuration, the checkpoints of all threads in the order of storing."""
        count = counter(saver)
        for n, thread_id in enumerate("abacab"):
            count.update_state(with_metadata(on(thread_id), even=n % 2 == 0), n)

        assert [v["__end__"] for v in values_of(saver, None)] == [5, 4, 3, 2, 1, 0]
        assert [v["__end__"] for v in values_of(saver, None, filter={"even": True})] == [4, 2, 0]
        mark = newest(saver, on("c")).config
        assert [v["__end__"] for v in values_of(saver, None, before=mark, limit=2)] == [2, 1]

    def test_list_pages(self, saver: BaseCheckpointSaver) -> None:
        """239: a long history, in any portion; what is stored meanwhile is not mixed in."""
        count = counter(saver)
        stored = [count.update_state(on("t"), n) for n in range(257)]
        taken = saver.list(on("t"))
        first = [next(taken).checkpoint["channel_values"]["__end__"] for _ in range(30)]
        count.update_state(on("t"), -1)

        assert first + [t.checkpoint["channel_values"]["__end__"] for t in taken] == [
            *reversed(range(257))
        ]
        assert [v["__end__"] for v in values_of(saver, on("t"), before=stored[99], limit=100)] == [
            *reversed(range(99))
        ]

    def test_filters_that_cannot_be_meant(self, saver: BaseCheckpointSaver) -> None:
        """250: text is data, never SQL; what is no text or number is refused."""
        hostile = [
            "x' OR '1'='1",
            "'); DROP TABLE ckpt; --",
            "a\0b",
            '"',
            "$.source",
            "access-token",
        ]
        count = counter(saver)
        count.invoke(1, with_metadata(on("t"), **dict.fromkeys(hostile, "'; --")))

        for key in hostile:
            assert len(ids_of(saver, on("t"), filter={key: "'; --"})) == 2
            assert ids_of(saver, on("t"), filter={key: 1}) == []
            assert ids_of(saver, on("t"), filter={"source": key}) == []
        for limit in (-1, "1; DROP TABLE ckpt", 1.5, True):
            with pytest.raises(ValueError, match="expected None for all, or a number"):
                saver.list(on("t"), limit=limit)  # type: ignore[arg-type]
            with pytest.raises(ValueError, match="expected None for all, or a number"):
                saver.list_checkpoints("t", limit=limit)  # type: ignore[arg-type]
        keys: list[Any] = [1, None, b"source", ("a",)]
        for key in keys:
            with pytest.raises(ValueError, match="no text"):
                saver.list(on("t"), filter={key: 1})
        with pytest.raises(UnknownCheckpointError, match="junk"):
            saver.list(on("t"), before=on("t", checkpoint_id="junk"))
        with pytest.raises(MissingThreadError):
            saver.list(None, before={"configurable": {"checkpoint_id": "junk"}})
        assert len(ids_of(saver, None)) == 2

    def test_a_key_with_dots_is_one_key(self, saver: BaseCheckpointSaver) -> None:
        """251: a dot in a filter's key is part of the key, no way into it."""
        count = counter(saver)
        count.update_state(with_metadata(on("t"), **{"a.b": 1, "c": {"d": 2}}), 1)

        assert len(ids_of(saver, on("t"), filter={"a.b": 1})) == 1
        assert len(ids_of(saver, on("t"), filter={"c": {"d": 2}})) == 1
        assert (
            ids_of(saver, on("t"), filter={"c.d": 2})
            == ids_of(saver, on("t"), filter={"a": 1})
            == []
        )


def nesting(saver: BaseCheckpointSaver) -> Any:
    """A workflow with another one in it, which keeps what it saves."""

    @entrypoint(checkpointer=True)
    def inner(n: int, *, previous: int | None = None) -> int:
        return n + (previous or 0)

    @entrypoint(checkpointer=saver)
    def outer(n: int, *, previous: Any = None) -> list[int]:
        return [inner.invoke(n)] if n else [0]

    return outer


async def awaited(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()
