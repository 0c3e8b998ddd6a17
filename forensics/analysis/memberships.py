"""Who was in a group of a host, and until when: by the file of groups, and by what was written as somebody was put in or taken out.

A file of groups tells the day it was copied. Whoever was taken out before that day, and after an act, could do at
the time of the act what the group may do.
"""

import re
from typing import NamedTuple

import pandas as pd

from forensics.analysis.evidence import picked, rows_of

_EDIT = re.compile(
    r"(?:(?P<did>add|delete) '(?P<account>[^']+)' (?:to|from) (?:shadow )?group '(?P<group>[^']+)'"
    r"|user (?P<who>[^ ]+) (?P<done>added|removed) by [^ ]+ (?:to|from) group (?P<of>[^ ]+))"
)
_RECORD = re.compile(
    r"^(?:USER_MGMT|GRP_MGMT|USER_CHAUTHTOK|DEL_USER) [^ ]+ (?P<did>add|adding|delete|deleting)(?:-user-(?:to|from)-group)?(?: id=[0-9]+)?"
    r" acct=(?P<account>[^ ]+)(?: user (?:to|from) group)? grp=\"(?P<group>[^\" ]+)\"(?: |$)"
)
"""The same in the audit trail, where the record names the group, as some builds of useradd and usermod write it."""


class Member(NamedTuple):
    """One account in a group. `until_ns` is when it was last taken out; none where it was not, or is listed again."""

    account: str
    until_ns: int | None
    because: tuple[str, ...]


def of_groups(events: pd.DataFrame) -> dict[tuple[str | None, str], list[Member]]:
    """The members of each host's groups, those included that were taken out, by account."""
    found: dict[tuple[str | None, str], dict[str, Member]] = {}
    edits = picked(events, (events["verb"] == "account_edit") & events["text"].notna())
    for e in rows_of(edits):
        told = _told(str(e.text))
        if told is None or e.outcome == "failure":
            continue
        account, group, out = told
        at_ns = int(e.latest_ns) if out and not pd.isna(e.latest_ns) else None
        known = found.setdefault((e.host, group), {})
        before = known[account].because if account in known else ()
        known[account] = Member(account, at_ns, (*before, e.event_id))
    listed = picked(events, (events["verb"] == "enrol_group") & events["account"].notna())
    for e in rows_of(listed):
        known = found.setdefault((e.host, str(e.object)), {})
        known[e.account] = Member(e.account, None, (e.event_id,))
    return {where: [own[name] for name in sorted(own)] for where, own in found.items()}


def _told(text: str) -> tuple[str, str, bool] | None:
    """Account and group that a line is about, and whether the account was taken out."""
    if told := _RECORD.match(text):
        return told["account"], told["group"], told["did"].startswith("delet")
    if told := _EDIT.match(text):
        out = (told["did"] or told["done"]) in {"delete", "removed"}
        return told["account"] or told["who"], told["group"] or told["of"], out
    return None
