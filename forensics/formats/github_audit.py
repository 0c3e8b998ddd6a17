r"""GitHub audit log: as exported, or as streamed to a bucket.

    {"@timestamp":1795446708120,"action":"git.push","actor":"kai","actor_ip":"10.0.0.7","org":"lab","repo":"lab/llm","transport_protocol_name":"ssh"}

Shape   one object a line, or a JSON array of them with one on each line, or all on one, as the REST API answers; `action` is `<category>.<what>`
Source  GitHub documentation, "Audit log events for your enterprise", "Streaming the audit log"; git events are streamed, or exported apart
Time    `@timestamp` or `created_at`: milliseconds since 1970, UTC; some collectors write it as text, which is kept, and placed as UTC
Who     `actor` is the GitHub account that was authenticated; it is no account of a host, and told as `kai@github`. `user` is whom it was done to.
        The log is GitHub's own; whoever exports it can leave out and change
Open    `git.push` names no ref; a web edit or a merge leaves other events (`pull_request.merge`). Git events are kept seven days
        where they are not streamed, so their absence later says nothing. What a token did is under its owner's name.
        Objects that are laid out over several lines are of `github_audit_laid_out`; among others every line of one is rejected
"""

import re
from typing import NamedTuple

import pyarrow as pa

from forensics.core import githubaudit, jsonlines, jsonlists, lines
from forensics.core.jsonlines import Object
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("github_audit", "an event of GitHub's audit log", githubaudit.COLUMNS)
CUT = "line"
DOMAIN = "github:audit"

_LIST = re.compile(rb"^[ \t]*\[[ \t]*\{[^\n]*\n?", re.MULTILINE)
_LONGEST_LIST_BYTES = 1 << 24
_MOST_HELD = 1 << 14


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of objects with a dotted action, an actor and a time."""
    objects = [
        line for line in head.splitlines()[:6] if line.lstrip().removeprefix(b"[").lstrip().startswith(b"{")
    ]
    if _LIST.match(head):
        objects.insert(0, jsonlists.first(head))
    held = [found for found in map(_load, objects) if isinstance(found, dict) and found]
    return 88 if held and githubaudit.fits(held[0]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time; the brackets and commas of an array are no part of them."""
    pieces: list[Parsed] = []
    at, held = 0, _Held([], [], [])
    for found in _LIST.finditer(data):
        line = found[0]
        if isinstance(_load(line[: lines.LONGEST_LINE_BYTES]), dict) or len(line) > _LONGEST_LIST_BYTES:
            continue  # one object and its bracket, or longer than is held
        # Lists that follow one another are told together: tables of each hold hundreds of times the list.
        if at < found.start() or len(held.records) > _MOST_HELD:
            pieces += [held.parsed(), _lines(data[at : found.start()], base + at)]
            held = _Held([], [], [])
        held.take(line, base + found.start())
        at = found.end()
    pieces += [held.parsed(), _lines(data[at:], base + at)]
    return Parsed(*(pa.concat_tables(tables).combine_chunks() for tables in zip(*pieces, strict=True)))


def _lines(data: bytes, base: int) -> Parsed:
    return jsonlines.parse(data, base, TABLE, githubaudit.row, load=_load)


class _Held(NamedTuple):
    """What lines that are lists, or several, hold: objects each with its own span, what is none, and all around them."""

    records: list[Object]
    rejected: list[tuple[int, int, str]]
    ignored: list[tuple[int, int]]

    def take(self, line: bytes, base: int) -> None:
        """What one such line holds, which begins at a place in the file."""
        scanned = jsonlists.arrays(line)
        rejected = [(start + base, stop + base, why.value) for start, stop, why in scanned.rejected]
        taken = [(start, stop) for start, stop, _ in scanned.rejected]
        for start, stop in scanned.elements:
            taken.append((start, stop))
            found = jsonlines.loaded(line[start:stop])
            row = (githubaudit.row(found) if found else Why.SHAPE) if isinstance(found, dict) else found
            if isinstance(row, dict):
                self.records.append(row | {"start": start + base, "stop": stop + base})
            else:
                rejected.append((start + base, stop + base, (row or Why.SHAPE).value))
        around = jsonlists.between(sorted(taken), len(line))
        self.rejected.extend(sorted(rejected))
        self.ignored.extend((start + base, stop + base) for start, stop in around)

    def parsed(self) -> Parsed:
        """The three tables of it."""
        rejected, ignored = (
            dict(zip(table.names, ([row[n] for row in rows] for n in range(len(table.names))), strict=True))
            for table, rows in ((REJECTED, self.rejected), (IGNORED, self.ignored))
        )
        return Parsed(
            TABLE.build({name: [row.get(name) for row in self.records] for name in TABLE.names}),
            REJECTED.build(rejected),
            IGNORED.build(ignored),
        )


def _load(line: bytes) -> Object | Why:
    bare = line.strip().removeprefix(b"[").removesuffix(b"]").strip().rstrip(b",")
    return jsonlines.loaded(bare) if bare else {}
