"""A signed push is somebody's where it can be told which push it was. Every certificate is made by git itself, of keys made for it."""

import base64
import re
import time
from functools import partial

import pytest
from repositories import Repository
from signers import Signers, needs
from test_commit_facts import examined

from forensics.analysis import findings, limits, push_certificates, signed_acts
from forensics.core import roster, sshkey
from forensics.render import certificates as said

MAIN = "refs/heads/main"
KEEPS = '#!/bin/sh\ncat > /dev/null\ngit cat-file blob "$GIT_PUSH_CERT" > "{name}"\necho "$GIT_PUSH_CERT_NONCE_STATUS" > "{name}.status"\nexit {code}\n'


class Server:
    """Bare repositories that ask for signed pushes, two keys, and three commits; every move has a time of its own."""

    def __init__(self, root, *how):
        needs("git", "ssh-keygen")
        (root / "keys").mkdir()
        self.root, self.keys = root, Signers(root / "keys")
        self.made = Repository(root / "work", *how)
        self.how = how
        for n in range(3):
            self.made.commit(f"Step {n}", train=f"a = {n}\n")
        self.a, self.b, self.c = self.made.git("rev-list", "--reverse", "main").decode().split()
        self.lines = {name: self.keys.ssh_key(name, "ed25519") for name in ("kai", "lin")}
        self.began = int(time.time())
        for name in ("team/llm", "kai/llm"):
            self.made.git("init", "-q", "--bare", *how, str(self.bare(name)))
            for key, value in (
                ("receive.certNonceSeed", f"seed of {name}"),
                ("core.logAllRefUpdates", "always"),
            ):
                self.made.git("-C", str(self.bare(name)), "config", key, value)
            self.push(-3000, "main:refs/heads/all", name)
            self.push(-2900, f"{self.a}:{MAIN}", name)

    def bare(self, name="team/llm"):
        return self.root / "srv" / f"{name}.git"

    def at(self, second, *words, **more):
        """Run git so that what it writes of the time is so long after the start; a server's nonce has the true time."""
        self.made.now = self.began + second - 60
        return self.made.git(*words, zone="+0000", **more)

    def push(self, second, refs, name="team/llm"):
        self.at(second, "push", "-qf", str(self.bare(name)), refs)

    def by_hand(self, second, oid, name="team/llm"):
        self.at(second, "-C", str(self.bare(name)), "update-ref", MAIN, oid)

    def signed(self, second, by, new, *, name="team/llm", refused=False):
        """A push that is signed; the certificate that the server's hook kept of it, and what git said to the hook of its nonce."""
        hook, kept = self.bare(name) / "hooks" / "pre-receive", self.root / f"{by}{second}"
        hook.write_text(KEEPS.format(name=kept, code=int(refused)))
        hook.chmod(0o755)
        ssh = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.keys.root / by}")
        words = (*ssh, "push", "-q", "--signed=yes", str(self.bare(name)), f"{new}:{MAIN}")
        if refused:
            with pytest.raises(Exception, match="returned non-zero"):
                self.at(second, *words, name=by)
        else:
            self.at(second, *words, name=by)
        hook.unlink()
        assert kept.with_name(f"{kept.name}.status").read_text() == "OK\n"
        return kept.read_bytes()

    def logs(self, name="team/llm"):
        log = self.bare(name) / "logs" / MAIN
        return ("git_reflog", f"gpu01/srv/{name}.git/logs/{MAIN}", log.read_bytes())

    def config(self, name="team/llm"):
        return ("git_config", f"gpu01/srv/{name}.git/config", (self.bare(name) / "config").read_bytes())

    def log(self, second, user, old, new, name="team/llm"):
        stamp = time.strftime("%Y-%m-%d.%H:%M:%S", time.gmtime(self.began + second))
        line = f"{stamp}\t7\tupdate\t{name}\t{user}\tW\t{MAIN}\t{old}\t{new}\trefs/.*\n"
        return ("gitolite", "gpu01/var/log/gitolite.log", line.encode())

    def people(self):
        return roster.Roster(
            tuple(
                roster.Person(p, "", (roster.Account(p, None, "HR"),), (roster.Key(self.key(p), "keys"),), ())
                for p in self.lines
            ),
            (),
        )

    def key(self, name):
        return sshkey.fingerprint(base64.b64decode(self.lines[name].split()[1]))


@pytest.fixture
def server(tmp_path):
    return Server(tmp_path)


def cert(raw, path="gpu01/var/certs/1.cert"):
    return ("git_push_cert", path, raw)


def seen(server, *files):
    done = examined(*files, named=server.people())
    rows = done.tables()["push_certificate"].to_pylist()
    return done, rows


def told(server, *files):
    """Tie, nonce and person of each certificate."""
    return [(row["tie"], row["nonce"], row["person"]) for row in seen(server, *files)[1]]


@pytest.mark.parametrize("how", [(), ("--object-format=sha256",)], ids=["sha1", "sha256"])
def test_a_certificate_is_tied_to_the_one_move_that_it_was_made_for(tmp_path, how):
    """What git says to its hook, `OK`, is on no record: with the server's seed it is seen from the nonce itself."""
    server = Server(tmp_path, *how)
    raw = server.signed(0, "kai", server.b)
    _, [row] = seen(server, cert(raw), server.logs())
    assert (row["tie"], row["nonce"], row["result"], row["person"], row["key"]) == (
        "tied", "not_checked", "good", "kai", server.key("kai"),
    )  # fmt: skip
    assert (row["ref"], row["old"], row["new"], len(row["events"])) == (MAIN, server.a, server.b, 2)
    assert row["pushee"] == str(server.bare())
    assert abs(row["nonce_s"] - server.began) < 300
    moved = cert(raw), server.logs()
    assert told(server, *moved, server.config()) == [("tied", "good", "kai")]
    assert told(server, *moved, server.config("kai/llm")) == [("tied", "not_made_with_seed", "kai")]


def test_a_nonce_is_made_of_the_path_that_the_repository_has_on_the_server_s_disk(server):
    raw = server.signed(0, "kai", server.b)
    short = cert(resigned(server, raw, (rb"pushee .*\n", b"pushee gitserver:team/llm\n")))
    assert told(server, short, server.logs(), server.config()) == [("tied", "not_made_with_seed", "kai")]
    lay = ("git_config", f"gpu01{server.bare()}/config", server.config()[2])
    assert told(server, short, server.logs(), lay) == [("tied", "good", "kai")]


def test_a_move_that_nobody_recorded_is_nobody_s(server):
    raw = server.signed(0, "kai", server.b)
    assert told(server, cert(raw)) == [("no_move", "not_checked", None)]
    # The server refused it, or what it asks for is not what was done: another object, or from another.
    assert told(server, cert(raw), server.log(0, "lin", server.a, server.c)) == [
        ("no_move", "not_checked", None)
    ]
    assert told(server, cert(raw), server.log(0, "lin", server.c, server.b)) == [
        ("no_move", "not_checked", None)
    ]


def test_a_certificate_that_can_have_been_presented_again_is_tied_to_neither_push(server):
    """Lin puts the ref back and moves it on again: by kai's own certificate, or without any."""
    raw = server.signed(0, "kai", server.b)
    server.push(60, f"{server.a}:{MAIN}")
    server.push(120, f"{server.b}:{MAIN}")
    assert told(server, cert(raw), server.logs()) == [("several_moves", "not_checked", None)]


def test_of_two_moves_the_one_that_is_much_later_is_not_the_one(server):
    raw = server.signed(0, "kai", server.b)
    first, second = server.log(30, "kai", server.a, server.b), server.log(4000, "lin", server.a, server.b)
    both = (*first[:2], first[2] + second[2].replace(b"\t7\t", b"\t8\t"))
    done, [row] = seen(server, cert(raw), both)
    assert (row["tie"], row["person"]) == ("tied", "kai")
    acts = {a.account: a for a in done.acts if a.act == "push"}
    teller = signed_acts.teller(done, partial(findings.citations, done))
    assert [c["person"] for c in teller(acts["kai"])["certificates"]] == ["kai"]
    assert teller(acts["lin"]) == {}
    done, [row] = seen(server, cert(raw), second)
    assert (row["tie"], row["person"], len(row["events"])) == ("other_time", None, 1)
    [act] = [a for a in done.acts if a.act == "push"]
    [beside] = signed_acts.teller(done, partial(findings.citations, done))(act)["certificates"]
    assert (beside["tie"], beside["person"], beside["result"]) == ("other_time", None, "good")
    assert beside["citations"]


def test_a_certificate_for_a_fork_is_none_for_the_team_s_repository(server):
    """Kai signs a push to a repository of kai's own. Lin moves the team's ref to the same commit, and puts the file there."""
    raw = server.signed(0, "kai", server.b, name="kai/llm")
    server.push(60, f"{server.b}:{MAIN}")
    assert told(server, cert(raw), server.logs()) == [("other_repository", "not_checked", None)]
    assert told(server, cert(raw), server.log(60, "lin", server.a, server.b)) == [
        ("other_repository", "not_checked", None)
    ]
    kept = cert(raw, "gpu01/srv/team/llm.git/certs/1")
    assert told(server, kept, server.logs("kai/llm")) == [("other_repository", "not_checked", None)]
    assert told(server, cert(raw), server.logs("kai/llm"), server.logs()) == [("tied", "not_checked", "kai")]


def test_a_name_in_a_log_is_whole_and_an_address_can_be_longer(server):
    raw = resigned(server, server.signed(0, "kai", server.b), (rb"pushee .*\n", b"pushee gitserver:llm\n"))
    for name, tie in (("llm", "tied"), ("kai/llm", "other_repository")):
        [row] = told(server, cert(raw), server.log(30, "kai", server.a, server.b, name=name))
        assert row[0] == tie
    raw = resigned(server, raw, (rb"pushee .*\n", b"pushee ssh://gpu01/git/team/llm\n"))
    assert told(server, cert(raw), server.log(30, "kai", server.a, server.b))[0][0] == "tied"


def test_of_two_who_signed_the_same_move_neither_is_named(server):
    """Kai's push was refused, and the hook had kept its certificate; lin's was taken."""
    refused = server.signed(0, "kai", server.b, refused=True)
    taken = server.signed(60, "lin", server.b)
    alone = told(server, cert(refused), server.logs())
    assert alone == [("tied", "not_checked", "kai")], "that it was refused is on no record here"
    both = cert(refused), cert(taken, "gpu01/var/certs/2.cert"), server.logs()
    assert told(server, *both) == [("several_certificates", "not_checked", None)] * 2
    # A second copy of one certificate is no other certificate.
    copies = cert(taken), cert(taken + b"\n", "gpu01/var/certs/2.cert"), server.logs()
    assert {row[0] for row in told(server, *copies)} == {"tied"}


def resigned(server, raw, *changes):
    """The certificate with other headers, signed by kai: what no server asked for."""
    text = raw[: raw.index(b"-----BEGIN")]
    for old, new in changes:
        text, count = re.subn(old, new, text)
        assert count == 1
    return text + server.keys.ssh_sign("kai", text).encode()


def test_a_certificate_without_a_nonce_or_a_repository_is_of_no_push(server):
    raw = server.signed(0, "kai", server.b)
    for change, tie, nonce in (
        ((rb"nonce .*\n", b""), "no_nonce", "missing"),
        ((rb"nonce .*\n", b"nonce 1-2\n"), "no_nonce", "malformed"),
        ((rb"pushee .*\n", b""), "no_repository", "not_checked"),
        ((rb"pushee .*\n", b"pushee ssh://git@gpu01:2222/srv/team/llm.git\n"), "tied", "not_checked"),
        ((rb"pushee .*\n", b"pushee git@[::1]:srv/team/llm.git\n"), "tied", "not_checked"),
        ((rb"pushee .*\n", b"pushee gitserver:team/llm\n"), "tied", "not_checked"),
        ((rb"pushee .*\n", b"pushee https://gpu01/kai/llm.git\n"), "other_repository", "not_checked"),
        (
            (rb"pushee .*\n", b"pushee x nonce=1795765000-" + b"a" * 40 + b"\n"),
            "other_repository",
            "not_checked",
        ),
    ):
        made = cert(resigned(server, raw, change))
        assert told(server, made, server.logs()) == [(tie, nonce, "kai" if tie == "tied" else None)], change


def test_a_nonce_of_git_over_http_is_of_any_repository(server):
    """`git http-backend` asks for `.`, so that a nonce of one repository is one of all that have the seed."""
    advertised = server.at(0, "-C", str(server.bare()), "receive-pack", "--http-backend-info-refs", ".")
    nonce = re.search(rb"push-cert=([0-9]+-[0-9a-f]+)", advertised)[1]
    raw = server.signed(0, "kai", server.b)
    made = cert(resigned(server, raw, (rb"nonce .*\n", b"nonce " + nonce + b"\n")))
    config = ("git_config", f"gpu01{server.bare()}/config", server.config()[2])
    assert told(server, made, server.logs(), config) == [("tied", "good_of_any_repository", "kai")]


def test_a_push_in_one_name_with_the_certificate_of_another_is_a_contradiction(server):
    raw = server.signed(0, "kai", server.b)
    done, [row] = seen(server, cert(raw), server.log(30, "lin", server.a, server.b))
    assert (row["tie"], row["person"]) == ("tied", "kai")
    [found] = signed_acts.contradictions(done, partial(findings.citations, done))
    assert (found["kind"], found["person"]) == ("signed_by_another", "kai")
    assert [s["what"] for s in found["says"]] == [
        f"account lin pushed {MAIN}",
        f"a good signature by key {server.key('kai')}, which is listed for another person",
    ]
    assert {a.person for a in done.acts if a.act == "push"} == {None}, "a certificate is no link to a person"
    own, _ = seen(server, cert(raw), server.log(30, "kai", server.a, server.b))
    assert signed_acts.contradictions(own, partial(findings.citations, own)) == []


def test_what_cannot_be_checked_of_a_nonce_is_a_limit_of_the_case(server):
    raw = server.signed(0, "kai", server.b)
    for files, there in (((), True), ((server.config("kai/llm"),), True), ((server.config(),), False)):
        done, _ = seen(server, cert(raw), server.logs(), *files)
        assert ("nonces_not_checked" in limits.limits(done)) is there
    assert "nonces_not_checked" not in limits.limits(seen(server, server.logs())[0])


def test_a_signature_that_does_not_hold_names_nobody_however_it_is_tied(server):
    raw = server.signed(0, "kai", server.b).replace(b"pusher ", b"pusher x", 1)
    _, [row] = seen(server, cert(raw), server.logs())
    assert (row["tie"], row["result"], row["person"]) == ("tied", "bad", None)


@pytest.mark.parametrize("tie", sorted(push_certificates.TIES))
@pytest.mark.parametrize("nonce", sorted(push_certificates.NONCES))
def test_every_tie_and_nonce_has_words(tie, nonce):
    one = {"tie": tie, "nonce": nonce, "result": None, "key": None, "known_by": [], "citations": []}
    [sentence] = said.certificate_sentences({"id": "A0001", "certificates": [one]})
    assert said.TIES[tie] in sentence.text
    assert said.NONCES[nonce] in sentence.text
    assert "it is not signed" in sentence.text
