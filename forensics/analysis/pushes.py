"""Pushes: who pushed is the account that the git server authenticated; the session is that of the command that sent it.

A server's log and a client's command are tied by repository and time alone, and several can be at it in the same seconds: with
a key that somebody else has, from another host, on the server itself. One command makes one request of the server. So
requests and commands whose accounts agree are counted against each other, and where there are more requests than commands, none of
them is tied to any: a push that was sent from elsewhere is not put into the session of who pushed as well.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import pandas as pd

from forensics.analysis.acts import Act, Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, flagged, one_session, picked, rows_of, where
from forensics.analysis.repositories import alike, parts
from forensics.core import forge

_NEAR_NS = 10_000_000_000
_EARLY_NS = 1_000_000_000
"""So long before a push, and after it, its command can have begun: a log of seconds is behind a kernel's stamp."""
_LONGEST_NS = 600_000_000_000
"""So long after its last line a process of the server's can still be at one request: a large push takes minutes to arrive."""
_WRITES = re.compile("git[- ]receive-pack")
_ASKED = r"pre_git [^ ]+ [^ ]+ W any(?: |$)"
"""What gitolite writes of a request to push before anything is moved, or refused."""


class Request(NamedTuple):
    """One request to write a repository, as a server's log tells it: its lines have one process and account."""

    key: str
    account: str | None
    earliest_ns: int
    latest_ns: int


class Client(NamedTuple):
    """One process that can have sent a request, with the accounts that it is known by."""

    key: str
    accounts: frozenset[str]
    earliest_ns: int
    latest_ns: int


def pushes(scene: Scene) -> list[Act]:
    """One act per change of a ref that a git server accepted, with the session that sent it."""
    # A wall time that its zone skipped places no push; it stays in the events.
    told = of_verbs(scene.evidence, "push", but=lambda e: e["earliest_ns"].notna())
    if not len(told):
        return []
    asked, ran = _asked(scene), _senders(scene)
    held = {name: _Tied(scene, name, asked, ran) for name in sorted({str(r) for r in told["repository"]})}
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
    near = tied.senders(e)
    if not one_session(near):
        act.missing.append("command_of_push")
        return act
    found = scene.act("push", act.object, act.rule, next(rows_of(near)))
    act.session, act.host, act.origin, act.pid = found.session, found.host, found.origin, found.pid
    act.events += list(near["event_id"])
    if act.account in {found.account, found.effective}:
        act.account = found.account or act.account
        return act
    if act.account is not None and tied.agree(
        act.account, {a for a in (found.account, found.effective) if a}
    ):
        return act  # one person's own two: the account is the one that the server let in
    # Which of the two it was is open: the account is the one that the server let in.
    act.missing.append("agreement_of_server_and_client")
    act.rival_accounts |= {a for a in (found.account, act.account) if a}
    return act


class _Tied:
    """The requests to write one repository, and the processes that can have sent them."""

    def __init__(self, scene: Scene, repository: str, asked: pd.DataFrame, ran: pd.DataFrame) -> None:
        """Take every request to write anything, and every command that can have sent one."""
        self._scene = scene
        name = parts(repository)
        self._rows = where(ran, "argv", lambda a: _sends(a, name))
        self._clients = _clients(self._rows)
        own = where(asked, "repository", lambda r: alike(parts(r), name))
        self._requests = _requests(own) if self._clients else {}
        self._full: set[str] = set()
        self._short: set[str] = set()
        for account in sorted({r.account for r in self._requests.values() if r.account is not None}):
            self._count(account)

    def agree(self, account: str, accounts: Collection[str]) -> bool:
        """Whether the server's account and one of the client's are one, or a person's own two."""
        people = self._scene.directory.owners(account)
        return account in accounts or (
            len(people) == 1 and any(people == self._scene.directory.owners(a) for a in accounts)
        )

    def _count(self, account: str) -> None:
        """Hold the requests in an account's name against the commands that agree with it, group by group of those that are near."""
        own = [c for c in _once(self._clients) if self.agree(account, c.accounts)]
        asked = [r for r in _once(self._requests) if r.account == account]
        for requests, clients in _groups(asked, own):
            if not _each_has_one(requests, clients):
                self._short |= {r.key for r in requests}
            if len(requests) >= len(clients):
                self._full |= {c.key for c in clients}

    def senders(self, event: Row) -> pd.DataFrame:
        """The executions that can have sent the request of a push; of several sessions, the nearest; none where that is open."""
        request = self._requests.get(event.event_id)
        if request is None or request.account is None:
            return self._rows[:0]
        near = {name: c for name, c in self._clients.items() if _near(request, c)}
        own = {c.key for c in near.values() if self.agree(request.account, c.accounts)}
        free = {c.key for c in near.values()} - self._full
        if own and request.key in self._short:
            return self._rows[:0]
        left = [name in near and near[name].key in own | free for name in self._rows["event_id"]]
        found = flagged(self._rows, left)
        return found if one_session(found) else _nearest(found, request.earliest_ns)


def _near(request: Request, client: Client) -> bool:
    """Whether a process can have begun a request."""
    return (
        client.latest_ns >= request.earliest_ns - _NEAR_NS
        and client.earliest_ns <= request.latest_ns + _EARLY_NS
    )


def _requests(asked: pd.DataFrame) -> dict[str, Request]:
    """The request to write a repository that each of some events is of: lines of one process, or of one moment."""

    def of(e: Row) -> tuple[object, ...]:
        process = ("pid", int(e.pid)) if not pd.isna(e.pid) else ("at", int(e.earliest_ns))
        return (e.format, *process, e.account)

    return {
        name: Request(e.event_id, _known(e.account), int(e.earliest_ns), int(e.latest_ns))
        for name, e in _first_of_each(asked, of, _LONGEST_NS).items()
    }


def _clients(ran: pd.DataFrame) -> dict[str, Client]:
    """The process that each of some executions is of."""

    def of(e: Row) -> tuple[object, ...]:
        return (e.host, int(e.pid)) if not pd.isna(e.pid) else (e.event_id,)

    return {
        name: Client(
            e.event_id,
            frozenset(a for a in (e.account, e.effective) if isinstance(a, str)),
            int(e.earliest_ns),
            int(e.latest_ns),
        )
        for name, e in _first_of_each(ran, of, _NEAR_NS).items()
    }


def _first_of_each(
    rows: pd.DataFrame, of: Callable[[Row], tuple[object, ...]], longest_ns: int
) -> dict[str, Row]:
    """Of each event the first that is of the same thing: a number that comes again later is another's."""
    open_: dict[tuple[object, ...], tuple[Row, int]] = {}
    found: dict[str, Row] = {}
    for e in sorted(rows_of(rows), key=lambda e: (int(e.earliest_ns), str(e.event_id))):
        first, last_ns = open_.get(of(e), (e, int(e.earliest_ns)))
        if int(e.earliest_ns) - last_ns > longest_ns:
            first = e
        open_[of(e)] = first, int(e.earliest_ns)
        found[e.event_id] = first
    return found


_Thing = TypeVar("_Thing", Request, Client)


def _once(held: Mapping[str, _Thing]) -> list[_Thing]:
    return list(dict.fromkeys(held.values()))


def _known(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _groups(asked: Sequence[Request], own: Sequence[Client]) -> Iterable[tuple[list[Request], list[Client]]]:
    """Requests and processes, those together of which one can have begun the other; requests that no process is near are in none."""
    ranked = sorted(asked, key=lambda r: (r.earliest_ns, r.key))
    begun = [r.earliest_ns for r in ranked]
    wide = max((r.latest_ns - r.earliest_ns for r in ranked), default=0)
    of: dict[int, int] = {}
    """Of each request that a process is near, the first one of its group."""
    groups: dict[int, tuple[set[int], list[Client]]] = {}
    for client in own:
        first = bisect_left(begun, client.earliest_ns - _EARLY_NS - wide)
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
    left = sorted(clients, key=lambda c: (c.earliest_ns, c.key))
    for request in requests:
        own = next((c for c in left if _near(request, c)), None)
        if own is None:
            return False
        left.remove(own)
    return True


def _asked(scene: Scene) -> pd.DataFrame:
    """What tells of requests to write a repository, whether or not they were refused or moved anything."""
    events = scene.events
    logged = picked(events, (events["format"] == "gitolite") | events["verb"].isin({"push", "push_denied"}))
    asked = logged["text"].str.match(_ASKED).fillna(value=False).astype(bool)
    told = asked | logged["verb"].isin({"push", "push_denied"})
    return picked(logged, told & logged["earliest_ns"].notna())


def _senders(scene: Scene) -> pd.DataFrame:
    """The commands, in sessions, that can have sent a push to some repository.

    The server's own receive-pack runs under its own account: it is the other end of the same push.
    """
    ran = picked(scene.events, (scene.events["verb"] == "execute") & scene.events["trail"])
    ran = picked(ran, ran["session"].notna() & ran["earliest_ns"].notna())
    served = {a for a in servers(scene)["account"] if isinstance(a, str)}
    return where(picked(ran, ~ran["account"].isin(served)), "argv", lambda a: bool(_written_to(a)))


def _written_to(argv: object) -> list[tuple[str, ...]]:
    """The names of repositories that a command asks a server to write."""
    words = [str(word) for word in argv] if isinstance(argv, list) and argv else [""]
    if words[0].rsplit("/", 1)[-1] not in {"ssh", "git-remote-http", "git-remote-https"}:
        return []
    asked = (forge.ssh(word) for word in words if _WRITES.search(word))
    return [parts(one[1]) for one in asked if one is not None]


def _sends(argv: object, repository: Sequence[str]) -> bool:
    return any(alike(one, repository) for one in _written_to(argv))


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


def servers(scene: Scene) -> pd.DataFrame:
    """The sessions that a git server's forced command began, looked up once."""
    if "git_servers" not in scene.memo:
        starts = of_verbs(scene.evidence, "session_start", but=lambda e: e["text"].notna())
        forced = starts["text"].str.contains("gitolite-shell|git-shell", regex=True, na=False)
        scene.memo["git_servers"] = picked(starts, forced)
    found: pd.DataFrame = scene.memo["git_servers"]
    return found


def _server_login(scene: Scene, act: Act) -> Row | None:
    """The git server's own login record of a push: its key, by the forced command that names the user.

    None where records of the user's logins about then have several keys: which of them sent the push is open.
    """
    if act.account is None:
        return None
    at = int(act.earliest_ns or 0)
    near = [s for s in _entries(scene, act.account) if abs(int(s.earliest_ns) - at) <= _NEAR_NS]
    near.sort(key=lambda s: (abs(int(s.earliest_ns) - at), str(s.event_id)))
    found = [(start, login) for start in near for login in _logins(scene, start)]
    if len({login.credential for _, login in found}) != 1:
        return None
    start, login = found[0]
    act.events.append(start.event_id)
    return login


def _entries(scene: Scene, account: str) -> list[Row]:
    """The sessions that a forced command began which names a user, and that have a moment; looked up once."""
    key = "server_entries", account
    if key not in scene.memo:
        named = re.compile(rf"(?:gitolite-shell|git-shell) {re.escape(account)}'")
        own = where(servers(scene), "text", lambda text: named.search(text) is not None)
        scene.memo[key] = [s for s in rows_of(own) if not pd.isna(s.earliest_ns)]
    found: list[Row] = scene.memo[key]
    return found


def _logins(scene: Scene, start: Row) -> Iterable[Row]:
    """The logins with a key over the connection in which a forced command began."""
    if "logins_by_key" not in scene.memo:
        told = of_verbs(
            scene.evidence, "login", but=lambda e: e["credential"].notna() & e["earliest_ns"].notna()
        )
        over: dict[tuple[int, str], list[Row]] = {}
        for e in rows_of(picked(told, told["port"].notna() & told["address"].notna())):
            over.setdefault((int(e.port), e.address), []).append(e)
        scene.memo["logins_by_key"] = over
    if pd.isna(start.port) or not isinstance(start.address, str):
        return []
    logins: list[Row] = scene.memo["logins_by_key"].get((int(start.port), start.address), [])
    return [e for e in logins if abs(int(e.earliest_ns) - int(start.earliest_ns)) <= _NEAR_NS]
