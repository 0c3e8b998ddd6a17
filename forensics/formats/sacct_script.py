r"""Batch scripts and environments that accounting kept: `sacct --batch-script`, `sacct --env-vars`.

    Batch Script for 10
    --------------------------------------------------------------------------------
    #!/bin/sh

Shape   a line that names the job and what follows, a rule of 80 dashes, then the text as it was submitted, up to
        the next such pair of lines
Source  Slurm 21.08 to 26.05: src/sacct/process.c and print.c; slurm.conf(5) AccountingStoreFlags
Time    none: the job's own
Who     the text is the submitter's, as the controller stored it when the job came in
Open    A script can hold the two lines itself. So only the first text of a file is surely its job's: of every
        later one `within` says that the text before it could have held it
"""

import hashlib
import re

import pyarrow as pa

from forensics.core import jobenvironment, lines
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

TABLE = Table(
    "sacct_script",
    "the script or the environment that a job was submitted with",
    (
        Column("job", pa.string(), "the job it names"),
        Column("kind", pa.string(), "script or environment"),
        Column(
            "within",
            pa.bool_(),
            "whether the text before could have held it, so that it says nothing by itself",
        ),
        Column("bytes", pa.int64(), "size of the text", "bytes"),
        Column("sha256_of_text", pa.string(), "SHA-256 of the text as printed"),
        Column("blob", pa.string(), "git object id that a file of this text has, where one newline ends it"),
        Column(
            "text",
            pa.string(),
            "its first 4,096 characters; an environment's names without their values, but for the commits that some are named for, which come first",
        ),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:admin"

_HEAD = re.compile(
    rb"^(?:Batch Script for (?P<script>[0-9][0-9_+.]{0,30})|Environment used for (?P<env>[0-9][0-9_+.]{0,30})"
    rb" \(must be batch to display\))\r?\n-{80}\r?\n",
    re.MULTILINE,
)
_LONGEST_TEXT = 4096


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of the two lines that begin it."""
    return 95 if _HEAD.match(head.lstrip(b"\r\n")) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read the file: a record for each text."""
    heads = list(_HEAD.finditer(data))
    rows: list[dict[str, object]] = []
    rejected: list[tuple[int, int, str]] = []
    stops = [*(head.start() for head in heads[1:]), len(data)][: len(heads)]
    before = heads[0].start() if heads else len(data)
    for number, (head, stop) in enumerate(zip(heads, stops, strict=True)):
        if stop - head.start() > lines.LONGEST_LINE_BYTES * 8:
            rejected.append((base + head.start(), base + stop, Why.TOO_LONG.value))
            continue
        text = data[head.end() : stop]
        rows.append(_row(head, text, within=number > 0) | {"start": base + head.start(), "stop": base + stop})
    blank = not data[:before].strip()
    if before and not blank:
        rejected.insert(0, (base, base + before, Why.SHAPE.value))
    ignored = [(base, base + before)] if before and blank else []
    return Parsed(
        TABLE.build({name: [row[name] for row in rows] for name in TABLE.names}),
        REJECTED.build({name: [r[n] for r in rejected] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [i[n] for i in ignored] for n, name in enumerate(IGNORED.names)}),
    )


def _row(head: re.Match[bytes], text: bytes, *, within: bool) -> dict[str, object]:
    script = head["script"] is not None
    shown = text.decode("utf-8", "backslashreplace")
    kept = shown if script else jobenvironment.told(shown)
    # The printer sets a newline or two behind the text; a script in a repository most often ends with one.
    file = text.rstrip(b"\r\n") + b"\n"
    blob = hashlib.sha1(b"blob %d\0" % len(file) + file, usedforsecurity=False).hexdigest()
    return {
        "job": (head["script"] if script else head["env"]).decode("ascii"),
        "kind": "script" if script else "environment",
        "within": within,
        "bytes": len(text),
        "sha256_of_text": hashlib.sha256(text).hexdigest(),
        "blob": blob,
        "text": kept[:_LONGEST_TEXT],
    }
