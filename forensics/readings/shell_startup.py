"""What a shell's startup file is taken to tell: each thing that it sets or runs, and for whom.

A file in a home is told of its account, whose shells obey it and which can write anything into it. Who wrote the line it does
not say. That a line stands there says that it is run at the next start, not that it ever was.
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents, hoststates
from forensics.core.hostevents import Placed
from forensics.core.hoststates import Numbers

EACH = True
NEEDS_ANCHOR = False

_MOST_TEXT, _SHORT_TEXT = 1 << 15, 64
"""So much text all events of one command line hold together, in characters, before all but the first hold its beginning alone."""
_OWN = re.compile(r"\.[^/]+")
_SHOWN = {
    "export": "",
    "set": "",
    "alias": "alias ",
    "unset": "unset ",
    "source": "source ",
    "function": "function ",
}


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each name set and path; one for a command."""
    return {"event": hoststates.told_together(records, files, "shell_startup", _said)}


def _said(rows: Placed) -> tuple[Numbers, dict[str, pa.Array]]:
    lines = rows.lines
    row, name = pc.list_parent_indices(lines["names"]), lines["names"].flatten()
    of = np.asarray(row, np.int64)
    first = np.diff(of, prepend=-1) != 0
    text = pc.utf8_slice_codeunits(lines["text"], 0, hostevents.LONGEST_TEXT)
    # One line of a megabyte can run hundreds of thousands of commands: each holding all of it would take gigabytes.
    size = pc.multiply(pc.utf8_length(text), pc.list_value_length(lines["names"]))
    whole = np.asarray(pc.less_equal(size, _MOST_TEXT))[of] | first
    texts = pa.concat_arrays([text, pc.utf8_slice_codeunits(text, 0, _SHORT_TEXT)])
    shown = pc.binary_join_element_wise("shell ", _shown(lines["kinds"].flatten()), name, "")
    path = hoststates.paths(rows)
    columns = {
        "verb": pa.array(["setting"] * len(of), pa.string()),
        "account": _accounts(path.dictionary).take(path.indices).take(row),
        "object_kind": pa.array(["setting"] * len(of), pa.string()),
        "object": pc.utf8_slice_codeunits(shown, 0, hostevents.LONGEST_TEXT),
        "text": hostevents.short(texts.take(pa.array(np.where(whole, of, of + len(text))))),
    }
    return of, columns


def _shown(kinds: pa.Array) -> pa.Array:
    kind = kinds.dictionary_encode()
    words = [_SHOWN.get(word, "command ") for word in kind.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(kind.indices)


def _accounts(paths: pa.Array) -> pa.Array:
    """The account in whose home each startup file lies."""
    homes = [hostevents.home(path) for path in paths.to_pylist()]
    return pa.array([home[0] if home and _OWN.fullmatch(home[1]) else None for home in homes], pa.string())
