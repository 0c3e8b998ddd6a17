"""What an audit trail is taken to tell: who ran, changed, removed and signalled what.

Lines of one host, millisecond and serial are one event, wherever they lie: between lines of others, or
in two files. The kernel wrote them, so whoever was root on the host could have forged or removed them.
The account is the login account (`auid`), which survives su and sudo; `effective` is whose rights were
used. An event says what its system call did; messages of programs (logins, sudo, PAM) are the word of a
program that ran as root. Where lines are missing, so is what they held: nothing is guessed from others.
"""

from collections.abc import Mapping

import pyarrow as pa

from forensics.core import auditmeaning

NEEDS_ANCHOR = False
ALIKE = ("earliest_ns", "serial")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - every time is an epoch
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """One event for each time and serial of a host; one for each receiver where a signal had several."""
    return {"event": auditmeaning.events(records, files, "auditd")}


def lightly(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - as `read`
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """The same, as `core.loose` has it."""
    return {"event": auditmeaning.lightly(records, files, "auditd")}


def singly(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - as `read`
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """The same, as if each record were all that there is of its event."""
    return {"event": auditmeaning.lightly(records, files, "auditd", singly=True)}
