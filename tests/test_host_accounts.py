"""Lists of accounts and groups: who is in what, on which host; and no password's hash in any table."""

import json
from pathlib import Path

import pytest
from collected import rows, told, whys

from forensics import formats
from forensics.formats import recognise

ROOT = Path(__file__).parents[1]
UPSTREAM = ROOT.parent / "shared" / "samples" / "jc" / "tests" / "fixtures"
HIDDEN = "hiddenhash"
SHADOW = f"mei:$y$j9T$salt${HIDDEN}:20415:0:99999:7::20819:\n".encode()
DAY_NS = 86_400 * 10**9


def test_each_member_is_a_state_of_its_host():
    got = told("group", b"mlteam:x:4200:kai,lin\nkai:x:1:\n", "gpu01/etc/group", "login01/etc/group")
    assert {(e["host"], e["verb"], e["account"], e["object"]) for e in got} == {
        (host, "enrol_group", member, name)
        for host in ("gpu01", "login01")
        for member, name in (("kai", "mlteam"), ("lin", "mlteam"), (None, "kai"))
    }
    assert len({e["event_id"] for e in got}) == 6
    assert {(e["earliest_ns"], e["clock"]) for e in got} == {(None, None)}
    assert {e["account_absence"] for e in got if e["account"] is None} == {"not_applicable"}


def test_a_group_is_told_with_who_may_change_it():
    got = told("gshadow", b"mlteam:!:kai:lin\n", "login01/etc/gshadow")
    assert [(e["account"], e["text"]) for e in got] == [("kai", "may change it"), ("lin", "is in it")]


def test_the_day_of_a_change_is_a_day_and_names_nobody_who_did_it():
    state, change = told("shadow", SHADOW, "login01/etc/shadow")
    assert (state["verb"], state["account"], state["uid"], state["earliest_ns"]) == (
        "enrol_account", "mei", None, None,
    )  # fmt: skip
    assert state["text"] == "password: hash; account ends 2027-01-01"
    assert (change["account"], change["object"]) == (None, "mei")
    assert (change["earliest_ns"], change["latest_ns"]) == (20415 * DAY_NS, 20416 * DAY_NS - 1)


@pytest.mark.parametrize("days", ["", "0"])
def test_without_a_day_of_change_there_is_none(days):
    (e,) = told("shadow", f"mei:!:{days}:0:99999:7:::\n".encode(), "login01/etc/shadow")
    assert e["earliest_ns"] is None


def test_a_day_that_no_clock_holds_has_no_time():
    got = told("shadow", b"mei:!:999999999:::::99999999:\n", "login01/etc/shadow")
    assert [(e["earliest_ns"], e["latest_ns"], e["clock"]) for e in got] == [(None, None, None)] * 2


@pytest.mark.parametrize("name", ["shadow", "gshadow", "group", "passwd"])
def test_no_hash_reaches_a_table(name):
    """Not from a sound line, and not from a damaged one: what is not read is a span and a reason."""
    folder = ROOT / "sample_logs" / "formats" / name
    held = [sample.read_bytes() for sample in sorted(folder.iterdir())]
    held += [SHADOW, SHADOW[:-1] + b":\n", f"sudo:$6$salt${HIDDEN}::kai\n".encode(), HIDDEN.encode()]
    held += [f"mei:$6$salt${HIDDEN}:1:1::/:\n".encode(), f"mei:{HIDDEN}:20415:0:99999:7:::\n".encode()]
    for data in held:
        parsed = formats.registry()[name].parse(data, 0)
        assert all(HIDDEN not in str(table.to_pydict()) for table in parsed)
        assert all(HIDDEN not in str(e) for e in told(name, data, f"login01/etc/{name}"))
    assert any(HIDDEN.encode() in data for data in held)


def test_numbers_of_a_namespace_belong_to_an_account():
    kai, number = told("subid", b"kai:100000:65536\n4101:165536:65536\n", "login01/etc/subgid")
    assert (kai["account"], kai["text"]) == ("kai", "may use the gids 100000 to 165535 in user namespaces")
    assert (number["account"], number["account_absence"], number["uid"]) == (None, "number_only", 4101)


@pytest.mark.parametrize(
    ("name", "line", "why"),
    [
        ("group", b"sudo:x:27:mei:kai", "shape"),
        ("group", b"+:::", "value"),
        ("gshadow", b"+:::", "value"),
        ("shadow", b"mei:!:soon:0:1:1:::", "value"),
        ("shadow", b"+:!:::::::", "value"),
        ("subid", b"kai:all:1", "value"),
    ],
)
def test_what_names_nothing_is_rejected(name, line, why):
    assert whys(name, line + b"\n") == [why]
    assert rows(name, line + b"\n") == []


def test_each_list_is_known_for_what_it_is():
    assert recognise(b"root:x:0:\nmlteam:x:4200:kai\n", "x") == "group"
    assert recognise(b"root:*::\nmlteam:!::kai\n", "x") == "gshadow"
    assert recognise(SHADOW, "x") == "shadow"
    assert recognise(b"kai:100000:65536\n", "x") == "subid"
    assert recognise(b"root:x:0:0:root:/root:/bin/sh\n", "x") == "passwd"
    assert recognise(b"12:30:45\n12:30:46\n", "x") is None


def test_a_directorys_accounts_are_read_with_their_domain():
    lines = (
        b"LAB\\mei lee:*:604001102:604000513::/home/LAB/mei:/bin/bash\nkai@lab.example:*:604001101:1::/h:/s\n"
    )
    assert [row["name"] for row in rows("passwd", lines)] == ["LAB\\mei lee", "kai@lab.example"]


@pytest.mark.parametrize("host", ["centos-7.7", "osx-10.14.6"])
def test_agrees_with_jc_on_groups(host):
    sample = UPSTREAM / host / "group.out"
    if not sample.exists():
        pytest.skip("the shared samples are not on this machine")
    wanted = json.loads(sample.with_suffix(".json").read_text())
    got = [(row["name"], row["gid"], row["members"]) for row in rows("group", sample.read_bytes())]
    assert got == [(w["group_name"], w["gid"], [m for m in w["members"] if m]) for w in wanted]


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("login01/etc/group", "login01:root"),
        ("login01/root/group", "login01:root"),
        ("login01/home/kai/etc/group", "login01:user"),
        ("login01/tmp/group", "login01:user"),
    ],
)
def test_a_list_that_lies_where_others_write_is_not_roots_alone(path, domain):
    (e,) = told("group", b"sudo:x:27:mei\n", path)
    assert e["domain"] == domain


ELSEWHERE = (
    "home/kai/img/etc/passwd", "var/lib/containers/storage/overlay/ab12/diff/etc/passwd",
    "srv/images/jupyter/etc/passwd", "usr/share/base-passwd/passwd.master", "tmp/passwd", "root/passwd",
)  # fmt: skip
OF_HOST = (
    "etc/passwd", "etc/passwd-", "var/backups/passwd.bak", "usr/lib/passwd", "var/lib/extrausers/passwd",
)  # fmt: skip


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_list_of_another_root_gives_no_number_of_the_host_a_name(path):
    (e,) = told("passwd", b"lin:x:4102:4102::/home/lin:/bin/bash\n", f"login01/{path}")
    assert (e["verb"], e["account"], e["uid"], e["object"]) == ("other", None, None, "lin")
    assert e["account_absence"] == "not_applicable"
    assert e["text"] == (
        "not of this host, but of a home, a container, an image or a program: uid 4102, /home/lin:/bin/bash"
    )


@pytest.mark.parametrize("path", OF_HOST)
def test_a_list_where_a_host_looks_for_it_is_its_own(path):
    (e,) = told("passwd", b"lin:x:4102:4102::/home/lin:/bin/bash\n", f"login01/{path}")
    assert (e["verb"], e["account"], e["uid"]) == ("enrol_account", "lin", 4102)


@pytest.mark.parametrize(
    ("name", "line", "says"),
    [
        ("group", b"sudo:x:27:lin\n", "enrol_group lin: gid 27"),
        ("group", b"sudo:x:27:\n", "enrol_group: gid 27"),
        ("gshadow", b"sudo:*::lin\n", "enrol_group lin: is in it"),
        ("shadow", SHADOW, "enrol_account mei: password: hash; account ends 2027-01-01"),
        ("subid", b"lin:100000:65536\n", "other lin: may use the uids 100000 to 165535 in user namespaces"),
        ("sudoers", b"lin ALL=(ALL) ALL\n", "enrol_sudo lin: lin ALL = (ALL) ALL"),
    ],
)
def test_rights_in_another_root_are_none_on_the_host(name, line, says):
    for where in ("home/kai/img", "srv/images/jupyter"):
        first, *_ = told(name, line, f"login01/{where}/etc/{name}")
        assert (first["verb"], first["account"], first["uid"]) == ("other", None, None)
        assert first["text"].partition(": ")[2] == says
    (own, *_) = told(name, line, f"login01/etc/{name}")
    assert own["text"] in says
    assert own["account"] == (says.split(":")[0].split()[1:] or [None])[0]


@pytest.mark.parametrize(
    "path", ["etc/sudoers", "etc/sudoers.d/ml/ops", "usr/local/etc/sudoers", "usr/etc/sudoers.d/x"]
)
def test_rules_of_sudo_lie_in_several_folders(path):
    (e,) = told("sudoers", b"lin ALL=(ALL) ALL\n", f"login01/{path}")
    assert (e["verb"], e["account"]) == ("enrol_sudo", "lin")


def test_a_program_or_another_log_is_no_list_of_accounts():
    log = (
        b"update-alternatives 2026-11-25 14:36:53: run with --install /usr/bin/pager pager /usr/bin/less 77\n"
    )
    script = b"#!/bin/sh\ncat > /etc/passwd <<'EOF'\n" + b"root:*:0:0:root:/root:/bin/bash\n" * 9 + b"EOF\n"
    assert recognise(log * 5, "login01/var/log/alternatives.log") is None
    assert recognise(script, "login01/var/lib/dpkg/info/base-passwd.preinst") is None
    assert recognise(script.partition(b"\n")[2], "login01/passwd") == "passwd"
