"""The staged incidents after their evidence was altered: shifted, thinned, swapped, cut, packed, renamed, doubled, deleted.

Less evidence, or evidence that disagrees, may cost an answer, and then a reason is given. It must never put
another name in its place. What changes no fact changes nothing.
"""

import json
import re
from functools import cache, reduce
from pathlib import Path

import alterations
import investigated
import pytest
from alterations import AUDIT, LOGINS
from drawn import EVERY, some

from forensics import pipeline

INCIDENTS = Path(__file__).parents[1] / "sample_logs" / "incidents"
NAMES = sorted(p.parent.name for p in INCIDENTS.glob("*/truth.json"))
STRENGTHS = (None, "weak", "moderate", "moderately_strong", "strong")
HASH = re.compile(r"\b[0-9a-f]{40}\b")
UNRELATED = {name: "deferred" if name == "self_failure" else "self_failure" for name in NAMES}


def incidents(*names):
    """These, and every other where all cases are asked for; those of one run in one worker of pytest-xdist, so that each of its files is read once."""
    drawn = NAMES if EVERY else names
    return pytest.mark.parametrize(
        "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in drawn]
    )


@cache
def collected(name):
    """Content by path of what was collected in an incident."""
    folder = INCIDENTS / name / "evidence"
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def inputs(name):
    return {key: (INCIDENTS / name / f"{key}.toml").read_bytes() for key in ("roster", "case")}


def found_in(name, evidence):
    given = inputs(name)
    return investigated.found(evidence, roster=given["roster"], about=given["case"])


@cache
def plain(name):
    """The findings of an incident as it was collected."""
    return found_in(name, collected(name))


def keys(name):
    """The fingerprint of everybody's key."""
    roster = inputs(name)["roster"].decode()
    return dict(re.findall(r'name = "(\w+)"\nrole.*?fingerprint = "(SHA256:[^"]+)"', roster, re.DOTALL))


def actors(name):
    truth = json.loads((INCIDENTS / name / "truth.json").read_text())
    return {truth["cast"]["insider"][0]}


def named(found):
    """Who is named for what, without a person's own cancelling of their own job."""
    owners = {j["job"]: j["owner"] for j in found["jobs"]}
    return {
        (a["act"], a["object"], a["person"]["name"])
        for a in found["acts"]
        if a["person"]["name"] and not (a["act"] == "cancel" and a["person"]["name"] == owners.get(a["job"]))
    }


def act_of(act):
    """An act, however it is judged and whatever its commit is called."""
    return act["act"], HASH.sub("#", act["object"]), act["job"], act["account"], act["effective"]


def told(found):
    """All that findings say about persons, jobs, claims and gaps, but for the files that they cite."""
    persons = ("verdict", "name", "strength", "candidates", "gates", "frame_cost")
    return {
        "acts": sorted(
            repr([act_of(a), a["link"], a["missing"], *(a["person"][p] for p in persons)])
            for a in found["acts"]
        ),
        "jobs": [
            [j[k] for k in ("job", "owner", "outcome", "cause", "why", "disagree")] for j in found["jobs"]
        ],
        "claims": [[c[k] for k in ("id", "by", "names", "status", "missing")] for c in found["claims"]],
        "gaps": sorted([g["source"], g["kind"]] for g in found["gaps"]),
        "contradictions": sorted(
            [c["kind"], re.sub(r"[0-9a-f.]{16,}", "#", c["about"])] for c in found["contradictions"]
        ),
    }


def judged(found):
    """Each act's judgements, by act."""
    acts = {}
    for a in found["acts"]:
        acts.setdefault((a["act"], HASH.sub("#", a["object"])), []).append(a)
    return acts


def rank(act):
    return STRENGTHS.index(act["person"]["strength"])


def check_no_worse(name, found):
    """Nobody else is named; what was answered is answered as before, or less is, and it is said why."""
    assert {person for _, _, person in named(found)} <= actors(name)
    now = judged(found)
    printed = [g for g in found["gaps"] if g not in plain(name)["gaps"]]
    for what, before in judged(plain(name)).items():
        for act in before:
            if act["person"]["name"] is None:
                continue
            after = now.get(what, [])
            assert after or printed, f"{what} is gone, and no gap is printed"
            for a in after:
                assert a["person"]["name"] in {None, act["person"]["name"]}
                if a["person"]["name"] is None:
                    assert a["missing"] or a["person"]["gates"] or a["against"], f"{what}: no reason is given"
    for job, before in zip(found["jobs"], plain(name)["jobs"], strict=True):
        # That the owner ended it stays true of a job that was harmed before; what it is worth, the printed gaps say.
        weaker = (
            {"not_established", "none"}
            if job["why"] == "cancelled_by_owner" and printed
            else {"not_established"}
        )
        assert job["cause"] in {before["cause"], *weaker}
        assert job["why"]


def check_no_stronger(name, found):
    """No act is more firmly put down to a person than with all the evidence, but where a gap is printed."""
    printed = [g for g in found["gaps"] if g not in plain(name)["gaps"]]
    before = judged(plain(name))
    stronger = [
        (what, a["person"])
        for what, acts in judged(found).items()
        for a in acts
        if rank(a) > max((rank(b) for b in before.get(what, [])), default=0)
    ]
    assert not stronger or printed


def all_of(*changes):
    """One change after another."""
    return lambda evidence: reduce(lambda found, change: change(found), changes, evidence)


SHIFTED = {
    "seven_minutes_late": alterations.shifted(7),
    "eight_hours_early": alterations.shifted(-480),
    "one_form_early": alterations.shifted(-480, LOGINS[:1]),
}


def of(changes, other, most=3):
    """So many of the changes for one incident, and the first of them for one more: every one costs a whole analysis.

    Where all cases are asked for: all of them for the one, and the first for all.
    """
    drawn = [("script_edit", what) for what in some(changes, most)]
    drawn += [
        (name, next(iter(changes))) for name in NAMES if name == other or (EVERY and name != "script_edit")
    ]
    return pytest.mark.parametrize(
        ("name", "change"),
        [
            pytest.param(name, changes[what], marks=pytest.mark.xdist_group(name), id=f"{name}-{what}")
            for name, what in drawn
        ],
    )


@of(SHIFTED, "deferred")
def test_a_clock_that_is_off_names_nobody_else(name, change):
    found = found_in(name, change(collected(name)))
    check_no_worse(name, found)
    check_no_stronger(name, found)
    # The kernel's own numbers carry the answer, and the offset is found: it is told, and takes no name away.
    assert named(found) == named(plain(name))
    assert any(c["state"] == "zone" or c["applied"] for c in found["clocks"])


SAME = {
    "split_doubled_and_packed": all_of(
        alterations.split, alterations.doubled_packed, alterations.doubled("again")
    ),
    "concatenated_and_renamed": all_of(alterations.concatenated, alterations.renamed),
    "doubled_in_place_and_packed": all_of(alterations.doubled_packed, alterations.doubled_in_place),
    "split": alterations.split,
    "run_together": alterations.run_together,
    "packed": alterations.packed,
    "doubled": alterations.doubled("again"),
}


@of(SAME, "shared_account")
def test_what_changes_no_fact_changes_nothing(name, change):
    assert told(found_in(name, change(collected(name)))) == told(plain(name))


@incidents("deferred", "self_failure")
def test_logs_of_another_host_change_nothing(name):
    change = alterations.with_another_host(collected(UNRELATED[name]))
    assert told(found_in(name, change(collected(name)))) == told(plain(name))


@incidents("script_edit", "poisoned_checkpoint")
def test_logs_left_where_users_write_change_nothing(name):
    """Copies of true logs, and logs made to put somebody else in one's place, neither name nor clear anybody."""
    found = found_in(name, alterations.left_at_home(keys(name), "kai", "lin")(collected(name)))
    assert "logs_where_users_write" in found["limits"]
    assert told(found) == told(plain(name))


PLANTED = {
    "a.log": b"".join(
        b"Nov 23 15:%02d:37 gpu01 %s\n" % (minute, said)
        for minute, said in enumerate(
            [
                b"sudo:      lin : TTY=pts/0 ; PWD=/home/lin ; USER=root ; COMMAND=/bin/bash",
                b"usermod[71]: add 'lin' to group 'docker'",
                b"usermod[71]: change user name 'kai' to 'lin'",
                b"useradd[72]: new user: name=lin, UID=4102, GID=4102, home=/home/lin, shell=/bin/bash",
                b"sshd[71]: Accepted publickey for root from 127.0.0.13 port 50022 ssh2: ED25519 SHA256:x",
            ]
        )
    ),
    "audit.log": b'type=ADD_USER msg=audit(1795446000.123:71): pid=71 uid=0 auid=4104 ses=3 msg=\'op=add-user acct="lin" id=4102 exe="/usr/sbin/useradd" hostname=? addr=? terminal=? res=success\'\n'
    b'type=USER_LOGIN msg=audit(1795446000.123:79): pid=71 uid=0 auid=4102 ses=3 msg=\'op=login id=4102 exe="/usr/sbin/sshd" hostname=? addr=127.0.0.12 terminal=ssh res=success\'\x1dUID="root" AUID="lin" ID="lin"\n',
    "users.psv": b"User|Def Acct|Admin\nlin|research|Administrator\n",
    "image/etc/fstab": b"srv:/a /home nfs rw 0 0\nsrv:/a /tmp nfs rw 0 0\n",
    "image/etc/passwd": b"lin:x:4102:4102::/home/lin:/bin/bash\nkai:x:4103:4103::/home/kai:/bin/bash\n",
    "image/etc/group": b"docker:x:998:lin\n",
    "image/etc/sudoers": b"lin ALL=(ALL) ALL\n",
}


def test_what_somebody_plants_where_no_log_was_collected_changes_nothing():
    """Whoever has a home or an image can write there that their own number is another's name, and that another has rights."""
    few = {
        path: re.sub(rb"\x1d[^\n]*", b"", raw)
        for path, raw in collected("script_edit").items()
        if path != "login01/etc/passwd" and not re.search("auth|journal|wtmp", path)
    }
    roots = ("login01/home/kai", "gpu01/home/kai", "login01/var/lib/containers/storage/overlay/ab12/diff")
    planted = {f"{root}/{name}": raw for root in roots for name, raw in PLANTED.items()}
    swapped = [
        (keys("script_edit")[one].encode(), keys("script_edit")[two].encode())
        for one, two in (("kai", "lin"), ("mei", "dao"))
    ]
    logins = alterations.exchanged(collected("script_edit")["login01/var/log/auth.log"], swapped)
    planted |= {f"{root}/ssh.log": logins for root in roots}
    plain_, with_them = found_in("script_edit", few), found_in("script_edit", few | planted)
    assert told(with_them) == told(plain_)
    assert [a["capability"] for a in with_them["acts"]] == [a["capability"] for a in plain_["acts"]]
    assert ["login log (sshd, in syslog)", "missing_source"] in told(with_them)["gaps"]
    of_host = found_in("script_edit", few | {"login01/etc/passwd": PLANTED["image/etc/passwd"]})
    assert {a["account"] for a in of_host["acts"]} >= {"lin"}


@pytest.mark.parametrize("folder", ["files/kai/", "files/kai/login01/var/log/"])
def test_logs_in_a_shared_folder_collected_beside_the_hosts_change_nothing(folder):
    """Somebody made another's trail, with other numbers and three seconds earlier, and left it among the shared files."""
    name = "script_edit"
    made = alterations.made_up(keys(name), "kai", "lin", folder)(collected(name))
    found = found_in(name, made)
    assert {"logs_of_no_known_place", "folders_left_out"} & {*found["limits"]}
    # What it tells of the seconds before the true trail begins is heard, and its numbers leave a gap there.
    after, before = told(found), told(plain(name))
    assert {k: v for k, v in after.items() if k != "gaps"} == {k: v for k, v in before.items() if k != "gaps"}


def test_authors_of_commits_change_nothing():
    """They are what whoever commits typed."""
    evidence = alterations.authors_swapped(collected("script_edit"))
    found, before = found_in("script_edit", evidence), plain("script_edit")
    typed = [next(a["asserted"] for a in f["acts"] if a["act"] == "commit") for f in (before, found)]
    assert [t["author"] for t in typed] == ["lin", "dao"]
    assert told(found) == told(before)


@incidents("script_edit", "shared_account")
def test_people_renamed_permute_the_answers(name):
    evidence = alterations.people_renamed(collected(name))
    given = {key: alterations.called_otherwise(raw) for key, raw in inputs(name).items()}
    found = investigated.found(evidence, roster=given["roster"], about=given["case"])

    def renamed(value):
        if isinstance(value, dict):
            return {key: renamed(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [renamed(inner) for inner in value]
        return alterations.called_otherwise(value.encode()).decode() if isinstance(value, str) else value

    expected = renamed(plain(name))
    for act in expected["acts"]:
        act["person"]["candidates"].sort()
    assert told(found) == told(expected)


@of({seed: seed for seed in range(3)}, "self_failure", 2)
def test_a_thinned_audit_trail_is_reported_as_gaps(name, change):
    found = found_in(name, alterations.thinned(change)(collected(name)))
    assert any(g["kind"] == "serial_gap" for g in found["gaps"])
    check_no_worse(name, found)


SWAPS = {
    "kai_lin": ("kai", "lin"),
    "kai_mei": ("kai", "mei"),
    "lin_mei": ("lin", "mei"),
    "kai_lin_keys": ("kai", "lin", ("keys",)),
    "kai_lin_addresses": ("kai", "lin", ("addresses",)),
    "kai_lin_one_form": ("kai", "lin", ("keys", "addresses"), LOGINS[:1]),
}


@pytest.mark.parametrize(
    ("name", "swap"),
    [
        pytest.param(name, swap, marks=pytest.mark.xdist_group(name), id=f"{name}-{what}")
        for name in NAMES
        for what, swap in SWAPS.items()
        if name == "script_edit" or (what == "kai_lin" and (EVERY or name == "shared_account"))
    ],
)
def test_swapped_people_in_the_login_log_are_no_wrong_name(name, swap):
    found = found_in(name, alterations.swapped(keys(name), *swap)(collected(name)))
    check_no_worse(name, found)
    check_no_stronger(name, found)


def test_swapped_keys_and_addresses_name_nobody():
    found = found_in(
        "script_edit", alterations.swapped(keys("script_edit"), "kai", "lin")(collected("script_edit"))
    )
    assert named(found) == set()
    assert any(c["kind"] == "sources_disagree" for c in found["contradictions"])


OF_A_KIND = (
    "keydir/kai.pub", "logs/gitolite-2026-11.log", "etc/passwd", "kai/.bash_history", "kai/.ssh/authorized_keys",
    "audit/audit.log", "log/auth.log", "wtmp", "sacct.psv", "slurmctld.log", "slurmd-gpu01.log",
)  # fmt: skip


def logs_of(name):
    """One log of each kind of one incident, and the trail of another; where all cases are asked for, every log, and the trail of all."""
    alike = {f"slurm/slurmd-gpu0{n}.log" for n in (2, 3, 4)}
    logs = [p for p, raw in collected(name).items() if alterations.is_log(p) and raw and p not in alike]
    if name != "script_edit":
        return [p for p in logs if p.startswith(AUDIT) and (EVERY or name == "deferred")]
    return [p for p in logs if EVERY or p.endswith(OF_A_KIND)]


@pytest.mark.parametrize(
    ("name", "path"),
    [pytest.param(n, p, marks=pytest.mark.xdist_group(n), id=f"{n}-{p}") for n in NAMES for p in logs_of(n)],
)
def test_a_log_that_is_missing_makes_nothing_firmer(name, path):
    found = found_in(name, alterations.without(path)(collected(name)))
    assert {person for _, _, person in named(found)} <= actors(name)
    check_no_stronger(name, found)


@of({"no_login_log": LOGINS, "no_scheduler": ("slurm",), "no_host": ("login01",)}, "poisoned_checkpoint")
def test_sources_that_are_missing_name_nobody_else(name, change):
    found = found_in(name, alterations.without(*change)(collected(name)))
    assert {person for _, _, person in named(found)} <= actors(name)
    check_no_stronger(name, found)


def test_without_an_audit_trail_an_exit_code_does_not_say_that_nothing_was_changed():
    """The job's own exit code says that its program ended it, not whose program that was."""
    found = found_in("self_failure", alterations.without(AUDIT)(collected("self_failure")))
    assert [j["cause"] for j in found["jobs"]] == ["not_established"]
    denial = next(c for c in found["claims"] if c["id"] == "D09")
    assert denial["status"] == "untestable"
    assert "audit trail (auditd)" in denial["missing"]


def test_an_altered_case_on_the_disk_tells_what_it_tells_in_memory(tmp_path):
    """Packed, cut and doubled at once, as files; what is not altered is compared in `test_incidents.py`."""
    evidence = alterations.doubled_in_place(
        alterations.thinned(1)(alterations.split(collected("script_edit")))
    )
    for path, raw in evidence.items():
        (tmp_path / "evidence" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "evidence" / path).write_bytes(raw)
    folder, case = INCIDENTS / "script_edit", tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [tmp_path / "evidence"], roster=folder / "roster.toml", about=folder / "case.toml")
    pipeline.ingest(case)
    pipeline.analyse(case)
    assert found_in("script_edit", evidence) == json.loads((case / "findings.json").read_text())
