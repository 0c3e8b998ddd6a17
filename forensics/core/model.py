"""What a format is, and what it makes of bytes."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.schema import Column, Table


class Why(StrEnum):
    """Why a span of evidence yielded no record. A closed list: never an exception's message."""

    SHAPE = "shape"
    """It does not have the form that the format's records have."""
    TIME = "time"
    """Its time cannot be a time."""
    VALUE = "value"
    """A field that the record cannot do without does not hold what it should."""
    TOO_LONG = "too_long"
    """It is longer than any record the format's writer makes, or than our bound."""
    TRUNCATED = "truncated"
    """The file ends inside it."""
    COMPRESSION = "compression"
    """It does not decompress, or would decompress past our bound."""
    UNLINKED = "unlinked"
    """Nothing in its file leads to it any more, as a page that was freed when its rows were deleted."""
    MISSING = "missing"
    """It builds on something that is not in its file, as a delta on an object that was left out of its pack."""
    INTERPRETED = "interpreted"
    """It is of a report made for people: what was logged can no longer be told."""


SPAN = (
    Column("start", pa.int64(), "first byte of the span in the sealed file", "bytes"),
    Column("stop", pa.int64(), "byte after the last of the span in the sealed file", "bytes"),
)
REJECTED = Table(
    "rejected",
    "a span that could not be read",
    (*SPAN, Column("why", pa.string(), "reason, from the closed list `Why`")),
)
IGNORED = Table("ignored", "a span that holds nothing to read, such as a blank line or a comment", SPAN)


class Parsed(NamedTuple):
    """What a format made of one chunk: three tables whose spans, taken together, tile the chunk.

    `records` has the format's declared columns, `start` and `stop` among them; `rejected` and
    `ignored` have the schemas of those names here. Offsets are into the whole file, not the chunk.
    Where a record is made of several lines, a column `spans` lists them all, and `start` to `stop` is
    the first.
    """

    records: pa.Table
    rejected: pa.Table
    ignored: pa.Table


def spans_of(rows: pa.Table) -> tuple[pa.Array, pa.Array]:
    """First byte and byte after the last of every span of some rows, those of one row together."""
    if "spans" not in rows.column_names:
        return rows["start"].combine_chunks(), rows["stop"].combine_chunks()
    spans = pc.list_flatten(rows["spans"]).combine_chunks()
    return spans.field("start"), spans.field("stop")


class Format(Protocol):
    """A module in `formats/`. Being in the folder is the registration.

    TABLE     the declared record table; its name is the module's; its columns end with `*SPAN`
    CUT       how a file may be cut into chunks: "line" (after any newline), "headed" (the same, and
              each chunk is read below the file's first line), "whole" (never), or a record length in
              bytes, as decimal text
    FRAME_BYTES   only where lines that lie apart make one record: the size of the stretches that a
              file is always cut into, so that no other choice can show in the records. What lies in
              two stretches is put together by the reading
    pieces    only where a file may not be cut and can hold far more than its size: what `parse` gives, as
              stretches of the file that follow one another, none of which needs those before it
    portions  only where a file may not be cut: what `parse` gives, as stretches of the file that follow one another, each with so few rows
              that it can be held while it is made
    STRETCH_BYTES   only beside `pieces`, where larger files are read in stretches by several processes all the same. `laid_out` says
              where these begin, or that a file is read whole; `stretch` reads one, and `links` of it are what others must
              know; `joined` tells from those of all (`Links`) what hangs on the whole, or that the file is read whole; with
              that (`Told`) the rows of a stretch are `completed`. Bytes are asked for by their places
    DOMAIN    the trust domain of what it reads: who could have forged the file. `{host}` stands
              for the host that the file came from
    """

    TABLE: Table
    CUT: str
    DOMAIN: str

    def recognise(self, head: bytes, path: str) -> int:
        """How sure the format is that a file is its own.

        Args:
            head: the first bytes of the file, at most 65,536; never empty.
            path: the path as collected, with `/` between its parts. The content decides; a path
                alone is never more than 10.

        Returns:
            0 (not mine) to 100 (cannot be anything else). The highest wins; ties go by name.
        """
        ...

    def parse(self, data: bytes, base: int) -> Parsed:
        """Read one chunk, columns at a time.

        Args:
            data: the chunk, cut as `CUT` allows.
            base: the offset of its first byte in the file.
        """
        ...


class Reading(Protocol):
    """A module in `readings/`, of the same stem as its format: what we take the records to mean.

    NEEDS_ANCHOR  whether its times lack a year, so that dated evidence has to be read first; true also of a log
                  that goes back over a host's whole life, whose middle says nothing of when the incident was
    ONCE      only where equal content is one fact, wherever it lies: True. Of a log beside its packed copy the records
              of one are told, and each event cites both
    WHOLE     only where events hang on records that lie apart in a file, and nothing less than all records of its
              files together will do: why. What telling them holds grows with the file. Otherwise
              records of formats that are not cut `whole` are told a slice at a time, a slice being a run of rows
    EACH      only where its format is not cut: True where each record is told by itself, so that a file, or all that are alike, can
              hold more than is told at a time. They are then told a slice at a time all the same
    NOTES     only where slices must know something of one another: a SELECT over `records`, all those of the files,
              whose answer `read` is handed as `notes` wherever it does not get all records
    claims    only beside NOTES: of a slice the rows that the question is about, by `sha256` and `job`, and whether each is
              the job's `own`, which others are told by; so that records can be told before others are read, and
              few are told again
    settled   only beside NOTES: makes of the answer what is handed, once for all slices
    noted     the same, where it takes more than a question: makes a table of what one slice has to say, of
              the columns `NOTED`; `notes` is those of all slices, in order
    alone     only beside noted: which slices tell by what is noted of each alone what they tell by what is noted of all; so that
              records can be told before others are read, and few are told again
    lacking   only beside noted, and instead of what is noted of all: of the notes of every slice, read one by one from the disk, the
              rows that each slice lacks, with its number; only those are handed to it as `notes`, and nothing where it lacks none
    FEW_LACK  only beside lacking: True where few slices lack anything; records are then told before others are read, and few are
              told again
    SLICED_BY     only where records of several files can make one event, or a file holds more than memory:
              an integer column without nulls in which records of one event agree, so that all records
              can be read in slices of it
    COLUMNS       only beside SLICED_BY: the columns that it needs, as Parquet names them
    ALIKE         only where its format has FRAME_BYTES: two integer columns without nulls, in which records of
                  one event agree, the first of them a time. Records are then told as they are read, frame by
                  frame, and those that turn out to agree with others further away are told again, together.
    singly        beside ALIKE: as `read`, lighter perhaps, but each record as if it were all that there is of its event
    """

    NEEDS_ANCHOR: bool

    def read(
        self, records: pa.Table, files: pa.Table, *, zone: str, anchor_ns: int | None
    ) -> Mapping[str, pa.Table]:
        """Say what happened.

        Args:
            records: the format's table with `sha256` before its columns, sorted by (sha256, start).
            files: schema `file`, the rows of the sealed files that `records` cites; what became of their bytes
                is not known yet, and told as 0.
            zone: IANA zone of wall clocks that name none.
            anchor_ns: a moment (ns since 1970, UTC) near which the evidence lies, for logs that
                write no year; None where nothing dated was collected.

        Returns:
            Tables of `core.tables` by name: `event` always, `job_record` or `copy` where the
            format speaks of those.
        """
        ...
