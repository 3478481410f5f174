"""Graphs that LangGraph runs, behind nbflow's views: :func:`nbflow.adopt`."""
