"""Keys that others on a host could use, because an agent was forwarded there: `ssh -A`.

Whoever goes on from a host with a key that lies elsewhere uses the agent that was forwarded into the session. Its socket
lies on that host while the session lasts, and whoever can enter the account there, or has root's rights, can ask it to
sign: sshd on the next host writes the same line, with the same key and the same address. So a login by that key from
there, in that time, need not be by whoever holds the key. That is an alternative, and names nobody.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import hops
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, picked, rows_of, where
from forensics.analysis.hops import Hop
from forensics.analysis.rulebook import Rule
from forensics.analysis.sessions import Session
from forensics.core.messageevents import SYSTEM_LOGS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

RULE = "key_through_forwarded_agent"
RULES = {
    RULE: Rule(
        (),
        "a session went on to another host with a key whose private part is not on record on its own, and an agent was forwarded into it",
        "a private key that lay there and was not collected; an agent that asks its holder before it signs",
    ),
}
HOW = {
    "client_option": "the client that led into the session was told to forward it (-A, -o ForwardAgent)",
    "client_setting": "a setting of the client that led into the session forwards it (ForwardAgent)",
    "sshd_line": "sshd writes of the request to forward it",
    "socket": "the kernel saw a connection to such a socket in the session",
}
"""By what it is known that an agent was forwarded into a session."""
AGENT = Table(
    "agent",
    "one key that could be used through the agent forwarded into a session: derived",
    (
        Column("credential", pa.string(), "the key"),
        Column("host", pa.string(), "host on which the agent's socket lay", None, "not recorded"),
        Column("account", pa.string(), "account that owned the socket", None, "not recorded"),
        Column("session", pa.string(), "session into which the agent was forwarded"),
        Column("entered", pa.string(), "session elsewhere that was opened by the key out of it"),
        Column("from_ns", pa.int64(), "the socket can have been there from", "ns since 1970-01-01T00:00:00Z", "not recorded"),
        Column("until_ns", pa.int64(), "and until", "ns since 1970-01-01T00:00:00Z", "no end recorded"),
        Column("known_by", STRINGS, "from the closed list `HOW`"),
        Column("reached_from", STRINGS, "other sessions in which the kernel saw a connection to such a socket of that account's then"),
        Column("rule", pa.string(), f"`{RULE}`"),
        Column("version", pa.int64(), "version of the rule"),
        Column("basis", pa.string(), "derived"),
        Column("events", STRINGS, "events that the rule takes"),
    ),
)  # fmt: skip
_SOCKET = re.compile(r"/tmp/ssh-[^/]+/agent\.[0-9]+|/.+/\.ssh/agent/s\.[^/]+")  # noqa: S108 - where sshd puts it
_REQUEST = re.compile(r"\bauth-agent(?:-req)?@openssh\.com\b")
_VALUED = frozenset("BbcDEeFIiJLlmOopQRSWw")
"""Options of ssh that take a value."""


class _Client(NamedTuple):
    """What is read of an execution of ssh, as its event has it."""

    event_id: str
    host: str | None
    account: str | None
    argv: list[str] | None


@dataclass(frozen=True, slots=True)
class Reachable:
    """One row of the table."""

    credential: str
    through: Session
    entered: Session
    known_by: tuple[str, ...]
    reached_from: tuple[str, ...]
    events: tuple[str, ...]


def known(scene: Scene) -> list[Reachable]:
    """Every key that could be used so, in the order of the hops; looked up once."""
    if "agents" not in scene.memo:
        scene.memo["agents"] = list(_find(scene)) if scene.led else []
    found: list[Reachable] = scene.memo["agents"]
    return found


def alternatives(scene: Scene, session: Session) -> list[Reachable]:
    """The agents through which whoever was on the host that a session came from can have opened it."""
    rows = known(scene)
    start = session.start_ns
    if not rows or session.credential is None or start is None:
        return []
    if "own_addresses" not in scene.memo:
        scene.memo["own_addresses"] = hops.addresses(scene.evidence)
    own: Mapping[str, frozenset[str]] = scene.memo["own_addresses"]
    origins = {h.origin.host for h in scene.led if h.session is session}

    def from_there(r: Reachable) -> bool:
        there = session.address in own.get(str(r.through.host), ())
        return there or r.through.host in origins or r.entered is session

    able = [r for r in rows if r.credential == session.credential and r.through.works(start, start)]
    # One for each agent; what tells of this very session goes first.
    able = sorted(filter(from_there, able), key=lambda r: r.entered is not session)
    return list({r.through.session_id: r for r in reversed(able)}.values())


def _find(scene: Scene) -> Iterable[Reachable]:
    events = scene.events
    there = picked(events, (events["format"] == "private_key") & events["object"].notna())
    held = set(zip(there["host"], there["object"], strict=True))
    settings, lines, reached = _settings(events), _lines(events), _reached(events)
    into: dict[str, list[Hop]] = {}
    for hop in scene.led:
        into.setdefault(hop.session.session_id, []).append(hop)
    for hop in scene.led:
        session, key = hop.origin, hop.session.credential
        if key is None or not key.startswith("SHA256:") or (session.host, key) in held:
            continue
        told = {
            "client_option": [], "client_setting": [],
            "sshd_line": _said(scene, session, lines),
            "socket": [i for ses, i in _then(reached, session) if ses == session.ses],
        }  # fmt: skip
        for led in into.get(session.session_id, ()):
            for e in _clients(scene, led):
                option = _option(e.argv)
                if option:
                    told["client_option"].append(str(e.event_id))
                elif option is None and (because := _setting(e, settings)):
                    told["client_setting"] += [str(e.event_id), because]
        by = tuple(name for name in HOW if told[name])
        if by:
            others = [(ses, i) for ses, i in _then(reached, session) if ses != session.ses]
            ids = (scene.sessions.get((session.host, ses)) for ses, _ in others)
            cited = [
                *hop.events,
                *session.events[:2],
                *(i for name in HOW for i in told[name]),
                *(i for _, i in others),
            ]
            yield Reachable(
                key, session, hop.session, by, tuple(dict.fromkeys(s.session_id for s in ids if s is not None)), tuple(dict.fromkeys(cited))
            )  # fmt: skip


def _clients(scene: Scene, hop: Hop) -> Iterable[_Client]:
    """Executions of ssh by which one session led into another."""
    for verb, exe, *said in scene.cells(hop.events, "verb", "exe", *_Client._fields):
        if verb == "execute" and posixpath.basename(str(exe)) == "ssh":
            yield _Client(*said)


def _option(argv: object) -> bool | None:
    """Whether a client's words forward an agent, or refuse to; None where they say nothing of it."""
    words = list(map(str, argv))[1:] if isinstance(argv, list) else []
    found: bool | None = None
    while words and words[0].startswith("-") and words[0] != "--":
        letters = words.pop(0)[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "Aa":
                found = letter == "A"
            if letter in _VALUED:
                value = letters or (words.pop(0) if words else "")
                name, _, said = value.replace(" ", "=", 1).partition("=")
                if letter == "o" and name.lower() == "forwardagent":
                    found = said.strip().lower() != "no"
                letters = ""
    return found


def _settings(events: pd.DataFrame) -> dict[str | None, list[Row]]:
    """Settings of the ssh client that are of agents, by host, in the order of their files."""
    told = picked(
        events,
        (events["format"] == "ssh_config") & events["object"].eq("ssh forwardagent") & events["text"].notna(),
    )
    found: dict[str | None, list[Row]] = {}
    for e in rows_of(told.sort_values(["sha256", "start"])):
        found.setdefault(e.host, []).append(e)
    return found


def _setting(e: _Client, settings: Mapping[str | None, Sequence[Row]]) -> str | None:
    """The setting by which a client forwards an agent: the first that applies, of its account's before the system's."""
    words = [w.rpartition("@")[2] for w in e.argv[1:]] if isinstance(e.argv, list) else []
    rows = settings.get(e.host, ())
    for account in (e.account, None):
        for row in rows:
            mine = row.account == account if account is not None else not isinstance(row.account, str)
            if mine and _applies(row.text, words):
                return None if row.text.rpartition(" ")[2].lower() == "no" else str(row.event_id)
    return None


def _applies(text: str, words: Sequence[str]) -> bool:
    """Whether a setting's block can hold for a client: no block, a pattern of hosts that fits a word, or a test that is not known."""
    block = text.partition(": ")[0].lower() if text.startswith("in ") else ""
    kind, _, rest = block.removeprefix("in ").partition(" ")
    if kind != "host":
        return True
    patterns = rest.split()
    unwanted = [p[1:] for p in patterns if p.startswith("!")]
    wanted = [p for p in patterns if not p.startswith("!")]
    return any(
        any(fnmatchcase(w.lower(), p) for p in wanted)
        and not any(fnmatchcase(w.lower(), p) for p in unwanted)
        for w in words
    )


def _lines(events: pd.DataFrame) -> dict[tuple[str | None, int], list[Row]]:
    """Lines of sshd's on the forwarding of an agent, by process."""
    told = picked(events, events["format"].isin(SYSTEM_LOGS) & events["text"].notna() & events["pid"].notna())
    told = picked(told, told["earliest_ns"].notna())
    found: dict[tuple[str | None, int], list[Row]] = {}
    for e in rows_of(where(told, "text", lambda text: "auth-agent" in text)):
        if _REQUEST.search(e.text) and "sshd" in e.text:
            found.setdefault((e.host, int(e.pid)), []).append(e)
    return found


def _said(scene: Scene, session: Session, lines: Mapping[tuple[str | None, int], Sequence[Row]]) -> list[str]:
    """What sshd wrote of it in the processes of a session."""
    pids = {session.pid, *(int(p) for p in scene.values(session.events, "pid") if not pd.isna(p))}
    found = (
        e for pid in sorted(p for p in pids if p is not None) for e in lines.get((session.host, pid), ())
    )
    return [str(e.event_id) for e in found if session.covers(int(e.earliest_ns), int(e.latest_ns))]


def _reached(events: pd.DataFrame) -> dict[str | None, list[Row]]:
    """Connections to sockets of agents, by host."""
    told = picked(events, (events["verb"] == "connect") & events["trail"] & events["earliest_ns"].notna())
    told = picked(told, told["session"].notna() & told["object"].notna())
    found: dict[str | None, list[Row]] = {}
    for e in rows_of(where(told, "object", lambda path: _SOCKET.fullmatch(path) is not None)):
        found.setdefault(e.host, []).append(e)
    return found


def _then(reached: Mapping[str | None, Sequence[Row]], session: Session) -> list[tuple[str, str]]:
    """Connections on a session's host while it was open that can be to its agent: kernel session and event of each."""
    return [
        (str(e.session), str(e.event_id))
        for e in reached.get(session.host, ())
        if session.works(int(e.earliest_ns), int(e.latest_ns))
        and (e.session == session.ses or e.effective in {session.account, "root"})
    ]


def table(found: Iterable[Reachable]) -> pa.Table:
    """The rows as the declared table."""
    rows = list(found)
    return AGENT.build({
        "credential": [r.credential for r in rows],
        "host": [r.through.host for r in rows],
        "account": [r.through.account for r in rows],
        "session": [r.through.session_id for r in rows],
        "entered": [r.entered.session_id for r in rows],
        "from_ns": [r.through.start_ns for r in rows],
        "until_ns": [r.through.end_ns for r in rows],
        "known_by": [list(r.known_by) for r in rows],
        "reached_from": [list(r.reached_from) for r in rows],
        "rule": [RULE for _ in rows],
        "version": [RULES[RULE].version for _ in rows],
        "basis": ["derived" for _ in rows],
        "events": [list(r.events) for r in rows],
    })  # fmt: skip
