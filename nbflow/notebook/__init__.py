"""nbflow inside IPython: the extension, how a cell waits, what a saved notebook shows.

Importing this package loads neither IPython nor a widget library; its modules do.
"""
