"""The line that Slurm's daemons share: a stamp in brackets, and a message.

Only who wrote the message differs between the controller, a node and the accounting daemon; each of
their formats says which messages it knows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock
from forensics.core.lines import LONGEST_LINE_BYTES, cut, shown
from forensics.core.model import IGNORED, REJECTED, Why

_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_HOUR = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ISO = rf"{_DAY}T{_HOUR}(?:\.[0-9]{{3}})?(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?"
_SHORT = rf"{_MONTH} [ 0-3][0-9] {_HOUR}(?:\.[0-9]{{1,6}})?"
_STAMPED = r"^\[(?P<stamp>[0-9A-Z][^\[\]]{0,79})\] ?(?P<message>(?s:.*))$"
_STAMP = rf"^(?P<wall>{_ISO}|{_SHORT}|[0-9]{{1,18}})(?P<thread> [^\[\]]*)?$"
STAMP = rf"\[(?:{_ISO}|{_SHORT}(?: [^\[\]]*)?|[0-9]{{1,18}})\] "
"""What stands before a message in a daemon's own file, and on its standard error."""
_LEVEL = r"^(?P<level>fatal|error|warning|debug[2-5]?): *(?P<message>(?s:.*))$"
_HEAD = re.compile(rf"\[(?:{_ISO}|{_SHORT} [^\[\]\n]*|{_SHORT}|[0-9]{{1,18}})\] ".encode())
_LAYOUT = "%Y-%m-%dT%H:%M:%S"
_MS = 1_000_000
NUMBER = "[0-9]{1,10}"
JOB_ID = rf"{NUMBER}(?:[_+](?:{NUMBER}|\*|\[[^\]\s]*\]))?"
"""A job's id as the daemons write it: `10`, `10_3` of an array, `10+1` of a heterogeneous job."""
SLUID = r"(?: SLUID=[0-9A-Za-z]{1,20})?"
JOB = (
    rf"(?:JobI[dD]|[jJ]ob(?:_?id|ID)?)[= ](?P<job>{JOB_ID})(?:\((?P<job_raw>{NUMBER})\))?"
    rf"(?: State=0x[0-9a-f]+ NodeCnt=[0-9]+)?{SLUID}"
)
"""A job as any version names it: `job 10`, `JobID=10 State=0x1 NodeCnt=2` (17.11), `JobId=10_3(13)`, `JobId=10 SLUID=s3X` (from 25.11)."""


class Stamped(NamedTuple):
    """The lines of a chunk that carry a stamp, and the rest of the chunk.

    `lines` has `wall`, `level` (null where the writer marks none), `message` (without the level),
    `start` and `stop`. `thread` is what LogTimeFormat=thread_id writes of the process and the thread, else null.
    """

    lines: dict[str, pa.Array]
    rejected: pa.Table
    ignored: pa.Table
    thread: pa.Array


def stamped(data: bytes, base: int) -> Stamped:
    """Read the stamps of a chunk's lines.

    A daemon writes a line and its end in one go. So a last line without its newline is torn: the
    number it breaks off in could be somebody else's, and it is rejected.

    Args:
        data: the chunk, cut after a newline.
        base: offset of its first byte in the file, in bytes.
    """
    lines = cut(data, base)
    start, stop = pa.array(lines.start, pa.int64()), pa.array(lines.stop, pa.int64())
    size = pc.binary_length(lines.text)
    blank = pc.equal(size, 0)
    long = pc.greater(size, LONGEST_LINE_BYTES)
    torn = np.zeros(len(start), bool)
    torn[-1:] = not data.endswith(b"\n")
    text = shown(pc.if_else(long, pa.scalar(b"", pa.binary()), lines.text))
    shaped = pc.extract_regex(text, pattern=_STAMPED)
    stamp = pc.extract_regex(pc.struct_field(shaped, "stamp"), pattern=_STAMP)
    timed = pc.and_not(pc.is_valid(stamp), pa.array(torn))
    bad = pc.and_not(pc.invert(timed), blank)
    why = pc.if_else(pc.is_valid(shaped), Why.TIME.value, Why.SHAPE.value)
    why = pc.if_else(pa.array(torn), Why.TRUNCATED.value, why)
    why = pc.if_else(long, Why.TOO_LONG.value, why)
    kept = {"wall": pc.struct_field(stamp, "wall").filter(timed)}
    kept |= split(pc.struct_field(shaped, "message").filter(timed), _LEVEL)
    kept |= {"start": start.filter(timed), "stop": stop.filter(timed)}
    return Stamped(
        kept,
        REJECTED.build({"start": start.filter(bad), "stop": stop.filter(bad), "why": why.filter(bad)}),
        IGNORED.build({"start": start.filter(blank), "stop": stop.filter(blank)}),
        _named(pc.utf8_trim_whitespace(pc.struct_field(stamp, "thread"))).filter(timed),
    )


def split(message: pa.Array, front: str) -> dict[str, pa.Array]:
    """Take what `front` names off the messages that begin so; `message` is what it leaves of each."""
    found = pc.extract_regex(message, pattern=front)
    parts = {field.name: _named(pc.struct_field(found, field.name)) for field in found.type}
    rest = pc.if_else(pc.is_valid(found), pc.struct_field(found, "message"), message)
    return parts | {"message": rest}


def leveled(message: pa.Array, level: pa.Array) -> dict[str, pa.Array]:
    """The level of messages that were written behind another front, such as a step's."""
    parts = split(message, _LEVEL)
    return {"level": pc.coalesce(level, parts["level"]), "message": parts["message"]}


def known(
    message: pa.Array, shapes: Mapping[str, str | tuple[str, ...]], names: Iterable[str]
) -> dict[str, pa.Array]:
    """Tell the messages apart by their shape, and read the fields that each shape names.

    Args:
        message: the messages.
        shapes: what each kind of message looks like, in one wording or in several, anchored from its first to its last
            character where words in it are typed by users. The first that fits counts.
        names: every field that a shape may name.

    Returns:
        `kind`, null where no shape fits, and a column of text for each of `names`.
    """
    left, where = message, np.arange(len(message))
    rows, pieces = [], {name: [pa.nulls(0, pa.string())] for name in ("kind", *names)}
    for kind, said in shapes.items():
        wordings = (said,) if isinstance(said, str) else said
        # Whether any fits is asked many times faster than what stands in it.
        may = np.asarray(pc.fill_null(pc.match_substring_regex(left, _any_of(wordings)), False), bool)
        at = np.flatnonzero(may)
        for shape in wordings:
            if not len(at):
                break
            found = pc.extract_regex(left.take(pa.array(at)), pattern=shape)
            fits = np.asarray(pc.is_valid(found), bool)
            hit = found.filter(pa.array(fits))
            rows.append(where[at[fits]])
            given = {field.name for field in hit.type}
            for name, piece in pieces.items():
                value = pc.struct_field(hit, name) if name in given else pa.nulls(len(hit), pa.string())
                piece.append(
                    pa.array([kind]).take(pa.array(np.zeros(len(hit), int))) if name == "kind" else value
                )
            at = at[~fits]
        if may.any():
            left, where = left.filter(pa.array(~may)), where[~may]
    place = np.full(len(message), -1, np.int64)
    at = np.concatenate([*rows, where[:0]])
    place[at] = np.arange(len(at))
    index = pa.array(place, mask=place < 0)
    return {name: _named(pa.concat_arrays(piece)).take(index) for name, piece in pieces.items()}


def _any_of(wordings: Sequence[str]) -> str:
    """What fits where one of some shapes does, without their fields."""
    return "|".join(re.sub(r"\(\?P<\w+>", "(?:", f"(?:{shape})") for shape in wordings)


def _named(values: pa.Array) -> pa.Array:
    """A group that took no part in a match comes out empty: nothing was written."""
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def numbers(values: pa.Array) -> pa.Array:
    """Decimal text as int64; null where it is none, or longer than one holds."""
    good = pc.match_substring_regex(values, r"^-?[0-9]{1,18}$")
    return pc.if_else(good, values, None).cast(pa.int64())


def begins(head: bytes) -> bool:
    """Whether one of the first lines, of which the first can be cut, begins with a stamp."""
    return any(_HEAD.match(line) for line in head.split(b"\n", 20)[:20])


def placed(wall: pa.Array, *, zone: str, anchor_ns: int | None) -> clock.Interval:
    """Place the stamps, whichever LogTimeFormat wrote them.

    `clock` is time spent computing, not time of day, so it is placed nowhere; `short` and
    `thread_id` name no year, so they need the anchor.
    """
    dated = pc.match_substring_regex(wall, r"^[0-9]{4}-")
    offset = pc.and_(dated, pc.match_substring_regex(wall, r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$"))
    fine = pc.match_substring_regex(wall, r"\.[0-9]{3}")
    yearless = pc.match_substring_regex(wall, r"^[A-Z]")
    when = clock.Interval(pa.nulls(len(wall), pa.int64()), pa.nulls(len(wall), pa.int64()))
    for layout, exact, tick_ns in ((f"{_LAYOUT}.%f", fine, _MS), (_LAYOUT, pc.invert(fine), clock.NS_PER_S)):
        local = pc.and_(pc.and_not(dated, offset), exact)
        here = clock.walls(wall.filter(local), layout=layout, zone=zone, tick_ns=tick_ns)
        told = pc.and_(offset, exact)
        there = clock.offsets(wall.filter(told), tick_ns=tick_ns)
        when = _overlaid(_overlaid(when, local, here), told, there)
    short = pc.utf8_slice_codeunits(wall.filter(yearless), 0, 15)
    return _overlaid(when, yearless, clock.yearless(short, zone=zone, anchor_ns=anchor_ns))


def _overlaid(when: clock.Interval, chosen: pa.Array, times: clock.Interval) -> clock.Interval:
    return clock.Interval(*(pc.replace_with_mask(a, chosen, b) for a, b in zip(when, times, strict=True)))
