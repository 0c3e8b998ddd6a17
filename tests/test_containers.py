"""What a container's process did, and who can have asked for the container: invented events, in the shape of the kernel's."""

from types import SimpleNamespace

import pytest
from stage import HOST, UIDS, Stage

from forensics.analysis import containers, findings, relevance
from forensics.core.roster import Question
from forensics.render import antecedents
from forensics.render.forbidden import lint

ID = "3f2a9c1b7d5e" + "0" * 52
SHIM = "/usr/bin/containerd-shim-runc-v2"
RAN = ["python3", "/srv/proj/tidy.py"]


def executed(day, argv, pid, ppid, *, exe=None):
    """An execution that no login is on."""
    exe = exe or f"/usr/bin/{argv[0]}"
    day.add(
        "execute", effective="root", uid=0, euid=0, pid=pid, ppid=ppid, exe=exe, argv=argv, cwd="/", object_kind="path", object=exe
    )  # fmt: skip


def container(day, argv=RAN, *, shim=True, exe=SHIM, words=("-namespace", "moby", "-id", ID)):
    """The daemon starts a container, whose process changes a file of mei's."""
    day.wait(5)
    if shim:
        executed(day, [exe, *words], 700, 1, exe=exe)
    executed(day, ["runc", "init"], 710, 700, exe="/usr/bin/runc")
    executed(day, argv, 710, 700)
    executed(day, ["rm"], 720, 710)
    day.add(
        "write", effective="root", uid=0, pid=720, ppid=710, exe="/usr/bin/rm", object_kind="path", object="/srv/proj/train.py",
        object_owner_uid=UIDS["mei"],
    )  # fmt: skip


def begun():
    day = Stage()
    day.enrol()
    return day


def told(day):
    """The row of what the container's process did, and the examination."""
    day.submit("mei", day.login("mei"), "15", argv=("python3", "/srv/proj/train.py"))
    done = day.examined()
    rows = [d for d in done.deferrals if d.act.object == "/srv/proj/train.py"]
    accounts = {s.session_id: s.account for s in done.sessions}
    return [(d.kind, [accounts[s] for s in d.sessions], d.missing) for d in rows], rows, done


def asks(day, account, words=("run", "-v", "/srv:/srv", "image"), argv=RAN):
    ses = day.login(account)
    day.run(account, ses, ["docker", *words, *argv])
    return ses


def test_a_container_is_led_back_to_the_client_and_nobody_is_named():
    day = begun()
    asks(day, "kai")
    container(day)
    rows, (row, *_), done = told(day)
    assert rows[0] == ("container", ["kai"], None)
    judged = done.judged[row.act.act_id]
    assert (row.act.account, row.act.session, row.act.origin) == ("root", None, "unknown")
    assert (judged.verdict, judged.name) == ("inconclusive", None)
    assert {"session", "session_of_container"} <= set(judged.missing)
    verbs = done.scene.values(row.inputs, "exe")
    assert verbs[0] == SHIM
    assert "/usr/bin/docker" in verbs


def test_several_clients_are_all_kept_and_what_its_words_point_at_comes_first():
    day = begun()
    asks(day, "dao", argv=["sleep", "60"])
    asks(day, "lin", words=("exec", ID[:12]), argv=["sh"])
    asks(day, "kai")
    container(day)
    ((kind, accounts, _), *_), _, done = told(day)
    assert kind == "container"
    assert (set(accounts[:2]), accounts[2:]) == ({"kai", "lin"}, ["dao"])
    act = next(
        a for a in findings.findings(done)["acts"] if (a["left_to_run"] or {}).get("kind") == "container"
    )
    sentences = antecedents.left_sentences(act)
    assert "any of 3 sessions" in sentences[0].text
    assert len(sentences) == 4
    assert all(s.citations and not lint(s.text) for s in sentences)


@pytest.mark.parametrize("path", ["/var/run/docker.sock", "/run/podman/podman.sock"])
def test_whoever_reached_the_socket_by_another_program_is_a_rival(path):
    day = begun()
    asks(day, "kai")
    lin = day.login("lin")
    who = {"account": "lin", "auid": UIDS["lin"], "session": lin, "pid": 9, "exe": "/usr/bin/curl"}
    day.add("connect", object_kind="path", object=path, **who)
    other = {
        "account": "dao",
        "auid": UIDS["dao"],
        "session": day.login("dao"),
        "pid": 8,
        "exe": "/usr/bin/curl",
    }
    day.add("connect", object_kind="path", object="/run/other.sock", **other)
    container(day)
    assert sorted(told(day)[0][0][1]) == ["kai", "lin"]


@pytest.mark.parametrize(
    ("words", "wait", "outcome"),
    [(("ps",), 0, "success"), (("run", "x"), 700, "success"), (("run", "x"), 0, "failure")],
)
def test_what_can_have_started_nothing_is_no_client(words, wait, outcome):
    """A client that only lists, one of long before, and one that was not run."""
    day = begun()
    asks(day, "kai", words=words, argv=())
    day.rows[-1]["outcome"] = outcome
    day.wait(wait)
    container(day)
    assert told(day)[0][0] == ("container", [], "client_of_container")


@pytest.mark.parametrize(
    ("said", "points"),
    [
        (["docker", "run", "image", *RAN], True),
        (RAN, False),
        (["docker", "run", "image", *RAN, "more"], False),
        (["docker", "exec", ID[:12], "sh"], True),
        (["docker", "exec", ID[:6], "sh"], False),
        (["docker", "exec", "tidy", "sh"], True),
        (None, False),
    ],
)
def test_a_client_points_at_a_container_by_its_last_words_its_id_or_its_name(said, points):
    assert containers._points(SimpleNamespace(argv=said), [RAN], frozenset({ID, "tidy"})) is points


def test_a_large_case_holds_the_clients_the_shims_and_who_reached_a_socket():
    assert containers.CLIENTS | containers.SHIMS <= relevance.PROGRAMS
    assert all(f"'{path}'" in relevance.ASKS_A_DAEMON for path in containers.SOCKETS)


def test_a_client_of_another_host_or_after_it_is_none():
    day = begun()
    asks(day, "kai")
    day.rows[-1]["host"] = "gpu01"
    container(day)
    asks(day, "lin")
    assert told(day)[0][0][1] == []


def test_a_process_that_no_shim_started_is_no_container_s():
    day = begun()
    asks(day, "kai")
    container(day, shim=False)
    assert told(day)[0] == []


def test_podman_s_monitor_is_a_shim_and_names_the_container():
    day = begun()
    asks(day, "dao")
    asks(day, "kai", words=("start", "tidy"), argv=())
    day.rows[-1]["argv"], day.rows[-1]["exe"] = ["podman", "start", "tidy"], "/usr/bin/podman"
    container(day, argv=["sh"], exe="/usr/bin/conmon", words=("-c", ID, "-n", "tidy"))
    assert told(day)[0][0][1] == ["kai", "dao"]


def test_what_keeps_its_session_needs_no_client():
    """Apptainer runs a program as whoever ran apptainer, in their session."""
    day = begun()
    kai = day.login("kai")
    pid, _ = day.run("kai", kai, ["apptainer", "exec", "image.sif", "rm"])
    who = {"account": "kai", "auid": UIDS["kai"], "effective": "kai", "uid": UIDS["kai"], "session": kai}
    day.add(
        "write",
        pid=pid,
        ppid=1,
        exe="/usr/bin/rm",
        object_kind="path",
        object="/srv/proj/train.py",
        object_owner_uid=UIDS["mei"],
        **who,
    )
    rows, _, done = told(day)
    assert rows == []
    (act,) = [a for a in done.acts if a.object == "/srv/proj/train.py" and a.account == "kai"]
    assert (act.session.account, act.origin) == ("kai", "login")


def test_what_slurm_runs_in_a_container_is_the_job_s():
    """The container's runtime is started by the job's own first process, and has its owner's uid."""
    day = begun()
    asks(day, "kai")
    pid = day.submit("mei", day.login("mei"), "15", argv=("enroot", "start", "image"))
    for argv, own, above in ((["crun", "run"], pid + 1, pid), (["python3"], pid + 2, pid + 1)):
        day.run("mei", None, argv, pid=own, ppid=above)
    day.add(
        "write", effective="mei", uid=UIDS["mei"], pid=pid + 2, ppid=pid + 1, exe="/usr/bin/python3", object_kind="path",
        object="/srv/proj/out.pt",
    )  # fmt: skip
    done = day.examined()
    (act,) = [a for a in done.acts if a.object == "/srv/proj/out.pt"]
    assert (act.origin, [d for d in done.deferrals if d.act is act]) == ("job", [])


def test_whoever_may_ask_the_daemon_can_act_as_root():
    day = begun()
    for account, group in (("kai", "docker"), ("lin", "video")):
        day.add("enrol_group", "group", account=account, object_kind="group", object=group, when=None)
    holders = day.examined(question=Question()).holders
    assert [(h.person, h.host, h.why) for h in holders.holds] == [("kai", HOST, "container_group")]
    assert holders.of(f"{HOST}:root") == ["kai"]
