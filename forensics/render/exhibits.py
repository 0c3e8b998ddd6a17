"""The evidence, file by file with its hash; of very many files those that matter here, and the others by folder."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from forensics.render import boundary
from forensics.render.citing import sized
from forensics.render.glyphs import quoted
from forensics.render.pages import Pages
from forensics.render.parts import Part, Tone, figure, put, quote

Row = Mapping[str, Any]

MOST_LISTED = 400
"""Of more files not all are printed. A home that was collected whole can have a hundred thousand that nothing reads."""
_MOST_FOLDERS = 60
_DEEPEST = 4
OTHER_FOLDERS = "(other folders)"


def evidence(p: Pages) -> None:
    """Every file, with its hash, or those that are cited or read, and how many others lie where."""
    p.blocks.append({"t": "annex"})
    p.head(1, "Annex A. Evidence", numbered=False)
    rows = p.sources.evidence
    listed = rows if len(rows) <= MOST_LISTED else _listed(p, rows)
    p.plain(*boundary.EVIDENCE, *(boundary.PACKED if any("packing" in r for r in listed) else ()))
    if len(listed) < len(rows):
        first, *middle, last = boundary.SUMMED
        counts = {"files": f"{len(rows):,}", "listed": f"{len(listed):,}"}
        p.plain(put(first, **counts), *middle, put(last, sha256=quote(digest(rows))))
    cells = [
        (r["number"], Part(quoted(str(r["path"]), 160), Tone.QUOTED), figure(sized(r)), Part(quoted(str(r["sha256"])), Tone.QUOTED))
        for r in listed
    ]  # fmt: skip
    p.table(("No.", "Path as collected", "Bytes", "SHA-256"), ("auto", "1fr", "auto", "17em"), cells)
    printed = {r["number"] for r in listed}
    left = [r for r in rows if r["number"] not in printed]
    if left:
        p.head(2, "Files that are not listed one by one", numbered=False)
        p.table(
            ("Folder", "Files", "Bytes"),
            ("1fr", "auto", "auto"),
            [
                (
                    _folder(name),
                    f"{len(own):,}",
                    f"{sum(int(r['bytes']) for r in own):,}",
                )
                for name, own in _folders(left)
            ],
        )


def digest(rows: Iterable[Row]) -> str:
    """The SHA-256 of the list of files: a line for each, of its hash, two blanks and its path."""
    text = "".join(f"{r['sha256']}  {r['path']}\n" for r in rows)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _listed(p: Pages, rows: Sequence[Row]) -> list[Row]:
    """Those that the report cites, and of those that were read the first, as many as there is room for."""
    cited = {c.sha256 for places in p.cited.values() for c in places} | set(_flagged(p))
    own = {r["number"] for r in rows if r["sha256"] in cited}
    room = max(0, MOST_LISTED - len(own))
    more = [r["number"] for r in rows if r["sha256"] in p.sources.read and r["number"] not in own]
    own.update(more[:room])
    return [r for r in rows if r["number"] in own]


def _flagged(p: Pages) -> Iterable[str]:
    """The files of events that rules flag: Annex C, which cites them, is made later."""
    for rule in p.findings.get("flags") or ():
        for event in rule["events"]:
            yield from (str(c["sha256"]) for c in event["citations"])


def _folder(name: str) -> Part:
    if name == OTHER_FOLDERS:
        return Part(name, Tone.RECOUNTED, {"told": put(OTHER_FOLDERS)})
    return Part(quoted(name, 160), Tone.QUOTED)


def _folders(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Files by the folders they lie in, these as deep as there are not too many of them."""
    found: dict[str, list[Row]] = {}
    for depth in range(_DEEPEST, 0, -1):
        found = {}
        for row in rows:
            above = str(row["path"]).split("/")[:-1][:depth]
            found.setdefault("/".join(above) or ".", []).append(row)
        if len(found) <= _MOST_FOLDERS:
            break
    named = sorted(found.items())
    if len(named) > _MOST_FOLDERS:
        rest = [row for _, own in named[_MOST_FOLDERS - 1 :] for row in own]
        named = [*named[: _MOST_FOLDERS - 1], (OTHER_FOLDERS, rest)]
    return named
