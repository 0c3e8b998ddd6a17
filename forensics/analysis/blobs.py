"""Texts of files in git: what trees call a blob, and what a copy of it holds."""

from collections.abc import Iterable

from forensics.analysis.evidence import Evidence, picked
from forensics.core import gitevents


def copied(evidence: Evidence, oids: Iterable[str]) -> dict[str, list[str]]:
    """The texts of some blobs, in pieces, where they are text and in the evidence."""
    return {oid: gitevents.pieces(text) for oid, text in evidence.blobs.texts(oids).items()}


def named(evidence: Evidence, name: str) -> list[tuple[str, tuple[str, ...]]]:
    """The blobs that any tree calls by a name, each with the event of that tree."""
    held: dict[str, list[tuple[str, tuple[str, ...]]]] = evidence.memo.setdefault("blobs", {})
    if name not in held:
        called = evidence.trees.named(name)
        first = _first(evidence, {start for _, _, start in called}) if called else {}
        told = ((oid, first.get((sha256, start))) for oid, sha256, start in called)
        held[name] = [(oid, () if event is None else (event,)) for oid, event in told]
    return held[name]


def _first(evidence: Evidence, starts: set[int]) -> dict[tuple[str, int], str]:
    """The first event of each object that begins at one of some bytes of its file."""
    events, first = evidence.events, dict[tuple[str, int], str]()
    own = picked(
        events[["format", "sha256", "start", "event_id"]], events["format"].isin({"git_object", "git_pack"})
    )
    for sha256, start, event in zip(own["sha256"], own["start"], own["event_id"], strict=True):
        if start in starts:
            first.setdefault((sha256, start), event)
    return first
