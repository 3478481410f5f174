"""Every example in a docstring of the public modules runs and shows what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import nbflow

PUBLIC = sorted(
    module.name
    for module in pkgutil.walk_packages(nbflow.__path__, "nbflow.")
    if not any(part.startswith("_") for part in module.name.split("."))
)


@pytest.mark.parametrize("name", PUBLIC)
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    failed, _ = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_exported_is_there(name: str) -> None:
    module = importlib.import_module(name)
    assert [n for n in getattr(module, "__all__", ()) if not hasattr(module, n)] == []
