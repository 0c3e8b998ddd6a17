r"""Git reftable: all refs of a repository and their logs in one binary file, or in a stack of them.

    REFT 01 001000 …  'r' …refs/heads/main 07 9fa7185c…  'g' <deflated: refs/heads/main\0… old new mei mei@lab.example 1795446180 130 reset: moving to HEAD~1>

Shape   a header, blocks, a footer with a checksum. Block `r` has refs, `g` deflated log entries, `i` and `o` find these faster.
        In a block a name says how much of it is that of the record before
Source  git documentation, "reftable" (technical notes), git 2.50 as a writer
Time    of a log entry as of any reflog: the clock of the machine that holds the copy, unless GIT_COMMITTER_DATE was set: asserted.
        A ref has none; its update index orders it among the updates of its repository
Who     user.name and user.email of the process: typed, never checked. A ref names nobody
Open    a later file of the stack, or a higher update index, overrides an earlier one; which files make up the stack is in
        `tables.list`, which is told beside. Log entries of a block are one record, for they are deflated together.
        git writes a zone as hours and minutes (130 is +0130), other programs as minutes: it is given as it stands.
        Indexes say nothing of their own and are not read; `HEAD` beside such files is a dummy
"""

import pyarrow as pa

from forensics.core import reftable
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed
from forensics.core.schema import Column, Table

MOVES = pa.list_(
    pa.struct(
        [
            ("ref", pa.string()),
            ("update_index", pa.int64()),
            ("old", pa.string()),
            ("new", pa.string()),
            ("who", pa.string()),
            ("epoch_s", pa.int64()),
            ("zone", pa.int64()),
            ("message", pa.string()),
        ]
    )
)
_LOG = "a block of log entries"
TABLE = Table(
    "git_reftable",
    "what a ref names, or a block of entries of the logs of refs",
    (
        Column("ref", pa.string(), "the ref", None, _LOG),
        Column(
            "update_index", pa.int64(), "number of the update, ascending in a repository", None, _LOG
        ),
        Column("oid", pa.string(), "the object it names", None, "it names another ref, or was removed, or is " + _LOG),
        Column("target", pa.string(), "the other ref it stands for", None, "it names an object, or was removed, or is " + _LOG),
        Column("peeled", pa.string(), "what an annotated tag leads to", None, "not written"),
        Column("removed", pa.bool_(), "whether it says that the ref is no more", None, _LOG),
        Column(
            "moves",
            MOVES,
            "entries of logs, newest first within a ref; of one that was removed (`git stash drop`) all but ref and number are null",
            None,
            "a ref",
        ),
        Column("whole", pa.bool_(), "whether every entry of the block could be read", None, "a ref"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "git:reflog"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the magic number and a version that exists."""
    return 99 if head[:5] in {reftable.MAGIC + b"\1", reftable.MAGIC + b"\2"} else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file."""
    if not data:
        return Parsed(TABLE.empty(), REJECTED.empty(), IGNORED.empty())
    found = reftable.read(data)
    empty = [None] * len(found.refs)
    none = [None] * len(found.logs)
    records = TABLE.build(
        {
            "ref": [*(_shown(one.ref) for one in found.refs), *none],
            "update_index": [*(one.update for one in found.refs), *none],
            "oid": [*(one.oid for one in found.refs), *none],
            "target": [*(one.target and _shown(one.target) for one in found.refs), *none],
            "peeled": [*(one.peeled for one in found.refs), *none],
            "removed": [*(one.oid is None and one.target is None for one in found.refs), *none],
            "moves": pa.array([*empty, *([_told(move) for move in one.moves] for one in found.logs)], MOVES),
            "whole": [*empty, *(one.whole for one in found.logs)],
            "start": [*(base + one.start for one in found.refs), *(base + one.start for one in found.logs)],
            "stop": [*(base + one.stop for one in found.refs), *(base + one.stop for one in found.logs)],
        }
    )
    rejected = {
        "start": [base + start for start, _, _ in found.rejected],
        "stop": [base + stop for _, stop, _ in found.rejected],
        "why": [why.value for _, _, why in found.rejected],
    }
    ignored = {
        "start": [base + start for start, _ in found.ignored],
        "stop": [base + stop for _, stop in found.ignored],
    }
    return Parsed(records, REJECTED.build(rejected), IGNORED.build(ignored))


def _told(move: reftable.Move) -> dict[str, object]:
    shown = {
        name: None if text is None else _shown(text)
        for name, text in (("who", move.who), ("message", move.message))
    }
    return {
        "ref": _shown(move.ref),
        "update_index": move.update,
        "old": move.old,
        "new": move.new,
        "epoch_s": move.epoch_s,
        "zone": move.zone,
        **shown,
    }


def _shown(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
