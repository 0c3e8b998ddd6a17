"""What settings of the ssh server are taken to tell: each setting, and the block that it holds in.

They say what could be logged at all (`LogLevel`), which files open an account (`AuthorizedKeysFile`,
`TrustedUserCAKeys`), and what a login may run (`ForceCommand`). Nobody acts in them.
"""

from collections.abc import Iterable, Mapping

import pyarrow as pa

from forensics.core import hoststates
from forensics.core.hoststates import Row

EACH = True
NEEDS_ANCHOR = False


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each setting and path."""
    return {"event": hoststates.told(records, files, "sshd_config", _said)}


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - a setting says the same wherever it lies
    within = f"in {line['block']}: " if line["block"] and line["keyword"] != "match" else ""
    yield {
        "verb": "setting",
        "account_absence": "not_applicable",
        "object_kind": "setting",
        "object": f"sshd {line['keyword']}",
        "text": f"{within}{line['keyword']} {line['value']}",
    }
