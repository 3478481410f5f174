"""Pools of processes, as the tests and their scripts have them."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

__all__ = ["WORKERS", "process_pool"]

WORKERS = 2


def process_pool() -> ProcessPoolExecutor:
    """Processes that begin anew: a process with threads cannot be forked safely."""
    return ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn"))
