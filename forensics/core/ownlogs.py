"""Logs that one program keeps in a file of its own, in the words that it also gives to the host's log.

What the words mean is known from there (`core/programs`, `core/messageevents`); only the stamp is the program's own.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import hostevents, messageevents, messagetext
from forensics.core.clock import Interval
from forensics.core.hostevents import Placed
from forensics.core.tables import EVENT


def fields(program: str, pid: pa.Array, message: pa.Array) -> dict[str, pa.Array]:
    """The columns `messagetext.FIELDS` of messages that are all of one program, whichever process wrote each."""
    own = pa.array([program] * len(message), pa.string())
    return messagetext.fields(own, pid, message)


def read(rows: Placed, form: str, when: Interval, *, program: str) -> Mapping[str, pa.Table]:
    """One event for each record.

    Args:
        rows: records with `messagetext.FIELDS` and `message`, and perhaps `pid`.
        form: name of the format.
        when: the time of each record, by the clock of the host that the file is of.
        program: whose log it is.
    """
    lines = rows.lines
    held = {name: lines[name] for name in lines.schema.names}
    held["program"] = pa.array([program] * lines.num_rows, pa.string())
    held.setdefault("pid", pa.nulls(lines.num_rows, pa.int64()))
    told = messageevents.columns(pa.RecordBatch.from_pydict(held))
    host, pid = messageevents.placed(rows.files["host"], told["pid"], held)
    event = EVENT.build(
        {
            **hostevents.columns(rows, form),
            **hostevents.times(when, rows.files["host"], rows, form),
            **told,
            "host": host,
            "pid": pid,
        }
    )
    return {"event": event}
