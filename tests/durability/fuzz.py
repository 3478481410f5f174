"""A fuzzer of what reads stored bytes: ``python -m tests.durability.fuzz --seed 7 --seconds 60``.

It changes the bytes of the corpus, which are true ones, and what it was once broken by. Whatever
they are, they are read as a value, or refused by one of nbflow's errors; anything else is written
into the corpus, where ``make test`` finds it from then on.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from nbflow import serde
from nbflow._engine.failures import decode_failure, stored_failure
from nbflow.checkpoint._questions import StoredAnswer, StoredQuestion
from nbflow.errors import NbflowError

__all__ = ["CORPUS", "READERS", "changed", "corpus", "read"]

CORPUS = Path(__file__).parent / "corpus"

READERS: dict[str, Callable[[bytes], Any]] = {
    "value": serde.loads,
    "failure": decode_failure,
    "shown failure": stored_failure,
    "question": StoredQuestion.decoded,
    "answer": StoredAnswer.decoded,
}

_MOST_CHANGES = 4
_LONGEST = 4_096
_EDGES = (0, 1, 0x7F, 0x80, 0x90, 0xC1, 0xC7, 0xC9, 0xD4, 0xDC, 0xDD, 0xDF, 0xFF)
"""Bytes that begin something in MessagePack, or end a range."""


def corpus() -> list[bytes]:
    """What the fuzzer begins with."""
    return [path.read_bytes() for path in sorted(CORPUS.glob("*.bin"))]


def changed(data: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """The bytes with a few changes: bits, bytes, pieces left out, doubled, moved in from others."""
    found = bytearray(data)
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        at = chance.randrange(len(found) + 1)
        end = min(len(found), at + chance.choice((1, 2, 4, 16, 256)))
        match chance.randrange(6):
            case 0 if at < len(found):
                found[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(found):
                found[at] = chance.choice(_EDGES)
            case 2:
                del found[at:end]
            case 3:
                found[at:at] = found[at:end]
            case 4:
                other = chance.choice(others)
                begin = chance.randrange(len(other) + 1)
                found[at:end] = other[begin : begin + chance.choice((1, 4, 16, 64))]
            case _:
                found[at:at] = bytes([chance.choice(_EDGES)])
    return bytes(found[:_LONGEST])


def read(data: bytes) -> list[str]:
    """Names of the readers that neither read nor refuse it, with what they raise."""
    broken = []
    for name, reader in READERS.items():
        try:
            repr(reader(data))
        except NbflowError:
            pass
        except BaseException as fault:
            broken.append(f"{name}: {type(fault).__name__}: {fault}")
    return broken


def main() -> None:
    """Fuzz for a while; ends with 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.durability.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    logging.disable(logging.WARNING)  # of classes that are not known, thousands
    chance, known = random.Random(asked.seed), corpus()
    until, tried, faults = time.monotonic() + asked.seconds, 0, set[str]()
    print(f"seed {asked.seed}: {len(known)} of the corpus", flush=True)
    while time.monotonic() < until:
        data = changed(chance.choice(known), known, chance)
        tried += 1
        for fault in read(data):
            if fault not in faults:
                faults.add(fault)
                name = blake2b(data, digest_size=8).hexdigest()
                (CORPUS / f"found-{name}.bin").write_bytes(data)
                print(f"{name}: {fault}", flush=True)
    print(f"{tried:,} changed, {len(faults)} faults found")
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
