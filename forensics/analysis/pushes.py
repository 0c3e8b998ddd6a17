"""Pushes: who pushed is the account that the git server authenticated; the session is that of the command that sent it.

A server's log and a client's command are tied by repository and time alone, and several can be at it in the same seconds: with
a key that somebody else has, from another host, on the server itself. One command makes one request of the server. So
requests and commands whose accounts agree are counted against each other, and where there are more requests than commands, none of
them is tied to any: a push that was sent from elsewhere is not put into the session of who pushed as well.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from forensics.analysis.acts import Act, Scene
from forensics.analysis.evidence import Row, one_session, picked, rows_of, where
from forensics.analysis.repositories import alike, parts
from forensics.core import forge

_NEAR_NS = 10_000_000_000
_EARLY_NS = 1_000_000_000
"""So long before a push, and after it, its command can have begun: a log of seconds is behind a kernel's stamp."""
_WRITES = "git-receive-pack"
_ASKED = r"pre_git [^ ]+ [^ ]+ W any(?: |$)"
"""What gitolite writes of a request to push before anything is moved, or refused."""


class Request(NamedTuple):
    """One request to write a repository, as a server's log tells it: its lines have one process and account."""

    key: tuple[object, ...]
    account: str | None
    earliest_ns: int
    latest_ns: int


class Client(NamedTuple):
    """One process that can have sent a request, with the accounts that it is known by."""

    key: tuple[object, ...]
    accounts: frozenset[str]
    earliest_ns: int
    latest_ns: int


def pushes(scene: Scene) -> list[Act]:
    """One act per change of a ref that a git server accepted, with the session that sent it."""
    told = picked(scene.events, scene.events["verb"] == "push")
    # A wall time that its zone skipped places no push; it stays in the events.
    told = picked(told, told["earliest_ns"].notna())
    held = {name: _Tied(scene, name) for name in sorted({str(r) for r in told["repository"]})}
    return [_push(scene, e, held[str(e.repository)]) for e in rows_of(told)]


def _push(scene: Scene, event: Row, tied: "_Tied") -> Act:
    e = event
    earliest, latest = int(e.earliest_ns), int(e.latest_ns)
    act = Act("push", f"{e.repository} {e.object}", "git_server_log", [e.event_id], earliest, latest)
    act.account = act.effective = e.account
    act.address = e.address
    entered = _server_login(scene, act)
    if entered is not None:
        act.credential = entered.credential
        act.events.append(entered.event_id)
    near = tied.senders(_request(e))
    if not one_session(near):
        act.missing.append("command_of_push")
        return act
    found = scene.act("push", act.object, act.rule, next(rows_of(near)))
    act.session, act.host, act.origin, act.pid = found.session, found.host, found.origin, found.pid
    act.events += list(near["event_id"])
    if act.account in {found.account, found.effective}:
        act.account = found.account or act.account
        return act
    # Which of the two it was is open: the account is the one that the server let in.
    act.missing.append("agreement_of_server_and_client")
    act.rival_accounts |= {a for a in (found.account, act.account) if a}
    return act


def _request(event: Row) -> Request:
    e = event
    process = ("pid", int(e.pid)) if not pd.isna(e.pid) else ("at", int(e.earliest_ns))
    key = (e.format, *process, e.account)
    return Request(key, e.account, int(e.earliest_ns), int(e.latest_ns))


class _Tied:
    """The requests to write one repository, and the processes that can have sent them."""

    def __init__(self, scene: Scene, repository: str) -> None:
        self._scene = scene
        self._rows = _senders(scene, repository)
        self._clients = _clients(self._rows)
        self._requests = _requests(scene, repository) if self._clients else []
        self._full: set[tuple[object, ...]] = set()
        self._short: set[tuple[object, ...]] = set()
        for account in sorted({r.account for r in self._requests if r.account is not None}):
            self._count(account)

    def _agree(self, account: str, client: Client) -> bool:
        """Whether the server's account and one of the client's are one, or a person's own two."""
        people = self._scene.directory.owners(account)
        return account in client.accounts or (
            len(people) == 1 and any(people == self._scene.directory.owners(a) for a in client.accounts)
        )

    def _count(self, account: str) -> None:
        """Hold the requests in an account's name against the commands that agree with it, group by group of those that are near."""
        own = [c for c in self._clients if self._agree(account, c)]
        asked = [r for r in self._requests if r.account == account]
        for requests, clients in _groups(asked, own):
            if not _each_has_one(requests, clients):
                self._short |= {r.key for r in requests}
            if len(requests) >= len(clients):
                self._full |= {c.key for c in clients}

    def senders(self, request: Request) -> pd.DataFrame:
        """The executions that can have sent a request; of several sessions, the nearest; none where that is open."""
        near = [c for c in self._clients if _near(request, c)]
        account = request.account
        own = [c for c in near if account is not None and self._agree(account, c)]
        free = [c for c in near if c not in own and c.key not in self._full]
        left = {c.key for c in [*own, *free]}
        if account is None or not left or (own and request.key in self._short):
            return self._rows[:0]
        rows = [_client(e).key in left and _near(request, _client(e)) for e in rows_of(self._rows)]
        found = picked(self._rows, pd.Series(rows, index=self._rows.index, dtype=bool))
        return found if one_session(found) else _nearest(found, request.earliest_ns)


def _near(request: Request, client: Client) -> bool:
    """Whether a process can have begun a request."""
    return (
        client.latest_ns >= request.earliest_ns - _NEAR_NS
        and client.earliest_ns <= request.latest_ns + _EARLY_NS
    )


def _client(event: Row) -> Client:
    e = event
    key = (e.host, int(e.pid)) if not pd.isna(e.pid) else (e.event_id,)
    accounts = frozenset(a for a in (e.account, e.effective) if isinstance(a, str))
    return Client((*key, int(e.earliest_ns) // _NEAR_NS), accounts, int(e.earliest_ns), int(e.latest_ns))


def _groups(asked: Sequence[Request], own: Sequence[Client]) -> Iterable[tuple[list[Request], list[Client]]]:
    """Requests and processes, those together of which one can have begun the other; requests that no process is near are in none."""
    ranked = sorted(asked, key=lambda r: (r.earliest_ns, repr(r.key)))
    begun = [r.earliest_ns for r in ranked]
    of: dict[int, int] = {}
    """Of each request that a process is near, the first one of its group."""
    groups: dict[int, tuple[set[int], list[Client]]] = {}
    for client in own:
        first = bisect_left(begun, client.earliest_ns - 2 * _NEAR_NS)
        last = bisect_right(begun, client.latest_ns + _NEAR_NS)
        near = {i for i in range(first, last) if _near(ranked[i], client)}
        joined = sorted({of[i] for i in near if i in of})
        if near:
            members, clients = set(near), [client]
            for head in joined:
                others, theirs = groups.pop(head)
                members, clients = members | others, [*theirs, *clients]
            groups[min(members)] = members, clients
            of |= dict.fromkeys(members, min(members))
    for head in sorted(groups):
        members, clients = groups[head]
        yield [ranked[i] for i in sorted(members)], clients


def _each_has_one(requests: Sequence[Request], clients: Sequence[Client]) -> bool:
    """Whether each of some requests, in order of time, can have been begun by a process of its own."""
    left = sorted(clients, key=lambda c: (c.earliest_ns, repr(c.key)))
    for request in requests:
        own = next((c for c in left if _near(request, c)), None)
        if own is None:
            return False
        left.remove(own)
    return True


def _clients(rows: pd.DataFrame) -> list[Client]:
    """The processes of some executions, once each, in order of time."""
    found: dict[tuple[object, ...], Client] = {}
    for e in rows_of(rows.sort_values(["earliest_ns", "event_id"])):
        client = _client(e)
        found.setdefault(client.key, client)
    return list(found.values())


def _requests(scene: Scene, repository: str) -> list[Request]:
    """Every request to write a repository, whether or not it was refused or moved anything, once each."""
    events, name = scene.events, parts(repository)
    asked = events["text"].str.match(_ASKED).fillna(value=False).astype(bool) & (
        events["format"] == "gitolite"
    )
    told = picked(
        events, (events["verb"].isin({"push", "push_denied"}) | asked) & events["earliest_ns"].notna()
    )
    found: dict[tuple[object, ...], Request] = {}
    for e in rows_of(where(told, "repository", lambda r: alike(parts(r), name))):
        request = _request(e)
        key = (*request.key, request.earliest_ns // (6 * _NEAR_NS))
        found.setdefault(key, request)
    return list(found.values())


def _senders(scene: Scene, repository: str) -> pd.DataFrame:
    """The commands, in sessions, that can have sent a push to a repository.

    The server's own receive-pack runs under its own account: it is the other end of the same push.
    """
    ran = picked(scene.events, (scene.events["verb"] == "execute") & scene.events["trail"])
    ran = picked(ran, ran["session"].notna() & ran["earliest_ns"].notna())
    ran = picked(ran, ~ran["account"].isin(_server_accounts(scene)))
    name = parts(repository)
    return where(ran, "argv", lambda a: _sends(a, name))


def _sends(argv: object, repository: Sequence[str]) -> bool:
    words = [str(word) for word in argv] if isinstance(argv, list) and argv else [""]
    if words[0].rsplit("/", 1)[-1] not in {"ssh", "git-remote-http", "git-remote-https"}:
        return False
    asked = (forge.ssh(word) for word in words if _WRITES in word or "git receive-pack" in word)
    return any(one is not None and alike(parts(one[1]), repository) for one in asked)


def _nearest(near: pd.DataFrame, earliest: int) -> pd.DataFrame:
    """Of several sessions that can have sent it, the one whose command ran last before, if no other is within two seconds."""
    before = near[near["earliest_ns"] <= earliest + _EARLY_NS].sort_values("earliest_ns")
    if not len(before):
        return near
    last = before.iloc[-1]
    rivals = before[
        (before["session"] != last["session"]) & (before["earliest_ns"] > last["earliest_ns"] - 2 * _EARLY_NS)
    ]
    return near if len(rivals) else near[near["session"] == last["session"]]


def _server_accounts(scene: Scene) -> set[str]:
    starts = picked(scene.events, (scene.events["verb"] == "session_start") & scene.events["text"].notna())
    served = picked(starts, starts["text"].str.contains("gitolite-shell|git-shell", regex=True, na=False))
    return {a for a in served["account"] if isinstance(a, str)}


def _server_login(scene: Scene, act: Act) -> Row | None:
    """The git server's own login record of a push: its key, by the forced command that names the user.

    None where records of the user's logins about then have several keys: which of them sent the push is open.
    """
    events = scene.events
    starts = picked(events, (events["verb"] == "session_start") & events["text"].notna())
    named = picked(
        starts,
        starts["text"].str.contains(
            rf"(?:gitolite-shell|git-shell) {re.escape(str(act.account))}'", regex=True, na=False
        ),
    )
    away = (named["earliest_ns"] - int(act.earliest_ns or 0)).abs()
    near = picked(named.assign(away=away), away <= _NEAR_NS).sort_values(["away", "event_id"])
    found = [pair for start in rows_of(near) for pair in _logins(events, start)]
    if len({login.credential for _, login in found}) != 1:
        return None
    start, login = found[0]
    act.events.append(start.event_id)
    return login


def _logins(events: pd.DataFrame, start: Row) -> Iterable[tuple[Row, Row]]:
    """The logins with a key over the connection in which a forced command began."""
    logins = picked(
        events,
        (events["verb"] == "login")
        & (events["port"] == start.port)
        & (events["address"] == start.address)
        & events["credential"].notna(),
    )
    near = picked(logins, (logins["earliest_ns"] - start.earliest_ns).abs() <= _NEAR_NS)
    return ((start, login) for login in rows_of(near))
