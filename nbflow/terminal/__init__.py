"""The commands of ``nbflow`` that stand beside ``nbflow demo``, each with its options."""
