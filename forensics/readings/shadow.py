"""What a shadowed account list is taken to tell: that an account exists, and the day its password was last changed.

Who changed it, the list does not say: the account is the object, never the actor. Root can set any day.
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hostevents, hoststates
from forensics.core.clock import day
from forensics.core.hoststates import DAY_S, Row

NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - days are counted in UTC
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """An event for each account and path, and one for the day of its last change."""
    return {"event": hoststates.told(records, files, "shadow", _said, whose=hostevents.elsewhere)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - a list says the same wherever it lies
    same = {"object_kind": "account", "object": line["name"]}
    ends = day(line["expires_d"])
    text = f"password: {line['password']}" + (f"; account ends {ends}" if ends else "")
    yield same | {"verb": "enrol_account", "account": line["name"], "text": text}
    changed = line["changed_d"]
    if isinstance(changed, int) and changed > 0:
        yield same | {
            "verb": "other",
            "at_s": changed * DAY_S,
            "lasts_s": DAY_S,
            "text": "its password was last changed on this day",
        }
