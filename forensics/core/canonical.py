"""One way to write JSON, so that the same values are the same bytes."""

import json

_LINE = json.JSONEncoder(sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def dumps(value: object) -> str:
    """Indented, keys sorted, no NaN, newline at the end; everything beyond ASCII is escaped."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"


def line(value: object) -> str:
    """The same on one line, as the ledger and machine-readable listings want it, without a newline."""
    return _LINE(value)
