"""Signed push certificates: which move of a ref each was made for, as far as the records show, and why none where they show none.

A certificate that is good says that whoever has the key asked for some refs of some repository to be moved. It can be kept, and
presented again: later, once the ref stands where it stood, or to another repository that has the same objects. Against that a
server puts a nonce into it, and says to its hooks alone what it found of it (`GIT_PUSH_CERT_NONCE_STATUS`). So a
certificate is tied to a move only where it names that repository, that ref and both objects, that one move alone is on record in
the minutes after its nonce, and no other certificate asks for it. Of one that is not, it is told why, and no person.
"""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

import pyarrow as pa

from forensics.analysis import channels, git_acts
from forensics.analysis.acts import Scene
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.repositories import alike, parts
from forensics.analysis.signatures import Checked
from forensics.core import clock
from forensics.core.folders import BY_USERS
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

TIES = {
    "tied": "it names the repository, the ref and both objects of this move, which alone is on record in the minutes after its nonce",
    "no_nonce": "it holds no nonce that a server can have given, so that it can have been presented at any time",
    "no_repository": "it names no repository, so that it can have been presented to any",
    "other_repository": "nothing shows that it is for the repository where the ref moved, or where it was kept",
    "no_move": "no record tells that the ref moved so",
    "other_time": "the ref moved so at another time than in the minutes after its nonce: it can have been presented again",
    "several_moves": "the ref moved so more than once in those minutes, and it was made for one of these moves",
    "several_certificates": "another certificate asks for the same move",
}
NONCES = {
    "missing": "it holds none",
    "malformed": "it holds none of the form that git gives",
    "not_checked": "no seed is in the evidence with which a server makes them, so whether a server gave it is not known",
    "not_made_with_seed": "the seed in the evidence does not give it for any path of a repository that is known here",
    "good": "the seed in the evidence gives it for a path of that repository",
    "good_of_any_repository": "the seed in the evidence gives it for the path that every repository has over HTTP: it tells the time, and no repository",
}
CERTIFICATE = Table(
    "push_certificate",
    "a ref that a push certificate asks to move, and the move that it was made for",
    (
        Column("certificate", pa.string(), "SHA-256 of its file"),
        Column("ref", pa.string(), "the ref that is to move"),
        Column("old", pa.string(), "object that it names before", None, "not written"),
        Column("new", pa.string(), "object that it is to name", None, "not written"),
        Column("pushee", pa.string(), "address that the pusher's git was given: of which host is not checked", None, "not written"),
        Column("nonce_s", pa.int64(), "time in its nonce, which the server puts there", "s since 1970-01-01T00:00:00Z", "no such nonce"),
        Column("nonce", pa.string(), "what is known of its nonce, from the closed list `NONCES`; what the server found of it is in no file"),
        Column("tie", pa.string(), "whether it was made for a move on record, or why that cannot be told, from the closed list `TIES`"),
        Column("result", pa.string(), "what its signature is worth: see the table `signature`", None, "not signed"),
        Column("key", pa.string(), "key that the signature names", None, "not signed, or it names none"),
        Column("person", pa.string(), "the one person that the roster or the git server's key directory ties the key to", None, "the signature is not good, or the certificate is tied to no move"),
        Column("events", STRINGS, "the certificate's line, then what tells the move that it is tied to"),
    ),
)  # fmt: skip
_EARLY_NS, _LATE_NS = 60 * clock.NS_PER_S, 600 * clock.NS_PER_S
"""So long before a move, and after it, its nonce can be dated: clocks are read to the second, and a large push takes minutes."""
_NONCE = re.compile(r"([0-9]{1,12})-([0-9a-f]{40}|[0-9a-f]{64})")
_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://[^/]*/|(?:[^/:\[]*\[[^/\]]*\]|[^/:]+):)?(.*)", re.DOTALL)
_KEPT = re.compile(r"(?:^|(?<=/))(?:[^/]++/)+")
_MOST_PATHS, _SHA1_DIGITS = 1000, 40


class Tied(NamedTuple):
    """One row of the table."""

    certificate: str
    ref: str
    old: str | None
    new: str | None
    pushee: str | None
    nonce_s: int | None
    nonce: str
    tie: str
    checked: Checked | None
    events: tuple[str, ...]
    told_by: frozenset[str] = frozenset()
    """The events of pushes that it can be thought to be of: those of the same ref and objects, wherever."""

    @property
    def person(self) -> str | None:
        """The one person whose key signed the move; None where it is not known to have been this move."""
        return self.checked.person if self.checked is not None and self.tie == "tied" else None


class _Moved(NamedTuple):
    """One move on record, told by a push, a reflog or both; `names` are what these call its repository."""

    names: frozenset[str]
    old: str | None
    times: tuple[int, int] | None
    events: tuple[str, ...]
    push: str | None


_Identity = tuple[str | None, str]
"""Nonce and signature of a certificate, which every copy of it has."""
_Wanted = tuple[str, str | None]
"""A ref, and the object that it is to name."""


def find(scene: Scene, signed: Iterable[Checked]) -> list[Tied]:
    """Each ref of each certificate, in a total order. Where there are none, nothing is looked at.

    Args:
        scene: the case.
        signed: its signatures, checked.
    """
    own = scene.evidence.raw.get("git_push_cert")
    if own is None or not len(own):
        return []
    checked = {c.signed.object: c for c in signed if c.signed.what == "push_certificate"}
    told = picked(scene.events, scene.events["format"] == "git_push_cert")
    lines = {(e.sha256, int(e.start)): str(e.event_id) for e in rows_of(told)}
    ordered = [
        row for row in rows_of(own.sort_values(["sha256", "start"])) if (row.sha256, int(row.start)) in lines
    ]
    # Of very many refs the first alone holds what all share.
    heads = {row.sha256: row for row in reversed(ordered)}
    moves, seeds = _moves(scene), _Seeds(scene)
    begun = []
    for row in ordered:
        head = heads[row.sha256]
        pushee, nonce = _text(head.pushee), _text(head.nonce)
        made = moves.get((str(row.ref), _text(row.new)), [])
        tie, fits = _tie(row, pushee, nonce, made, _kept_in(scene, row.sha256))
        one = Tied(
            str(row.sha256), str(row.ref), _text(row.old), _text(row.new), pushee, _stamp(nonce), seeds.nonce(nonce, pushee), tie,
            checked.get(row.sha256), (lines[row.sha256, int(row.start)], *fits),
            frozenset(m.push for m in made if m.push is not None and _same(m.old, row.old)),
        )  # fmt: skip
        begun.append((one, (nonce, str(head.signature or "").strip())))
    return _apart(begun)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _same(one: str | None, other: object) -> bool:
    return one is None or _text(other) is None or one == other


def _stamp(nonce: str | None) -> int | None:
    found = _NONCE.fullmatch(nonce or "")
    return int(found[1]) if found else None


def _apart(begun: Sequence[tuple[Tied, _Identity]]) -> list[Tied]:
    """The certificates, those not tied of which several ask for one move. A copy of a certificate is no other one."""
    askers: dict[tuple[str, ...], set[_Identity]] = {}
    for one, identity in begun:
        if one.tie == "tied":
            askers.setdefault(one.events[1:], set()).add(identity)
    return [
        one._replace(tie="several_certificates", events=one.events[:1])
        if one.tie == "tied" and len(askers[one.events[1:]]) > 1
        else one
        for one, _ in begun
    ]


def _tie(
    row: Row, pushee: str | None, nonce: str | None, made: Sequence[_Moved], kept_in: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """Whether a certificate was made for one of some moves of its ref to its object, and the events of that one."""
    named, at_s = _path(pushee), _stamp(nonce)
    if at_s is None:
        return "no_nonce", ()
    if not named:
        return "no_repository", ()
    if kept_in and not any(_is_of(folder, named) for folder in kept_in):
        return "other_repository", ()
    fits = [m for m in made if _same(m.old, row.old)]
    here = [m for m in fits if all(_is_of(name, named) for name in m.names)]
    if not here:
        return ("other_repository" if fits else "no_move"), ()
    near = [m for m in here if m.times is not None and _soon(m.times, at_s * clock.NS_PER_S)]
    if len(near) != 1:
        return ("several_moves" if near else "other_time"), ()
    return "tied", near[0].events


def _soon(times: tuple[int, int], nonce_ns: int) -> bool:
    return times[1] >= nonce_ns - _EARLY_NS and times[0] <= nonce_ns + _LATE_NS


def _path(pushee: str | None) -> tuple[str, ...]:
    """The parts of the path in an address, as git takes them: behind the host of a URL, or a host and a colon."""
    found = _ADDRESS.fullmatch(pushee or "")
    return tuple(part for part in parts(found[1]) if part != "~") if found else ()


def _is_of(name: str, named: Sequence[str]) -> bool:
    """Whether a repository can be the one that an address names: by a path on the server's disk, or by its name in a log, which is no longer than the address."""
    own = parts(name)
    return alike(own, named) and (name.startswith("/") or len(own) <= len(named))


def _on_disk(path: str, origin: object) -> str:
    """Where a file lay, as far as is known: on its host, or below the folder that whoever collected it made."""
    return origin if isinstance(origin, str) else f"/{path.partition('/')[2]}"


def _kept_in(scene: Scene, sha256: str) -> list[str]:
    """The repositories in whose folders a certificate was collected; none where it lay elsewhere."""
    files = scene.evidence.files
    own = files[files["sha256"] == sha256]
    lay = (_repository(_on_disk(str(p), o)) for p, o in zip(own["path"], own["origin"], strict=True))
    return [found for found in lay if found is not None]


def _repository(path: str) -> str | None:
    """The innermost folder named as a repository that a file lies in; none where there is none."""
    for folders in _KEPT.finditer(path):
        parts = folders[0].split("/")[:-1]
        own = [n for n, part in enumerate(parts, 1) if part.endswith(".git") and part != ".git"]
        if own:
            return "/" + "/".join(parts[: own[-1]])
    return None


def _moves(scene: Scene) -> dict[_Wanted, list[_Moved]]:
    """Every move on record by its ref and the object that the ref names then: what a push and a reflog both tell is one."""
    origins = _origins(scene)
    pushed = of_verbs(scene.evidence, "push", but=lambda e: e["outcome"] != "failure")
    pushes = {str(e.event_id): e for e in rows_of(pushed)}
    found: dict[_Wanted, list[_Moved]] = {}
    for move in channels.moves(scene, channels.channels(scene)):
        line = scene.row(move.events[0])
        place = channels.place(scene, line)
        names = {origins.get((place, line.object), f"/{place.partition('/')[2] or place}")}
        push = pushes.pop(move.events[1], None) if move.told_by == "push" else None
        if push is not None:
            names.add(str(push.repository))
        told = _Moved(
            frozenset(names), move.old, _times(move.earliest_ns, move.latest_ns), move.events,
            None if push is None else str(push.event_id),
        )  # fmt: skip
        found.setdefault((str(move.ref), move.new), []).append(told)
    for name, e in pushes.items():
        new, old = git_acts.new_oid(str(e.text or "")), _text(e.object_from)
        told = _Moved(frozenset({str(e.repository)}), old, _times(e.earliest_ns, e.latest_ns), (name,), name)
        found.setdefault((str(e.object), new), []).append(told)
    return found


def _origins(scene: Scene) -> dict[tuple[str, object], str]:
    """Of a repository's folder as collected, and a ref, where on its host the folder lay."""
    files = scene.evidence.files
    placed = files[files["origin"].notna() & files["path"].str.contains("logs/refs/", regex=False)]
    found: dict[tuple[str, object], str] = {}
    for path, origin in zip(placed["path"], placed["origin"], strict=True):
        below, mark, ref = f"/{path}".rpartition("/logs/refs/")
        found[below.strip("/"), f"refs/{ref}"] = str(origin).rpartition(f"{mark}{ref}")[0]
    return found


def _times(first: object, last: object) -> tuple[int, int] | None:
    """When a move was; None where no time is told."""
    return (int(first), int(last)) if isinstance(first, int) and isinstance(last, int) else None


class _Seeds:
    """What a git server makes nonces with, where its settings were collected, and the paths that repositories have."""

    def __init__(self, scene: Scene) -> None:
        events = scene.events
        told = picked(
            events, (events["format"] == "git_config") & (events["object"] == "receive.certnonceseed")
        )
        told = told[~told["domain"].str.endswith(BY_USERS).fillna(value=True)]
        values = {text.removeprefix("= ") for text in told["text"] if isinstance(text, str)}
        self._seeds = sorted(values - {""})
        files = scene.evidence.files
        lay = zip(files["path"], files["origin"], strict=True) if self._seeds else ()
        found = (_repository(_on_disk(str(path), origin)) for path, origin in lay)
        self._paths = sorted({kept for kept in found if kept is not None})[:_MOST_PATHS]

    def nonce(self, nonce: str | None, pushee: str | None) -> str:
        """What is known of a nonce: a code of `NONCES`."""
        found = _NONCE.fullmatch(nonce or "")
        if found is None:
            return "missing" if nonce is None else "malformed"
        if not self._seeds:
            return "not_checked"
        if any(_made(seed, path, found) for seed, path in product(self._seeds, self._of(pushee))):
            return "good"
        return (
            "good_of_any_repository"
            if any(_made(s, ".", found) for s in self._seeds)
            else "not_made_with_seed"
        )

    def _of(self, pushee: str | None) -> list[str]:
        """What a server can have been asked for, as the address has it, or as the repository lies on its disk."""
        named = _path(pushee)
        typed = "/".join(named)
        lying = [path.removesuffix(".git") for path in self._paths if named and alike(parts(path), named)]
        return [f"{path}{end}" for path in (typed, f"/{typed}", *lying) for end in (".git", "", "/", ".git/")]


def _made(seed: str, path: str, nonce: re.Match[str]) -> bool:
    """Whether a server makes a nonce of a seed, a path and a time: git with these two as the key, JGit with the seed.

    Source: git 2.39, builtin/receive-pack.c, prepare_push_cert_nonce; JGit, HMACSHA1NonceGenerator.
    """
    how = "sha1" if len(nonce[2]) == _SHA1_DIGITS else "sha256"
    asked, secret = f"{path}:{nonce[1]}".encode(), seed.encode()
    return nonce[2] in {hmac.new(asked, secret, how).hexdigest(), hmac.new(secret, asked, how).hexdigest()}


def unchecked(found: Iterable[Tied]) -> bool:
    """Whether it is not known of a certificate whether a server gave its nonce."""
    return any(one.nonce in {"not_checked", "not_made_with_seed"} for one in found)


def by_push(found: Iterable[Tied]) -> Mapping[str, list[Tied]]:
    """The certificates that can be thought to be of a push, by its event: for the same ref and objects."""
    told: dict[str, list[Tied]] = {}
    for one in found:
        for push in sorted(one.told_by):
            if one.tie != "tied" or push in one.events:
                told.setdefault(push, []).append(one)
    return told


def table(found: Iterable[Tied]) -> pa.Table:
    """The certificates as the declared table."""
    rows = [
        (*one[:8], one.checked and one.checked.result, one.checked and one.checked.key, one.person, list(one.events))
        for one in found
    ]  # fmt: skip
    return CERTIFICATE.build({name: [row[i] for row in rows] for i, name in enumerate(CERTIFICATE.names)})
