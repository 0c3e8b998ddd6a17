"""A file that is one record, or none."""

from collections.abc import Mapping

from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table


def told(data: bytes, base: int, table: Table, row: Mapping[str, object] | Why | None) -> Parsed:
    """The three tables of a file read whole.

    Args:
        data: all of it.
        base: offset of its first byte, in bytes.
        table: the format's declared table.
        row: its record without `start` and `stop`, why it is none, or None for nothing to read.
    """
    records, rejected, ignored = table.empty(), REJECTED.empty(), IGNORED.empty()
    start, stop = [base], [base + len(data)]
    if not data:
        return Parsed(records, rejected, ignored)
    if isinstance(row, Why):
        rejected = REJECTED.build({"start": start, "stop": stop, "why": [row.value]})
    elif row is None:
        ignored = IGNORED.build({"start": start, "stop": stop})
    else:
        columns = {name: [row.get(name)] for name in table.names}
        records = table.build(columns | {"start": list[object](start), "stop": list[object](stop)})
    return Parsed(records, rejected, ignored)
