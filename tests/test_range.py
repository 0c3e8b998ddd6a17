"""An incident staged now, with real daemons, on this machine, and investigated from what they wrote.

It makes accounts, starts Slurm, sshd, cron, auditd and a git server, and empties logs: so it runs only
when it is asked for by name (`make range-test`), as root, where the range and its daemons are.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics import pipeline

RANGE = Path(__file__).parents[2] / "shared" / "range"
DAEMONS = ("slurmctld", "slurmd", "auditd", "sshd", "cron", "gitolite", "munged")
OURS = {
    "victim": ("ines", 4131, "127.0.0.31"),
    "insider": ("tomas", 4132, "127.0.0.32"),
    "bystander": ("yuki", 4133, "127.0.0.33"),
    "ops": ("abeni", 4134, "127.0.0.34"),
    "shared": ("nlpteam", 4149, None),
}
STOOD = Path("/srv/range/cast.json")
CAST = {k: tuple(v) for k, v in json.loads(STOOD.read_text()).items()} if STOOD.exists() else OURS
"""The people of a range that was set up here before keep their keys on its git server; a new one gets ours."""
ROLES = {"victim": "researcher", "insider": "intern", "bystander": "intern", "ops": "system administrator"}
KIND = {"modify_file": "modify_file", "commit": "commit", "push": "push", "cancel_job": "cancel"}


def missing():
    """Why an incident cannot be staged here; nothing if it can."""
    if not os.environ.get("FORENSICS_RANGE"):
        return "it makes accounts and starts daemons on this machine: run `make range-test` as root"
    if os.geteuid():
        return "it needs root"
    if not (RANGE / "range.py").exists():
        return "../shared/range is not here"
    absent = [d for d in DAEMONS if shutil.which(d, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if absent:
        return f"not installed: {', '.join(absent)} (python3 ../shared/range/range.py install)"
    asked = subprocess.run(["auditctl", "-s"], capture_output=True, check=False)
    return "the kernel lets nobody here set audit rules" if asked.returncode else None


def played(*words, cwd):
    """Run the range, with its modules and ours on the path."""
    env = os.environ | {"PYTHONPATH": f"{cwd}:{RANGE}"}
    done = subprocess.run(
        [sys.executable, str(RANGE / "range.py"), *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=900, check=False
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def fingerprint(out, person):
    written = (out / "evidence" / "git" / "gitolite" / "keydir" / f"{person}.pub").read_text().split()[1]
    return "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(written)).digest()).decode().rstrip(
        "="
    )


def papers(out):
    """The roster and the question, from the cast and the truth."""
    truth = json.loads((out / "truth.json").read_text())
    people = [
        f'[[person]]\nname = "{name}"\nrole = "{ROLES[part]}"\n'
        f'accounts = [{{ name = "{name}", uid = {uid}, source = "account register" }}]\n'
        f'keys = [{{ fingerprint = "{fingerprint(out, name)}", source = "git server key directory" }}]\n'
        f'devices = [{{ address = "{address}", name = "ws-{name}", source = "asset register" }}]\n'
        for part, (name, uid, address) in CAST.items()
        if address is not None
    ]
    account, uid, _ = CAST["shared"]
    members = ", ".join(f'"{name}"' for name, _, address in CAST.values() if address)
    people.append(
        f'[[account]]\nname = "{account}"\nuid = {uid}\nshared = true\nmembers = [{members}]\nsource = "key file"\n'
    )
    (out / "roster.toml").write_text("\n".join(people))
    first, last = (
        datetime.fromtimestamp(truth[k], UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for k in ("began", "ended")
    )
    jobs = sorted({str(a["job"]) for a in truth["acts"] if "job" in a}, key=int)
    (out / "case.toml").write_text(
        f'title = "Staged now"\ncluster = "mlcluster"\nzone = "Etc/UTC"\nwindow = ["{first}", "{last}"]\njobs = {json.dumps(jobs)}\n\n'
        f'[[claim]]\nid = "D01"\nby = "{CAST["insider"][0]}"\nnames = "{CAST["bystander"][0]}"\n'
    )
    return truth


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The range, up; its daemons are stopped at the end, whatever happens."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    pytest.importorskip(
        "pexpect", reason="the range types at terminals with pexpect: `make range-test` installs it"
    )
    here = tmp_path_factory.mktemp("range")
    (here / "ourcast.py").write_text(f"LAB = {CAST!r}\n")
    try:
        played("up", "ourcast.LAB", cwd=here)
        yield here
    finally:
        played("down", cwd=here)


@pytest.mark.parametrize("scenario", ["script_edit", "shared_account"])
def test_what_happens_now_is_found_and_nobody_else_is_named(stage, scenario, tmp_path):
    out = stage / scenario
    played("stage", scenario, str(out), cwd=stage)
    truth = papers(out)
    pipeline.investigate(
        tmp_path / "case", [out / "evidence"], roster=out / "roster.toml", about=out / "case.toml"
    )
    found = json.loads((tmp_path / "case" / "findings.json").read_text())
    named = [a for a in found["acts"] if a["person"]["verdict"] == "attributed"]
    staged = [a for a in truth["acts"] if a["what"] in KIND]
    assert staged
    for act in staged:
        assert [
            a for a in named
            if a["act"] == KIND[act["what"]] and a["person"]["name"] == act["person"] and a["account"] == act["account"]
        ], f"no {act}"  # fmt: skip
    owners = {j["job"]: j["owner"] for j in found["jobs"]}
    others = {
        a["person"]["name"]
        for a in named
        if not (a["act"] == "cancel" and a["person"]["name"] == owners.get(a["job"]))
    }
    assert others == {CAST["insider"][0]}
    assert found["accounting"]["rejected"] == 0
