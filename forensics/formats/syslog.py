r"""System log: one line for each message that a program or the kernel gave to the host's logger.

    Nov 23 15:11:37 login01 sshd[3077]: Accepted publickey for mei from 127.0.0.11 port 49063 ssh2: ED25519 SHA256:HIer…

Shape   <stamp> <host> <program>[<pid>]: <message>, in the traditional layout, rsyslog's RFC 3339 one or an ISO
        date with a comma, or RFC 5424's <priority>1 <stamp> <host> <program> <pid> <id> <structured> <message>;
        of programs that matter for who did what, the fields of the message (see `core/programs`). Of journalctl, `-o short` and
        those beside it that are lines (short-precise, -iso, -full, -unix, -monotonic, -delta, with-unit) are read
Source  RFC 3164, 4.1; RFC 5424, 6; rsyslog's RSYSLOG_TraditionalFileFormat, RSYSLOG_FileFormat,
        RSYSLOG_SysklogdFileFormat and RSYSLOG_SyslogProtocol23Format; systemd 254: src/shared/logs-show.c (output_short)
Time    traditional: local wall clock to the second, with neither year nor zone. ISO: local, no zone.
        RFC 3339 and 5424: with its own offset; RFC 5424 may have none (`-`). short-full: the zone is told by UTC, GMT or an offset, else
        it is the collector's. short-monotonic: since boot, which is no time of day: the order alone is told
Who     the program that wrote it, as far as its name can be trusted: `logger -t` lets any account write under
        any name, also with a made-up pid. What sshd or cron wrote without a pid, they did not write
Open    control bytes that rsyslog writes as `#012` stay so: a user can type the same. Lines that go on without a
        stamp have no shape. `message repeated N times: […]` and `last message repeated N times` are one
        record each that stands for N. A name with a colon is taken for no program. What is written under the name of a
        daemon of Slurm's is told by what it says (`core/slurmhostlog`), as a line of the host's users, on which nothing rests
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import envelope, loose, messagetext
from forensics.core.cuttings import Lying
from forensics.core.lines import in_place
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "syslog",
    "a line of the host's log",
    (
        Column("wall", pa.string(), "time as written", None, "the line says none (`-`)"),
        Column(
            "stamp", pa.string(), "how it is written: `traditional` (no year, no zone), `rfc3339`, `iso` (no zone) or `rfc5424`; by journalctl also `precise` (no year, no zone), `full`, `unix` or `monotonic`"
        ),
        Column("priority", pa.int64(), "eight times the facility, and the severity", None, "not in this line"),
        Column("host", pa.string(), "host that logged it", None, "not in this line"),
        Column("severity", pa.string(), "severity written where others write the host", None, "not in this line"),
        Column("program", pa.string(), "program, by its own word", None, "the line names none"),
        Column("pid", pa.int64(), "its process", None, "the line names none, or no number"),
        Column("msgid", pa.string(), "kind of message, by the program's word", None, "not in this line"),
        Column("structured", pa.string(), "structured data as written", None, "not in this line"),
        Column("message", pa.string(), "everything after the program, as written", None, "not in this line"),
        Column("repeated", pa.int64(), "how many equal messages this line stands for", None, "for itself"),
        *messagetext.FIELDS,
        *SPAN,
    ),
)  # fmt: skip
_PLACE = Table("place", "where a line stands", SPAN)
CUT = "line"
DOMAIN = "{host}:root"

_STAMPED = re.compile(
    rf"(?:<\d{{1,3}}>)?{envelope.STAMPS} (?![+-]\d{{4}} )[^ ]*[^ :] [^ \[\]:<>]+\]?(?:\[\d+\](?:\([A-Za-z]+\))?)?:(?: |$)".encode()
)
_SINCE_BOOT = re.compile(
    rf"{envelope.MONOTONIC} (?P<host>[^ :\[\]]+) (?:(?P<sure>kernel|[^ \[\]:<>]+\[\d+\])|[^ \[\]:<>]+): ".encode()
)
_REMARK = re.compile(
    r"-- (?:Boot [0-9a-f]{32}|Reboot|No entries|(?:Journal|Logs) begins? at .*, ends? at .*|cursor: .*)(?: --|\.)?"
)
_NUMBERED = re.compile(
    rb"<\d{1,3}>1 (?:-|\d{4}-\d{2}-\d{2}T[0-9:.]{8,18}(?:Z|[+-]\d{2}:?\d{2})) [^ ]+ [^ ]+ [^ ]+ [^ ]+ (?:-|\[)"
)


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content decides
    """Sure where most of the first lines have the stamp, a host and a program."""
    first = [line for line in head[:8192].splitlines()[:20] if line.strip() and not line.startswith(b"-- ")]
    since = [match for line in first if (match := _SINCE_BOOT.match(line))]
    # dmesg writes no host: there the second word differs from line to line, and none stands before the kernel's or a process's name.
    hosts, sure = {match["host"] for match in since}, any(match["sure"] for match in since)
    if sure and 2 * len(since) >= len(first) and len(hosts) == 1:
        return 90
    fits = sum(1 for line in first if _STAMPED.match(line) or _NUMBERED.match(line))
    return 85 if first and 2 * fits >= len(first) else 55 if fits else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    found = lightly(data, base)
    return found._replace(records=loose.strict(found.records, TABLE.schema()))


def _remarks(texts: Lying, read: pa.Array) -> pa.Array:
    """Which lines, of those that are no records, are what journalctl itself says between those."""
    found = np.zeros(len(read), bool)
    rest = np.flatnonzero(~np.asarray(read, bool) & (texts.stop > texts.start))
    rest = rest[texts.raw[texts.start[rest]] == ord("-")]
    found[rest] = [_REMARK.fullmatch(text) is not None for text in texts.texts(rest).to_pylist()]
    return pa.array(found)


def lightly(data: bytes, base: int) -> Parsed:
    """The same, its records as `core.loose` has them."""
    lines, texts = in_place(data, base)
    opened = envelope.opened(texts)
    read = pc.and_(pc.and_(opened.shaped, opened.timed), opened.sound)
    why = pc.if_else(
        opened.shaped, pc.if_else(opened.timed, Why.VALUE.value, Why.TIME.value), Why.SHAPE.value
    )
    columns, words = opened.columns, opened.words
    if not pc.all(read).as_py():
        columns = {name: values.filter(read) for name, values in columns.items()}
        words = words.only(np.asarray(read, bool))
    times, said = pa.nulls(len(columns["message"]), pa.int64()), columns["message"]
    if envelope.REPEATED in data:
        times, said = envelope.repeated(said)
        words.first[np.asarray(times.is_valid())] = -1
    found = messagetext.fields(columns["program"], columns["pid"], said, words=words)
    idle = pc.or_(lines.blank, _remarks(texts, read))
    done = lines.sorted_out(_PLACE, {}, read=read, idle=idle, why=why)
    spans = {name: done.records[name] for name in _PLACE.names}
    held = {**columns, "repeated": times, **found, **spans}
    return done._replace(records=loose.built(TABLE.schema(), held, len(times)))
