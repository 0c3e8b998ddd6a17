"""What units of systemd are taken to tell: which command is to be run, when, and under which account.

Each line is told by itself: what is in force, drop-ins and defaults decide, which may lie elsewhere.
Who wrote a unit, it does not say.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hostevents, hoststates
from forensics.core.hoststates import Row

EACH = True
NEEDS_ANCHOR = False

_COMMANDS = re.compile(r"Exec(?:Start|Stop|Reload|Condition)(?:Pre|Post)?")
_WHEN = re.compile(
    r"On(?:Calendar|Active|Boot|Startup|UnitActive|UnitInactive|ClockChange|TimezoneChange)(?:Sec)?"
)
_UNIT = re.compile(r"(?:.*/)?(?P<unit>[^/]+)\.d/[^/]+|(?:.*/)?(?P<own>[^/]+)")
_OWN = re.compile(r"\.config/systemd/user/.*|\.local/share/systemd/user/.*")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each setting and path."""
    return {"event": hoststates.told(records, files, "systemd_unit", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:
    section, key, value = line["section"], str(line["key"]), str(line["value"])
    runs = section == "Service" and _COMMANDS.fullmatch(key)
    fires = section == "Timer" and _WHEN.fullmatch(key)
    home = hostevents.home(path)
    own = home[0] if home and _OWN.fullmatch(home[1]) else None
    unit = _UNIT.fullmatch(path)
    yield {
        "verb": "enrol_task" if value and (runs or fires) else "setting",
        "effective": own or line["user"] if runs and value else own,
        "object_kind": "task",
        "object": (unit["unit"] or unit["own"]) if unit else path,
        "text": f"[{section}] {key}={value}",
    }
