"""``nbflow export``, ``import``, ``prune`` and ``repair``: the care of threads without code."""

from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from nbflow.archive import export_thread, import_thread
from nbflow.errors import UnknownThreadError
from nbflow.repair import repair, repair_all
from nbflow.terminal.databases import acted, saver_in

if TYPE_CHECKING:
    from nbflow.checkpoint.base import BaseCheckpointSaver
    from nbflow.repair import Damage

__all__ = ["add_care"]

_STATUS = "Exit status: 0, 1 when it is refused, 2 when there is no such database."
_DAMAGED = 1
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def add_care(commands: Any) -> None:
    """Add the commands to a parser's commands.

    >>> parser = argparse.ArgumentParser()
    >>> add_care(parser.add_subparsers())
    >>> parser.parse_args(["prune", "runs.sqlite", "--older-than", "30d"]).older_than.days
    30
    """
    export = commands.add_parser(
        "export",
        help="write a thread of a database into a file of its own",
        description="Write a thread with everything that is kept of it into a new file, which is a "
        f"database itself. {_STATUS}",
    )
    _add_database(export)
    export.add_argument("thread", metavar="THREAD", help="its thread_id")
    export.add_argument("file", metavar="FILE", help="a path where no file is yet")
    export.set_defaults(act=lambda options: acted("export", lambda: _exported(options)))

    into = commands.add_parser(
        "import",
        help="put a thread of a file into a database",
        description="Put a thread that `nbflow export` has written, or one of another database, "
        f"into a database that is there. {_STATUS}",
    )
    _add_database(into)
    into.add_argument("file", metavar="FILE", help="it does not change")
    into.add_argument("--thread", metavar="THREAD", help="which one, where it holds several")
    into.add_argument("--as", dest="new_name", metavar="NAME", help="its thread_id from now on")
    into.set_defaults(act=lambda options: acted("import", lambda: _imported(options)))

    prune = commands.add_parser(
        "prune",
        help="remove the past of threads, or old threads",
        description="Remove the past of threads: what is left goes on as before, with its open "
        f"questions and what forks need. Say what stays, or --delete. {_STATUS}",
    )
    _add_database(prune)
    prune.add_argument("threads", nargs="*", metavar="THREAD", help="left out: every thread")
    how = prune.add_mutually_exclusive_group()
    how.add_argument("--keep", type=int, metavar="N", help="the newest N runs of each stay whole")
    how.add_argument(
        "--delete",
        action="store_true",
        help="whole threads: those named, or with --older-than all that are",
    )
    prune.add_argument(
        "--older-than", type=_duration, metavar="DURATION", help="what is younger stays: 30d, 12h"
    )
    prune.set_defaults(act=lambda options: _prune(prune, options))

    mend = commands.add_parser(
        "repair",
        help="list what is damaged, and go on before it",
        description="List the facts of runs that cannot be read, and the rows that have lost their "
        "place. Exit status: 0 when there are none, 1 when there are some or it is refused, 2 when "
        "there is no such database.",
    )
    _add_database(mend)
    mend.add_argument("threads", nargs="*", metavar="THREAD", help="left out: every thread")
    mend.add_argument(
        "--drop",
        action="store_true",
        help="remove each run's facts from its first damaged one on: invoke(None) makes them again",
    )
    mend.set_defaults(act=_repair)


def _add_database(command: argparse.ArgumentParser) -> None:
    command.add_argument("database", metavar="DB", help="an SQLite file that a SqliteSaver made")


def _duration(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    if found is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no duration: expected a whole number and its unit (s, m, h, d or w), "
            "such as 90m or 30d"
        )
    number, unit = found.groups()
    return timedelta(**{_UNITS[unit]: int(number)})


def _exported(options: argparse.Namespace) -> str:
    export_thread(saver_in(options.database), options.thread, options.file)
    return (
        f"Thread {options.thread!r} is in {options.file}. nbflow import DB {options.file} puts it "
        "into another database."
    )


def _imported(options: argparse.Namespace) -> str:
    name = import_thread(
        options.file,
        saver_in(options.database),
        thread_id=options.thread,
        as_thread=options.new_name,
    )
    return f"Thread {name!r} is in {options.database}."


def _prune(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    if options.keep is options.older_than is None and not options.delete:
        parser.error("say what stays: --keep N, --older-than DURATION, or --delete with threads")
    if options.delete and not options.threads and options.older_than is None:
        parser.error("--delete takes the threads to delete, or --older-than DURATION")
    return acted("prune", lambda: _pruned(options))


def _pruned(options: argparse.Namespace) -> str:
    saver = saver_in(options.database)
    before = _names(saver)
    for name in options.threads:
        if name not in before:
            raise UnknownThreadError(
                f"There is no thread {name!r} in {options.database}. Nothing was removed."
            )
    saver.prune(
        options.threads or None,
        strategy="delete" if options.delete else "keep_latest",
        keep=options.keep,
        older_than=options.older_than,
    )
    gone = len(before - _names(saver))
    if options.delete:
        return f"Deleted {gone:,} of {len(before):,} threads."
    return f"Pruned {len(options.threads or before):,} of {len(before):,} threads."


def _repair(options: argparse.Namespace) -> int:
    found: list[Damage] = []

    def repaired() -> str:
        saver = saver_in(options.database)
        for name in options.threads:
            found.extend(repair(saver, name, drop=options.drop))
        if not options.threads:
            found.extend(repair_all(saver, drop=options.drop))
        dropped = options.drop and any(one.seq is not None for one in found)
        end = "What could be dropped was dropped." if dropped else ""
        said = [*dict.fromkeys(one.message for one in found), end] if found else ["All is sound."]
        return "\n".join(filter(None, said))

    return acted("repair", repaired) or (_DAMAGED if found else 0)


def _names(saver: BaseCheckpointSaver) -> set[str]:
    return {row.thread_id for row in saver.list_threads()}
