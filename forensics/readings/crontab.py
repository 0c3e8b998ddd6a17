r"""What a crontab is taken to tell: that a command is to be run, when, and under which account; and when it was installed.

Under which account: the one that the spool file is named for; in the system's, the word before the command.
Who wrote it, the file does not say: the account itself could, and root. Nor does it say that anything ran.
"""

import re
from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

EACH = True
NEEDS_ANCHOR = False

# On a host only, from its root: what lies in somebody's folder under such a name is no crontab that cron reads.
_SPOOL = re.compile(r"/var/spool/cron/(?:crontabs/|tabs/)?(?P<account>[^/]+)")
_SYSTEM = re.compile(r"/etc/(?:crontab|cron\.d/[^/]+)")
_COMMAND = re.compile(r"(?:\\.|[^%\\]|\\\Z)*", re.DOTALL)
_LAYOUT = "%a %b %d %H:%M:%S %Y"


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - the one time has its year
) -> Mapping[str, pa.Table]:
    """One event for each line and path."""
    return {"event": hoststates.told(records, files, "crontab", _said, zone=zone, layout=_LAYOUT)}


def _said(line: Row, path: str) -> Iterable[Row]:
    spool = _SPOOL.fullmatch(path)
    owner = spool["account"] if spool else None
    if line["kind"] == "installed":
        yield {
            "verb": "cron_edit" if spool else "other",
            "wall": line["installed_wall"],
            "object_kind": "crontab",
            "object": owner or path,
            "text": f"installed from {line['installed_from']}",
        }
    elif line["kind"] == "variable":
        yield {
            "verb": "setting",
            "object_kind": "crontab",
            "object": owner or path,
            "text": f"{line['name']}={line['value']}",
        }
    else:
        yield _entry(line, path, owner)


def _entry(line: Row, path: str, owner: str | None) -> Row:
    runs_as, rest = owner, str(line["rest"])
    if _SYSTEM.fullmatch(path):
        first, *others = rest.split(maxsplit=1)
        runs_as, rest = first, "".join(others)
    found = _COMMAND.match(rest)
    command = found[0] if found else rest
    fed = " (and is fed input)" if len(command) < len(rest) else ""
    return {
        "verb": "enrol_task",
        "effective": runs_as,
        "object_kind": "task",
        "object": owner or path,
        "text": f"{line['schedule']}{fed}: {command.replace(chr(92) + '%', '%')}",
    }
