"""What an installed package is taken to tell: that it is there, and what each of its files should hold.

It is a state and has no time: the time in it is its builder's. Equal files of two environments are told
once for each. Whether a file holds what it should is for whoever compares it with a copy.
"""

import posixpath
from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core.ids import event_id
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time of the host in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each package and environment, and one for each file of it, `sha256:<hex> size=<bytes>`."""
    held: dict[str, list[dict[str, object]]] = {}
    for file in files.sort_by("path").to_pylist():
        held.setdefault(file["sha256"], []).append(file)
    told: list[dict[str, object]] = []
    parts: Counter[str] = Counter()
    for record in records.sort_by([("sha256", "ascending"), ("start", "ascending")]).to_pylist():
        sha256, start, stop = (record[name] for name in ("sha256", "start", "stop"))
        for file in held[sha256]:
            for said in _said(record, _prefix(file["origin"])):
                part = parts[sha256]
                parts[sha256] += 1
                where = {"sha256": sha256, "start": start, "stop": stop}
                own = {
                    "event_id": event_id(sha256, start, stop, part),
                    "host": file["host"],
                    "domain": file["domain"],
                }
                told.append({**own, **where, "citations": [where], **said})
    fixed = {"format": "conda_meta", "account_absence": "not_recorded"}
    return {"event": EVENT.build({name: [(row | fixed).get(name) for row in told] for name in EVENT.names})}


def _said(record: dict[str, object], prefix: str | None) -> Iterable[dict[str, object]]:
    parts = (record[name] for name in ("name", "version", "build", "channel"))
    words = " ".join(str(part) for part in parts if part is not None)
    asked = "" if record["requested"] is None else f" requested={record['requested']}"
    yield {
        "verb": "package",
        "object_kind": "package",
        "object": record["name"],
        "text": (words + asked)[:4096],
    }
    paths = record["paths"]
    for item in paths if isinstance(paths, list) else []:
        digest = item["sha256_in_prefix"] or item["sha256"]
        said = [f"sha256:{digest}" if digest else "", "" if item["size"] is None else f"size={item['size']}"]
        path = item["path"] if prefix is None else posixpath.normpath(posixpath.join(prefix, item["path"]))
        text = " ".join(word for word in said if word) or None
        yield {"verb": "expected", "object_kind": "path", "object": path, "text": text}


def _prefix(origin: object) -> str | None:
    """The environment: the folder above `conda-meta`; None where the path does not show it."""
    folder = posixpath.dirname(str(origin or ""))
    return posixpath.dirname(folder) if posixpath.basename(folder) == "conda-meta" else None
