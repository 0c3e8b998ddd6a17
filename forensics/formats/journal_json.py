r"""Journal of a host as `journalctl -o json`, `json-seq` and `json-sse` print it: one entry a line. `json-pretty` is read too.

    {"__REALTIME_TIMESTAMP":"1795446697046885","_HOSTNAME":"login01","_UID":"0","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"Accepted…

Shape   a JSON object of fields; a value that is not text is an array of its bytes, a field given several times
        an array of its values, and one too long for `journalctl` without `--all` is null. Before it a record separator
        (json-seq) or `data: ` (json-sse); laid out over lines, as json-pretty and `jq` print it, each entry is cited by its stretch
Source  systemd.journal-fields(7), journalctl(1), systemd 252: src/shared/logs-show.c
Time    `__REALTIME_TIMESTAMP`, when the journal received it; `_SOURCE_REALTIME_TIMESTAMP`, when it was sent. UTC, µs
Who     fields that begin with `_` are the journal's own, from the kernel (`_PID`, `_UID`, `_AUDIT_LOGINUID`,
        `_AUDIT_SESSION`, `_EXE`, `_HOSTNAME`); `MESSAGE`, `SYSLOG_IDENTIFIER`, `SYSLOG_PID`, `PRIORITY` and all others
        are the sender's word. `_COMM` and `_CMDLINE` are of a process that can change both. Of an audit line
        (`_TRANSPORT` audit) who acted is as in the trail: the kernel alone sends by that way. What Slurm's controller sent from its
        own unit names who asked it; what came by its standard error (`_TRANSPORT` stdout), a user can have typed
Open    whoever exported it can have changed it: the seal of the journal's own files is not in the export. An audit line
        (`_TRANSPORT` audit) that is too long, or lacks its number, is text only. What `-o cat` prints has no time and no
        sender, so no format takes it: ask for the journal again in another form. A file in a mount namespace of its own can have any path, `_EXE` too
"""

from forensics.core import journal, jsonlines, messagetext
from forensics.core.jsonlines import Object
from forensics.core.model import Parsed, Why
from forensics.core.schema import Table

TABLE = Table("journal_json", "an entry of the host's journal", journal.COLUMNS)
CUT = "line"
DOMAIN = "{host}:root"

_BYTE = range(256)
_SEPARATOR, _STREAMED = b"\x1e", b"data: "
_FEW = 9
_MOST_VALUES = 1024


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content decides
    """Sure where the first objects have the journal's own address fields."""
    first = jsonlines.first_objects(b"\n".join(map(_bare, head.split(b"\n", _FEW))))
    return 96 if jsonlines.has(first, "__REALTIME_TIMESTAMP", "_BOOT_ID") else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    found = jsonlines.parse(data, base, _PLAIN, _row, load=lambda line: jsonlines.loaded(_bare(line)))
    rows = found.records.to_pylist()
    records = TABLE.build(
        {**journal.columns(rows), **{name: found.records[name] for name in ("start", "stop")}}
    )
    return found._replace(records=records)


_PLAIN = Table(TABLE.name, TABLE.meaning, tuple(c for c in journal.COLUMNS if c not in messagetext.FIELDS))


def _bare(line: bytes) -> bytes:
    """The object of a line, without what two of the layouts put before it."""
    return line.removeprefix(_SEPARATOR).removeprefix(_STREAMED)


def _row(found: Object) -> Object | Why:
    """An entry's columns; a value of a kind that `journalctl` does not write makes it none."""
    entry: dict[str, list[str]] = {}
    for name, value in found.items():
        values = _values(value)
        if values is None:
            return Why.VALUE
        entry[name] = values
    if "__REALTIME_TIMESTAMP" not in entry:
        return Why.SHAPE
    made = journal.row(entry)
    return Why.TIME if made["realtime_us"] is None else made


def _values(value: object) -> list[str] | None:
    """The values of one field as text; None where it is of no kind that fields have."""
    if value is None:
        return []
    if isinstance(value, list) and value and not all(_is_byte(one) for one in value):
        several = [_value(one) for one in value]
        told = [one for one in several if one is not None]
        return told if len(told) == len(several) <= _MOST_VALUES else None
    one = _value(value)
    return None if one is None else [one]


def _value(value: object) -> str | None:
    if isinstance(value, str):
        return jsonlines.printable(value)
    if isinstance(value, list) and all(_is_byte(one) for one in value):
        return journal.text(bytes(value))
    return None


def _is_byte(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in _BYTE
