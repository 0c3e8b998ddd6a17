"""Which keys opened which account, and within which bounds: by copies of `authorized_keys`, by its changes, and by use.

A copy says which keys stand in a file when it is collected, and not since when. Recorded changes of the file bound that:
a key that the collected file lacks was out of it after its last change at the latest; a key that a command wrote, or that
stands in a file that was made then, and that nothing shows in force before, was not in it before. A key that sshd let in,
or found in a file, was in force at that moment, whatever the file says now. Whose key it is, none of this tells.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from forensics.analysis.by_verb import executions, of_verbs
from forensics.analysis.evidence import Evidence, Row, picked, rows_of, where
from forensics.analysis.identity_rules import BOUNDED_KEY
from forensics.core import sshkey
from forensics.core.hostevents import HOMES
from forensics.core.messageevents import SYSTEM_LOGS

_LIVE = re.compile(
    rf"/(?:{HOMES}/(?P<home>[^/]+)|(?P<root>root))/\.ssh/authorized_keys2?"
    r"|/etc/ssh/(?:authorized_keys|keys)(?:\.d)?/(?P<central>[^/]+?)(?:/authorized_keys)?"
)
"""Where sshd looks for the keys of an account; a copy elsewhere, as in a snapshot, is an older one."""
_FOUND = re.compile(
    r"^Accepted key [A-Z0-9-]+ (?P<key>SHA256:[A-Za-z0-9+/]{43}) found at (?P<path>.+):[0-9]+$"
)
_WRITTEN = re.compile(
    r"\b(?P<type>(?:sk-)?(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp(?:256|384|521))(?:@openssh\.com)?) (?P<key>AAAA[A-Za-z0-9+/]{20,}={0,2})"
)
_INTO = re.compile(
    rf"(?:(?<![\w.-])(?:/[\w.-]+){{0,2}}?/{HOMES}/|~)(?P<account>[A-Za-z0-9_.-]*)/\.ssh/authorized_keys"
    r"|(?<![\w.-])(?P<root>/root)/\.ssh/authorized_keys|(?<![^\s'\">=])(?:\$\{?HOME\}?\"?/|\./)?\.ssh/authorized_keys"
)
"""Whose keys a command line writes to; in a folder that is called otherwise, nobody's that are known."""
_QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*\\?(?:"|\Z)', re.DOTALL)
"""What stands between quotes; what does not end goes to the end, and is not looked through again for each quote in it."""
_PRINCIPALS = re.compile(r'(?:^|,)principals="(?P<names>[^"]*)"', re.IGNORECASE)
_READ = ["event_id", "verb", "host", "account", "credential", "domain", "text", "earliest_ns"]
_CHANGES = frozenset({"create", "write", "rename", "link", "truncate", "delete"})


class Opened(NamedTuple):
    """A key opened an account of a host: who says so, and the bounds that are known."""

    kind: str
    thing: str
    account: str | None
    host: str | None
    basis: str
    source: str
    domain: str
    from_ns: int | None
    until_ns: int | None
    events: tuple[str, ...]
    rule: str | None = None


def _read_off(kind: str, thing: str, e: Row, source: str) -> Opened:
    """What one event shows by itself, with no bounds of its own."""
    return Opened(kind, thing, e.account, e.host, "observed", source, e.domain, None, None, (e.event_id,))


@dataclass(slots=True)
class _File:
    """What is known of the key files of one account of one host.

    `held`: keys of the collected file, if there is one and all its lines could be read. `inside`: keys that some
    evidence shows in it at some time; sshd can be told to take keys from elsewhere, and these no file bounds.
    """

    held: set[str] | None = None
    inside: set[str] = field(default_factory=set)
    changes: list[tuple[int, int, bool, str]] = field(default_factory=list)
    added: dict[str, tuple[int, str]] = field(default_factory=dict)
    seen: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def first(self, key: str) -> tuple[int | None, list[str]]:
        """Since when a key can have been in it, and what says so."""
        told = [self.added[key]] if key in self.added else []
        # Where the first that is recorded of the file is that it came into being, no key was in it before.
        if not told and self.changes and self.changes[0][2] and self.held is not None and key in self.held:
            told = [(self.changes[0][0], self.changes[0][3])]
        if not told or any(at < told[0][0] for at, _ in self.seen.get(key, [])):
            return None, []
        return told[0][0], [told[0][1]]

    def last(self, key: str) -> tuple[int | None, list[str]]:
        """Until when a key can have been in it, and what says so: the collected file lacks it since its last change."""
        if self.held is None or key in self.held or key not in self.inside or not self.changes:
            return None, []
        _, until, _, event = self.changes[-1]
        used = max((at for at, _ in self.seen.get(key, [])), default=None)
        return (None, []) if used is not None and used > until else (until, [event])


def opened(evidence: Evidence) -> list[Opened]:
    """Every key that a file or sshd says opened an account, with its bounds, in a total order."""
    events = evidence.events
    files: dict[tuple[str | None, str], _File] = {}
    said: list[Opened] = []
    _copies(evidence, files, said)
    _uses(events, files, said)
    _changes(events, files)
    _added(evidence, files)
    bounded = [_bounded(one, files.get((one.host, one.account)) if one.account else None) for one in said]
    return sorted(bounded, key=lambda o: tuple(str(v) for v in o))


def _bounded(one: Opened, known: _File | None) -> Opened:
    if known is None:
        return one
    (first, because), (last, until) = known.first(one.thing), known.last(one.thing)
    if first is None and last is None:
        return one
    events = tuple(dict.fromkeys([*one.events, *because, *until]))
    return one._replace(from_ns=first, until_ns=last, events=events, basis="derived", rule=BOUNDED_KEY)


def _copies(evidence: Evidence, files: dict[tuple[str | None, str], _File], said: list[Opened]) -> None:
    """What copies of key files hold; those in the place where sshd looks are what holds in the end."""
    placed = picked(evidence.files, evidence.files["origin"].notna())
    live: dict[str, list[tuple[str | None, str]]] = {}
    for f in rows_of(placed):
        match = _LIVE.fullmatch(f.origin)
        if match is not None and f.format in {"authorized_keys", None}:
            live.setdefault(f.sha256, []).append((f.host, match["home"] or match["root"] or match["central"]))
            # An empty file is of no format, and lacks every key.
            known = files.setdefault(live[f.sha256][-1], _File())
            known.held = (known.held or set()) if not f.rejected else None
    listed = of_verbs(evidence, "enrol_key")
    for e in rows_of(where(listed, "domain", lambda domain: not str(domain).startswith("git"))):
        said.append(_read_off("opens", e.credential, e, e.format))
        if e.account is None:
            continue
        known = files.setdefault((e.host, e.account), _File())
        known.inside.add(e.credential)
        if known.held is not None and (e.host, e.account) in live.get(e.sha256, []):
            known.held.add(e.credential)


def _uses(events: pd.DataFrame, files: dict[tuple[str | None, str], _File], said: list[Opened]) -> None:
    """What sshd let in, and the keys that it found in a file."""
    loose = events["format"].isin(SYSTEM_LOGS) & ~events["trail"]
    logs = events.loc[loose, _READ]
    entered = picked(logs, (logs["verb"] == "login") & logs["credential"].notna())
    groups: dict[tuple[str, ...], list[Row]] = {}
    for e in rows_of(entered):
        groups.setdefault((str(e.host), str(e.account), str(e.credential)), []).append(e)
    for _, rows in sorted(groups.items()):
        e, told = rows[0], tuple(str(e.event_id) for e in rows)
        said.append(
            Opened("opens", e.credential, e.account, e.host, "observed", "sshd", e.domain, None, None, told)
        )
        for used in rows if isinstance(e.account, str) else ():
            _see(files, used, e.account, e.credential)
    for e in rows_of(
        where(logs, "text", lambda text: isinstance(text, str) and text.startswith("Accepted key "))
    ):
        match = _FOUND.match(e.text)
        place = _LIVE.fullmatch(match["path"]) if match else None
        if match is not None and place is not None:
            account = place["home"] or place["root"] or place["central"]
            _see(files, e, account, match["key"])
            files[(e.host, account)].inside.add(match["key"])


def _see(files: dict[tuple[str | None, str], _File], e: Row, account: str, key: str) -> None:
    """A key was in force at the moment of an event."""
    seen = files.setdefault((e.host, account), _File()).seen.setdefault(key, [])
    if not pd.isna(e.earliest_ns):
        seen.append((int(e.earliest_ns), str(e.event_id)))


def _changes(events: pd.DataFrame, files: dict[tuple[str | None, str], _File]) -> None:
    """Recorded changes of the files, in order of time."""
    changed = picked(
        events, events["verb"].isin(_CHANGES) & events["trail"] & (events["outcome"] != "failure")
    )
    changed = picked(changed, changed["object"].notna() & changed["earliest_ns"].notna())
    for e in rows_of(
        where(changed, "object", lambda path: "authorized_keys" in path or path.startswith("/etc/ssh/"))
    ):
        match = _LIVE.fullmatch(e.object)
        if match is not None:
            account = match["home"] or match["root"] or match["central"]
            came = e.verb == "create"
            files.setdefault((e.host, account), _File()).changes.append(
                (int(e.earliest_ns), int(e.latest_ns), came, str(e.event_id))
            )
    for known in files.values():
        known.changes.sort()


def _added(evidence: Evidence, files: dict[tuple[str | None, str], _File]) -> None:
    """Commands that the kernel saw write a whole key to a key file."""
    ran = executions(evidence, dated=True)
    for e in rows_of(
        where(
            ran, "text", lambda text: isinstance(text, str) and "authorized_keys" in text and "AAAA" in text
        )
    ):
        into, line = _INTO.search(e.text), _WRITTEN.search(e.text)
        blob = sshkey.plain(line["type"].encode(), line["key"].encode()) if line else None
        if into is None or blob is None:
            continue
        own = e.effective if isinstance(e.effective, str) else e.account
        account = "root" if into["root"] else into["account"] or own
        if isinstance(account, str):
            known = files.setdefault((e.host, account), _File()).added
            known.setdefault(sshkey.fingerprint(blob), (int(e.earliest_ns), str(e.event_id)))


def authorities(evidence: Evidence) -> Iterable[Opened]:
    """Keys whose certificates open an account, and the principals that these have to name: as the file's line says."""
    events = evidence.events
    told = picked(
        events, (events["format"] == "authorized_keys") & events["account"].notna() & events["text"].notna()
    )
    for e in rows_of(where(told, "text", lambda text: text.startswith("options: "))):
        # Options stand before the comment, and a quoted one can hold anything: only the option's own name counts.
        options = e.text.removeprefix("options: ")
        bare = _QUOTED.sub('""', options).split(" ", 1)[0].lower().split(",")
        if "cert-authority" not in bare:
            continue
        yield _read_off("authority", e.credential, e, e.format)
        names = _PRINCIPALS.search(options)
        for name in names["names"].split(",") if names and 'principals=""' in bare else ():
            source = f"principal of certificates of {e.credential}"
            yield _read_off("principal", name, e, source)
