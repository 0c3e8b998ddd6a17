"""The keys that a case knows: whose lists have them, from when to when, and what the lists call their holders.

A list is somebody's word. Only the roster, and a git server's own key directory, tie a key to a person; what a list
of signers, a user id or a certificate calls its holder is told as it is typed, and ties it to nobody.
"""

import base64
import binascii
import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import pandas as pd

from forensics.analysis import pgpkeys
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, rows_of
from forensics.analysis.identity import REGISTER
from forensics.analysis.pgpkeys import Standing
from forensics.core import clock, cms, openpgp
from forensics.core.cms import Certificate

NAMESPACE = "git"
_MOST_COPIES = 64
_EAST_NS, _WEST_NS = 14 * 3600 * clock.NS_PER_S, 12 * 3600 * clock.NS_PER_S
"""How far zones lie from UTC: a local time is this much earlier, or later, than it reads."""
_HEX = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{4} *){10})")


@dataclass(frozen=True, slots=True)
class Listed:
    """A key in somebody's list: from when to when it counts there, whose it is called, and the events that say so."""

    source: str
    person: str | None = None
    called: str | None = None
    from_ns: int | None = None
    until_ns: int | None = None
    events: tuple[str, ...] = ()

    def hindrance(self, at_ns: int | None) -> str | None:
        """Why it does not count at a moment; None where it does."""
        if self.from_ns is None and self.until_ns is None:
            return None
        if at_ns is None:
            return "time_unknown"
        if self.from_ns is not None and at_ns < self.from_ns:
            return "not_yet_valid"
        return "expired" if self.until_ns is not None and self.until_ns < at_ns else None


class Keyring:
    """Every key of a case, by fingerprint."""

    def __init__(self, scene: Scene) -> None:
        """Read the lists of a case. Keys of OpenPGP are checked when they are asked for."""
        self._listed: dict[str, list[Listed]] = {}
        for e in scene.directory.enrolments:
            if e.kind in {"key", "opens"}:
                source = "roster" if e.domain == REGISTER else e.source
                listed = Listed(source, e.person, e.account, e.from_ns, e.until_ns, e.events)
                self._listed.setdefault(_plain(e.thing), []).append(listed)
        raw, self._events = scene.evidence.raw, _events_of(scene)
        for row in _rows(raw, "allowed_signers"):
            if not row.authority and _for_git(row.namespaces):
                self._listed.setdefault(row.fingerprint, []).append(self._signer(row))
        self._certificates = {c.raw: self._said_by(row) for row, c in _x509(raw)}
        self.certificates = [c for _, c in _x509(raw)]
        self.authorities = [c for c in self.certificates if c.authority]
        self._pgp: dict[str, dict[bytes, tuple[list[str], openpgp.Certificate]]] = {}
        for row in _rows(raw, "openpgp_key"):
            for found, _, _ in openpgp.certificates(_decoded(row.material)):
                if found is not None:
                    self._keep(found, self._said_by(row))
        self._ending: dict[str, list[str]] = {}
        for name in sorted(self._pgp):
            self._ending.setdefault(name[-16:], []).append(name)
        self._standings: dict[bytes, dict[str, Standing]] = {}

    def _keep(self, found: openpgp.Certificate, events: Iterable[str]) -> None:
        """Keep a certificate under each of its keys: equal ones once, and no more different ones than somebody has."""
        for key in (found.key, *(sub.key for sub in found.subkeys)):
            copies = self._pgp.setdefault(key.fingerprint, {})
            if found.raw in copies or len(copies) < _MOST_COPIES:
                copies.setdefault(found.raw, ([], found))[0].extend(events)

    def _signer(self, row: Row) -> Listed:
        first, last = _bound(row.valid_after, late=True), _bound(row.valid_before, late=False)
        return Listed("allowed_signers", None, row.principals, first, last, self._said_by(row))

    def _said_by(self, row: Row) -> tuple[str, ...]:
        return self._events.get((row.sha256, int(row.start)), ())

    def listed(self, fingerprint: str | None) -> list[Listed]:
        """The lists that have a key."""
        return self._listed.get(_plain(fingerprint), []) if fingerprint else []

    def pgp(self, issuer: str | None) -> list[tuple[Standing, openpgp.Certificate, tuple[str, ...]]]:
        """The keys that a signature's issuer can mean, each with its certificate and the events that hold it."""
        if issuer is None or len(issuer) < 16:
            return []
        names = [issuer] if len(issuer) == 40 else self._ending.get(issuer, ())
        found = []
        for name, (events, certificate) in (
            (n, held) for n in names for held in self._pgp.get(n, {}).values()
        ):
            known = self._standings.get(certificate.raw)
            if known is None:
                known = {s.key.fingerprint: s for s in pgpkeys.standings(certificate)}
                self._standings[certificate.raw] = known
            found.append((known[name], certificate, tuple(events)))
        return found

    def certificate_events(self, found: Certificate) -> tuple[str, ...]:
        """The events that hold a certificate; none where it is not in the evidence by itself."""
        return self._certificates.get(found.raw, ())


def _plain(thing: str) -> str:
    """A fingerprint as it is compared: of OpenPGP without blanks and in capitals, however a roster writes it."""
    found = _HEX.fullmatch(thing.strip())
    return found[1].replace(" ", "").upper() if found else thing


def _rows(raw: Mapping[str, pd.DataFrame], name: str) -> Iterable[Row]:
    table = raw.get(name)
    return [] if table is None else rows_of(table.sort_values(["sha256", "start"]))


def _events_of(scene: Scene) -> dict[tuple[str, int], tuple[str, ...]]:
    """The events of each record of a list, by where it stands."""
    events = scene.events
    own = events[events["format"].isin({"allowed_signers", "openpgp_key", "x509_certificate"})]
    found: dict[tuple[str, int], tuple[str, ...]] = {}
    for e in rows_of(own):
        key = (e.sha256, int(e.start))
        found[key] = (*found.get(key, ()), e.event_id)
    return found


def _x509(raw: Mapping[str, pd.DataFrame]) -> Iterable[tuple[Row, Certificate]]:
    for row in _rows(raw, "x509_certificate"):
        found = cms.certificate(_decoded(row.material))
        if found is not None:
            yield row, found


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _for_git(namespaces: object) -> bool:
    """Whether a list lets a key sign for git: by patterns, of which one that begins with `!` forbids."""
    if not isinstance(namespaces, str):
        return True
    patterns = [p.strip() for p in namespaces.split(",")]
    forbids = any(p[:1] == "!" and fnmatch.fnmatchcase(NAMESPACE, p[1:]) for p in patterns)
    return not forbids and any(fnmatch.fnmatchcase(NAMESPACE, p) for p in patterns)


def _bound(written: object, *, late: bool) -> int | None:
    """A bound of a list of signers in ns; one that names no zone is the narrowest that it can mean."""
    if not isinstance(written, str):
        return None
    digits = written.removesuffix("Z").ljust(14, "0")
    at = clock.instant(f"{digits[:8]}T{digits[8:]}Z")
    if at is None:  # no such day: it lets nothing in
        return (1 << 63) - 1 if late else -(1 << 63)
    if written.endswith("Z"):
        return at
    return at + _WEST_NS if late else at - _EAST_NS


def people(lists: Iterable[Listed]) -> list[str]:
    """The persons that lists tie a key to."""
    return sorted({each.person for each in lists if each.person is not None})


def events(lists: Iterable[Listed]) -> list[str]:
    """The events of lists, once each."""
    return list(dict.fromkeys(chain.from_iterable(each.events for each in lists)))
