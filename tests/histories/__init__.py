"""Threads as each version of the record left them, which every later engine goes on with."""
