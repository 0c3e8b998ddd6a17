"""What file systems and sensors report is kept whole, and makes nobody an actor that the audit trail does not."""

import json
from functools import cache

import pyarrow as pa
import pytest
from drawn import EVERY
from hypothesis import given
from hypothesis import strategies as st
from stage import HOST, KERNEL, T0, Stage
from told import events

from forensics.core import clock, sensors
from forensics.formats import lustre_changelog, recognise, registry
from forensics.readings import falco as falco_reading

SILENT = {"reported", "listed", "expected", "package"}
"""Verbs that no rule of the analysis makes an act of."""
SCRIPT = "/srv/proj/train.py"
UNLINK = b"7 06UNLNK 15:11:37.404255474 2026.11.23 0x1 t=[0x200000402:0x2:0x0] j=%s ef=0xf u=4103:4200 nid=10.0.0.13@tcp p=[0x200000007:0x1:0x0] %s\n"
RENAME = b"8 08RENME 15:11:37.404255474 2026.11.23 0x1 t=[0:0x0:0x0] p=[0x200000007:0x1:0x0] %s s=[0x200000402:0x9:0x0] sp=[0x200000007:0x2:0x0] %s\n"


def test_a_changelog_has_its_own_clock_and_no_account():
    (e,) = events("lustre_changelog", UNLINK % (b"4711", b"ckpt.pt"), "mds01/var/tmp/changelog")
    assert clock.written(e["earliest_ns"]) == "2026-11-23T15:11:37.404Z"
    assert e["earliest_ns"] % 1_000_000_000 == 404_255_474
    assert (e["verb"], e["object"], e["uid"]) == ("reported", "[0x200000007:0x1:0x0]/ckpt.pt", 4103)
    assert (e["account"], e["account_absence"], e["host"], e["domain"]) == (
        None,
        "number_only",
        None,
        "lustre:mds",
    )


def test_the_job_of_a_changelog_is_text_for_its_process_chose_it():
    (e,) = events("lustre_changelog", UNLINK % (b"4711", b"x"))
    assert e["job"] is None
    assert e["text"] == "delete UNLNK t=[0x200000402:0x2:0x0] nid=10.0.0.13@tcp job=4711"


typed = st.text(st.sampled_from("ab =:[]0x1uspjnidtcp@"), min_size=1, max_size=60).filter(str.strip)


@given(job=typed, name=typed)
def test_nothing_typed_takes_the_place_of_the_uid(job, name):
    """Read with the server's own uid and client, or not at all."""
    for row in lustre_changelog.parse(UNLINK % (job.encode(), name.encode()), 0).records.to_pylist():
        assert (row["uid"], row["nid"]) == (4103, "10.0.0.13@tcp")


FORGED = [
    b"x ef=0xf u=0:0 nid=1@tcp p=[0x1:0x0:0x0] y",
    b"x u=0:0 p=[0x1:0x0:0x0] y",
    b"x p=[0x1:0x0:0x0] y",
    b"x nid=9@tcp s=[0x1:0x0:0x0] sp=[0x1:0x0:0x0] y p=[0x1:0x0:0x0] z",
]


@pytest.mark.parametrize("job", FORGED)
def test_a_job_that_holds_fields_makes_a_line_that_is_not_read(job):
    parsed = lustre_changelog.parse(UNLINK % (job, b"x"), 0)
    assert (parsed.records.num_rows, parsed.rejected["why"].to_pylist()) == (0, ["value"])


def test_a_rename_has_both_names_where_nothing_typed_imitates_a_third():
    plain, forged = (
        lustre_changelog.parse(RENAME % (new, b"old"), 0).records.to_pylist()[0]
        for new in (b"new", b"new s=[0x1:0x1:0x0] sp=[0x1:0x2:0x0] fake")
    )
    assert (plain["name"], plain["source_name"], plain["source_parent"]) == ("new", "old", "[0x200000007:0x2:0x0]")  # fmt: skip
    assert (forged["name"], forged["source_name"], forged["uid"]) == (None, None, None)


def test_storage_scale_keeps_owner_and_asker_apart():
    line = {"LWE_JSON": "0.0.3", "event": "UNLINK", "path": SCRIPT, "nodeName": "gpu01", "eventTime": "2026-11-23_16:11:37.100+0100", "ownerUserId": "4101", "clientUserId": "4103", "processId": "5311"}  # fmt: skip
    (e,) = events("gpfs_audit", json.dumps(line).encode(), "gpfs/audit.log")
    assert (e["uid"], e["object_owner_uid"], e["host"], e["pid"]) == (4103, 4101, "gpu01", 5311)
    assert (e["account"], e["account_absence"]) == (None, "number_only")
    assert clock.written(e["earliest_ns"]) == "2026-11-23T15:11:37.100Z"
    assert e["latest_ns"] - e["earliest_ns"] == 999_999


def osquery(columns, **more):
    line = {"name": "q", "hostIdentifier": "gpu01", "unixTime": 1_795_446_700, "action": "added"} | more
    return events("osquery", json.dumps(line | ({"columns": columns} if columns else {})).encode())


FILE_ROW = {"target_path": SCRIPT, "action": "UPDATED", "uid": "4101", "time": "1795446697"}
RUN_ROW = {"path": "/usr/bin/sed", "cmdline": "sed -i x", "pid": "7", "parent": "6", "auid": "4103", "uid": "4150", "euid": "4150", "time": "1795446697"}  # fmt: skip


def test_the_uid_of_a_file_event_is_its_owners():
    (e,) = osquery(FILE_ROW)
    assert (e["uid"], e["auid"], e["object_owner_uid"], e["account_absence"]) == (None, None, 4101, "not_recorded")  # fmt: skip
    assert (e["object"], e["text"], e["earliest_ns"]) == (SCRIPT, "write UPDATED", 1_795_446_697 * 10**9)


def test_a_process_event_has_the_kernels_login_uid_and_no_name():
    (e,) = osquery(RUN_ROW)
    assert (e["auid"], e["uid"], e["pid"], e["ppid"], e["exe"]) == (4103, 4150, 7, 6, "/usr/bin/sed")
    assert (e["account"], e["account_absence"], e["text"]) == (None, "number_only", "execute sed -i x")


@pytest.mark.parametrize("auid", ["4294967295", "-1", "", "x"])
def test_an_unset_login_uid_is_nobodys(auid):
    (e,) = osquery(RUN_ROW | {"auid": auid})
    assert e["auid"] is None


def test_a_row_with_an_unreadable_time_has_none():
    """When the result was logged is no time of an event that has its own."""
    assert osquery(RUN_ROW | {"time": "soon"})[0]["earliest_ns"] is None
    assert osquery(RUN_ROW | {"time": "0"})[0]["earliest_ns"] == 0
    assert osquery({"command": "x"})[0]["earliest_ns"] == 1_795_446_700 * 10**9


def test_each_row_of_a_result_is_an_event():
    told = osquery(None, diffResults={"added": [{"a": "1"}], "removed": [{"a": "2"}]})
    assert [e["text"] for e in told] == ['other q added {"a":"1"}', 'other q removed {"a":"2"}']
    assert len({e["event_id"] for e in told}) == 2
    assert [e["text"] for e in osquery(None, snapshot=[])] == ["other q no rows"]


ALERT = {"evt.type": "openat", "evt.time": 1_795_446_697_100_000_001, "fd.name": SCRIPT, "user.uid": 4150, "user.loginuid": 4103, "user.loginname": "lin", "container.id": "host"}  # fmt: skip


def falco(**fields):
    line = {"hostname": "gpu01", "rule": "r", "priority": "Warning", "time": "2026-11-23T15:11:38Z", "output": "", "output_fields": ALERT | fields}  # fmt: skip
    (e,) = events("falco", json.dumps(line).encode())
    return e


def test_a_login_name_counts_where_it_was_looked_up_on_the_host():
    assert (falco()["account"], falco()["auid"]) == ("lin", 4103)
    for fields in ({"container.id": "3f2a"}, {"container.id": None}, {"user.loginuid": -1}, {"user.loginuid": 2**32 - 1}, {"user.loginname": "<NA>"}):  # fmt: skip
        assert falco(**fields)["account"] is None


def test_the_user_of_an_alert_is_no_login_account():
    e = falco(**{"user.loginuid": -1, "user.name": "mei"})
    assert (e["account"], e["account_absence"], e["uid"]) == (None, "number_only", 4150)


def test_an_alert_has_the_events_time_to_the_nanosecond():
    assert falco()["earliest_ns"] == falco()["latest_ns"] == 1_795_446_697_100_000_001
    assert clock.written(falco(**{"evt.time": None})["earliest_ns"]) == "2026-11-23T15:11:38.000Z"


@pytest.mark.parametrize(
    ("flags", "word"),
    [("O_RDONLY", "read"), ("O_RDWR|O_CLOEXEC", "write"), ("O_TRUNC", "write"), (None, "open")],
)
def test_an_opening_is_a_write_by_its_flags(flags, word):
    assert falco(**{"evt.arg.flags": flags})["text"].split()[0] == word


def test_an_alert_on_a_connection_has_no_path():
    assert falco(**{"evt.type": "connect", "fd.name": "10.0.0.1:1->10.0.0.2:22"})["object_kind"] is None


def tetragon(kind="process_exec", **body):
    process = {
        "pid": 5311,
        "uid": 4103,
        "auid": 4103,
        "binary": "/usr/bin/rm",
        "arguments": "ckpt.pt",
        "cwd": "/srv",
    }
    line = {kind: {"process": process | body.pop("process", {}), **body}, "node_name": "gpu01", "time": "2026-11-23T15:11:37.100000001Z"}  # fmt: skip
    (e,) = events("tetragon", json.dumps(line).encode())
    return e


def test_a_program_that_started_is_its_own_object():
    e = tetragon(parent={"pid": 5300})
    assert (e["object"], e["exe"], e["auid"], e["pid"], e["ppid"]) == ("/usr/bin/rm", "/usr/bin/rm", 4103, 5311, 5300)  # fmt: skip
    assert (e["text"], e["account"], e["account_absence"]) == ("execute process_exec /usr/bin/rm ckpt.pt", None, "number_only")  # fmt: skip
    assert e["earliest_ns"] % 10**9 == 100_000_001


def test_a_watched_call_names_its_file_and_not_the_program():
    e = tetragon("process_kprobe", function_name="security_inode_unlink", args=[{"int_arg": 1}, {"path_arg": {"path": "/srv/ckpt.pt"}}])  # fmt: skip
    assert (e["object"], e["text"].split()[0]) == ("/srv/ckpt.pt", "delete")
    assert tetragon("process_kprobe", function_name="fd_install", process={"auid": 2**32 - 1})["auid"] is None


@pytest.mark.parametrize("value", [-1, 2**32 - 1, 2**40, None, True, "7"])
def test_a_number_of_the_kernel_is_a_number(value):
    assert sensors.number(value) is None


@pytest.mark.parametrize("name", ["pip_record", "conda_meta", "conda_history", "dpkg_log", "apt_history", "dnf_log", "yum_log", "bodyfile", "find_listing", "ls_listing", "stat_listing", "lustre_changelog", "gpfs_audit", "osquery", "falco", "tetragon"])  # fmt: skip
def test_no_source_of_this_kind_has_a_verb_that_acts(name, request):
    """Nor says a session, a job or a credential, through which another's act could be joined to it."""
    folder = request.config.rootpath / "sample_logs" / "formats" / name
    for sample in sorted(folder.iterdir()):
        for e in events(name, sample.read_bytes()):
            assert e["verb"] in SILENT | {"other"}
            assert (e["session"], e["job"], e["credential"], e["target_pid"]) == (None, None, None, None)


def day(**change):
    stage = Stage()
    stage.enrol()
    mei = stage.login("mei")
    ses = stage.login("kai", **change)
    stage.change("kai", ses, SCRIPT, owner="mei")
    stage.submit("mei", mei, "11")
    stage.cancel("mei", mei, "11")
    return stage


CHANGES = {"agreed": {}, "borrowed_key": {"by": "lin"}, "no_login_log": {"sshd": False}}


def answered(stage):
    """What the analysis makes of a day: its acts, sessions and versions, and what is held of whom."""
    found = stage.examined()
    made = found.tables()
    return {name: made[name] for name in ("act", "session", "version")}, [vars_of(j) for j in found.judged.values()]  # fmt: skip


@cache
def alone(change):
    """The same without another witness: asked for once, and compared with each of them."""
    return answered(day(**CHANGES[change]))


EACH = [(verb, domain) for verb in sorted(SILENT) for domain in (KERNEL, "siem:root", "lustre:mds")]


@pytest.mark.parametrize("witnesses", [[one] for one in EACH] if EVERY else [EACH])
@pytest.mark.parametrize(
    "change", [pytest.param(change, marks=pytest.mark.xdist_group(f"witness {change}")) for change in CHANGES]
)
def test_another_witness_changes_no_act_and_names_nobody(witnesses, change):
    """A second sensor of one kernel is no second trust domain, and a listing is no act."""
    more = day(**CHANGES[change])
    own = {row["pid"] for row in more.rows if row["pid"] is not None}
    for at, pid in enumerate(sorted(own)):
        for exe in ("/usr/bin/sed", "/usr/bin/ssh", "/usr/bin/mv"):
            for verb, domain in witnesses:
                more.add(verb, "falco", domain, when=T0 + at, account="lin", effective="lin", auid=4103, uid=4103, pid=pid, host=HOST, exe=exe, object_kind="path", object=SCRIPT, object_owner_uid=4101, text="write openat > train.py")  # fmt: skip
    (told, judged), (plain, plainly) = answered(more), alone(change)
    for name, table in plain.items():
        assert told[name].equals(table), name
    assert judged == plainly


def vars_of(judgement):
    return (judgement.verdict, judgement.name, judgement.candidates, judgement.best_rival, judgement.gates, judgement.missing)  # fmt: skip


@pytest.mark.parametrize("head", [b'{"rule": "x"}\n', b'{"name": "x", "columns": {}}\n', b'{"event": "OPEN", "path": "x"}\n', b'{"time": "x"}\n', b"1 06UNLNK x\n"])  # fmt: skip
def test_what_only_looks_like_it_is_left_to_others(head):
    ours = ("falco", "osquery", "gpfs_audit", "tetragon", "lustre_changelog")
    assert [registry()[name].recognise(head, "x") for name in ours] == [0] * len(ours)


def test_every_call_falco_knows_has_one_word():
    assert pa.array(list(falco_reading.CALLS.values())).null_count == 0
    assert falco_reading.CALLS["renameat2"] == "rename"


def test_a_snapshot_longer_than_the_head_is_known_by_its_beginning():
    line = (
        b'{"snapshot":['
        + b",".join([b'{"a":"1"}'] * 9999)
        + b'],"action":"snapshot","name":"q","hostIdentifier":"gpu01"}\n'
    )
    assert recognise(line[:65_536], "login01/var/log/x") == "osquery"
    assert registry()["osquery"].parse(line, 0).records.num_rows == 1
