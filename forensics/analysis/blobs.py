"""Texts of files in git: what trees call a blob, and what a copy of it holds; gathered once for a case."""

from collections.abc import Iterable, Sequence

from forensics.analysis.evidence import Evidence, picked, rows_of


def copied(evidence: Evidence, oid: str) -> Iterable[Sequence[str]]:
    """The texts of the first copy of a blob, where there is one."""
    if "copied" not in evidence.memo:
        once = picked(evidence.copies, evidence.copies["blob"].notna()).drop_duplicates("blob")
        evidence.memo["copied"] = dict(zip(once["blob"], once["strings"], strict=True))
    held = evidence.memo["copied"]
    return [held[oid] or ()] if oid in held else []


def named(evidence: Evidence, name: str) -> Iterable[tuple[str, tuple[str, ...]]]:
    """The blobs that any tree calls by a name, each with the event of that tree."""
    if "blobs" not in evidence.memo:
        evidence.memo["blobs"] = _entries(evidence)
    found: list[tuple[str, tuple[str, ...]]] = evidence.memo["blobs"].get(name, [])
    return found


def _entries(evidence: Evidence) -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """The entries of all trees, by name."""
    events, found = evidence.events, dict[str, list[tuple[str, tuple[str, ...]]]]()
    own = picked(events, events["format"].isin({"git_object", "git_pack"}))
    first: dict[tuple[str, int], str] = {}
    for sha256, start, event in zip(own["sha256"], own["start"], own["event_id"], strict=True):
        first.setdefault((sha256, start), event)
    for source in ("git_object", "git_pack"):
        objects = evidence.raw.get(source)
        for tree in rows_of(picked(objects, objects["kind"] == "tree")) if objects is not None else ():
            told = first.get((tree.sha256, tree.start))
            cited = () if told is None else (told,)
            for entry in tree.entries:
                found.setdefault(entry["name"], []).append((entry["oid"], cited))
    return found
