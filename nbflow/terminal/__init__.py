"""The commands of ``nbflow`` that stand beside ``nbflow demo``: ``run``, ``doctor``, ``inbox``."""
