"""Which key opens which account: by the path and the key itself, never by what somebody typed beside it."""

import base64
import shutil
import subprocess
from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import authorized_keys, recognise
from forensics.readings import authorized_keys as reading

ROOT = Path(__file__).parents[1]
SEALED = "a" * 64
MEI = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJWScmBBupkJQE4LhL45TJLNgLyQPqnHG0RdI/zCOhAr"
KAI = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINGvRlHV5sAOmh/3sjS6Gx9jEIXuCV2hcXdKmZVNLXnB"
MEI_PRINT = "SHA256:HIertjEjarXVKc74U8OycZS0+d6tt+ReV3YiU/vKHm0"
KAI_PRINT = "SHA256:at6cc/S+G1sY8zJKmRGENswwg5iz2lFujHinSGHVrvs"


def keys(text):
    return authorized_keys.parse(text.encode(), 0).records.to_pylist()


def told(text, *paths):
    records = authorized_keys.parse(text.encode(), 0).records
    sealed = records.add_column(0, "sha256", pa.array([SEALED] * records.num_rows, pa.string()))
    hosts = [path.split("/", 1)[0] if path.startswith("login") else None for path in paths]
    files = {
        "path": list(paths),
        "host": hosts,
        "origin": [
            path.removeprefix(host) if host else None for path, host in zip(paths, hosts, strict=True)
        ],
        "domain": [f"{host}:user" for host in hosts],
    }
    same = {"sha256": SEALED, "bytes": 1, "kind": "file", "held": "copied", "format": "authorized_keys"}
    same |= dict.fromkeys(("parsed", "rejected", "ignored"), 0)
    files |= {name: [value] * len(paths) for name, value in same.items()}
    return reading.read(sealed, FILE.build(files), zone="UTC", anchor_ns=None)["event"].to_pylist()


def test_fingerprints_are_those_that_ssh_keygen_prints(tmp_path):
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen on this machine")
    sample = ROOT / "sample_logs" / "formats" / "authorized_keys" / "types_of_keys.keys"
    rows = keys(sample.read_text())
    assert {row["type"].removesuffix("-cert-v01@openssh.com") for row in rows} >= {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
    }
    for row in rows:
        one = tmp_path / "key.pub"
        one.write_bytes(sample.read_bytes()[row["start"] : row["stop"]])
        ran = subprocess.run(["ssh-keygen", "-lf", str(one)], capture_output=True, text=True, check=False)
        if row["type"] == "ssh-dss" and ran.returncode:
            continue  # newer ones know this type no more
        assert ran.stdout.split()[1] == row["fingerprint"]


def test_known_fingerprints():
    assert [row["fingerprint"] for row in keys(f"{MEI} a\n{KAI} b\n")] == [MEI_PRINT, KAI_PRINT]


@pytest.mark.parametrize(
    "line",
    [
        f'command="echo \\"{MEI}\\"" {KAI} x',
        f'environment="X={MEI} y" {KAI}',
        f"{KAI} {MEI}",
        f"restrict,no-pty\t{KAI}",
        f'from="a b",command="x\\\\\\" {MEI} \\"" {KAI}',
    ],
)
def test_a_key_in_options_or_comment_is_no_key(line):
    assert [row["fingerprint"] for row in keys(line + "\n")] == [KAI_PRINT]


BLOB = base64.b64decode(MEI.split()[1])


def packed(*fields):
    return base64.b64encode(b"".join(len(f).to_bytes(4, "big") + f for f in fields)).decode()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"ssh-rsa {packed(b'ssh-dss', b'e', b'n')}", "value"),
        (f"ssh-rsa {packed(b'ssh-rsa', b'', b'n')}", "value"),
        (f"ssh-ed25519 {base64.b64encode(BLOB[:-1]).decode()}", "value"),
        (f"ssh-ed25519 {base64.b64encode(BLOB + b'x').decode()}", "value"),
        (f"ssh-rsa {MEI.split()[1]}", "value"),
        ("ssh-ed25519 !!!!", "value"),
        ("ssh-ed25519 AAAA", "value"),
        ("ssh-ed25519", "shape"),
        (f'command="never closed {MEI}', "shape"),
        (f"login01,10.0.0.1 {MEI.replace('ssh-ed25519', 'ssh-unknown', 1)}", "shape"),
        ("1024 35 123456789 protocol 1", "shape"),
    ],
)
def test_what_is_no_key_is_rejected(line, why):
    parsed = authorized_keys.parse(f"{line}\n{KAI}\n".encode(), 0)
    assert parsed.rejected["why"].to_pylist() == [why]
    assert parsed.records["fingerprint"].to_pylist() == [KAI_PRINT]


@pytest.mark.parametrize(
    ("path", "account"),
    [
        ("login01/home/mei/.ssh/authorized_keys", "mei"),
        ("login01/home/mei/.ssh/authorized_keys2", "mei"),
        ("login01/root/.ssh/authorized_keys", "root"),
        ("login01/etc/ssh/authorized_keys/mei", "mei"),
        ("login01/home/kai/mei/.ssh/authorized_keys", None),
        ("login01/home/kai/home/mei/.ssh/authorized_keys", None),
        ("login01/home/kai/etc/ssh/authorized_keys/mei", None),
        ("login01/home/mei/.ssh/id_ed25519.pub", None),
    ],
)
def test_the_path_says_which_account_of_the_host_a_key_opens(path, account):
    (e,) = told(f"{KAI} mei@ws-mei\n", path)
    assert (e["account"], e["credential"], e["host"]) == (account, KAI_PRINT, "login01")
    assert e["verb"] == ("enrol_key" if account else "other")
    assert (e["object_kind"], e["object"], e["repository"]) == ("key", account or KAI_PRINT, None)


@pytest.mark.parametrize(
    ("path", "user"),
    [
        ("git/gitolite/keydir/kai.pub", "kai"),
        ("work/gitolite/keydir/kai.pub", "kai"),
        ("git/gitolite/keydir/laptop/kai@home.pub", "kai"),
        ("git/gitolite/keydir/kai@lab.example.pub", "kai@lab.example"),
        ("login01/home/git/.gitolite/keydir/kai.pub", "kai"),
        ("login01/var/lib/gitolite3/.gitolite/keydir/kai.pub", "kai"),
    ],
)
def test_a_key_of_the_servers_directory_is_of_the_git_user_it_is_named_for(path, user):
    (e,) = told(f"{KAI} lin@ws-lin\n", path)
    assert (e["verb"], e["account"], e["object"], e["credential"]) == ("enrol_key", user, user, KAI_PRINT)
    assert (e["domain"], e["host"], e["repository"], e["clock"]) == ("git:server", None, "*", None)


@pytest.mark.parametrize(
    "path",
    [
        "login01/home/kai/keydir/mei.pub",
        "login01/home/kai/.gitolite/keydir/mei.pub",
        "login01/tmp/keydir/mei.pub",
        "login01/srv/kai/keydir/mei.pub",
    ],
)
def test_a_key_directory_that_anybody_can_make_names_nobody(path):
    (e,) = told(f"{KAI}\n", path)
    assert (e["verb"], e["account"], e["domain"]) == ("other", None, "login01:user")


def test_equal_files_open_an_account_each():
    paths = [
        "login01/home/mei/.ssh/authorized_keys",
        "git/keydir/mei.pub",
        "login01/home/mlteam/.ssh/authorized_keys",
    ]
    got = told(f"{MEI}\n{KAI}\n", *paths)
    assert [(e["account"], e["domain"]) for e in got[:3]] == [
        ("mei", "git:server"),
        ("mei", "login01:user"),
        ("mlteam", "login01:user"),
    ]
    assert [e["event_id"].rpartition(".")[2] for e in got] == ["0", "1", "2"] * 2
    assert len({e["event_id"] for e in got}) == 6


def test_a_comment_cannot_pass_for_options():
    (e,) = told(f"{KAI} options: restrict\n", "login01/home/kai/.ssh/authorized_keys")
    assert e["text"] == "comment: options: restrict"
    (e,) = told(f"restrict {KAI} x\n", "login01/home/kai/.ssh/authorized_keys")
    assert e["text"] == "options: restrict comment: x"


def test_known_by_its_keys():
    assert recognise(f"{MEI} x\n".encode(), "x") == "authorized_keys"
    assert authorized_keys.recognise(f"login01,10.0.0.1 {MEI}\n".encode(), "home/mei/.ssh/known_hosts") == 0
    assert authorized_keys.recognise(f"|1|abc=|def= {MEI}\n".encode(), "home/mei/.ssh/known_hosts") == 0


@pytest.mark.parametrize(
    ("options", "verb"),
    [
        ("cert-authority", "other"),
        ('from="10.0.0.0/8",CERT-AUTHORITY,principals="kai"', "other"),
        ('command="x,cert-authority,y"', "enrol_key"),
        ('from="10.0.0.0/8"', "enrol_key"),
    ],
)
def test_a_key_that_only_signs_opens_nothing_itself(options, verb):
    (e,) = told(f"{options} {KAI} x\n", "login01/home/mei/.ssh/authorized_keys")
    assert (e["verb"], e["account"], e["credential"]) == (verb, "mei", KAI_PRINT)
