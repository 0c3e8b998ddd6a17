"""A key that others could use through a forwarded agent is an alternative, and names nobody: invented events."""

import pytest
from stage import HOST, UIDS, Stage, address, key

from forensics.analysis import agents, findings
from forensics.render import antecedents, phrases
from forensics.render.forbidden import lint

FRONT, GPU = "front00", "gpu01"
OWN = {FRONT: "10.9.0.1", HOST: "10.9.0.2", GPU: "10.9.0.3"}


def entered(day, host, source, *, account="kai", by="kai", ses, pid):
    """An entry with a key, that kernel and sshd tell, and sshd's word for the host's own address."""
    day.wait(3)
    day.add("other", "syslog", text=f"Connection from {source} port {pid} on {OWN[host]} port 22", host=host)
    who = {
        "account": account,
        "auid": UIDS[account],
        "session": ses,
        "pid": pid,
        "exe": "/usr/sbin/sshd",
        "host": host,
    }
    day.add("loginuid", **who)
    day.add("login", address=source, **who)
    day.add(
        "login", "syslog", account=account, pid=pid, address=source, port=pid, credential=key(by), host=host
    )


def ran(day, host, ses, argv, *, account="kai", verb="execute", **more):
    day.wait(1)
    exe = f"/usr/bin/{argv[0]}"
    who = {
        "account": account,
        "auid": UIDS[account],
        "uid": UIDS[account],
        "effective": account,
        "session": ses,
        "host": host,
    }
    return day.add(
        verb,
        **{
            "pid": 600 + day.serial,
            "exe": exe,
            "argv": argv,
            "object_kind": "path",
            "object": exe,
            **who,
            **more,
        },
    )


def onward(day, *first):
    """Kai goes from the front host to login01, and from there with the same key to gpu01."""
    entered(day, FRONT, "192.0.2.7", ses="7", pid=70)
    ran(day, FRONT, "7", ["ssh", *first, "login01"])
    entered(day, HOST, OWN[FRONT], ses="131", pid=1310)
    ran(day, HOST, "131", ["ssh", "gpu01"])
    entered(day, GPU, OWN[HOST], ses="41", pid=410)


def rows(day):
    scene = day.examined().scene
    return [(r.credential, r.through.host, r.entered.host, r.known_by) for r in agents.known(scene)], scene


SOCKET = "/tmp/ssh-XXabc/agent.311"  # noqa: S108 - where sshd puts it
LED = (key("kai"), HOST, GPU)


@pytest.mark.parametrize(
    ("words", "fires"),
    [
        (["-A"], True),
        (["-vAt"], True),
        (["-o", "ForwardAgent=yes"], True),
        (["-oForwardAgent yes"], True),
        (["-A", "-a"], False),
        (["-o", "ForwardAgent=no"], False),
        (["-l", "A"], False),
        (["-i", "-A"], False),
        ([], False),
    ],
)
def test_a_client_forwards_an_agent_by_its_options(words, fires):
    day = Stage()
    onward(day, *words)
    assert rows(day)[0] == [(*LED, ("client_option",))] * fires


@pytest.mark.parametrize(
    ("settings", "fires"),
    [
        (["forwardagent yes"], True),
        (["in host login*: forwardagent yes"], True),
        (["in host *: forwardagent yes"], True),
        (["in match user kai: forwardagent yes"], True),
        (["in host gpu*: forwardagent yes"], False),
        (["in host * !login01: forwardagent yes"], False),
        (["forwardagent no", "in host *: forwardagent yes"], False),
    ],
)
def test_a_setting_forwards_it_where_its_block_can_hold(settings, fires):
    day = Stage()
    for text in settings:
        day.add(
            "setting",
            "ssh_config",
            account="kai",
            object="ssh forwardagent",
            text=text,
            host=FRONT,
            when=None,
        )
    onward(day)
    assert rows(day)[0] == [(*LED, ("client_setting",))] * fires


def test_another_accounts_setting_and_one_that_an_option_overrules_forward_nothing():
    for account, words in (("lin", ()), ("kai", ("-a",))):
        day = Stage()
        day.add(
            "setting",
            "ssh_config",
            account=account,
            object="ssh forwardagent",
            text="forwardagent yes",
            host=FRONT,
            when=None,
        )
        onward(day, *words)
        assert rows(day)[0] == []


def test_sshd_s_line_and_the_kernel_s_record_tell_it_where_no_client_is_on_record():
    for lines, by in (((1310,), ("sshd_line",)), ((999,), ())):
        day = Stage()
        onward(day)
        for pid in lines:
            text = "sshd: debug1: session_input_channel_req: session 0 req auth-agent-req@openssh.com"
            day.add("other", "syslog", pid=pid, text=text)
        assert rows(day)[0] == [(*LED, by)] * bool(by)
    day = Stage()
    onward(day)
    ran(day, HOST, "131", ["ssh"], verb="connect", object=SOCKET)
    assert rows(day)[0] == [(*LED, ("socket",))]


def test_with_the_private_key_on_the_host_between_no_agent_was_needed():
    day = Stage()
    onward(day, "-A")
    day.add("other", "private_key", object_kind="key", object=key("kai"), host=HOST, when=None)
    assert rows(day)[0] == []
    day.rows[-1]["host"] = FRONT
    assert len(rows(day)[0]) == 1


def test_who_else_reached_a_socket_of_the_account_s_is_told():
    day = Stage()
    onward(day, "-A")
    entered(day, HOST, address("lin"), account="lin", by="lin", ses="51", pid=510)
    entered(day, HOST, address("dao"), account="dao", by="dao", ses="52", pid=520)
    for ses, account, effective in (("51", "lin", "root"), ("52", "dao", "dao")):
        ran(
            day,
            HOST,
            ses,
            ["ssh-add", "-l"],
            account=account,
            verb="connect",
            object=SOCKET,
            effective=effective,
        )
    scene = rows(day)[1]
    (row,) = agents.known(scene)
    assert [scene.by_id()[s].account for s in row.reached_from] == ["lin"]
    table = agents.table([row]).to_pylist()[0]
    assert (table["rule"], table["version"], table["basis"]) == (agents.RULE, 1, "derived")


def cancelled(day, ses, host):
    """A job of mei's is ended in a session."""
    mei = day.login("mei")
    day.submit("mei", mei, "15", seconds=7200)
    ran(day, host, ses, ["scancel", "15"])
    day.add(
        "kill_request",
        "slurmctld",
        "slurm:admin",
        host=None,
        job="15",
        uid=UIDS["kai"],
        object_kind="job",
        object="15",
    )


@pytest.mark.parametrize("forwarded", [True, False])
def test_an_act_by_such_a_login_has_the_alternative_and_no_name(forwarded):
    """The address of the host between is kai's own device here, so that without the agent all links say kai."""
    day = Stage()
    day.enrol()
    onward(day, *(["-A"] if forwarded else []))
    for row in day.rows:
        row["address"] = address("kai") if row["address"] == OWN[HOST] else row["address"]
        row["text"] = row["text"].replace(OWN[HOST], address("kai")) if row["text"] else None
    cancelled(day, "41", GPU)
    done = day.examined()
    act = next(a for a in findings.findings(done)["acts"] if a["act"] == "cancel")
    assert len(act["agents"]) == forwarded
    if not forwarded:
        assert (act["person"]["verdict"], act["person"]["name"], act["missing"]) == ("attributed", "kai", [])
        return
    assert act["missing"] == ["use_of_key_by_its_holder"]
    assert (act["person"]["verdict"], act["person"]["name"]) == ("inconclusive", None)
    (sentence,) = antecedents.agent_sentences(act)
    assert "names nobody" in sentence.text
    assert sentence.citations
    assert lint(sentence.text) == []
    assert phrases.FORWARDED.keys() == agents.HOW.keys()


def test_a_login_by_the_key_while_the_agent_lay_there_has_it_too_and_one_from_elsewhere_or_later_not():
    day = Stage()
    onward(day, "-A")
    day.wait(60)
    entered(day, GPU, OWN[HOST], ses="42", pid=420)
    entered(day, GPU, "192.0.2.7", ses="43", pid=430)
    entered(day, GPU, OWN[HOST], by="lin", ses="44", pid=440)
    day.wait()
    day.add("session_close", account="kai", auid=UIDS["kai"], session="131", pid=1310, exe="/usr/sbin/sshd")
    day.wait(60)
    entered(day, GPU, OWN[HOST], ses="45", pid=450)
    scene = rows(day)[1]
    by = {s.ses: len(agents.alternatives(scene, s)) for s in scene.sessions.values() if s.host == GPU}
    assert by == {"41": 1, "42": 1, "43": 0, "44": 0, "45": 0}
