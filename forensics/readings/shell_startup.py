"""What a shell's startup file is taken to tell: each thing that it sets or runs, and for whom.

A file in a home is told of its account, whose shells obey it and which can write anything into it. Who wrote the line it does
not say. That a line stands there says that it is run at the next start, not that it ever was.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hostevents, hoststates
from forensics.core.hoststates import Row

EACH = True
NEEDS_ANCHOR = False

_MOST_TEXT, _SHORT_TEXT = 1 << 20, 64
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
    return {"event": hoststates.told(records, files, "shell_startup", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    home = hostevents.home(path)
    names, text = _words(line["names"]), str(line["text"])[: hostevents.LONGEST_TEXT]
    # One line of a megabyte can run hundreds of thousands of commands: each holding all of it would take gigabytes.
    rest = text if len(text) * len(names) <= _MOST_TEXT else text[:_SHORT_TEXT]
    for at, (kind, name) in enumerate(zip(_words(line["kinds"]), names, strict=True)):
        yield {
            "verb": "setting",
            "account": home[0] if home and _OWN.fullmatch(home[1]) else None,
            "object_kind": "setting",
            "object": f"shell {_SHOWN.get(kind, 'command ')}{name}"[: hostevents.LONGEST_TEXT],
            "text": rest if at else text,
        }


def _words(found: object) -> list[str]:
    return [str(word) for word in found] if isinstance(found, list) else []
