"""What every saver does, with encryption around it, and what only the encryption does: 273, 274."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbflow.checkpoint import _sealing, encrypted
from nbflow.checkpoint.base import BaseCheckpointSaver, CheckpointRow, OpRow, RunRow
from nbflow.checkpoint.encrypted import EncryptedSaver
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError, InvalidConfigError
from nbflow.func import entrypoint, task
from nbflow.testing._rows import a_checkpoint, a_run, an_op, begun, shown
from nbflow.types import Command, interrupt

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
Config = dict[str, Any]


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runs.sqlite")


@pytest.fixture(params=["memory", "sqlite"])
def inside(request: pytest.FixtureRequest, path: str) -> Iterator[BaseCheckpointSaver]:
    """The saver that holds the encrypted rows."""
    with InMemorySaver() if request.param == "memory" else SqliteSaver(path) as saver:
        yield saver


@pytest.fixture
def saver(inside: BaseCheckpointSaver) -> EncryptedSaver:
    return EncryptedSaver(inside, KEY)


def on(thread_id: str, **more: Any) -> Config:
    return {"configurable": {"thread_id": thread_id}, **more}


SECRETS = {
    what: f"the secret {what}"
    for what in (
        "input", "argument", "result", "question", "answer", "saved value", "returned value",
        "metadata", "failure", "update", "nested value",
    )
}  # fmt: skip


def story(saver: BaseCheckpointSaver) -> Any:
    """A workflow whose every value is a secret; what it takes and gives, and its states."""

    @task
    def work(given: str) -> str:
        return SECRETS["result"]

    @task
    def fragile() -> None:
        raise OSError(SECRETS["failure"])

    @entrypoint(checkpointer=True)
    def below(given: str, *, previous: Any = None) -> Any:
        return [*(previous or []), SECRETS["nested value"]]

    @entrypoint(checkpointer=saver)
    def workflow(given: str, *, previous: Any = None) -> Any:
        parts = [given, previous, work(SECRETS["argument"]).result()]
        try:
            fragile().result()
        except OSError as error:
            parts.append(str(error))
        parts += [below.invoke("x"), interrupt(SECRETS["question"])]
        return entrypoint.final(
            value=[*parts, SECRETS["returned value"]], save=SECRETS["saved value"]
        )

    config = on("t", metadata={"own": SECRETS["metadata"]})
    heard = [workflow.invoke(SECRETS["input"], config)["__interrupt__"][0].value]
    heard.append(workflow.invoke(Command(resume=SECRETS["answer"]), config))
    workflow.invoke("again", config)
    forked = workflow.fork(on("t"))
    heard.append(workflow.invoke(Command(resume="other"), forked))
    workflow.update_state(on("t"), SECRETS["update"])
    heard.append(workflow.invoke("last", on("t"))["__interrupt__"][0].value)
    saver.copy_thread("t", "copy")
    for thread_id in ("t", "copy"):
        heard.append(workflow.invoke(Command(resume=thread_id), on(thread_id)))
        heard += [
            (state.values, state.next, state.metadata, [op.value for op in state.ops])
            for state in workflow.get_state_history(on(thread_id))
        ]
        heard += [one.checkpoint["channel_values"] for one in saver.list(on(thread_id))]
    return without_run_ids(heard)


def without_run_ids(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: without_run_ids(value) for key, value in part.items() if key != "run_id"}
    if isinstance(part, list | tuple):
        return [*map(without_run_ids, part)]
    return part


def all_bytes_beside(path: str) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(Path(path).parent.iterdir()))


def test_a_workflow_says_the_same(saver: EncryptedSaver) -> None:
    """273: questions, answers, failures, forks, nested workflows, updates, copies, metadata."""
    assert story(saver) == story(InMemorySaver())


def test_no_secret_is_in_the_file(tmp_path: Path) -> None:
    """273: nor beside it; without encryption each is."""
    files = {}
    for name in ("plain", "sealed"):
        (tmp_path / name).mkdir()
        path = str(tmp_path / name / "runs.sqlite")
        with SqliteSaver(path) as plain:
            story(plain if name == "plain" else EncryptedSaver(plain, KEY))
            files[name] = all_bytes_beside(path)

    secrets = {what: text.encode() for what, text in SECRETS.items()}
    assert [what for what, text in secrets.items() if text not in files["plain"]] == []
    assert [what for what, text in secrets.items() if text in files["sealed"]] == []
    assert b"secret" not in files["sealed"]
    assert b"Traceback" in files["plain"] and b"Traceback" not in files["sealed"]


def test_no_key_of_an_op_can_be_guessed_from_its_arguments(inside: BaseCheckpointSaver) -> None:
    """273: the key is a digest of the arguments, so it is hidden, too."""

    def played(saver: BaseCheckpointSaver) -> set[bytes]:
        @task
        def check(pin: int) -> int:
            return pin

        @entrypoint(checkpointer=saver)
        def workflow(pin: int) -> int:
            return check(pin).result()

        assert workflow.invoke(1234, on("t")) == 1234
        (run,) = saver.list_runs("t")
        return {op.key for op in saver.get_ops(run.id)}

    plain, sealed = played(InMemorySaver()), EncryptedSaver(inside, KEY)
    assert played(sealed) == plain
    (run,) = inside.list_runs("t")
    stored = {op.key for op in inside.get_ops(run.id)}
    assert len(stored) == len(plain) and not stored & plain


def test_a_workflow_goes_on_in_another_process(path: str) -> None:
    """273: all that it takes is the file and the key."""
    with SqliteSaver(path) as plain:
        asking(EncryptedSaver(plain, KEY)).invoke("?", on("t"))
    with EncryptedSaver(SqliteSaver(path), KEY) as saver:
        assert asking(saver).invoke(Command(resume="!"), on("t")) == "!"


# -- what is stored ---------------------------------------------------------------------------


def test_rows_given_and_rows_kept_are_not_changed(
    saver: EncryptedSaver, inside: BaseCheckpointSaver
) -> None:
    """273: savers share rows with the engine, and among themselves."""
    run, op, checkpoint = a_run(), an_op(), a_checkpoint("c", run=a_run().id, saved=b"\xa1s")
    before = replace(run), shown(op), replace(checkpoint)

    epoch = saver.begin_run(run, checkpoint, "me", None)
    saver.append(run, epoch, [op])

    assert run == before[0]
    assert shown(op) == {**before[1], "seq": op.seq} and op.seq > 0
    assert checkpoint == replace(before[2], seq=checkpoint.seq) and checkpoint.seq > 0
    for _ in range(2):
        assert [shown(one) for one in saver.get_ops(run.id)] == [shown(op)]
        assert saver.get_checkpoint("t") == checkpoint
        assert list(saver.list_checkpoints("t")) == [checkpoint]
        assert saver.get_run(run.id) == run


def test_equal_values_look_different(saver: EncryptedSaver, inside: BaseCheckpointSaver) -> None:
    """273: only what a checkpoint saved and returned as one object is stored once."""
    value = b"\xa5" + b"v" * 5
    run, epoch = begun(saver)
    saver.append(run, epoch, [an_op(value=value), an_op(key=2, value=value)])
    saver.finish(run, epoch, "idle", checkpoint=a_checkpoint("c", saved=value, returned=value))
    once = a_checkpoint("d", source="update", saved=value, returned=bytes(bytearray(value)))
    saver.update(once, epoch)

    ops = inside.get_ops(run.id)
    both, apart = inside.get_checkpoint("t", "", "c"), inside.get_checkpoint("t", "", "d")
    assert both is not None and apart is not None
    assert both.saved == both.returned
    assert len({ops[0].value, ops[1].value, both.saved, apart.saved, apart.returned}) == 5
    assert ops[0].args != ops[1].args
    for name in ("c", "d"):
        row = saver.get_checkpoint("t", "", name)
        assert row is not None
        assert (row.saved, row.returned) == (value, value)


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=40),
    st.none() | st.binary(max_size=3_000),
    st.none() | st.binary(max_size=40),
    st.none() | st.binary(max_size=40),
)
def test_any_bytes_come_back(
    args: bytes, value: bytes | None, saved: bytes | None, returned: bytes | None
) -> None:
    """273: empty ones and missing ones, too."""
    saver = EncryptedSaver(InMemorySaver(), KEY)
    run = a_run(input=args, meta=value or b"")
    checkpoint = a_checkpoint("c", saved=saved, returned=returned, meta=args)
    epoch = saver.begin_run(run, checkpoint, "me", None)
    op = an_op(args=args, value=value, parent=b"")
    saver.append(run, epoch, [op])

    assert saver.get_run(run.id) == run
    assert saver.get_checkpoint("t") == checkpoint
    assert [shown(one) for one in saver.get_ops(run.id)] == [shown(op)]


def test_from_many_threads_at_once(saver: EncryptedSaver) -> None:
    """273: one saver seals and opens in all of them."""
    run, epoch = begun(saver)

    def work(number: int) -> None:
        op = an_op(key=number, args=b"%d" % number, value=b"value %d" % number)
        saver.append(run, epoch, [op])
        saver.get_ops(run.id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(1, 200)))
    found = {op.key: (op.args, op.value) for op in saver.get_ops(run.id)}
    assert found == {n.to_bytes(16, "big"): (b"%d" % n, b"value %d" % n) for n in range(1, 200)}


# -- what is refused --------------------------------------------------------------------------


class Kept:
    """Rows as a database holds them, to be changed and stored again without the key."""

    def __init__(self, inside: BaseCheckpointSaver, thread_id: str) -> None:
        (self.run,) = inside.list_runs(thread_id)
        self.ops = [OpRow(**shown(op)) for op in inside.get_ops(self.run.id)]
        self.closing, self.opening = inside.list_checkpoints(thread_id)

    def stored(self) -> InMemorySaver:
        inside = InMemorySaver()
        epoch = inside.begin_run(self.run, self.opening, "me", None)
        inside.finish(self.run, epoch, "idle", self.ops, self.closing)
        return inside


def kept() -> tuple[Kept, Kept]:
    """Two runs of two threads, equal in all but their ids and values."""
    inside = InMemorySaver()
    saver = EncryptedSaver(inside, KEY)
    for number in (1, 2):
        thread_id, letter = f"t{number}", b"ab"[number - 1 : number]
        run = a_run(number, thread_id, input=b"\xa6input" + letter, meta=b"\xa5meta" + letter)
        opening = a_checkpoint(
            f"open{number}", thread_id, run=run.id, saved=b"\xa4old" + letter,
            returned=b"\xa4ret" + letter,
        )  # fmt: skip
        ops = [
            an_op("start", 1, value=None), an_op("result", 1, value=b"\xa3r1" + letter),
            an_op("ask", 2, value=b"\xa3q1" + letter, name=""),
            an_op("answer", 2, value=b"\xa3a1" + letter, name=""),
            an_op("result", 3, value=b"\xa3r3" + letter, args=b"\x92\x01\x80"),
        ]  # fmt: skip
        epoch = saver.begin_run(run, opening, "me", None)
        closing = a_checkpoint(
            f"close{number}", thread_id, run=run.id, source="loop", step=0,
            saved=b"\xa4new" + letter, returned=b"\xa4ret" + letter, meta=b"\x81" + letter,
        )  # fmt: skip
        saver.finish(run, epoch, "idle", ops, closing)
    return Kept(inside, "t1"), Kept(inside, "t2")


def everything(saver: BaseCheckpointSaver, thread_id: str) -> None:
    for run in saver.list_runs(thread_id):
        saver.get_run(run.id)
        saver.get_runs([run.id])
        saver.get_ops(run.id)
        saver.get_ops_of([run.id])
    list(saver.list_checkpoints(thread_id))
    list(saver.search_checkpoints(thread_id))


Tampering = Callable[[Kept, Kept], None]


def swap(one: Any, other: Any, column: str) -> None:
    mine, theirs = getattr(one, column), getattr(other, column)
    setattr(one, column, theirs)
    setattr(other, column, mine)


def put(row: Any, column: str, value: Any) -> None:
    setattr(row, column, value)


def exchange(row: CheckpointRow) -> None:
    row.saved, row.returned = row.returned, row.saved


def rename(rows: Kept) -> None:
    for row in (rows.run, rows.opening, rows.closing):
        row.thread_id = "mine"


TAMPERINGS: dict[str, tuple[str, Tampering]] = {
    "results of two tasks": ("Op 2", lambda a, b: swap(a.ops[1], a.ops[4], "value")),
    "arguments of two tasks": ("Op 2", lambda a, b: swap(a.ops[1], a.ops[4], "args")),
    "keys of two tasks": ("Op 2", lambda a, b: swap(a.ops[1], a.ops[4], "key")),
    "a result for a start": ("Op 1", lambda a, b: put(a.ops[0], "value", a.ops[1].value)),
    "a question for an answer": ("Op 3", lambda a, b: swap(a.ops[2], a.ops[3], "value")),
    "an answer of another run": ("Op 4", lambda a, b: swap(a.ops[3], b.ops[3], "value")),
    "a whole op of another run": ("Op 4", lambda a, b: put(a, "ops", [*a.ops[:3], b.ops[3]])),
    "another kind": ("Op 2", lambda a, b: put(a.ops[1], "kind", "error")),
    "another name": ("Op 2", lambda a, b: put(a.ops[1], "name", "pay")),
    "another parent": ("Op 2", lambda a, b: put(a.ops[1], "parent", a.ops[1].key)),
    "another life": ("Op 2", lambda a, b: put(a.ops[1], "gen", 1)),
    "a key too short": ("Op 1", lambda a, b: put(a.ops[0], "key", b"short")),
    "no value": ("Op 2", lambda a, b: put(a.ops[1], "value", None)),
    "an empty value": ("Op 2", lambda a, b: put(a.ops[1], "value", b"")),
    "the beginning of a value": (
        "Op 2", lambda a, b: put(a.ops[1], "value", (a.ops[1].value or b"")[:12])
    ),
    "the beginning of arguments": ("Op 1", lambda a, b: put(a.ops[0], "args", a.ops[0].args[:9])),
    "plain arguments": ("Op 1", lambda a, b: put(a.ops[0], "args", b"\x91\x80")),
    "a plain result": ("Op 2", lambda a, b: put(a.ops[1], "value", b"\xa5hello")),
    "a plain answer": ("Op 4", lambda a, b: put(a.ops[3], "value", b"\xc3")),
    "a plain op": ("Op 1", lambda a, b: put(a, "ops", [an_op()])),
    "input for metadata": ("Run 0", lambda a, b: put(a.run, "meta", a.run.input)),
    "the input of another run": ("Run 0", lambda a, b: swap(a.run, b.run, "input")),
    "a plain input": ("Run 0", lambda a, b: put(a.run, "input", b"\xa2hi")),
    "another workflow": ("Run 0", lambda a, b: put(a.run, "workflow", "pay")),
    "another code": ("Run 0", lambda a, b: put(a.run, "code_fp", b"\2" * 16)),
    "a thread with another name": ("Run 0", lambda a, b: rename(a)),
    "returned for saved": (
        "Checkpoint close1", lambda a, b: put(a.closing, "saved", a.closing.returned)
    ),
    "saved and returned": ("Checkpoint close1", lambda a, b: exchange(a.closing)),
    "nothing saved": ("Checkpoint close1", lambda a, b: put(a.closing, "saved", None)),
    "nothing returned": ("Checkpoint open1", lambda a, b: put(a.opening, "returned", None)),
    "an older value": ("Checkpoint close1", lambda a, b: put(a.closing, "saved", a.opening.saved)),
    "the value of another thread": (
        "Checkpoint close1", lambda a, b: swap(a.closing, b.closing, "saved")
    ),
    "the metadata of another thread": (
        "Checkpoint close1", lambda a, b: swap(a.closing, b.closing, "meta")
    ),
    "a whole checkpoint of another thread": (
        "Checkpoint close2", lambda a, b: put(a, "closing", replace(b.closing, thread_id="t1"))
    ),
    "another step": ("Checkpoint close1", lambda a, b: put(a.closing, "step", 7)),
    "another source": ("Checkpoint close1", lambda a, b: put(a.closing, "source", "update")),
    "a plain value": ("Checkpoint close1", lambda a, b: put(a.closing, "saved", b"\xa2hi")),
    "plain metadata": ("Checkpoint open1", lambda a, b: put(a.opening, "meta", b"\x80")),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERINGS)
def test_what_was_changed_or_moved_is_refused(what: str) -> None:
    """273: the error names the row and says what to do; nothing of it is given out."""
    where, change = TAMPERINGS[what]
    mine, theirs = kept()
    everything(EncryptedSaver(mine.stored(), KEY), "t1")

    change(mine, theirs)
    saver = EncryptedSaver(mine.stored(), KEY)

    with pytest.raises(CorruptDataError, match=f"^{where}") as error:
        everything(saver, mine.run.thread_id)
    remedy = "without EncryptedSaver" if "plain" in what or "empty" in what else "Restore the"
    assert remedy in str(error.value)
    saver.delete_thread(mine.run.thread_id)
    assert saver.list_threads() == []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_byte_is_refused(data: st.DataObject) -> None:
    """273: wherever it is."""
    mine, _ = kept()
    rows = [mine.run, *mine.ops, mine.opening, mine.closing]
    row = data.draw(st.sampled_from(rows), label="row")
    columns = {RunRow: ["input", "meta"], OpRow: ["args", "key", "parent"]}
    names = columns.get(type(row), ["meta", "saved", "returned"])
    if isinstance(row, OpRow) and row.value is not None:
        names = [*names, "value"]
    column = data.draw(st.sampled_from(names), label="column")
    changed = bytearray(getattr(row, column))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    setattr(row, column, bytes(changed))

    with pytest.raises(CorruptDataError, match=r"^(Run|Op|Checkpoint) "):
        everything(EncryptedSaver(mine.stored(), KEY), "t1")


def asking(saver: BaseCheckpointSaver) -> Any:
    @entrypoint(checkpointer=saver)
    def ask(question: Any) -> Any:
        return interrupt(question)

    return ask


def test_another_key(inside: BaseCheckpointSaver) -> None:
    """273: nothing is read, and what one key stored the other neither changes nor goes on with."""

    ask, other = asking(EncryptedSaver(inside, KEY)), asking(EncryptedSaver(inside, OTHER_KEY))
    ask.invoke(0, on("t"))
    ask.invoke(Command(resume="done"), on("t"))
    wrong = EncryptedSaver(inside, OTHER_KEY)
    (run,) = inside.list_runs("t")
    with pytest.raises(CorruptDataError, match="another key"):
        other.invoke(1, on("t"))
    ask.invoke(1, on("t"))
    reads: list[Callable[[], Any]] = [
        lambda: wrong.get_run(run.id), lambda: wrong.list_runs("t"),
        lambda: wrong.get_runs([run.id]), lambda: wrong.get_ops(run.id),
        lambda: wrong.get_ops_of([run.id]), lambda: wrong.get_checkpoint("t"),
        lambda: next(wrong.list_checkpoints("t")), lambda: next(wrong.search_checkpoints("t")),
        lambda: wrong.get_tuple(on("t")),
    ]  # fmt: skip
    for read in reads:
        with pytest.raises(CorruptDataError, match="encrypted with another key.*Pass the key"):
            read()
    with pytest.warns(RuntimeWarning, match="is left out.*: Checkpoint .* another key"):
        assert list(wrong.list(on("t"))) == []
    for how in (Command(resume="no"), None):
        with pytest.raises(CorruptDataError, match="another key"):
            other.invoke(how, on("t"))
    assert ask.invoke(Command(resume="yes"), on("t")) == "yes"


def test_plain_rows(inside: BaseCheckpointSaver) -> None:
    """273: what was stored without the key is never used; other threads are not affected."""
    saver = EncryptedSaver(inside, KEY)
    plain, ask = asking(inside), asking(saver)
    ask.invoke("?", on("sealed"))
    plain.invoke("first", on("plain"))
    plain.invoke(Command(resume="x"), on("plain"))

    def refused(given: Any) -> None:
        with pytest.raises(CorruptDataError, match="is not encrypted, and this saver has a key"):
            ask.invoke(given, on("plain"))
        with pytest.raises(CorruptDataError, match="is not encrypted, and this saver has a key"):
            ask.get_state(on("plain"))

    refused("second")
    plain.invoke("second", on("plain"))
    refused(None)
    refused(Command(resume="x"))
    assert {row.thread_id for row in saver.list_threads()} == {"plain", "sealed"}
    assert plain.invoke(Command(resume="y"), on("plain")) == "y"
    assert ask.invoke(Command(resume="z"), on("sealed")) == "z"


def test_plain_rows_among_others(saver: EncryptedSaver, inside: BaseCheckpointSaver) -> None:
    """273: a list leaves them out and says so, and goes on after them (260)."""
    run, epoch = begun(saver)
    saver.finish(run, epoch, "idle", checkpoint=a_checkpoint("c", run=run.id, source="loop"))
    inside.update(a_checkpoint("forged", source="update", saved=b"\xa3lie"), epoch)
    saver.update(a_checkpoint("last", source="update"), epoch + 1)

    for choice in ({}, {"filter": {"source": "update"}}, {"limit": 5}):
        with pytest.warns(RuntimeWarning, match="Checkpoint forged .* is not encrypted"):
            found = [one.checkpoint["id"] for one in saver.list(on("t"), **choice)]
        assert found == (["last"] if "filter" in choice else ["last", "c", "open-0001"])
    rows = saver.list_checkpoints("t")
    assert next(rows).id == "last"
    with pytest.raises(CorruptDataError, match="^Checkpoint forged"):
        next(rows)
    assert [row.id for row in rows] == ["c", "open-0001"]


def test_without_the_key(inside: BaseCheckpointSaver) -> None:
    """273: the saver inside says what is wrong, and what to do."""
    asking(EncryptedSaver(inside, KEY)).invoke("?", on("t"))

    with pytest.raises(CorruptDataError, match=r"are encrypted.*EncryptedSaver\(saver, key\)"):
        asking(inside).get_state(on("t"))


# -- copies -----------------------------------------------------------------------------------


def test_a_copy_goes_on_by_itself(saver: EncryptedSaver) -> None:
    """273, 244: copies, and copies of copies, are read and go on; each by itself."""
    ask = asking(saver)
    ask.invoke("first", on("t"))
    ask.invoke(Command(resume="one"), on("t"))
    ask.invoke("second", on("t"))
    saver.copy_thread("t", "copy")
    ask.invoke(Command(resume="two"), on("copy"))
    ask.invoke("third", on("copy"))
    saver.copy_thread("copy", "copy of copy")
    saver.delete_thread("t")
    saver.prune(["copy"])

    for thread_id in ("copy", "copy of copy"):
        assert ask.get_state(on(thread_id)).interrupts[0].value == "third"
        assert ask.invoke(Command(resume=thread_id), on(thread_id)) == thread_id
    assert [one.values for one in ask.get_state_history(on("copy of copy"))] == [
        "copy of copy", "two", "two", "one", "one", None,
    ]  # fmt: skip
    assert {row.thread_id for row in saver.list_threads()} == {"copy", "copy of copy"}


def test_a_copy_made_without_the_key_is_refused(inside: BaseCheckpointSaver) -> None:
    """273: else a thread could be read under the name of another."""
    saver = EncryptedSaver(inside, KEY)
    ask = asking(saver)
    ask.invoke("mine", on("t"))
    saver.copy_thread("t", "copy")
    inside.copy_thread("t", "stolen")
    inside.copy_thread("copy", "stolen, too")

    for thread_id in ("stolen", "stolen, too"):
        with pytest.raises(CorruptDataError, match="belongs in another row"):
            everything(saver, thread_id)
        with pytest.raises(CorruptDataError, match="belongs in another row"):
            ask.get_state(on(thread_id))
    everything(saver, "copy")


def test_nothing_is_left_of_a_copy(saver: EncryptedSaver, inside: BaseCheckpointSaver) -> None:
    """273, 243, 245, 246: the note on what it was copied from goes with it."""
    asking(saver).invoke("?", on("t"))
    removals: list[Callable[[str, list[str]], None]] = [
        lambda name, ids: saver.delete_thread(name),
        lambda name, ids: saver.prune([name], strategy="delete"),
        lambda name, ids: saver.delete_for_runs(ids),
    ]
    for number, remove in enumerate(removals):
        name = f"copy {number}"
        saver.copy_thread("t", name)
        assert len(inside.list_threads()) == 3
        assert len(saver.list_threads()) == 2
        assert {row.thread_id for row in saver.search_checkpoints()} == {"t", name}
        remove(name, [run.id for run in saver.list_runs(name)])
        assert [row.thread_id for row in inside.list_threads()] == ["t"]
        assert saver.get_thread(name) is None


# -- the key ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key", [b"", KEY[:31], KEY + b"x", "k" * 32, None, bytearray(KEY), 32], ids=repr
)
def test_keys_that_are_none(key: Any) -> None:
    """273: the error does not show what was given."""
    with pytest.raises(InvalidConfigError, match=r"expected 32 random bytes.*os\.urandom") as error:
        EncryptedSaver(InMemorySaver(), key)
    assert "kkkk" not in str(error.value) and repr(KEY[:8])[2:-1] not in str(error.value)
    assert repr(EncryptedSaver(InMemorySaver(), KEY)).count("\\x") == 0


def test_a_passphrase(path: str) -> None:
    """273: the same words and the same salt are the same key."""
    salt = b"0123456789abcdef"

    def opened(words: str, salt: bytes = salt) -> EncryptedSaver:
        return EncryptedSaver.from_passphrase(SqliteSaver(path), words, salt)

    with opened("correct horse é") as saver:
        asking(saver).invoke("?", on("t"))
    with opened("correct horse é") as saver:
        assert asking(saver).get_state(on("t")).interrupts[0].value == "?"
    for other in (("correct horse e", salt), ("correct horse é", salt + b"0")):
        with opened(*other) as saver, pytest.raises(CorruptDataError, match="another key"):
            asking(saver).get_state(on("t"))
    for words, salted in (("", salt), (b"bytes", salt), ("\ud800", salt), ("words", b"short")):
        with pytest.raises(InvalidConfigError, match="expected"):
            opened(words, salted)  # type: ignore[arg-type]


def test_identity(path: str) -> None:
    """273: of one file and one key, and of nothing else, the threads are the same."""
    with SqliteSaver(path) as one, SqliteSaver(path) as two, SqliteSaver(path + "2") as three:
        mine = EncryptedSaver(one, KEY).identity
        assert mine == EncryptedSaver(two, KEY).identity
        assert hash(mine) == hash(EncryptedSaver(two, KEY).identity)
        others = [one, three, EncryptedSaver(three, KEY), EncryptedSaver(one, OTHER_KEY)]
        assert mine not in [other.identity for other in others]


# -- the program ------------------------------------------------------------------------------


def test_no_check_is_an_assertion() -> None:
    """274"""
    for module in (encrypted, _sealing):
        tree = ast.parse(inspect.getsource(module))
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]


PROGRAM = """
import sys
sys.path[:0] = {path!r}
from nbflow.checkpoint.encrypted import EncryptedSaver
from nbflow.checkpoint.sqlite import SqliteSaver
from nbflow.errors import CorruptDataError
assert False, "not run with -O"
for thread_id in ("plain", "other"):
    try:
        print(EncryptedSaver(SqliteSaver({file!r}), bytes(range(32))).get_checkpoint(thread_id))
    except CorruptDataError as error:
        print(error)
"""


def test_checks_are_made_in_optimised_programs(path: str) -> None:
    """274: ``python -O`` refuses plain rows and those of another key all the same."""
    with SqliteSaver(path) as plain:
        asking(plain).invoke("?", on("plain"))
        asking(EncryptedSaver(plain, OTHER_KEY)).invoke("?", on("other"))

    plain_row, other_row = run_program(PROGRAM.format(path=sys.path, file=path), "-O")

    assert "is not encrypted" in plain_row
    assert "another key" in other_row


def test_without_the_package() -> None:
    """273: it is needed only when a saver is made, and then the error says what to install."""
    program = (
        f"import sys; sys.path[:0] = {sys.path!r}\n"
        "from nbflow.checkpoint.encrypted import EncryptedSaver\n"
        "from nbflow.checkpoint.memory import InMemorySaver\n"
        "print('cryptography' in sys.modules)\n"
        "sys.modules['cryptography'] = None\n"
        "for make in (lambda: EncryptedSaver(InMemorySaver(), bytes(32)),\n"
        "             lambda: EncryptedSaver.from_passphrase(InMemorySaver(), 'a', bytes(16))):\n"
        "    try: make()\n"
        "    except ModuleNotFoundError as error: print(error)\n"
    )
    loaded, *errors = run_program(program)

    assert loaded == "False"
    assert len(errors) == 2
    assert all("pip install 'nbflow[encryption]'" in error for error in errors)


def run_program(program: str, *options: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, *options, "-c", program], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )  # fmt: skip
    return done.stdout.splitlines()
