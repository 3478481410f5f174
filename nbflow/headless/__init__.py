"""Notebooks executed by programs: in a kernel of their own, with answers from a program, for CI and
as tasks of a workflow."""
