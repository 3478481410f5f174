"""The kits of nbflow.testing as others use them: they find faults, and show the values."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SAVER = """
import pytest
from nbflow.checkpoint.memory import InMemorySaver
from nbflow.testing.savers import SaverConformance

class Forgetful(InMemorySaver):
    def finish(self, run, epoch, status, ops=(), checkpoint=None):
        super().finish(run, epoch, status, (), checkpoint)

class TestSound(SaverConformance):
    @pytest.fixture
    def saver(self):
        with InMemorySaver() as saver:
            yield saver

class TestForgetful(TestSound):
    @pytest.fixture
    def saver(self):
        return Forgetful()
"""
_STORE = """
import pytest
from nbflow.store.memory import InMemoryStore
from nbflow.testing.stores import ExpiryConformance, IndexConformance, StoreConformance

class Keeper(InMemoryStore):
    def delete(self, namespace, key):
        self.get(namespace, key)

class TestSound(StoreConformance, ExpiryConformance, IndexConformance):
    @pytest.fixture
    def make_store(self):
        return InMemoryStore

class TestKeeper(TestSound):
    @pytest.fixture
    def make_store(self):
        return Keeper
"""


def _pytest(folder: Path, program: str, *chosen: str) -> str:
    (folder / "test_mine.py").write_text(program)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("program", "fault", "test", "shown"),
    [
        (_SAVER, "TestForgetful", "test_finish", "Right contains one more item"),
        (_STORE, "TestKeeper", "test_put_get_delete", "Item("),
    ],
    ids=["savers", "stores"],
)
def test_a_kit_finds_a_fault(
    tmp_path: Path, program: str, fault: str, test: str, shown: str
) -> None:
    sound = _pytest(tmp_path, program, "test_mine.py::TestSound").splitlines()[-1]
    found = _pytest(tmp_path, program, f"test_mine.py::{fault}::{test}")

    passed = int(sound.split()[0])
    assert " passed in " in sound and passed > 60
    assert f"FAILED test_mine.py::{fault}::{test}" in found
    assert shown in found
