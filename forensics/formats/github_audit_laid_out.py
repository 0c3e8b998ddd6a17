"""GitHub audit log as JSON laid out over several lines, as its REST API answers and `jq` prints.

    {
      "@timestamp": 1795446708120,
      "action": "git.push",

Shape   arrays of objects, or objects one after the other; each object as in `github_audit`
Source  GitHub documentation, "REST API endpoints for enterprise audit logs", "Audit log events for your enterprise"
Time    `@timestamp` or `created_at`: milliseconds since 1970, UTC; some collectors write it as text
Who     as in `github_audit`: `actor` is the GitHub account that was authenticated, `user` is whom it was done to
Open    as in `github_audit`. Whoever asked chose which events are in it. Each object is cited by its own stretch, and what stands
        behind damage is not read
"""

from forensics.core import githubaudit, jsonlines, jsonlists
from forensics.core.jsonlists import Found
from forensics.core.model import IGNORED, REJECTED, Parsed, Why
from forensics.core.schema import Table

TABLE = Table("github_audit_laid_out", "an event of GitHub's audit log", githubaudit.COLUMNS)
CUT = "whole"
DOMAIN = "github:audit"


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure where the first object is of GitHub's audit log and goes over several lines."""
    start = head.lstrip()
    if start[:1] not in {b"[", b"{"} or b'"action"' not in head:
        return 0
    found = _found(head).elements
    if not found or b"\n" not in head[slice(*found[0])]:
        return 0
    first = jsonlines.loaded(head[slice(*found[0])])
    return 87 if isinstance(first, dict) and githubaudit.fits(first) else 0


def _found(data: bytes) -> Found:
    return jsonlists.arrays(data) if data.lstrip()[:1] == b"[" else jsonlists.values(data)


def parse(data: bytes, base: int) -> Parsed:
    """Read a whole file: a record for each object."""
    found = _found(data)
    rows: list[dict[str, object]] = []
    rejected = [(start + base, stop + base, why.value) for start, stop, why in found.rejected]
    taken = [(start, stop) for start, stop, _ in found.rejected]
    for start, stop in found.elements:
        taken.append((start, stop))
        one = jsonlines.loaded(data[start:stop])
        row = one if isinstance(one, Why) else githubaudit.row(one) or Why.SHAPE
        if isinstance(row, Why):
            rejected.append((start + base, stop + base, row.value))
        else:
            rows.append(row | {"start": start + base, "stop": stop + base})
    ignored = [(start + base, stop + base) for start, stop in jsonlists.between(sorted(taken), len(data))]
    return Parsed(
        TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names}),
        REJECTED.build({name: [row[n] for row in sorted(rejected)] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [row[n] for row in ignored] for n, name in enumerate(IGNORED.names)}),
    )
