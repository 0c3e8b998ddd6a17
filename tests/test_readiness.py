"""What logging could not have answered: every denial has its sources, every source its configuration, and each shows."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from forensics import pipeline
from forensics.analysis import claims, readiness
from forensics.cli import readiness as command
from forensics.core import syscall_numbers
from forensics.core.tables import VERBS
from forensics.formats import registry

WANTED = readiness.wanted()
SECOND = 1_000_000_000


def frame(*rows):
    whole = [
        dict.fromkeys(readiness.COLUMNS) | {"earliest_ns": 1, "latest_ns": 1, "verb": "other"} | r
        for r in rows
    ]
    made = pd.DataFrame(whole, columns=list(readiness.COLUMNS))
    return made.astype({"earliest_ns": "Int64", "latest_ns": "Int64"})


def files(*paths):
    return pd.DataFrame({"path": list(paths), "host": [p.partition("/")[0] for p in paths]})


def ready(*rows, paths=("login01/x",), rules=None):
    return readiness.readiness(frame(*rows), files(*paths), rules or {})


def status(found):
    return {s["source"]: s["status"] for s in found["sources"]}


# The table


def test_every_denial_names_its_sources():
    assert set(WANTED.denials) == set(claims.TESTS) == {f"D{n:02d}" for n in range(1, 19)}
    for groups in WANTED.denials.values():
        assert groups
        assert all(groups)
        assert {s for g in groups for s in g} <= set(WANTED.sources)


def test_every_source_is_needed_by_a_denial_and_has_a_configuration():
    needed = {s for groups in WANTED.denials.values() for g in groups for s in g}
    assert set(WANTED.sources) == needed | {"audit_trail"}
    for source in WANTED.sources.values():
        assert source.kind in readiness.KINDS
        assert source.scope in {"host", "site"}
        assert source.config.strip()
        assert source.place
        assert source.seen or source.kind == "note"


KEYS = {"formats", "verbs", "text", "object", "credential", "finer_ns", "elsewhere", "rule", "path", "always"}


@pytest.mark.parametrize("name", sorted(WANTED.sources))
def test_how_a_source_shows_is_in_words_that_exist(name):
    for how in WANTED.sources[name].seen:
        assert set(how) <= KEYS
        assert set(how.get("verbs", ())) <= set(VERBS)
        assert set(how.get("formats", ())) <= set(readiness.CLASSES) | set(registry())
        for pattern in ("text", "object", "rule", "path"):
            re.compile(how.get(pattern, ""))


def of_kind(kind):
    return [pytest.param(s, id=s.name) for s in WANTED.sources.values() if s.kind == kind]


# The configuration, by the programs that read it where they are there, else by its shape


RULE = re.compile(
    r"-D|-b \d+|-f [012]|-e 2|--backlog_wait_time \d+|--loginuid-immutable|-w /\S+ -p [rwxa]+ -k [a-z-]+"
    r"|-a always,exit(?: -F [a-z]+(?:=|!=|>=)\S+)* -S (?P<calls>[a-z0-9_,]+)(?: -F [a-z]+(?:=|!=|>=)\S+)* -k [a-z-]+"
)


@pytest.mark.parametrize("source", of_kind("audit_rules"))
def test_audit_rules_have_the_shape_of_rules_and_name_system_calls(source):
    known = set(syscall_numbers.NUMBERS["x86_64"].values())
    for line in source.config.splitlines():
        found = RULE.fullmatch(line)
        assert found, line
        assert set((found["calls"] or "").split(",")) - {""} <= known


def test_rules_load_in_an_order_that_works():
    """By the names of their files: what clears comes first, what locks comes last."""
    places = sorted((s.place, s.config) for s in WANTED.sources.values() if s.kind == "audit_rules")
    lines = [line for _, text in places for line in text.splitlines()]
    assert lines[0] == "-D"
    assert lines[-1] == "-e 2"
    assert len({p for p, _ in places}) == len(places)


def ran(*words, **more):
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed here")
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=60, **more)


@pytest.mark.parametrize("source", of_kind("sshd_config"))
def test_sshd_takes_its_settings(source, tmp_path):
    sshd, key = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin"), tmp_path / "key"
    if sshd is None:
        pytest.skip("sshd is not installed here")
    ran("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    (tmp_path / "sshd_config").write_text(source.config)
    done = ran(sshd, "-t", "-f", str(tmp_path / "sshd_config"), "-h", str(key))
    if "privilege separation" in done.stderr.lower():
        pytest.skip("sshd cannot run here")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("source", of_kind("git_config"))
def test_git_takes_its_settings(source, tmp_path):
    (tmp_path / "config").write_text(source.config)
    done = ran("git", "config", "--file", str(tmp_path / "config"), "--list")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == source.config.count("=")


@pytest.mark.parametrize("source", of_kind("sudoers"))
def test_visudo_takes_its_settings(source, tmp_path):
    (tmp_path / "sudoers").write_text(source.config)
    done = ran("visudo", "-c", "-f", str(tmp_path / "sudoers"))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("source", of_kind("rsyslog_conf"))
def test_rsyslogd_takes_its_settings(source, tmp_path):
    (tmp_path / "rsyslog.conf").write_text(
        f'global(workDirectory="{tmp_path}")\n{source.config}*.* {tmp_path}/all.log\n'
    )
    done = ran("/usr/sbin/rsyslogd", "-N1", "-f", str(tmp_path / "rsyslog.conf"))
    assert "error" not in done.stderr.lower(), done.stderr


SETTING = re.compile(r"(?P<key>[A-Za-z]+)=(?P<value>\S+)")


@pytest.mark.parametrize("source", of_kind("slurm_conf"))
def test_slurm_settings_are_ones_that_a_controller_lists(source, incident):
    for line in source.config.splitlines():
        found = SETTING.fullmatch(line)
        assert found, line
        assert found["key"] in incident


@pytest.mark.parametrize("source", of_kind("shell"))
def test_a_shell_takes_its_lines(source):
    assert ran("sh", "-n", input=source.config).returncode == 0


# What is seen


@pytest.fixture(scope="module")
def incident():
    """The settings that the scheduler of a staged incident listed."""
    folder = Path(__file__).parents[1] / "sample_logs/incidents/script_edit/evidence/slurm"
    data = (folder / "scontrol-config.txt").read_bytes()
    return set(registry()["scontrol_config"].parse(data, 0).records["key"].to_pylist())


SHOWS = {
    "audit_programs": {"format": "auditd", "verb": "execute", "host": "login01"},
    "audit_signals": {"format": "laurel", "verb": "signal", "host": "login01"},
    "loginuid_immutable": {"format": "auditd", "host": "login01", "text": "FEATURE_CHANGE feature=loginuid_immutable old=0 new=1 old_lock=0 new_lock=1"},
    "audit_locked": {"format": "auditd", "host": "login01", "text": "CONFIG_CHANGE set audit_enabled=2 old=1"},
    "key_of_login": {"format": "syslog", "verb": "login", "host": "login01", "credential": "SHA256:abc"},
    "no_agent_forwarding": {"verb": "setting", "host": "login01", "object": "sshd allowagentforwarding", "text": "AllowAgentForwarding no"},
    "step_signals": {"format": "scontrol_config", "text": "SlurmdDebug = debug2"},
    "scripts_of_jobs": {"format": "scontrol_config", "text": "AccountingStoreFlags = job_comment,job_script"},
    "controller_log": {"format": "slurmctld"},
    "remote_log": {"format": "syslog", "host": "login01", "domain": "loghost:root"},
    "fine_stamps": {"format": "syslog", "host": "login01", "earliest_ns": 0, "latest_ns": 999_999},
    "push_certificates": {"verb": "setting", "object": "receive.certnonceseed"},
    "manifests": None,
}  # fmt: skip
HIDES = {
    "loginuid_immutable": {"format": "auditd", "host": "login01", "text": "FEATURE_CHANGE feature=loginuid_immutable old=1 new=0"},
    "audit_locked": {"format": "auditd", "host": "login01", "text": "CONFIG_CHANGE set audit_enabled=1 old=1"},
    "key_of_login": {"format": "syslog", "verb": "login", "host": "login01", "credential": "password"},
    "no_agent_forwarding": {"verb": "setting", "host": "login01", "object": "sshd allowagentforwarding", "text": "AllowAgentForwarding yes"},
    "step_signals": {"format": "scontrol_config", "text": "SlurmdDebug = verbose"},
    "scripts_of_jobs": {"format": "scontrol_config", "text": "AccountingStoreFlags = job_comment"},
    "remote_log": {"format": "syslog", "host": "login01", "domain": "login01:root"},
    "fine_stamps": {"format": "syslog", "host": "login01", "earliest_ns": 0, "latest_ns": SECOND - 1},
    "audit_programs": {"format": "bash_history", "verb": "execute", "host": "login01"},
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SHOWS))
def test_a_source_is_seen_by_what_only_it_writes(name):
    assert status(ready())[name] == "not_seen"
    row = SHOWS[name]
    found = ready(row) if row else ready(paths=("proj/ckpt/SHA256SUMS",))
    assert status(found)[name] == "seen"


@pytest.mark.parametrize("name", sorted(HIDES))
def test_what_says_the_opposite_shows_nothing(name):
    assert status(ready(HIDES[name]))[name] == "not_seen"


def test_a_collected_rule_counts_and_a_comment_does_not():
    path = "login01/etc/audit/rules.d/x.rules"
    hidden = status(ready(rules={path: "# -e 2\n#-a always,exit -S kill -k x\n"}))
    assert (hidden["audit_locked"], hidden["audit_signals"]) == ("not_seen", "not_seen")
    found = status(ready(rules={path: "-w /srv -p wa -k x\n  -e 2\n"}))
    assert (found["audit_locked"], found["audit_writes"], found["audit_reads"]) == (
        "seen",
        "seen",
        "not_seen",
    )


def test_own_configuration_would_be_seen():
    """Whoever installs the rules that it prints is told that they are there."""
    rules = {f"login01{s.place}": s.config for s in WANTED.sources.values() if s.kind == "audit_rules"}
    found = status(ready(rules=rules))
    named = [s.name for s in WANTED.sources.values() if s.kind == "audit_rules" and s.name != "audit_trail"]
    assert {found[n] for n in named} == {"seen"}


def test_a_host_without_it_is_named():
    found = ready(SHOWS["audit_signals"], paths=("login01/x", "gpu01/x"))
    source = next(s for s in found["sources"] if s["source"] == "audit_signals")
    assert (source["status"], source["on"], source["not_on"]) == ("seen_on_some", ["login01"], ["gpu01"])


def test_nothing_seen_answers_nothing_and_everything_seen_answers_all():
    nothing = {d["denial"]: d for d in ready()["denials"]}
    assert {nothing[d]["answer"] for d in ("D10", "D18")} == {"outside_logs"}
    assert nothing["D17"]["answer"] == "in_part", "this program's own ledger is there"
    assert {nothing[d]["answer"] for d in nothing if d not in {"D10", "D17", "D18"}} == {"not_answerable"}
    for d in nothing.values():
        assert d["missing"], "what is missing is named"
    groups = WANTED.denials["D03"]
    rows = [SHOWS["key_of_login"], {"verb": "enrol_key", "host": "login01"}, SHOWS["audit_programs"]]
    found = next(d for d in ready(*rows)["denials"] if d["denial"] == "D03")
    assert (found["answer"], found["missing"]) == ("answerable", [])
    assert len(groups) == 3


def test_every_missing_source_comes_with_its_configuration():
    found = ready()
    missing = {s for d in found["denials"] for s in d["missing"]}
    assert {c["source"] for c in found["configuration"]} == missing
    assert all(c["text"].endswith("\n") and c["for"] for c in found["configuration"])


# As typed


def test_the_command_reads_a_case(tmp_path, capsys):
    rules = tmp_path / "collected" / "login01" / "etc" / "audit" / "rules.d" / "x.rules"
    rules.parent.mkdir(parents=True)
    rules.write_text("-a always,exit -F arch=b64 -S kill -k x\n")
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [tmp_path / "collected"])
    pipeline.ingest(case)
    assert status(pipeline.readiness(case))["audit_signals"] == "seen"
    command.readiness(case, as_json=True)
    assert json.loads(capsys.readouterr().out) == pipeline.readiness(case)
    command.readiness(case)
    said = capsys.readouterr().out
    assert "\n# denials\n" in said
    assert "--loginuid-immutable" in said


def test_the_how_to_explains_every_answer():
    page = (Path(__file__).parents[1] / "docs/how-to/prepare-for-the-next-case.md").read_text(
        encoding="utf-8"
    )
    assert [a for a in readiness.ANSWERS if f"`{a}`" not in page] == []
