"""fault 35: bytes that were changed are read as a value, or refused by an error of nbflow's."""

from __future__ import annotations

import random

import pytest

from tests.durability.fuzz import CORPUS, READERS, changed, corpus, read


@pytest.mark.parametrize("name", sorted(path.stem for path in CORPUS.glob("*.bin")))
def test_the_corpus(name: str) -> None:
    assert read((CORPUS / f"{name}.bin").read_bytes()) == []


@pytest.mark.parametrize("seed", range(4))
def test_changes_of_the_corpus(seed: int) -> None:
    chance, known = random.Random(seed), corpus()
    for _ in range(1_500):
        data = changed(chance.choice(known), known, chance)
        assert read(data) == [], data


def test_each_reader_reads_something_of_the_corpus() -> None:
    for name, reader in READERS.items():
        readable = 0
        for data in corpus():
            try:
                reader(data)
            except Exception:
                continue
            readable += 1
        assert readable > 0, name
