"""The kernel's side of the live widget: messages, one session for each run, the widget itself.

Importing this package loads no widget library; ``run_view`` does.
"""
