"""What rules of sudo are taken to tell: that an account may act as another, on that host.

It is a state and has no time. A rule for a group, an alias, a number or everybody names no account by
itself; nor does a rule that shuts somebody out. Whether anybody used a rule, other logs say.
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial

import pyarrow as pa

from forensics.core import hostevents, hoststates
from forensics.core.hoststates import Row, listed

EACH = True
NEEDS_ANCHOR = False

_ACCOUNT = re.compile(r"[a-z_][A-Za-z0-9_.@-]*\$?")
_NUMBER = re.compile(r"#(?P<uid>[0-9]{1,10})")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - there is no time in it
    anchor_ns: int | None,  # noqa: ARG001 - the same
) -> Mapping[str, pa.Table]:
    """An event for each user, command and path of a rule; one for each other line."""
    return {
        "event": hoststates.told(
            records, files, "sudoers", _said, whose=partial(hostevents.elsewhere, own=hostevents.RULES)
        )
    }


def _said(line: Row, path: str) -> Iterable[Row]:  # noqa: ARG001 - a rule says the same wherever it lies
    kind, text = line["kind"], line["text"]
    grants, subjects = line["grants"], line["subject"]
    if kind != "grant" or not isinstance(grants, list) or not isinstance(subjects, list):
        yield {
            "verb": "setting" if kind == "defaults" else "other",
            "account_absence": "not_applicable",
            "object_kind": "setting",
            "object": listed(subjects) or "Defaults",
            "text": text,
        }
        return
    for subject in subjects:
        for grant in grants:
            yield _granted(str(subject), grant)


def _granted(subject: str, grant: Row) -> Row:
    """What one user, as written, may do by one command."""
    account = subject if _ACCOUNT.fullmatch(subject) else None
    number = _NUMBER.fullmatch(subject)
    users, groups = grant["runas_users"], grant["runas_groups"]
    runas = listed(users) if users is not None else "root, or runas_default"
    shut_out = subject.startswith("!") or str(grant["command"]).startswith("!")
    words = [subject, listed(grant["hosts"]), "=", f"({listed(users)}" if users is not None else ""]
    if users is not None:
        words[-1] += f":{listed(groups)})" if groups is not None else ")"
    words += [
        listed(grant["options"], between=" "),
        *(f"{t}:" for t in listed(grant["tags"], between=" ").split()),
    ]
    return {
        "verb": "other" if shut_out else "enrol_sudo",
        "account": account,
        "account_absence": "number_only" if number else "not_applicable",
        "uid": int(number["uid"]) if number else None,
        "object_kind": "account",
        "object": runas or "itself",
        "text": " ".join([*(word for word in words if word), str(grant["command"])]),
    }
