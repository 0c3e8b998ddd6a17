"""Who may become whom: read as sudo reads it, so that no rule hides from us and no comment passes for one."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from collected import rows, told, whys

from forensics.core import sudospec
from forensics.formats import recognise

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "sudoers"
ETC = "login01/etc/sudoers"


def grants(text):
    return [
        (user, grant["runas_users"], "NOPASSWD" in grant["tags"], grant["command"])
        for row in rows("sudoers", text.encode())
        for user in row["subject"]
        for grant in row["grants"]
    ]


def as_sudo_reads(text, tmp_path):
    """The same by sudo's own converter, or None where it finds the file faulty."""
    file = tmp_path / "rules"
    file.write_text(text)
    ran = subprocess.run(["cvtsudoers", "-f", "json", str(file)], capture_output=True, text=True, check=False)
    if ran.returncode or "syntax error" in ran.stderr:
        return None
    found = []
    for spec in json.loads(ran.stdout).get("User_Specs", []):
        users = [user(u) for u in spec["User_List"]]
        specs = [
            (
                [user(r) for r in part["runasusers"]] if "runasusers" in part else None,
                {"authenticate": False} in part.get("Options", []),
                [("!" if c.get("negated") else "") + (c.get("command") or c.get("cmndalias")) for c in part["Commands"]],
            )
            for part in spec["Cmnd_Specs"]
        ]  # fmt: skip
        found += [(u, runas, free, c) for u in users for runas, free, commands in specs for c in commands]
    return found


def user(found):
    name = str(
        found.get("username")
        or found.get("useralias")
        or found.get("runasalias")
        or ("#" + str(found["userid"]) if "userid" in found else "")
        or ("%" + found["usergroup"] if "usergroup" in found else "")
        or "?"
    )
    return ("!" if found.get("negated") else "") + name


RULES = [
    "kai ALL=(ALL) ALL\n",
    "kai,lin ALL = (mei) NOPASSWD: /bin/a, PASSWD: /bin/b, (root) /bin/c\n",
    "%mlteam gpu01 = (mlteam) NOPASSWD: /bin/a, !/bin/b -9 *\n",
    "# a comment carries nothing on \\\nmei ALL=(ALL) ALL\n",
    "lin ALL=(ALL) ALL # so here \\\nmei ALL=(ALL) ALL\n",
    "lin ALL=(ALL) \\\n   /bin/a, \\\n   /bin/b\n",
    "kai ALL = (root) /bin/a : login01 = PASSWD: /bin/b\n",
    "#1000 ALL=(ALL) ALL\n# 1000 ALL=(ALL) ALL\n",
    "User_Alias OPS = kai, lin\nCmnd_Alias KILL = /bin/kill\nOPS ALL=(root) NOPASSWD: KILL\n",
    "!lin,kai ALL=ALL\n",
    'Defaults badpass_message = "mei ALL=(ALL) ALL # no"\nkai ALL=ALL\n',
    "kai ALL = /bin/echo lin ALL\\=(ALL) ALL, /bin/echo \\: mei\n",
    "kai ALL=(root)NOPASSWD: /bin/a, (lin) /bin/b, SETENV: /bin/c\n",
    "kai ALL = TIMEOUT=1h /bin/a\n",
    "kai ALL = sudoedit /srv/train.py, ^/usr/bin/(cat|head):?$ ^a,b$\n",
    "  kai\tALL =\tALL\n",
    "kai ALL, !gpu01 = (lin, mei) ALL\n",
    "kai ALL = (lin) /bin/a \\# /bin/b # c\n",
]


@pytest.mark.parametrize("text", RULES)
def test_agrees_with_sudo(text, tmp_path):
    if shutil.which("cvtsudoers") is None:
        pytest.skip("no cvtsudoers on this machine")
    wanted = as_sudo_reads(text, tmp_path)
    assert wanted, "sudo reads no rule here"
    # A backslash that hides a character is kept by us and dropped by sudo.
    assert sorted(grants(text), key=str) == sorted(wanted, key=str) or "\\" in text
    assert [(u, r, f, c.replace("\\", "")) for u, r, f, c in sorted(grants(text), key=str)] == [
        (u, r, f, c.replace("\\", "")) for u, r, f, c in sorted(wanted, key=str)
    ]


@pytest.mark.parametrize(
    "text",
    ["kai ALL", "kai = ALL", "kai ALL=(ALL ALL", "kai ALL=/bin/a,", "ops ALL", "Defaults", "User_Alias ops=kai",
     "kai ALL = (root)", "kai ALL = relative"],
)  # fmt: skip
def test_what_sudo_refuses_is_rejected(text, tmp_path):
    assert whys("sudoers", (text + "\n").encode()) == ["shape"]
    if shutil.which("cvtsudoers") is not None:
        assert not as_sudo_reads(text + "\n", tmp_path)


def test_a_rule_says_who_may_become_whom():
    (e,) = told("sudoers", b"kai gpu01 = (mlteam) NOPASSWD: /bin/pkill\n", ETC)
    assert (e["verb"], e["account"], e["object"], e["host"]) == ("enrol_sudo", "kai", "mlteam", "login01")
    assert e["text"] == "kai gpu01 = (mlteam) NOPASSWD: /bin/pkill"
    assert (e["earliest_ns"], e["domain"]) == (None, "login01:root")


@pytest.mark.parametrize(
    ("line", "verb", "account", "why", "become"),
    [
        ("%wheel ALL=(ALL) ALL", "enrol_sudo", None, "not_applicable", "ALL"),
        ("ALL ALL=ALL", "enrol_sudo", None, "not_applicable", "root, or runas_default"),
        ("OPS ALL=() ALL", "enrol_sudo", None, "not_applicable", "itself"),
        ("#4101 ALL=(lin) ALL", "enrol_sudo", None, "number_only", "lin"),
        ("!kai ALL=(lin) ALL", "other", None, "not_applicable", "lin"),
        ("kai ALL=(lin) !/bin/a", "other", "kai", None, "lin"),
        ('"kai lee" ALL=(lin) ALL', "enrol_sudo", None, "not_applicable", "lin"),
    ],
)
def test_only_a_name_names_an_account(line, verb, account, why, become):
    (e,) = told("sudoers", f"{line}\n".encode(), ETC)
    assert (e["verb"], e["account"], e["account_absence"], e["object"]) == (verb, account, why, become)


def test_settings_and_includes_are_told_and_followed_nowhere():
    got = told("sudoers", b"Defaults !syslog\n@includedir /etc/sudoers.d\nUser_Alias A = kai\n", ETC)
    assert [(e["verb"], e["object"]) for e in got] == [
        ("setting", "Defaults"),
        ("other", "/etc/sudoers.d"),
        ("other", "A"),
    ]


@pytest.mark.parametrize(
    "hostile",
    ["Defaults@" + '""' * 30_000, "@include " + "\\a" * 30_000 + " x", "kai ALL=(" + " " * 60_000, "kai ALL=/" + "^" * 60_000, "kai ALL=/" + " ^" * 30_000,
     "kai ALL=sha256:a" + " " * 60_000, "kai" + ",!" * 30_000 + " =", "Defaults a=" + "b," * 30_000 + '"', "kai ALL=" + "NOPASSWD:" * 7_000,
     "kai ALL=" + "/a," * 20_000],
    ids=range(10),
)  # fmt: skip
def test_a_hostile_line_costs_little(hostile):
    began = time.process_time()
    rows("sudoers", hostile.encode())
    recognise(hostile.encode()[:65536], "x")
    assert time.process_time() - began < 5


def test_a_line_past_our_bound_is_rejected():
    assert whys("sudoers", b"kai ALL=/" + b"a" * sudospec.LONGEST) == ["too_long"]
    assert whys("sudoers", b"kai," * 500 + b"kai ALL=/a" + b",/a" * 50) == ["too_long"]


def test_known_by_its_rules():
    for sample in SAMPLES.iterdir():
        if not sample.name.startswith("damaged"):
            assert recognise(sample.read_bytes(), "x") == "sudoers"
    assert recognise(b"Defaults to nothing in particular\n", "x") is None
    assert recognise(b"@include other.conf\n", "x") is None
    assert recognise(b"x = 1\ny = ALL\n", "x") is None


@pytest.mark.parametrize("line", [b"-a always,exit -F dir=/home -F uid=0", b"lin h1 h2 = /bin/sh"])
def test_hosts_are_parted_by_commas(line):
    assert whys("sudoers", line + b"\n") == ["shape"]
    assert recognise(line + b"\n", "login01/etc/audit/rules.d/32-power-abuse.rules") is None


@pytest.mark.parametrize("hosts", [b"h1 , h2", b"! h1", b'"h 1"', b"h\\ 1", b"h1,\th2"])
def test_a_blank_beside_a_comma_or_hidden_parts_no_hosts(hosts):
    assert len(rows("sudoers", b"lin " + hosts + b" = /bin/sh\n")) == 1
