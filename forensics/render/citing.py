"""From a citation to a footnote: the file's number and path, the byte range, the hash."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import ids
from forensics.render.glyphs import drawn, pieces, quoted
from forensics.render.languages import ENGLISH, Language
from forensics.render.parts import Part, Value, figure, put
from forensics.render.sentences import Basis, Citation, Json, Sentence

_SPANS, _FILES = 3, 3
_UNKNOWN = put("(not in the list of evidence)")

MARKS = {Basis.ABSENCE: "†", Basis.ASKED: "‡", Basis.UNCITED: "§"}
"""Marks instead of footnotes, where a sentence rests on no one place; the foot of every page explains them."""


class Sources:
    """The evidence of a case, to cite from: numbered files, and the spans of events.

    Attributes:
        evidence: one row per collected path, in the order of its number: number, path, bytes, sha256;
            packing and unpacked_bytes where it was read through.
        read: the hashes of files that a format reads.
    """

    def __init__(
        self, findings: Json, *, events: pa.Table, files: pa.Table, language: Language = ENGLISH
    ) -> None:
        rows = (findings.get("case") or {}).get("evidence") or _of(files)
        ordered = sorted(rows, key=lambda r: (str(r["path"]), str(r["sha256"])))
        self.evidence: list[dict[str, Any]] = [{**r, "number": f"E{i}"} for i, r in enumerate(ordered, 1)]
        self._language = language
        self.read = frozenset(files.filter(pc.is_valid(files["format"]))["sha256"].to_pylist())
        self._by_hash: dict[str, dict[str, Any]] = {}
        for row in self.evidence:
            self._by_hash.setdefault(str(row["sha256"]), row)
        self._by_prefix = {h[:16]: h for h in self._by_hash}
        self._spans = _spans_of(events, _named(findings))

    def cites(self, names: Iterable[str]) -> list[Citation]:
        """The spans that events cite, by their ids; an id is itself a pointer, if the event is not at hand."""
        found: list[Citation] = []
        for name in names:
            found += self._spans.get(name) or self._pointed(name)
        return list(dict.fromkeys(found))

    def _pointed(self, name: str) -> list[Citation]:
        try:
            prefix, start, stop = ids.span_of(name)
        except ValueError:  # a word, not a pointer
            return []
        return [Citation(self._by_prefix.get(prefix, prefix), start, stop)]

    def note(self, sentence: Sentence) -> Json | None:
        """The footnote of a sentence, or its mark; none for a sentence on method."""
        if sentence.basis is not Basis.FACT:
            mark = MARKS.get(sentence.basis)
            return {"mark": mark} if mark else None
        groups = self.grouped(sentence.citations)
        shown = [{**g, "spans": g["spans"][:_SPANS]} for g in groups[:_FILES]]
        rest = sum(len(g["spans"]) for g in groups) - sum(len(g["spans"]) for g in shown)
        # What a sentence is about can be a person or a job, as a roster or a log calls them.
        where = put("Annex B")
        if sentence.about:
            where = put("Annex B, {about}", about=about(drawn(sentence.about)))
        text = (
            self._language.text(put("{count} more in {where}.", count=f"{rest:,}", where=where))
            if rest
            else ""
        )
        return {"text": text, "files": shown}

    def grouped(self, citations: Sequence[Citation]) -> list[dict[str, Any]]:
        """Citations file by file, in the order of their first mention, each with its ranges in order."""
        groups: dict[str, list[Citation]] = {}
        for c in dict.fromkeys(citations):
            groups.setdefault(c.sha256, []).append(c)
        return [self._group(sha256, spans) for sha256, spans in groups.items()]

    def _group(self, sha256: str, spans: list[Citation]) -> dict[str, Any]:
        row = self._by_hash.get(sha256)
        return {
            "number": row["number"] if row else "",
            "path": pieces(quoted(str(row["path"]), 160)) if row else [self._language.text(_UNKNOWN)],
            "sha256": quoted(sha256[:16]),
            "packing": self._language.text(_packed(row)),
            "spans": [f"{start}–{stop}" for start, stop in _joined(spans)],  # noqa: RUF001 - a range, in print
        }


def about(finding: str) -> Part:
    """The name under which Annex B has the places of a finding, as sentences give it: `job 11`, `against kai`, `A0001`."""
    kind, _, name = finding.partition(" ")
    if kind in ABOUT and name:
        return put(ABOUT[kind], name=figure(name))
    return put(finding) if finding in PLACES else figure(finding)


PLACES = ("flags", "overlaps", "other")
"""What Annex B has places for that is no single finding."""


ABOUT = {
    "for": "for {name}",
    "against": "against {name}",
    "job": "job {name}",
    "contradiction": "contradiction {name}",
    "denial": "denial {name}",
}
"""Names of what a place is cited for; an act's is its id."""


def _packed(row: Mapping[str, Any] | None) -> Value:
    if row is None or not row.get("packing"):
        return ""
    return put(" in the decompressed bytes ({packing})", packing=figure(row["packing"]))


def sized(row: Mapping[str, Any]) -> str:
    """The size of a piece of evidence, and that of its content where it is packed and was read through."""
    inside = f" ({row['packing']}: {int(row['unpacked_bytes']):,})" if row.get("packing") else ""
    return f"{int(row['bytes']):,}{inside}"


def _joined(spans: Iterable[Citation]) -> list[tuple[int, int]]:
    """Ranges in order; those that touch, as the lines of one audit record do, are one."""
    found: list[tuple[int, int]] = []
    for _, start, stop in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], stop))
        else:
            found.append((start, stop))
    return found


def _of(files: pa.Table) -> list[dict[str, Any]]:
    columns = ["sha256", "path", "bytes"]
    through = [*columns, "packing", "unpacked_bytes"]
    return [
        {c: row[c] for c in (columns if row["unpacked_bytes"] is None else through)}
        for row in files.to_pylist()
    ]


def _named(findings: Json) -> set[str]:
    """Every event that the findings name beside those whose spans they spell out."""
    found: set[str] = set()
    for act in findings.get("acts") or ():
        found.update(act.get("for") or (), act.get("against") or ())
        for reason in act.get("reasons") or ():
            found.update(reason.get("because") or ())
        for rival in act.get("rivals") or ():
            found.update(rival.get("for") or (), rival.get("against") or ())
        for row in act.get("capability") or ():
            found.update(e for right in row["rights"] for e in right["because"])
        for row in (act.get("could_have") or {}).values():
            found.update(row["events_for"], row["events_against"])
    for item in findings.get("exculpatory") or ():
        found.update(item.get("because") or ())
    return found


def _spans_of(events: pa.Table, names: set[str]) -> Mapping[str, list[Citation]]:
    wanted = pa.array(sorted(names), pa.string())
    rows = events.select(["event_id", "citations", "sha256", "start", "stop"])
    rows = rows.filter(pc.is_in(rows["event_id"], value_set=wanted))
    return {
        r["event_id"]: [Citation(c["sha256"], c["start"], c["stop"]) for c in r["citations"] or (r,)]
        for r in rows.to_pylist()
    }
