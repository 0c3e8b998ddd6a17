"""What readings of sensors have in common: a second record of what the kernel saw, which is no second act.

A sensor (osquery, Falco, Tetragon) watches the same kernel as the audit daemon and can be stopped or
forged by the same root. So its event is `reported`: whoever weighs acts puts it beside the audit record of
the same moment, and does not count it again, nor as another trust domain. The login uid (auid) is the
kernel's own; a name that a sensor looked up is kept only where it was looked up on the host itself.
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core.ids import event_id
from forensics.core.tables import EVENT

UNSET = 2**32 - 1
_LONGEST_TEXT = 4096
Said = Mapping[str, object]


def number(value: object) -> int | None:
    """A uid or pid; None where it is negative or the kernel's word for unset."""
    held = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < UNSET
    return value if held and isinstance(value, int) else None


def words(operation: str, *parts: object) -> str:
    """The text of an event: what was done, then what the source says of it; nulls are left out."""
    return " ".join([operation, *(str(part) for part in parts if part not in {None, ""})])[:_LONGEST_TEXT]


def events(records: pa.Table, files: pa.Table, form: str, told: Iterable[Iterable[Said]]) -> pa.Table:
    """Events of verb `reported`.

    Args:
        records: a format's table with `sha256` in front.
        files: schema `file`; holds every `sha256` of `records`. The first path stands for all.
        form: the format's name.
        told: for each record what it says, as event columns; several where one record says several things.
            `host` is the file's where none is given, `clock` is that host's where there is a time.
    """
    first: dict[str, dict[str, object]] = {}
    for file in files.sort_by("path").to_pylist():
        first.setdefault(file["sha256"], file)
    rows: list[dict[str, object]] = []
    spans = zip(*(records[name].to_pylist() for name in ("sha256", "start", "stop")), strict=True)
    for (sha256, start, stop), said in zip(spans, told, strict=True):
        parts = list(said)
        file, where = first[sha256], {"sha256": sha256, "start": start, "stop": stop}
        for part, own in enumerate(parts):
            row = {
                "verb": "reported",
                "host": file["host"],
                "account": None,
                **{k: v for k, v in own.items() if v is not None},
            }
            numbered = row.get("auid") is not None or row.get("uid") is not None
            row["account_absence"] = None if row["account"] else "number_only" if numbered else "not_recorded"
            row["clock"] = (
                None if row.get("earliest_ns") is None else f"{row['host'] or file['domain']}:{form}"
            )
            row |= {
                "event_id": event_id(sha256, start, stop, part if len(parts) > 1 else None),
                "format": form,
            }
            rows.append({**row, **where, "domain": file["domain"], "citations": [where]})
    return EVENT.build({name: [row.get(name) for row in rows] for name in EVENT.names})
