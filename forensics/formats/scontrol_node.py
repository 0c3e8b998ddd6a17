r"""What `scontrol show node` printed of nodes that are out of use: the reason, who set it, and when.

    NodeName=gpu01 Arch=x86_64 CoresPerSocket=32
       …
       State=IDLE+DRAIN ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A
       …
       Reason=maintenance [kai@2026-11-23T16:06:00]

Shape   <key>=<value>, several on a line, three blanks before every line but a node's first, an empty line after its last; with
        `--oneliner` all on one line. A node without a reason is ignored, and of a reason of
        several lines the first is taken
Source  Slurm 17.11 to 26.05: src/api/node_info.c, slurm_sprint_node_table
Time    wall clock of the host that ran it, to the second, no zone
Who     `[<user>@<time>]` is who set the reason, authenticated by the controller, by the name that the host which ran scontrol has for the
        uid; of the controller's own doing it is root or the account that it runs as. A reason of slurm.conf has none
Open    a reason is typed by whoever may change nodes: only what stands at the end of its line is the controller's word, and on one line
        with everything else nobody is taken where several such words stand. Nothing parts what `Comment` and `Extra` hold from what
        follows: nobody is taken behind the first of these in a file, and a node that has two reasons is rejected
"""

import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import rowwise
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.rowwise import Said
from forensics.core.schema import Column, Table

_UNSURE = "none, or no more than typed text may say so"
TABLE = Table(
    "scontrol_node",
    "why a node is out of use, and who set it so",
    (
        Column("node", pa.string(), "node"),
        Column("state", pa.string(), "state as written", None, "not written"),
        Column("reason", pa.string(), "why: typed by whoever set it"),
        Column("user", pa.string(), "who set it", None, f"{_UNSURE}, or a number"),
        Column("uid", pa.int64(), "who set it, where the host knows no name for it", None, f"{_UNSURE}, or a name"),
        Column("wall", pa.string(), "when it was set, as written", None, f"{_UNSURE}, or Unknown"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "whole"
DOMAIN = "slurm:admin"

_RECORD = re.compile(rb"NodeName=\S+ (?:Arch=|CoresPerSocket=|[ \r\n])")
_NODE = re.compile(r"NodeName=(?P<node>\S+)(?:\s.*)?", re.DOTALL)
_STATE = re.compile(r" State=(?P<state>\S+)")
_SET = r" \[(?P<user>[^\s\[\]@]{1,256})@(?P<wall>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}|Unknown)\]"
_ANY = re.compile(_SET)
_LAST = re.compile(rf"(?P<reason>.*){_SET}\s*", re.DOTALL)
_REASON, _TYPED = "   Reason=", ("   Comment=", "   Extra=")


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a first line that begins as a node does."""
    return 93 if _RECORD.match(head) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the listing: a record for each node that has a reason."""
    return rowwise.whole(portions(data, base))


def portions(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows at a time."""
    yield from rowwise.portions(_said(data, base), TABLE)


def _said(data: bytes, base: int) -> Iterator[Said]:
    """The lines of each node, and what they say."""
    group: list[rowwise.Line] = []
    sure = True
    for line in rowwise.each(data, base):
        if group and line.raw.startswith(b" "):
            rowwise.grow(group, line)
            continue
        if group:
            yield group, _node(group, sure=sure)
            sure = sure and not _has_typed(group)
        group = [line] if line.raw.startswith(b"NodeName=") else []
        if not group:
            # What goes on without an indent is the rest of a text with a newline in it.
            sure = sure and not line.raw.strip()
            yield [line], Why.SHAPE if line.raw.strip() else None
    if group:
        yield group, _node(group, sure=sure) if data.endswith(b"\n") else Why.TRUNCATED


def _has_typed(group: list[rowwise.Line]) -> bool:
    first, *rest = (rowwise.shown(line.raw) for line in group)
    return any(f" {key.strip()}" in first for key in _TYPED) or any(line.startswith(_TYPED) for line in rest)


def _node(group: list[rowwise.Line], *, sure: bool) -> dict[str, object] | Why | None:
    if rowwise.too_long(group):
        return Why.TOO_LONG
    first, *rest = (rowwise.shown(line.raw) for line in group)
    named = _NODE.fullmatch(first)
    if named is None:
        return Why.SHAPE
    before, together, behind = first.partition(" Reason=")
    typed = next((n for n, line in enumerate(rest) if line.startswith(_TYPED)), len(rest))
    at = [n for n, line in enumerate(rest) if line.startswith(_REASON)]
    if not together and not at:
        return None
    if len(at) + bool(together) > 1 or any(n > typed for n in at):
        return Why.VALUE
    told = _on_one_line(behind) if together else _at_the_end(rest[at[0]].removeprefix(_REASON))
    state = _STATE.search(before if together else "\n".join(rest[:typed]))
    nobody = {} if sure else dict.fromkeys(("user", "uid", "wall"))
    return {"node": named["node"], "state": state["state"] if state else None, **told, **nobody}


def _at_the_end(said: str) -> dict[str, object]:
    """A reason that has its line to itself."""
    found = _LAST.fullmatch(said)
    return _told(said, None, None) if found is None else _told(found["reason"], found["user"], found["wall"])


def _on_one_line(said: str) -> dict[str, object]:
    """A reason, and all that follows it."""
    found = list(_ANY.finditer(said))
    if len(found) != 1:
        return _told(said, None, None)
    return _told(said[: found[0].start()], found[0]["user"], found[0]["wall"])


def _told(reason: str, user: str | None, wall: str | None) -> dict[str, object]:
    number = int(user) if user is not None and re.fullmatch("[0-9]{1,10}", user, re.ASCII) else None
    return {
        "reason": reason.strip(),
        "user": user if number is None else None,
        "uid": number,
        "wall": None if wall == "Unknown" else wall,
    }
