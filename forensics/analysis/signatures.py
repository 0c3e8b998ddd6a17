"""What signatures of commits, tags and push certificates are worth: each is checked, and the result is a value.

A good one says that whoever holds the key signed these bytes. It does not say who sat there, nor when: the time is the
signer's own. A key counts only if some list of the case has it; which list it was is told, for lists differ in who can
write them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import histories, keyring, signing
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, rows_of
from forensics.analysis.histories import Commit, Key, Signer
from forensics.analysis.keyring import Keyring, Listed
from forensics.analysis.publickeys import Sum
from forensics.core import clock, cms, gitsignature, openpgp
from forensics.core.cms import Certificate, Message
from forensics.core.openpgp import PgpSignature
from forensics.core.schema import Column, Table
from forensics.core.sshsig import SshSignature
from forensics.core.tables import STRINGS

RESULTS = {
    "good": "the signature holds, and a list of the case has its key at that time",
    "bad": "the signature does not hold for these bytes: they were changed, or it was made for others",
    "key_unknown": "no list of the case has the key; where the key stands in the signature, it holds for that key",
    "key_not_valid": "it holds, and the key did not count at that time: expired, revoked, not yet valid, or not for signing",
    "unsupported_algorithm": "it rests on an algorithm, a size or a version that is not accepted or not known here",
    "malformed": "it is not what its kind should be",
}
SIGNATURE = Table(
    "signature",
    "one signature of a commit, a tag or a push certificate, checked",
    (
        Column("what", pa.string(), "commit, tag or push_certificate"),
        Column("object", pa.string(), "the commit or tag; of a push certificate, the SHA-256 of its file"),
        Column("repository", pa.string(), "its repository", None, "not known"),
        Column("kind", pa.string(), "ssh, openpgp or x509", None, "none that git knows"),
        Column("result", pa.string(), "what it is worth, from the closed list `RESULTS`"),
        Column("why", pa.string(), "expired, revoked, not_yet_valid, not_for_signing, not_bound, time_unknown, ended_before_receipt, statements_not_accepted, namespace or no_digest", None, "nothing to add"),
        Column("key", pa.string(), "key that it names: `SHA256:…`, OpenPGP fingerprint or key id, `x509:…`", None, "it names none"),
        Column("known_by", STRINGS, "lists that have the key: roster, git key directory, authorized_keys, sshd, allowed_signers, openpgp_key, x509_certificate"),
        Column("called", STRINGS, "what those lists, or the certificate, call its holder: typed, and no person"),
        Column("person", pa.string(), "the one person that the roster or the git server's key directory ties the key to at that time, where the result is good; of a push certificate it is not thereby who pushed, see the table `push_certificate`", None, "none, several, or not good"),
        Column("signed_s", pa.int64(), "when it says that it was made: asserted", "s since 1970-01-01T00:00:00Z", "no such time written"),
        Column("events", STRINGS, "the signed thing's events, then those of the lists"),
    ),
)  # fmt: skip


class Signed(NamedTuple):
    """Something signed: the armour, the digest that it covers, when it says it was, when a server had it at the earliest."""

    what: str
    object: str
    repository: str | None
    armour: str
    digest: bytes | None
    at_s: int | None
    received_ns: int | None
    events: tuple[str, ...]


class Checked(NamedTuple):
    """One row of the table."""

    signed: Signed
    kind: str | None
    result: str
    why: str | None = None
    key: str | None = None
    lists: tuple[Listed, ...] = ()
    called: tuple[str, ...] = ()
    at_s: int | None = None

    @property
    def person(self) -> str | None:
        """The one person whose key made it, if it is good."""
        found = keyring.people(self.lists) if self.result == "good" else []
        return found[0] if len(found) == 1 else None

    @property
    def events(self) -> list[str]:
        """The events that show it."""
        return list(dict.fromkeys([*self.signed.events, *keyring.events(self.lists)]))


def find(scene: Scene) -> list[Checked]:
    """Every signature of a case, checked, in a total order. Where nothing is signed, nothing is loaded for it."""
    of_objects = any(
        isinstance(row.signature, str) for row in scene.git_objects.values() if row.kind != "tree"
    )
    certificates = scene.evidence.raw.get("git_push_cert")
    if not of_objects and (certificates is None or not len(certificates)):
        return []
    signed = [*_commits(histories.commits(scene)), *_tags(scene), *_pushes(scene, certificates)]
    keys = Keyring(scene)
    return [check(each, keys) for each in sorted(signed, key=_order)]


def _order(signed: Signed) -> tuple[str, str, str, tuple[str, ...]]:
    return signed.what, signed.repository or "", signed.object, signed.events


def signers(found: Iterable[Checked]) -> dict[Key, Signer]:
    """Of each signed commit, what was made of its signature."""
    return {
        (c.signed.repository, c.signed.object): Signer(c.kind, c.key, c.result)
        for c in found
        if c.signed.what == "commit"
    }


def _commits(found: Mapping[Key, Commit]) -> Iterable[Signed]:
    for (repository, oid), commit in found.items():
        received = commit.received[0] if commit.received else None
        yield from _of(
            "commit", oid, repository, commit.row, commit.row.committer_s, received, commit.events[:1]
        )


def _tags(scene: Scene) -> Iterable[Signed]:
    rows = {
        (row.sha256, int(row.start)): row
        for row in scene.git_objects.values()
        if row.kind == "tag" and isinstance(row.signature, str)
    }
    events = scene.events
    told = (
        events[events["format"].isin({"git_object", "git_pack"}) & (events["verb"] == "other")]
        if rows
        else events[:0]
    )
    for e in rows_of(told):
        row = rows.get((e.sha256, int(e.start)))
        if row is not None:
            yield from _of("tag", row.oid, e.repository, row, row.tagger_s, None, [e.event_id])


def _pushes(scene: Scene, own: pd.DataFrame | None) -> Iterable[Signed]:
    if own is None:
        return
    told = scene.events[scene.events["format"] == "git_push_cert"]
    for sha256, rows in own.groupby("sha256", sort=True):
        row = next(rows_of(rows.sort_values("start")))
        events = list(told.loc[told["sha256"] == sha256, "event_id"])
        yield from _of("push_certificate", str(sha256), row.repository, row, row.epoch_s, None, events)


def _of(
    what: str,
    name: str,
    repository: object,
    row: Row,
    at: Any,  # noqa: ANN401 - a value of any column
    received: int | None,
    events: list[str],
) -> Iterable[Signed]:
    if isinstance(row.signature, str):
        digest = (
            bytes.fromhex(row.signed_digest.partition(":")[2]) if isinstance(row.signed_digest, str) else None
        )
        seconds = None if pd.isna(at) else int(at)
        where = repository if isinstance(repository, str) else None
        yield Signed(what, name, where, row.signature, digest, seconds, received, tuple(events))


def check(signed: Signed, keys: Keyring) -> Checked:
    """What one signature is worth. Whatever its bytes are, the answer is of the closed list."""
    held = gitsignature.held(signed.armour)
    if held is None or held.made is None:
        return Checked(signed, held.kind if held else None, "malformed", at_s=signed.at_s)
    if isinstance(held.made, SshSignature):
        return _ssh(signed, held.made, keys)
    if isinstance(held.made, PgpSignature):
        return _openpgp(signed, held.made, keys)
    return _x509(signed, held.made, keys)


_OF_SUM = {Sum.FAILS: "bad", Sum.UNSUPPORTED: "unsupported_algorithm", Sum.MALFORMED: "malformed"}


def _ssh(signed: Signed, made: SshSignature, keys: Keyring) -> Checked:
    found = Checked(
        signed, "ssh", "good", None, made.fingerprint, tuple(keys.listed(made.fingerprint)), at_s=signed.at_s
    )
    if signed.digest is None:
        return found._replace(result="unsupported_algorithm", why="no_digest")
    if made.namespace != keyring.NAMESPACE.encode():
        return found._replace(result="bad", why="namespace")
    held = signing.ssh(made, signed.digest)
    return found._replace(result=_OF_SUM[held]) if held is not Sum.HOLDS else _counted(found)


def _openpgp(signed: Signed, made: PgpSignature, keys: Keyring) -> Checked:
    at_s = made.created_s if made.created_s is not None else signed.at_s
    found = Checked(signed, "openpgp", "key_unknown", None, made.issuer, at_s=at_s)
    if signed.digest is None or made.type not in {openpgp.BINARY, openpgp.TEXT} or made.created_s is None:
        weak = made.hash is None
        return found._replace(
            result="unsupported_algorithm" if weak else "malformed", why="no_digest" if weak else None
        )
    results = list[Checked]()
    for standing, certificate, events in keys.pgp(made.issuer):
        held = signing.openpgp(standing.key, made, signed.digest)
        names = [name.decode("utf-8", "backslashreplace")[:500] for name, _ in certificate.names]
        own = [*keys.listed(standing.key.fingerprint), *keys.listed(standing.primary.fingerprint)]
        lists = (*dict.fromkeys(own), Listed("openpgp_key", events=events))
        one = found._replace(key=standing.key.fingerprint, called=tuple(names), lists=lists, result="good")
        if held is not Sum.HOLDS:
            results.append(one._replace(result=_OF_SUM[held]))
            continue
        why = standing.hindrance(made.created_s)
        if why is None and signed.received_ns is not None:
            late = standing.hindrance(signed.received_ns // clock.NS_PER_S)
            why = "ended_before_receipt" if late in {"expired", "revoked"} else None
        results.append(
            _counted(one)
            if why is None
            else one._replace(result=_HINDERED.get(why, "key_not_valid"), why=why)
        )
    return min(results, key=_rank, default=found)


_HINDERED = {"not_bound": "key_unknown", "statements_not_accepted": "unsupported_algorithm"}


def _rank(one: Checked) -> tuple[int, str]:
    """Of several copies of a key the one that lets it count least: a copy can lack the revocation that another has."""
    order = ("malformed", "bad", "key_not_valid", "unsupported_algorithm", "good", "key_unknown")
    return order.index(one.result), str(one.key)


def _x509(signed: Signed, made: Message, keys: Keyring) -> Checked:
    own = made.own(keys.certificates)
    found = Checked(signed, "x509", "key_unknown", at_s=signed.at_s)
    if own is None:
        return found
    name = gitsignature.fingerprint(own.raw)
    called = (
        f"{cms.shown(own.subject)}, issued by {cms.shown(own.issuer)}, {own.not_before} to {own.not_after}",
    )
    found = found._replace(key=name, called=called, result="good")
    if signed.digest is None:
        return found._replace(result="unsupported_algorithm", why="no_digest")
    held = signing.x509(made, own, signed.digest)
    if held is not Sum.HOLDS:
        return found._replace(result=_OF_SUM[held])
    lists = [*keys.listed(name), *keys.listed(name.removeprefix("x509:"))]
    chain = _chain(own, made.certificates, keys)
    if chain:
        lists.append(Listed("x509_certificate", events=keys.certificate_events(chain[-1])))
    whys = [_within(each, signed) for each in chain or [own]]
    why = next((w for w in whys if w is not None), None if own.signs else "not_for_signing")
    found = found._replace(lists=tuple(lists))
    return found._replace(result="key_not_valid", why=why) if lists and why is not None else _counted(found)


_LONGEST_CHAIN = 5


def _chain(own: Certificate, brought: list[Certificate], keys: Keyring) -> list[Certificate]:
    """From a signer's certificate to an authority that is in the evidence by itself; empty where none is reached."""
    chain = [own]
    trusted = {each.raw for each in keys.authorities}
    while len(chain) < _LONGEST_CHAIN:
        above = [c for c in [*keys.authorities, *brought] if signing.issued(chain[-1], c) is Sum.HOLDS]
        if not above:
            break
        chain.append(above[0])
        if above[0].raw in trusted:
            return chain
        if above[0].raw == chain[-2].raw:
            break
    return []


def _within(found: Certificate, signed: Signed) -> str | None:
    first, last = (clock.instant(f"{t[:8]}T{t[8:]}") for t in (found.not_before, found.not_after))
    if first is None or last is None:
        return "not_for_signing"
    at = None if signed.at_s is None else signed.at_s * clock.NS_PER_S
    return Listed("", from_ns=first, until_ns=last).hindrance(at)


def _counted(found: Checked) -> Checked:
    """A signature that holds, by whether a list has its key at that time and, where it was received, until then."""
    if not found.lists:
        return found._replace(result="key_unknown")
    at = None if found.at_s is None else found.at_s * clock.NS_PER_S
    whys = [each.hindrance(at) for each in found.lists]
    received = found.signed.received_ns
    if received is not None:
        whys = [
            why or ("ended_before_receipt" if each.hindrance(received) == "expired" else None)
            for why, each in zip(whys, found.lists, strict=True)
        ]
    holding = tuple(each for each, why in zip(found.lists, whys, strict=True) if why is None)
    # A register that ends a key ends it, whatever other lists still have it.
    ended = [
        w for each, w in zip(found.lists, whys, strict=True) if w is not None and each.source == "roster"
    ]
    rest = any(each.source == "roster" for each in holding)
    if (ended and not rest) or not holding:
        return found._replace(result="key_not_valid", why=(ended or [w for w in whys if w])[0])
    return found._replace(lists=holding)


def table(found: Iterable[Checked]) -> pa.Table:
    """The signatures as the declared table."""
    rows = [
        {
            "what": c.signed.what, "object": c.signed.object, "repository": c.signed.repository, "kind": c.kind,
            "result": c.result, "why": c.why, "key": c.key, "known_by": sorted({each.source for each in c.lists}),
            "called": list(dict.fromkeys([*c.called, *(each.called for each in c.lists if each.called)])),
            "person": c.person, "signed_s": _in_range(c.at_s), "events": c.events,
        }
        for c in found
    ]  # fmt: skip
    return SIGNATURE.build({name: [row[name] for row in rows] for name in SIGNATURE.names})


def _in_range(seconds: int | None) -> int | None:
    return seconds if seconds is not None and -(2**63) <= seconds < 2**63 else None
