"""``nbflow inbox DB``: the questions that wait in a database, in the terminal.

Reading needs no code of anybody's, and none is ever imported. An answer is stored and checked
against the question's JSON Schema; what needs the workflow's code is said, and left to where that
is.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from nbflow.forms import form_of, preview
from nbflow.identity import acting_as
from nbflow.notebook.plain_yaml import read_yaml
from nbflow.pending import keep_answer, pending
from nbflow.record.markup import plain
from nbflow.record.times import time_text
from nbflow.terminal.databases import acted, saver_in

if TYPE_CHECKING:
    from nbflow.checkpoint.base import BaseCheckpointSaver
    from nbflow.pending import PendingQuestion

__all__ = ["add_inbox"]

_ID_CHARS = 8
_CHARS = 120
_QUESTION_CHARS = 20_000
_UNTIL_THEN = (
    "The run goes on where the code of {workflow} is: by itself where a notebook shows it, else by "
    "{workflow}.thread({thread!r}).resume(). What that code checks beyond the schema it checks "
    "then, and may take the answer back."
)


def add_inbox(commands: Any) -> None:
    """Add the command to a parser's commands.

    >>> parser = argparse.ArgumentParser()
    >>> add_inbox(parser.add_subparsers())
    >>> parser.parse_args(["inbox", "runs.sqlite", "--answer", "499d", "true"]).answer
    ['499d', 'true']
    """
    inbox = commands.add_parser(
        "inbox",
        help="list the questions that wait in a database, and answer one",
        description="List the questions that wait in a database. An answer is stored; the run goes "
        "on where its code is, which this command never imports. Exit status: 0, 1 when an answer "
        "is refused, 2 when there is no such database.",
    )
    inbox.add_argument("database", metavar="DB", help="an SQLite file that a SqliteSaver made")
    inbox.add_argument("--text", help="only questions with this text in them, or in their thread")
    one = inbox.add_mutually_exclusive_group()
    one.add_argument("--show", metavar="ID", help="one question whole, and what an answer must be")
    one.add_argument(
        "--answer",
        nargs=2,
        metavar=("ID", "VALUE"),
        help="answer one question: JSON, or plain text; ID is the beginning of its id",
    )
    inbox.set_defaults(act=lambda options: acted("inbox", lambda: _said(options)))


def _said(options: argparse.Namespace) -> str:
    saver = saver_in(options.database)
    questions = pending(saver, text=options.text)
    if options.show is not None:
        return _whole(_named(questions, options.show))
    if options.answer is not None:
        named, value = options.answer
        return _answered(saver, _named(questions, named), value)
    return _listed(questions)


def _named(questions: list[PendingQuestion], named: str) -> PendingQuestion:
    found = [one for one in questions if one.interrupt.id.startswith(named) and named]
    if len(found) != 1:
        what = "no open question" if not found else f"{len(found)} open questions"
        raise LookupError(f"{named!r} begins the id of {what}. nbflow inbox DB lists them.")
    return found[0]


def _listed(questions: list[PendingQuestion]) -> str:
    if not questions:
        return "No open questions"
    lines = [f"{len(questions):,} open question{'' if len(questions) == 1 else 's'}"]
    for one in questions:
        asked = one.interrupt
        title = plain(form_of(asked, one.task)["title"], _CHARS)
        where = f"{plain(one.workflow, _CHARS)}, thread {plain(one.thread_id, _CHARS)}"
        whose = f", for {plain(' or '.join(asked.assignees), _CHARS)}" if asked.assignees else ""
        until = f", until {time_text(asked.deadline)}" if asked.deadline is not None else ""
        lines.append(
            f"{asked.id[:_ID_CHARS]}  {title}  ({where}, since {time_text(one.asked_at)}"
            f"{until}{whose})"
        )
    return "\n".join([*lines, "--show ID tells one whole, --answer ID VALUE answers it."])


def _whole(one: PendingQuestion) -> str:
    asked = one.interrupt
    schema = "any value" if asked.response_schema is None else (
        json.dumps(asked.response_schema, ensure_ascii=False)
    )  # fmt: skip
    shown = preview(asked.value, _QUESTION_CHARS)["text"]
    facts = {
        "question": form_of(asked, one.task)["title"],
        "id": asked.id,
        "key": asked.key or "none",
        "workflow": one.workflow,
        "thread": one.thread_id,
        "task": one.task or "none: the workflow itself asks",
        "since": time_text(one.asked_at),
        "asks": shown,
        "answer": schema,
    }
    return "\n".join(
        f"{name:10}{plain(str(text), _QUESTION_CHARS)}" for name, text in facts.items()
    )


def _answered(saver: BaseCheckpointSaver, one: PendingQuestion, text: str) -> str:
    with acting_as(via="terminal"):
        keep_answer(saver, one.thread_id, one.interrupt.id, _value(text, one))
    said = _UNTIL_THEN.format(workflow=one.workflow, thread=one.thread_id)
    return f"Stored. {said}"


def _value(text: str, one: PendingQuestion) -> Any:
    """The answer: text where the question wants one, else what JSON would read."""
    if (one.interrupt.response_schema or {}).get("type") == "string":
        return text
    try:
        return read_yaml(text)
    except ValueError:
        return text
