"""Times the programs, both libraries in turn, and prints the best of each.

Interleaved, so that a busy machine slows both; the best, because noise only ever adds. A round
repeats a short program until it can be timed.
"""

import argparse
import gc
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from tests.bench.figures import FIGURES
from tests.bench.library import Library, langgraph, nbflow
from tests.bench.programs import PROGRAMS, Program

_SHORTEST_S = 0.05
"""For so long, at least, each library runs in each round."""


def best_of(
    libraries: tuple[Library, ...], program: Program, count: int, rounds: int
) -> list[float]:
    """Microseconds for one of ``count`` occurrences, the best of ``rounds``, for each library."""
    with ExitStack() as stack:
        runs: list[Callable[[], int]] = []
        for library in libraries:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            runs.append(stack.enter_context(program(library, folder, count)))
        for run in runs:
            run()
        best = [float("inf")] * len(runs)
        for _ in range(rounds):
            for at, run in enumerate(runs):
                best[at] = min(best[at], timed(run))
        return best


def timed(run: Callable[[], int]) -> float:
    """Microseconds for one occurrence, of as many as can be timed."""
    gc.collect()
    count, elapsed_s, started = 0, 0.0, time.perf_counter()
    while elapsed_s < _SHORTEST_S:
        count += run()
        elapsed_s = time.perf_counter() - started
    return elapsed_s / count * 1e6


def lines(options: argparse.Namespace) -> Iterator[str]:
    """The report, a line at a time, as a Markdown table and a list."""
    libraries = (nbflow(), langgraph())
    yield f"Python {platform.python_version()}, LangGraph {version('langgraph')}; runs of "
    yield f"{options.count}, the best of {options.rounds} interleaved rounds; microseconds.\n"
    yield f"| {'':42} | {'nbflow':>8} | {'LangGraph':>9} | {'cheaper':>8} | {'aim':>5} |"
    yield f"|{'-' * 44}|{'-' * 9}:|{'-' * 10}:|{'-' * 9}:|{'-' * 6}:|"
    for name, program, aim in PROGRAMS:
        if options.only not in name:
            continue
        ours, theirs = best_of(libraries, program, options.count, options.rounds)
        ratio, wanted = theirs / ours, "" if aim is None else f"{aim:g}x"
        yield f"| {name:42} | {ours:8.1f} | {theirs:9.1f} | {ratio:7.1f}x | {wanted:>5} |"
    yield ""
    for name, figure in FIGURES:
        if options.only in name:
            yield f"- {name}: {figure(*libraries)}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="repetitions of each program")
    parser.add_argument("--count", type=int, default=200, help="tasks or invokes in one run")
    parser.add_argument("--only", default="", help="programs whose name contains this text")
    parser.add_argument("--write", action="store_true", help="keep the report in RESULTS.md")
    options = parser.parse_args()
    report: list[str] = []
    for line in lines(options):
        print(line, flush=True)
        report.append(line)
    if options.write:
        (Path(__file__).parent / "RESULTS.md").write_text("\n".join(["# Costs\n", *report, ""]))


if __name__ == "__main__":
    main()
