"""Files of ssh beside the keys that open an account: settings, known hosts, and private keys, whose secret stays unread."""

import shutil
import subprocess

import pytest
from collected import rows, told, whys

from forensics import formats
from forensics.formats import recognise

MEI = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJWScmBBupkJQE4LhL45TJLNgLyQPqnHG0RdI/zCOhAr"
MEI_PRINT = "SHA256:HIertjEjarXVKc74U8OycZS0+d6tt+ReV3YiU/vKHm0"
SETTINGS = 'Port 2222\nLogLevel=VERBOSE\nPermitRootLogin   no\nMaxAuthTries 3\n"UsePAM" yes\n'


def keygen(*arguments):
    if shutil.which("ssh-keygen") is None:
        pytest.skip("no ssh-keygen on this machine")
    return subprocess.run(["ssh-keygen", *arguments], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("kind", "phrase"), [("ed25519", ""), ("ed25519", "phrase"), ("ecdsa", ""), ("rsa", "phrase")]
)
def test_a_private_key_shows_its_public_half_and_no_more(kind, phrase, tmp_path):
    file = tmp_path / "key"
    keygen("-q", "-t", kind, "-N", phrase, "-C", "kai", "-f", str(file))
    printed = keygen("-lf", str(file) + ".pub").split()[1]
    data = file.read_bytes()
    (row,) = rows("private_key", data)
    assert (row["fingerprint"], row["cipher"]) == (printed, "aes256-ctr" if phrase else "none")
    (e,) = told("private_key", data, "login01/home/kai/.ssh/id")
    assert (e["object"], e["account"], e["credential"], e["verb"]) == (printed, None, None, "other")
    written = b"".join(data.splitlines()[1:-1]).decode()
    said = str(row) + str(e)
    assert not any(written[at : at + 20] in said for at in range(0, len(written) - 20, 4))


def test_the_secret_is_not_even_decoded():
    """Nothing behind the public half has to be base64: so nothing of it is looked at."""
    sound = formats.registry()["private_key"]
    sample = b"".join([b"-----BEGIN OPENSSH PRIVATE KEY-----\n", _clear(), b"!! no base64 at all !!\n", b"-----END OPENSSH PRIVATE KEY-----\n"])  # fmt: skip
    (row,) = sound.parse(sample, 0).records.to_pylist()
    assert row["fingerprint"] == MEI_PRINT


def _clear():
    import base64  # noqa: PLC0415 - the one place

    blob = base64.b64decode(MEI.split()[1])
    clear = b"openssh-key-v1\0" + b"".join(len(f).to_bytes(4, "big") + f for f in (b"none", b"none", b""))
    clear += b"\0\0\0\1" + len(blob).to_bytes(4, "big") + blob
    return base64.b64encode(clear + b"\0" * (-len(clear) % 3)) + b"\n"


@pytest.mark.parametrize("form", ["RSA ", "EC ", "", "ENCRYPTED "])
def test_of_other_forms_only_the_name_is_told(form):
    data = f"-----BEGIN {form}PRIVATE KEY-----\nc2VjcmV0\n-----END {form}PRIVATE KEY-----\n".encode()
    (row,) = rows("private_key", data)
    assert (row["form"], row["fingerprint"], row["cipher"]) == (form.strip(), None, None)
    assert "c2VjcmV0" not in str(told("private_key", data, "login01/root/key.pem"))


def test_a_block_that_does_not_end_is_rejected():
    data = b"-----BEGIN RSA PRIVATE KEY-----\nabcd\n-----BEGIN RSA PRIVATE KEY-----\nabcd\n"
    assert whys("private_key", data) == ["truncated", "truncated"]
    assert recognise(data, "x") == "private_key"


def test_known_hosts_are_told_of_the_home_and_open_nothing():
    for path, account in {
        "login01/home/kai/.ssh/known_hosts": "kai",
        "login01/etc/ssh/ssh_known_hosts": None,
        "login01/home/kai/x/known_hosts": None,
    }.items():
        (e,) = told("known_hosts", f"gpu01 {MEI} lin@ws-lin\n".encode(), path)
        assert (e["verb"], e["account"], e["object"], e["credential"]) == ("other", account, MEI_PRINT, None)


@pytest.mark.parametrize(
    "line",
    [MEI, f'command="x" {MEI}', f"gpu01,{MEI} {MEI}", f"|1|short|short {MEI}", "gpu01", f"gpu01 x {MEI}"],
)
def test_a_line_without_host_and_key_is_no_known_host(line):
    assert whys("known_hosts", f"{line}\n".encode()) == ["shape"]


def test_settings_agree_with_the_server(tmp_path):
    if shutil.which("sshd") is None:
        pytest.skip("no sshd on this machine")
    file, key = tmp_path / "config", tmp_path / "key"
    keygen("-q", "-t", "ed25519", "-N", "", "-f", str(key))
    file.write_text(SETTINGS)
    server = shutil.which("sshd")
    ran = subprocess.run([server, "-T", "-f", str(file), "-h", str(key)], capture_output=True, text=True, check=False)  # fmt: skip
    if ran.returncode:
        pytest.skip("this sshd does not print its settings here")
    effective = dict(line.split(" ", 1) for line in ran.stdout.splitlines() if " " in line)
    got = {row["keyword"]: row["value"] for row in rows("sshd_config", SETTINGS.encode())}
    assert len(got) == 5
    assert got == {keyword: effective[keyword] for keyword in got}
    assert recognise(ran.stdout.encode(), "x") == "sshd_config"


def test_a_setting_is_told_with_the_block_it_holds_in():
    text = b"PermitRootLogin no\nMatch User git\n  ForceCommand /bin/x\nMatch all\nPermitRootLogin yes\n"
    got = told("sshd_config", text, "login01/etc/ssh/sshd_config")
    assert [(e["verb"], e["object"], e["text"]) for e in got] == [
        ("setting", "sshd permitrootlogin", "permitrootlogin no"),
        ("setting", "sshd match", "match User git"),
        ("setting", "sshd forcecommand", "in match User git: forcecommand /bin/x"),
        ("setting", "sshd match", "match all"),
        ("setting", "sshd permitrootlogin", "in match all: permitrootlogin yes"),
    ]


def test_the_clients_settings_are_told_of_the_home():
    text = b"Host gpu*\n  User mlteam\n"
    for path, account in {"login01/home/kai/.ssh/config": "kai", "login01/etc/ssh/ssh_config": None}.items():
        host, user = told("ssh_config", text, path)
        assert (host["account"], user["account"]) == (account, account)
        assert user["text"] == "in host gpu*: user mlteam"


def test_server_and_client_are_told_apart():
    assert recognise(b"Host gpu*\n  HostName %h.lab\n  User kai\n", "x") == "ssh_config"
    assert recognise(b"PermitRootLogin no\n", "x") == "sshd_config"
    assert (
        recognise(b"PasswordAuthentication no\n", "login01/etc/ssh/sshd_config.d/50-x.conf") == "sshd_config"
    )
    assert recognise(b"PasswordAuthentication no\n", "login01/etc/ssh/ssh_config.d/50-x.conf") == "ssh_config"
    assert recognise(b"PasswordAuthentication no\n", "x") is None
    assert recognise(b"user manual\n", "x") is None
    assert recognise(b"[Service]\nUser=kai\nPort=1\n", "x") not in {"ssh_config", "sshd_config"}


def test_a_rule_of_udev_is_no_setting():
    rule = b'SUBSYSTEM=="tty", KERNEL=="ttyS*", TAG+="systemd"\n'
    assert whys("sshd_config", rule) == ["shape"]
    assert recognise(b"Subsystem=x y\n" + rule * 30, "login01/usr/lib/udev/rules.d/99-systemd.rules") is None
    assert [r["value"] for r in rows("sshd_config", b"Port = 22\nPort=23\n")] == ["22", "23"]
