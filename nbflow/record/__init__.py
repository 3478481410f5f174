"""What stays of a run for a reader without a kernel: its story as data, as HTML and as text.

Everything here is made from a run's log in wire form, where values are bounded previews and secrets
are hidden; nothing here needs IPython or a widget library.
"""
