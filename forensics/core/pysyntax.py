"""Text of Python by its syntax: parsed, never compiled to code and never run."""

import ast
import warnings

_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def tree(text: str) -> ast.Module | None:
    """What a text says; None where it is no Python that this version of Python can parse.

    Of an escape that there is not, Python warns on the terminal, with the byte behind the backslash as it stands.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except _UNREADABLE:
            return None
