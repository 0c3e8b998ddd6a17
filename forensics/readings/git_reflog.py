"""What a reflog is taken to tell: in that copy of the repository a ref moved; by whom is asserted."""

import re
from collections.abc import Mapping

import pyarrow as pa

from forensics.core import clock, gitevents
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

_PATH = re.compile(r"(?:(?P<root>.*?)/)?logs/(?P<ref>[A-Z_]*HEAD|refs/.*)")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - a reflog counts seconds since 1970
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One `ref_update` for each line and path: equal reflogs of two copies are two facts.

    `object` is the ref, `object_from` the object it named before, `text` ends with the message and
    begins with `new=` and the object it named then. `committer` is what the process asserted.
    """
    rows = gitevents.placed(records, files)
    when = clock.epoch(pa.array(rows["epoch_s"].tolist(), pa.int64()))
    paths = [_PATH.fullmatch(path) for path in rows["path"]]
    told = zip(rows["old"], rows["new"], rows["message"], strict=True)
    text = [
        f"new={new} old={old} {message or ''}".rstrip()[: gitevents.LONGEST_TEXT]
        for old, new, message in told
    ]
    sources = [
        None if ns is None else f"{host or domain}:git_reflog"
        for ns, host, domain in zip(when.earliest_ns.to_pylist(), rows["host"], rows["domain"], strict=True)
    ]
    event = EVENT.build(
        {
            **gitevents.columns(rows, "git_reflog"),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": pa.array(sources, pa.string()),
            "verb": ["ref_update"] * len(rows),
            "account_absence": ["not_recorded"] * len(rows),
            "object_kind": ["ref"] * len(rows),
            "object": pa.array([p["ref"] if p else None for p in paths], pa.string()),
            "object_from": pa.array(rows["old"].tolist(), pa.string()),
            "repository": pa.array(
                [gitevents.repository(p["root"]) if p else None for p in paths], pa.string()
            ),
            "committer": pa.array(rows["who"].tolist(), pa.string()),
            "text": pa.array(text, pa.string()),
        }
    )
    return {"event": event}
