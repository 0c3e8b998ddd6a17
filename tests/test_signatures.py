"""Signatures are checked against keys that a case knows. The oracle is the program that made each of them."""

import ast
import base64
import hashlib
import random
import re
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from repositories import Repository
from signers import Signers, needs
from test_commit_facts import examined

from forensics.analysis import evidence, findings, pgpkeys, signatures, signing
from forensics.analysis.keyring import Keyring, Listed
from forensics.analysis.publickeys import Sum
from forensics.analysis.signatures import Signed
from forensics.core import armour, clock, cms, der, gitobject, gitsignature, openpgp, roster, sshkey
from forensics.formats import registry

MESSAGE = b"tree 0\n\nA commit \xff\r\nof lines\n"
OTHER = MESSAGE.replace(b"commit", b"Commit")
LISTED = (Listed("roster", "kai"),)
SOURCES = sorted((Path(__file__).parents[1] / "forensics").rglob("*.py"))


@pytest.fixture(scope="module")
def signers(tmp_path_factory):
    made = Signers(tmp_path_factory.mktemp("s"))
    yield made
    made.done()


def digest(text, message):
    told = gitsignature.digest(text, message)
    return bytes.fromhex(told.partition(":")[2])


def certificates(raw):
    return [certificate for certificate, _, _ in openpgp.certificates(raw)]


class Keys:
    """A keyring that lists every SSH key and the OpenPGP keys that it is given."""

    authorities = certificates = ()

    def __init__(self, pgp=b"", listed=LISTED):
        self.keys, self.lists = [c for c in certificates(pgp) if c] if pgp else [], list(listed)

    def listed(self, fingerprint):
        return self.lists if fingerprint else []

    def pgp(self, issuer):
        found = ((s, c) for c in self.keys for s in pgpkeys.standings(c))
        return [(s, c, ()) for s, c in found if issuer and s.key.fingerprint.endswith(issuer)]


def result(text, message, keys, at_s=None, received_ns=None):
    told = gitsignature.digest(text, message)
    value = None if told is None else bytes.fromhex(told.partition(":")[2])
    return signatures.check(Signed("commit", "0" * 40, None, text, value, at_s, received_ns, ()), keys)


@pytest.mark.parametrize(
    "kind",
    [("ed25519",), ("ecdsa", "-b", "256"), ("ecdsa", "-b", "521"), ("rsa", "-b", "2048")],
    ids="-".join,
)
def test_an_ssh_signature_holds_for_its_bytes_alone(signers, kind):
    needs("ssh-keygen")
    line = signers.ssh_key("k" + "".join(kind), *kind)
    for hashed in ("sha512", "sha256"):
        text = signers.ssh_sign("k" + "".join(kind), MESSAGE, hashed)
        held = gitsignature.held(text)
        assert held.made.fingerprint == sshkey.fingerprint(base64.b64decode(line.split()[1]))
        assert signing.ssh(held.made, digest(text, MESSAGE)) is Sum.HOLDS
        assert signing.ssh(held.made, digest(text, OTHER)) is Sum.FAILS
        assert result(text, OTHER, Keys()).result == "bad"


def test_a_signature_for_something_else_than_git_is_bad(signers):
    needs("ssh-keygen")
    signers.ssh_key("kfile", "ed25519")
    found = result(signers.ssh_sign("kfile", MESSAGE, namespace="file"), MESSAGE, Keys())
    assert (found.result, found.why) == ("bad", "namespace")


def framed(*parts):
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def test_a_key_of_a_security_device_signs_as_its_protocol_says():
    """No device is at hand: what one signs is put together as PROTOCOL.u2f has it, by the library alone."""
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    secret = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    key = framed(b"sk-ssh-ed25519@openssh.com", secret.public_key().public_bytes_raw(), b"ssh:")
    inner = b"SSHSIG" + framed(b"git", b"", b"sha512", hashlib.sha512(MESSAGE).digest())
    tail = b"\x01" + (7).to_bytes(4)
    signed = secret.sign(hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(inner).digest())
    made = framed(b"sk-ssh-ed25519@openssh.com", signed) + tail
    raw = b"SSHSIG" + (1).to_bytes(4) + framed(key, b"git", b"", b"sha512", made)
    text = f"-----BEGIN SSH SIGNATURE-----\n{base64.b64encode(raw).decode()}\n-----END SSH SIGNATURE-----\n"
    assert gitsignature.held(text).made.touched
    assert [result(text, each, Keys()).result for each in (MESSAGE, OTHER)] == ["good", "bad"]


@pytest.mark.parametrize("kind", ["rsa2048", "ed25519", "nistp256"])
def test_an_openpgp_signature_holds_for_its_bytes_alone(signers, kind):
    needs("gpg")
    fingerprint = signers.gpg_key(kind, kind)
    keys = Keys(signers.gpg("--export", f"{kind}@lab.example"), listed=())
    for how in (("--digest-algo", "SHA512"), ("--textmode",)):
        text = signers.gpg_sign(kind, MESSAGE, *how)
        found = result(text, MESSAGE, keys)
        assert (found.result, found.key, found.called) == (
            "good",
            fingerprint,
            (f"{kind} <{kind}@lab.example>",),
        )
        assert result(text, OTHER, keys).result == "bad"
    assert gitsignature.held(text).made.type == openpgp.TEXT
    assert result(text, MESSAGE.replace(b"\r\n", b"\n"), keys).result == "good"
    assert result(text, MESSAGE, Keys(listed=())).result == "key_unknown"


def test_a_weak_digest_is_not_accepted(signers):
    needs("gpg")
    signers.gpg_key("weak", "rsa2048")
    text = signers.gpg_sign("weak", MESSAGE, "--digest-algo", "SHA1")
    found = result(text, MESSAGE, Keys(signers.gpg("--export", "weak@lab.example")))
    assert (found.result, found.why) == ("unsupported_algorithm", "no_digest")


def test_a_key_counts_while_its_own_statements_say_so(signers):
    """Made in October, it ends in November; a subkey signs, and is revoked. Each by gpg, at a time of its own."""
    needs("gpg")
    fingerprint = signers.gpg_key("ends", "ed25519", "cert,sign", "30d", at="20261001T000000")
    early = signers.gpg_sign("ends", MESSAGE, at="20261010T000000")
    export = signers.gpg("--export", "ends@lab.example")
    keys = Keys(export, listed=())
    assert result(early, MESSAGE, keys).result == "good"
    found = result(early, MESSAGE, keys, received_ns=1_796_000_000 * 10**9)
    assert (found.result, found.why) == ("key_not_valid", "ended_before_receipt")
    (standing,) = pgpkeys.standings(certificates(export)[0])
    assert standing.hindrance(1_796_000_000) == "expired"
    assert standing.hindrance(1_700_000_000) == "not_yet_valid"
    revocation = (signers.home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
    signers.gpg("--import", given=revocation.replace(":-----BEGIN", "-----BEGIN").encode())
    gone = Keys(signers.gpg("--export", "ends@lab.example"), listed=())
    found = result(early, MESSAGE, gone)
    assert (found.result, found.why) == ("key_not_valid", "revoked")
    both = Keys(export + signers.gpg("--export", "ends@lab.example"), listed=())
    assert result(early, MESSAGE, both).result == "key_not_valid", (
        "the copy that lacks the revocation does not win"
    )


def test_a_subkey_belongs_to_a_key_only_if_both_say_so(signers):
    needs("gpg")
    own = signers.gpg_key("main", "ed25519", "cert")
    signers.gpg("--quick-add-key", own, "ed25519", "sign", "0")
    text = signers.gpg_sign("main", MESSAGE)
    export = signers.gpg("--export", "main@lab.example")
    found = result(text, MESSAGE, Keys(export, listed=()))
    assert found.result == "good"
    assert found.key != own, "the subkey signed"
    packets = openpgp.packets(export)
    start = next(a for packet, a, _ in packets if packet.tag == openpgp.PUBLIC_SUBKEY)
    stop = next(z for packet, _, z in packets if packet.tag == openpgp.PUBLIC_SUBKEY)
    grafted = claimed(export[start:stop], certificates(export)[0].subkeys[0].key)
    found = result(text, MESSAGE, Keys(grafted, listed=()))
    assert (found.result, found.why) == ("key_unknown", "not_bound"), "the subkey does not say so"
    above = grafted[: grafted.index(export[start:stop])]
    found = result(text, MESSAGE, Keys(above + export[start:], listed=()))
    assert (found.result, found.why) == ("key_unknown", "not_bound"), "the key above does not say so"


def claimed(packet, sub):
    """A key of our own that claims another's subkey: every statement by it holds, and the subkey's own is not there."""
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    secret = ed25519.Ed25519PrivateKey.from_private_bytes(b"m" * 32)
    point = b"\x40" + secret.public_key().public_bytes_raw()
    body = (
        b"\x04"
        + (1_700_000_000).to_bytes(4)
        + b"\x16\x09"
        + bytes.fromhex("2b06010401da470f01")
        + b"\x01\x07"
        + point
    )
    own, name = openpgp.key(body), b"mallory"

    def said(kind, *parts):
        issuer = b"\x16\x21\x04" + bytes.fromhex(own.fingerprint)
        area = b"\x05\x02" + (1_799_000_000).to_bytes(4) + b"\x02\x1b\x03" + issuer
        hashed = bytes([4, kind, 22, 8]) + len(area).to_bytes(2) + area
        value = hashlib.sha256(b"".join(parts) + hashed + b"\x04\xff" + len(hashed).to_bytes(4)).digest()
        made = secret.sign(value)
        numbers = b"".join((len(n) * 8).to_bytes(2) + n for n in (made[:32], made[32:]))
        whole = hashed + b"\0\0" + value[:2] + numbers
        return b"\x88" + bytes([len(whole)]) + whole

    framed_name = b"\xb4" + len(name).to_bytes(4) + name
    own_part = (
        b"\x98"
        + bytes([len(body)])
        + body
        + b"\xb4"
        + bytes([len(name)])
        + name
        + said(0x13, own.framed, framed_name)
    )
    assert next(s.stated for s in pgpkeys.standings(certificates(own_part)[0]))
    return own_part + packet + said(0x18, own.framed, sub.framed)


@pytest.fixture(scope="module")
def authority(signers):
    needs("openssl")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    extensions = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    signers.run("openssl", "req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Lab", "-days", "30", *extensions)  # fmt: skip
    for name, how in (("kai", curve), ("lin", ("-newkey", "rsa:2048", "-nodes"))):
        signers.run(
            "openssl", "req", *how, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}"
        )
        signers.run("openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", f"{name}.pem", "-days", "9")  # fmt: skip
    return (signers.root / "ca.pem").read_bytes()


def cms_signed(signers, name, *how):
    (signers.root / "message").write_bytes(MESSAGE)
    words = ("openssl", "cms", "-sign", "-binary", "-in", "message", "-signer", f"{name}.pem", "-inkey", f"{name}.key", "-outform", "PEM")  # fmt: skip
    return signers.run(*words, "-md", "sha256", *how).decode().replace("CMS", "SIGNED MESSAGE")


@pytest.mark.parametrize("name", ["kai", "lin"])
def test_a_cms_signature_counts_under_an_authority_of_the_case(signers, authority, name):
    block = armour.read(authority)
    for how in ((), ("-noattr",)):
        text, keys = cms_signed(signers, name, *how), Keys(listed=())
        assert result(text, OTHER, keys).result == "bad"
        found = result(text, MESSAGE, keys)
        assert found.result == "key_unknown", "no authority is in the case"
        assert found.called[0].startswith(f"CN={name}, issued by CN=Lab, 20")
        keys.authorities, keys.certificate_events = [cms.certificate(block.raw)], lambda _: ()
        assert result(text, MESSAGE, keys).why == "time_unknown"
        start = signing_time(found)
        assert result(text, MESSAGE, keys, start).result == "good"
        assert result(text, MESSAGE, keys, start - 86_400 * 3).why == "not_yet_valid"


def test_a_message_of_gpgsm_leaves_its_lengths_open_and_is_read(tmp_path):
    """Git's own program for X.509 by default. Its answer is what counts: key, certificate and signature are its own."""
    needs("gpgsm", "openssl")
    made = Signers(tmp_path)
    more = (
        "-addext",
        "basicConstraints=critical,CA:TRUE",
        "-addext",
        "keyUsage=digitalSignature,keyCertSign",
        "-addext",
        "subjectAltName=email:kai@lab.example",
    )
    made.run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "k.key",
        "-out",
        "k.pem",
        "-subj",
        "/CN=kai",
        "-days",
        "9",
        *more,
    )
    made.run(
        "openssl",
        "pkcs12",
        "-legacy",
        "-export",
        "-inkey",
        "k.key",
        "-in",
        "k.pem",
        "-passout",
        "pass:",
        "-out",
        "k.p12",
    )
    told = made.run("openssl", "x509", "-in", "k.pem", "-noout", "-fingerprint", "-sha1").decode()
    (made.home / "trustlist.txt").write_text(told.strip().partition("=")[2] + " S relax\n")
    (made.home / "gpgsm.conf").write_text("disable-crl-checks\n")
    (made.home / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
    gpgsm = ("gpgsm", "--batch", "-q", "--pinentry-mode", "loopback", "--passphrase-fd", "0")
    try:
        made.run(*gpgsm, "--import", "k.p12", given=b"\n")
        (tmp_path / "message").write_bytes(MESSAGE)
        text = made.run(
            *gpgsm, "--detach-sign", "--armor", "-u", "kai@lab.example", "message", given=b"\n"
        ).decode()
    except RuntimeError as error:
        pytest.skip(f"gpgsm does not sign here: {str(error)[-200:]}")
    finally:
        made.done()
    assert armour.read(text.encode()).raw[:2] == b"\x30\x80"
    keys = Keys(listed=())
    assert result(text, MESSAGE, keys).result == "key_unknown", (
        "it does not bring a certificate that signed itself"
    )
    own = cms.certificate(armour.read((tmp_path / "k.pem").read_bytes()).raw)
    keys.authorities = keys.certificates = [own]
    keys.certificate_events = lambda _: ()
    at_s = clock.instant(f"{own.not_before[:8]}T{own.not_before[8:]}") // 10**9 + 60
    assert [result(text, each, keys, at_s).result for each in (MESSAGE, OTHER)] == ["good", "bad"]


def signing_time(found):
    """A second within the certificate's time, as its own words have it."""
    made = cms.read(armour.read(found.signed.armour.encode()).raw).own().not_before
    return clock.instant(f"{made[:8]}T{made[8:]}") // 10**9 + 60


def test_lengths_left_open_are_read_and_nesting_is_bounded():
    inner = bytes.fromhex("3003020105")
    assert der.number(der.children(der.node(inner))[0]) == 5
    assert [n.raw for n in der.children(der.node(b"\x30\x80" + inner + b"\0\0"))] == [inner]
    assert der.node(b"\x30\x80" * 500 + b"\0\0" * 500) is None
    assert der.node(b"\x30\x80" + inner) is None
    assert der.node(b"\x30\x84\xff\xff\xff\xff") is None


def test_damage_never_raises_and_never_makes_a_signature_good(signers, authority):  # noqa: ARG001 - its keys
    """A flipped, cut or doubled byte anywhere in the bytes of a signature, or of a key beside it."""
    needs("gpg", "ssh-keygen", "openssl")
    signers.ssh_key("kfuzz", "ed25519")
    signers.gpg_key("fuzz", "ed25519")
    chance, export = random.Random(7), signers.gpg("--export", "fuzz@lab.example")  # noqa: S311 - the same each time
    told = set()
    for text in (
        signers.ssh_sign("kfuzz", MESSAGE),
        signers.gpg_sign("fuzz", MESSAGE),
        cms_signed(signers, "kai"),
    ):
        block = armour.read(text.encode())
        for _ in range(120):
            raw = bytearray(block.raw)
            at = chance.randrange(len(raw))
            raw[at : at + chance.choice((1, 1, 1, 40))] = chance.choice(
                (bytes([raw[at] ^ 1 << chance.randrange(8)]), b"", b"\xff" * 5)
            )
            broken = f"-----BEGIN {block.what}-----\n\n{base64.b64encode(raw).decode()}\n-----END {block.what}-----"
            found = result(broken, MESSAGE, Keys(export))
            told.add(found.result)
            assert found.result in signatures.RESULTS
            # What stands outside the signed part of a signature can change; what is signed, and the signature, cannot.
            if found.result == "good":
                assert same_core(block.raw, bytes(raw)), at
    assert {"bad", "malformed"} <= told
    for _ in range(120):
        raw = bytearray(export)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        list(openpgp.certificates(bytes(raw)))
        assert (
            result(signers_text(signers), MESSAGE, Keys(bytes(raw), listed=())).result in signatures.RESULTS
        )


def signers_text(signers, kept={}):  # noqa: B006 - one signature for all rounds
    if not kept:
        kept["text"] = signers.gpg_sign("fuzz", MESSAGE)
    return kept["text"]


def same_core(one, other):
    """Whether two OpenPGP signatures differ only in statements that nobody signs, or in how long the packet says it is."""
    first, second = (openpgp.packets(raw) for raw in (one, other))
    if not first or not second:
        return False
    a, b = (openpgp.signature(found[0][0].body) for found in (first, second))
    return a is not None and b is not None and (a.hashed, a.numbers) == (b.hashed, b.numbers)


@pytest.fixture(scope="module")
def repository(signers, tmp_path_factory):
    """Commits signed by kai with SSH and by lin with OpenPGP, a tag, a push certificate, and a copied signature."""
    needs("ssh-keygen", "gpg", "git")
    line = signers.ssh_key("kai", "ed25519")
    lin = signers.gpg_key("lin", "ed25519", at="20261101T000000")
    made = Repository(tmp_path_factory.mktemp("r") / "llm")
    ssh = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={signers.root / 'kai'}")
    made.git(*ssh, "commit", "-qS", "--allow-empty", "-m", "By kai", name="kai")
    made.git(*ssh, "tag", "-s", "v1", "-m", "Says\n-----BEGIN PGP SIGNATURE-----\nbefore", name="kai")
    oid, text = made.git("rev-parse", "HEAD").decode().strip(), made.git("cat-file", "commit", "HEAD")
    copied = text.replace(b"By kai", b"By lin").replace(b"author kai <kai", b"author lin <lin")
    bad = made.git("hash-object", "-t", "commit", "-w", "--stdin", given=copied).decode().strip()
    made.git("update-ref", "refs/heads/bad", bad)
    unsigned = re.sub(rb"gpgsig .*?\n(?! )", b"", text, flags=re.DOTALL).replace(
        b"By kai", b"By lin, under kai's name"
    )
    armoured = signers.gpg_sign("lin", unsigned, at="20261124T000000").rstrip("\n")
    header = b"gpgsig " + armoured.replace("\n", "\n ").encode() + b"\n"
    head, _, rest = unsigned.partition(b"\n\n")
    other = head + b"\n" + header + b"\n" + rest
    forged = made.git("hash-object", "-t", "commit", "-w", "--stdin", given=other).decode().strip()
    made.git("update-ref", "refs/heads/other", forged)
    server = made.root.parent / "server.git"
    made.git("init", "-q", "--bare", str(server))
    made.git("-C", str(server), "config", "receive.certNonceSeed", "x")
    hook = server / "hooks" / "post-receive"
    hook.write_text('#!/bin/sh\ngit cat-file blob "$GIT_PUSH_CERT" > ../certificate\n')
    hook.chmod(0o755)
    made.git(*ssh, "push", "-q", "--signed=yes", str(server), "main", name="kai")
    certificate = (server.parent / "certificate").read_bytes()
    files = [("git_pack", "git/srv/llm.git/objects/pack/p.pack", made.packed().read_bytes())]
    files.append(("git_push_cert", "git/srv/certs/1.cert", certificate))
    return {
        "files": files,
        "kai": line,
        "lin": lin,
        "good": oid,
        "bad": bad,
        "other": forged,
        "certificate": certificate,
    }


def people(repository, **bounds):
    kai = sshkey.fingerprint(base64.b64decode(repository["kai"].split()[1]))
    spaced = " ".join(repository["lin"][i : i + 4] for i in range(0, 40, 4))
    persons = (
        roster.Person(
            "kai", "", (roster.Account("kai", None, "HR"),), (roster.Key(kai, "keys", **bounds),), ()
        ),
        roster.Person("lin", "", (roster.Account("lin", None, "HR"),), (roster.Key(spaced, "keys"),), ()),
    )
    return roster.Roster(persons, ())


def told(done):
    rows = done.tables()["signature"].to_pylist()
    return {(row["what"], row["object"]): row for row in rows}


def test_commits_tags_and_pushes_are_checked_against_the_case(signers, repository):
    exported = (
        "openpgp_key",
        "login01/home/lin/lin.asc",
        signers.gpg("--export", "--armor", "lin@lab.example"),
    )
    done = examined(*repository["files"], exported, named=people(repository))
    rows = told(done)
    assert {what for what, _ in rows} == {"commit", "tag", "push_certificate"}
    good = rows["commit", repository["good"]]
    assert (good["result"], good["kind"], good["person"], good["known_by"]) == (
        "good",
        "ssh",
        "kai",
        ["roster"],
    )
    (tag,) = (row for (what, _), row in rows.items() if what == "tag")
    (push,) = (row for (what, _), row in rows.items() if what == "push_certificate")
    assert [(row["result"], row["person"]) for row in (tag, push)] == [("good", "kai")] * 2
    bad = rows["commit", repository["bad"]]
    assert (bad["result"], bad["key"], bad["person"]) == ("bad", good["key"], None)
    other = rows["commit", repository["other"]]
    assert (other["result"], other["key"], other["person"]) == ("good", repository["lin"], "lin")
    assert other["called"] == ["lin <lin@lab.example>"]
    assert other["known_by"] == ["openpgp_key", "roster"]
    by_id = Keyring(done.scene).pgp(repository["lin"][-16:])
    assert [(standing.key.fingerprint, events) for standing, _, events in by_id] == [
        (repository["lin"], tuple(other["events"][1:]))
    ]
    checked = {row["oid"]: row["signer_checked"] for row in done.tables()["history"].to_pylist()}
    assert checked == {repository["good"]: "good", repository["bad"]: "bad", repository["other"]: "good"}
    kinds = [
        (c["kind"], c["about"].split(" ")[1].rstrip(":")) for c in findings.findings(done)["contradictions"]
    ]
    assert ("signature_does_not_hold", repository["bad"]) in kinds
    assert ("signed_by_another", repository["other"]) in kinds
    assert len(kinds) == 2
    bare, plain = findings.findings(replace(done, signed=[])), findings.findings(done)
    plain["contradictions"] = []
    plain["acts"] = [{k: v for k, v in act.items() if k != "signature"} for act in plain["acts"]]
    assert bare == plain, "what signatures say stands beside the acts and changes nothing in them"
    tampered = repository["certificate"].replace(b"refs/heads/main", b"refs/heads/prod")
    done = examined(("git_push_cert", "git/srv/certs/1.cert", tampered), named=people(repository))
    (row,) = done.tables()["signature"].to_pylist()
    assert row["result"] == "bad"


@pytest.fixture(scope="module")
def unlisted(repository):
    """The case without any list of keys."""
    return examined(*repository["files"]).scene


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('kai@lab.example namespaces="git" {}', ("good", None)),
        ('kai@lab.example namespaces="file,!git" {}', ("key_unknown", None)),
        ("kai@lab.example cert-authority {}", ("key_unknown", None)),
        ('kai@lab.example valid-after="20261201Z" {}', ("key_not_valid", "not_yet_valid")),
        ('kai@lab.example valid-before="20200101" {}', ("key_not_valid", "expired")),
        ('kai@lab.example valid-before="20269901" {}', ("key_not_valid", "expired")),
    ],
)
def test_a_list_of_signers_says_when_its_keys_count(repository, unlisted, line, expected):
    key = " ".join(repository["kai"].split()[:2])
    listed = registry()["allowed_signers"].parse(line.format(key).encode() + b"\n", 0).records
    frame = evidence.frame(listed.append_column("sha256", pa.array(["f" * 64], pa.string())))
    held = replace(unlisted.evidence, raw={**unlisted.evidence.raw, "allowed_signers": frame})
    rows = signatures.table(signatures.find(replace(unlisted, evidence=held))).to_pylist()
    (row,) = (row for row in rows if row["object"] == repository["good"])
    assert (row["result"], row["why"]) == expected
    assert row["person"] is None, "a list of signers names nobody"


def test_a_register_that_ends_a_key_ends_it(repository):
    listed = ("authorized_keys", "login01/home/kai/.ssh/authorized_keys", repository["kai"].encode() + b"\n")
    row = told(examined(*repository["files"], listed))["commit", repository["good"]]
    assert (row["result"], row["known_by"], row["called"]) == ("good", ["authorized_keys"], ["kai"])
    ended = people(repository, until_ns=1_700_000_000 * 10**9)
    row = told(examined(*repository["files"], listed, named=ended))["commit", repository["good"]]
    assert (row["result"], row["why"], row["person"]) == ("key_not_valid", "expired", None)


def test_a_key_that_no_list_has_is_unknown(repository, unlisted):
    rows = {c.signed.object: c for c in signatures.find(unlisted)}
    assert (rows[repository["good"]].result, rows[repository["good"]].lists) == ("key_unknown", ())
    assert rows[repository["bad"]].result == "bad"


def test_two_signatures_in_one_commit_are_none():
    header = b"gpgsig -----BEGIN SSH SIGNATURE-----\n U1NIU0lH\n -----END SSH SIGNATURE-----\n"
    content = (
        b"tree " + b"0" * 40 + b"\nauthor a <a> 0 +0000\ncommitter a <a> 0 +0000\n" + header * 2 + b"\nx\n"
    )
    row = gitobject.described("commit", content)
    assert result(row["signature"], content, Keys()).result == "malformed"


def test_the_library_is_loaded_where_a_signature_is_met_and_nowhere_else():
    named = [path for path in SOURCES if "cryptography" in path.read_text(encoding="utf-8")]
    importing = []
    for path in named:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not [n for n in top if "cryptography" in (getattr(n, "module", None) or "")]
        inner = [
            n
            for n in ast.walk(tree)
            if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("cryptography")
        ]
        importing += [path.name] if inner else []
    assert importing == ["publickeys.py"]
