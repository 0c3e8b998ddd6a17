"""Which name a number had on a host, and when: by passwd, by the audit daemon, and by what useradd and its kin wrote.

A copy of passwd says that a name and a number belong together at some moment, and not when. What useradd,
usermod and userdel wrote bounds that. Any account can write a line to the system log that looks like theirs, so such
a line can take a name away, by ending it or by setting another beside it, and never gives a number a name alone.
What they wrote to the audit trail takes root's rights, and gives a name from the moment that it was added.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from forensics.analysis import passwd_copies
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Evidence, Row, picked, rows_of
from forensics.analysis.identity_rules import BOUNDED_NAME
from forensics.analysis.trails import FROM_ANYBODY
from forensics.core.messageevents import SYSTEM_LOGS

CURRENT = "/etc/passwd"
"""The file of what holds when it is collected; any other copy is older."""
_DELETED = re.compile(r"^delete user '([^']+)'")
_RENAMED = re.compile(r"^change user name '([^']+)' to '([^']+)'")
_NUMBERED = re.compile(r"^change user '([^']+)' (?:UID|uid) from '(\d{1,10})' to '(\d{1,10})'")
_RECORD = re.compile(
    r"^(?P<type>ADD_USER|DEL_USER|USER_MGMT|USER_CHAUTHTOK) \S+ (?P<op>[a-z-]+)(?: id=(?P<id>\d{1,10}))?(?: acct=(?P<account>\S+))?(?: (?P<rest>[^=]*?))?(?: [A-Za-z]+=.*)?$"
)
_BEGINS = {
    ("ADD_USER", "add-user"), ("ADD_USER", "adding user"),
    *((kind, op) for kind in ("USER_MGMT", "USER_CHAUTHTOK") for op in ("changing name", "changing-name", "changing uid", "changing-uid")),
}  # fmt: skip
"""Types and operations after which a name is an account's. What else useradd and its kin tell changes no name and no number."""
_ENDS = {("DEL_USER", op) for op in ("delete-user", "deleting user", "deleting user entries")}


@dataclass(frozen=True, slots=True)
class Named:
    """A number had a name on a host: who says so, and the bounds that are known."""

    host: str | None
    uid: int
    account: str
    basis: str
    source: str
    domain: str
    from_ns: int | None
    until_ns: int | None
    events: tuple[str, ...]
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """One line that begins or ends a name or a number; where it ends one, it can tell the number alone."""

    at_ns: int
    until_ns: int
    begins: bool
    account: str | None
    uid: int | None
    event: str
    domain: str
    firm: bool = False


def find(evidence: Evidence) -> list[Named]:
    """Every name of a number that the evidence tells, in a total order."""
    events = evidence.events
    changes: dict[str | None, list[_Change]] = {}
    for change_host, change in _changes(events):
        changes.setdefault(change_host, []).append(change)
    stated = [n for n in _stated(evidence) if n.uid >= 0]
    older = passwd_copies.older(stated, evidence.files, CURRENT)
    numbers: dict[tuple[str | None, str], set[int]] = {}
    for one in stated:
        numbers.setdefault((one.host, one.account), set()).add(one.uid)
    made = [
        bounded
        for one in stated
        for bounded in _bounded(
            one,
            _of(one, changes.get(one.host, []), numbers[one.host, one.account]),
            current=one.source == CURRENT and not older.intersection(one.events),
        )
    ]
    made = passwd_copies.bounded(made, evidence.files, CURRENT)
    made += [n for host in changes for n in _told(host, changes[host])]
    order = sorted(
        made,
        key=lambda n: (str(n.host), n.uid, n.account, n.source, n.from_ns or 0, n.until_ns or 0, n.events),
    )
    return list(dict.fromkeys(order))


def _changes(events: pd.DataFrame) -> Iterable[tuple[str | None, _Change]]:
    """What the tools of shadow wrote, by host, in order of time."""
    loose = events["format"].isin(SYSTEM_LOGS) & ~events["trail"]
    kept = loose | (events["trail"] & ~events["format"].isin(FROM_ANYBODY))
    about = events["verb"].isin({"enrol_account", "account_edit"})
    for e in rows_of(picked(events, kept & about & events["earliest_ns"].notna())):
        for begins, account, uid in _recorded(e) if e.trail else _said(e):
            first, last = int(e.earliest_ns), int(e.latest_ns)
            yield (
                e.host,
                _Change(first, last, begins, account, uid, str(e.event_id), str(e.domain), bool(e.trail)),
            )


def _recorded(e: Row) -> Iterable[tuple[bool, str | None, int | None]]:
    """The same of one record of the audit trail. A record that names a number has it; most name the account alone."""
    told = _RECORD.match(str(e.text or "")) if e.outcome == "success" else None
    if told is None:
        return
    did = (told["type"], f"{told['op']} {told['rest'] or ''}".rstrip())
    account, uid = told["account"], None if told["id"] is None else int(told["id"])
    # Of a number that was changed, a record that has none does not say whether it was the one before.
    begins = did in _BEGINS and account is not None and (uid is not None or not did[1].endswith("uid"))
    if begins or (did in _ENDS and (account, uid) != (None, None)):
        yield begins, account, uid


def _said(e: Row) -> Iterable[tuple[bool, str, int | None]]:
    """Whether one line begins a name or ends it, which, and of what number; nothing where it tells of neither."""
    text = str(e.text or "")
    if e.verb == "enrol_account":
        if isinstance(e.account, str) and not pd.isna(e.uid):
            yield True, e.account, int(e.uid)
    elif match := _DELETED.match(text):
        yield False, match.group(1), None
    elif match := _RENAMED.match(text):
        yield False, match.group(1), None
        yield True, match.group(2), None
    elif match := _NUMBERED.match(text):
        yield False, match.group(1), int(match.group(2))
        yield True, match.group(1), int(match.group(3))


def _stated(evidence: Evidence) -> Iterable[Named]:
    """Names by copies of passwd, and by the audit daemon, which writes them beside the number as it logs."""
    events = evidence.events
    files = evidence.files.drop_duplicates("sha256").set_index("sha256")["origin"].to_dict()
    states = of_verbs(evidence, "enrol_account", but=lambda e: e["uid"].notna() & e["account"].notna())
    for e in rows_of(picked(states, ~states["format"].isin(SYSTEM_LOGS))):
        origin = files.get(e.sha256)
        source = CURRENT if origin == CURRENT else str(e.format)
        yield Named(e.host, int(e.uid), e.account, "observed", source, e.domain, None, None, (e.event_id,))
    firm = events["trail"] & ~events["format"].isin(FROM_ANYBODY)
    columns = ["host", "auid", "account", "earliest_ns", "latest_ns", "domain", "event_id"]
    seen = events.loc[firm & events["account"].notna() & events["auid"].notna(), columns]
    groups: dict[tuple[str | None, int, str], list[Row]] = {}
    for row in rows_of(seen):
        groups.setdefault((row.host, int(row.auid), row.account), []).append(row)
    several = Counter((host, uid) for host, uid, _ in groups)
    for (host, uid, account), rows in groups.items():
        dated = [r for r in rows if not pd.isna(r.earliest_ns)]
        bounds: tuple[int | None, int | None] = (None, None)
        if host is not None and several[host, uid] > 1 and dated:
            bounds = (min(int(r.earliest_ns) for r in dated), max(int(r.latest_ns) for r in dated))
        first = rows[0]
        yield Named(host, uid, account, "observed", "auditd", first.domain, *bounds, (first.event_id,))


def _of(one: Named, changes: Iterable[_Change], numbers: set[int]) -> list[_Change]:
    """The changes that concern one name and number, in order of time, by all numbers that the name has on its host."""
    return sorted(
        (
            c
            for c in changes
            if (c.account == one.account and (c.uid == one.uid or (c.uid is None and numbers == {one.uid})))
            or (c.account is None and c.uid == one.uid)
        ),
        key=lambda c: (c.at_ns, c.until_ns, c.begins, c.event),
    )


def _bounded(one: Named, changes: list[_Change], *, current: bool) -> Iterable[Named]:
    """The stretches in which a name that is stated can have held, by the lines that begin and end it.

    What stands in the current file holds to the end: a line that ends it, and that nothing takes back, is
    not believed.
    """
    if one.from_ns is not None or not changes or (current and not changes[-1].begins):
        yield one
        return
    since: int | None = None
    held = True
    because = list(one.events)
    for n, c in enumerate(changes):
        if c.begins and (n == 0 or not held):
            since, held = c.at_ns, True
            because = [*one.events, c.event]
        elif not c.begins and held:
            held = False
            # A number alone says that somebody's name ended; of a name that is only added later, it need not be this one.
            if c.account is None and since is None and any(later.begins for later in changes[n + 1 :]):
                continue
            yield _with(one, since, c.until_ns, [*because, c.event])
    if held:
        yield _with(one, since, None, because)


def _with(one: Named, first: int | None, last: int | None, events: Iterable[str]) -> Named:
    return Named(
        one.host,
        one.uid,
        one.account,
        one.basis,
        one.source,
        one.domain,
        first,
        last,
        tuple(dict.fromkeys(events)),
        BOUNDED_NAME,
    )


def _told(host: str | None, changes: Iterable[_Change]) -> Iterable[Named]:
    """Names that only such a line tells: of the system log asserted, so that they stand against others and never alone."""
    ordered = sorted(changes, key=lambda c: (c.at_ns, c.until_ns, c.begins, c.event))
    for n, c in enumerate(ordered):
        if not c.begins or c.uid is None or c.account is None:
            continue
        later = ordered[n + 1 :]
        end = next(
            (x for x in later if not x.begins and x.account in {None, c.account} and x.uid in {None, c.uid}),
            None,
        )
        events = (c.event,) if end is None else (c.event, end.event)
        until = None if end is None else end.until_ns
        basis = "observed" if c.firm else "asserted"
        yield Named(host, c.uid, c.account, basis, "useradd", c.domain, c.at_ns, until, events, BOUNDED_NAME)


def disagreeing(stated: Sequence[Any]) -> Mapping[str, list[Any]]:
    """Numbers that the register and the hosts give different names, and accounts they give different numbers.

    Args:
        stated: enrolments of kind `uid` (`identity.Enrolment`).

    Returns:
        What is disagreed about, with all enrolments that speak of it, where the register is one side of it.
    """
    found: dict[str, list[Any]] = {}
    for what, key, value in (("uid", "thing", "account"), ("account", "account", "thing")):
        groups: dict[str, list[Any]] = {}
        for row in stated:
            groups.setdefault(str(getattr(row, key)), []).append(row)
        for name, about in sorted(groups.items()):
            ours = {getattr(r, value) for r in about if r.domain == "register"}
            theirs = {getattr(r, value) for r in about if r.domain != "register" and r.basis == "observed"}
            if ours and theirs - ours:
                found[f"{what} {name}"] = about
    return found
