"""Record the threads of a program: ``python -m tests.histories.record FOLDER``.

Once for each version of the record, into a folder of its own beside the others; never again.
"""

from __future__ import annotations

import asyncio
import sys
import warnings
from contextlib import suppress
from pathlib import Path

from nbflow.archive import export_thread
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.types import Command
from tests.histories.first import program


def main(folder: Path) -> None:
    """Write the threads."""
    saver = InMemorySaver()
    desk, post, printer = program.desk(saver), program.post(saver), program.printer(saver)

    def on(name: str) -> dict[str, dict[str, str]]:
        return {"configurable": {"thread_id": name}}

    answered: dict[str, list[object]] = {
        "asks": [], "asks-again": [True], "done": [True, "A title"],
    }  # fmt: skip
    for name, answers in answered.items():
        desk.invoke("rain", on(name))
        for answer in answers:
            desk.invoke(Command(resume=answer), on(name))
    program.broken[0] = True
    desk.invoke("snow", on("caught"))
    desk.invoke(Command(resume=False), on("caught"))
    with suppress(program.NoPaperError):
        printer.invoke("wind", on("failed"))
    program.broken[0] = False
    desk.invoke("hail", on("forked"))
    desk.invoke(Command(resume=True), on("forked"))
    ops = desk.get_state(on("forked")).ops
    desk.fork(on("forked"), after=next(op for op in ops if op.name == "send").id)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncio.run(post.ainvoke(["Ada", "Bob"], on("together")))
    for thread in saver.list_threads():
        if thread.ns == "":
            export_thread(saver, thread.thread_id, folder / f"{thread.thread_id}.nbflow")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
