"""Changes of the scheduler itself as acts: who asked, on what, and which jobs they bear on."""

from pathlib import Path

import pytest
from drawn import some
from investigated import DESK
from stage import UIDS, Stage

from forensics.analysis import evidence, examine, relevance
from forensics.core import roster
from forensics.core.roster import Question, Roster

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats"
MS = 1_000_000
KEY = "edit_scheduler"


def made(done):
    return [a for a in done.acts if a.act == KEY]


def told(done):
    return [(a.object, a.rule, a.account, a.job, a.why_link, a.link) for a in made(done)]


class Day(Stage):
    """A day of mei's job 11 on gpu01, with what the controller writes of its administration."""

    def ctl(self, text, *, verb="scheduler_edit", after=0, **given):
        when = self.at + after * MS
        event = self.add(
            verb, "slurmctld", "slurm:admin", host=given.pop("host", None), text=text, when=when, **given
        )
        self.rows[-1]["latest_ns"] = when + MS - 1
        return event

    def request(self, word, uid, *, after=0):
        return self.ctl(f"Processing RPC: REQUEST_{word} from UID={uid}", uid=uid, after=after)


def day(**job):
    s = Day()
    s.enrol()
    mei, kai = s.login("mei"), s.login("kai")
    s.submit("mei", mei, "11", **{"outcome": "NODE_FAIL", "seconds": 120} | job)
    s.wait(20)
    return s, mei, kai


def managed(s, account, text, **more):
    """A transaction that sacctmgr lists."""
    s.add("scheduler_edit", "sacctmgr", "slurm:admin", host=None, account=account, text=text, **more)


def down(s, *, uid=None, state="DOWN"):
    if uid is not None:
        s.request("UPDATE_NODE", uid)
    s.ctl(f"update_node: node gpu01 state set to {state}", verb="fault", host="gpu01", after=1)
    s.ctl("_slurm_rpc_update_node complete for gpu01 usec=91", after=2, host="gpu01")


def test_who_took_a_node_down_is_the_uid_of_the_receipt_and_the_job_ended_with_it():
    s, _, kai = day()
    s.run("kai", kai, ["scontrol", "update", "nodename=gpu01", "state=down", "reason=x"])
    down(s, uid=UIDS["kai"])
    s.ctl("Killing JobId=11 on failed node gpu01", verb="fault", host="gpu01", job="11", after=3)
    done = s.examined()
    assert told(done) == [
        ("node gpu01", "edit_request", "kai", None, None, "not_established"),
        ("node gpu01", "edit_request", "kai", "11", "ended_with_node", "observed"),
    ]
    (act,) = [a for a in done.in_question if a.act == KEY]
    assert act.session is not None
    assert act.missing == []
    assert act.effect == "shown"
    assert [(j.cause, j.why) for j in done.asked] == [("act", "job_ended_with_node")]


def test_without_a_receipt_nobody_is_said_to_have_asked():
    s, *_ = day()
    down(s, state="DRAINING")
    s.ctl("Killing JobId=11 on failed node gpu01", verb="fault", host="gpu01", job="11", after=3)
    done = s.examined()
    assert told(done)[-1] == ("node gpu01", "edit_record", None, "11", "node_of_job", "derived")
    assert set(made(done)[-1].missing) >= {"command_of_request", "who_asked"}
    # A drained node ends nothing by itself: what took the node away is left open.
    assert [(j.cause, j.why) for j in done.asked] == [
        ("not_established", "scheduler_changed_while_job_was_there")
    ]


def test_without_a_receipt_the_one_command_that_names_the_node_gives_a_session_and_two_do_not():
    s, mei, kai = day()
    s.run("kai", kai, ["scontrol", "update", "NodeName=gpu[01-02]", "State=DRAIN"])
    down(s, state="DRAINING")
    act = made(s.examined())[0]
    assert (act.account, "who_asked" in act.missing) == ("kai", True)
    s.at -= 1_000_000_000
    s.run("mei", mei, ["scontrol", "update", "nodename=gpu01", "state=resume"])
    act = made(s.examined())[0]
    assert (act.account, act.rival_accounts) == (None, {"kai", "mei"})
    assert "one_command_for_request" in act.missing


def test_another_s_command_is_not_taken_for_a_request_of_another_uid():
    s, _, kai = day()
    s.run("kai", kai, ["scontrol", "update", "nodename=gpu01", "state=down"])
    down(s, uid=0)
    act = made(s.examined())[0]
    assert (act.account, act.session) == ("uid 0", None)
    assert "command_of_request" in act.missing


@pytest.mark.parametrize("place", ["other node", "before it ran", "refused", "own", "completed"])
def test_what_bears_on_no_job_or_changed_nothing_is_no_cause(place):
    s, *_ = day(outcome="COMPLETED" if place == "completed" else "NODE_FAIL")
    node = "gpu07" if place == "other node" else "gpu01"
    if place == "before it ran":
        s.at -= 3600 * 1_000_000_000
    s.request("UPDATE_NODE", UIDS["mei" if place == "own" else "kai"])
    extra = {"outcome": "failure"} if place == "refused" else {}
    s.ctl(f"update_node: node {node} state set to DOWN", verb="fault", host=node, after=1, **extra)
    done = s.examined()
    assert made(done)
    assert done.asked[0].cause != "act"
    if place in {"other node", "before it ran"}:
        assert [a.job for a in made(done)] == [None]
    if place in {"refused", "own"}:
        assert done.asked[0].why != "job_ended_with_node"


def test_limits_of_the_owner_bear_on_a_job_between_submission_and_end():
    s, *_ = day(outcome="TIMEOUT")
    managed(s, "kai", "Modify Users name='mei' max_jobs=1")
    managed(s, "kai", "Modify Users name='lin' max_jobs=1")
    early = {
        "when": s.at - 3600 * 1_000_000_000,
        "account": "dao",
        "text": "Modify Users name='mei' max_jobs=9",
    }
    managed(s, **early)
    managed(s, "kai", "Modify QOS normal max_jobs_pu=1")
    done = s.examined()
    assert [a.account for a in made(done) if a.job is not None] == ["kai"]
    assert told(done)[-1][:5] == ("user mei", "edit_request", "kai", "11", "limits_of_owner")
    assert sorted(a.object for a in made(done) if a.job is None) == [
        "limit QOS normal",
        "user lin",
        "user mei",
        "user mei",
    ]


def test_a_cordon_is_its_user_s_and_the_cluster_s_own_parts_make_no_act():
    s, *_ = day()
    for who in ("kai", "system:node:gpu01", "system:serviceaccount:kube-system:node-controller"):
        s.add(
            "scheduler_edit",
            "k8s_audit",
            "k8s:api",
            host=None,
            account=who,
            outcome="success",
            text="patch nodes/gpu01 200 kubectl/v1.31.0",
            address="192.0.2.1",
        )
    done = s.examined()
    assert [(a.object, a.account, a.address) for a in made(done) if a.job is None] == [
        ("node gpu01", "kai", "192.0.2.1")
    ]


@pytest.mark.parametrize(
    ("argv", "thing"),
    some([
        (["scontrol", "update", "partition=train", "state=down"], "queue train"),
        (["scontrol", "create", "reservation=keep", "nodes=gpu01"], "reservation keep"),
        (["sacctmgr", "-i", "modify", "user", "mei", "set", "maxjobs=0"], "-i modify user mei set maxjobs=0"),
        (["pbsnodes", "-o", "gpu01"], "node gpu01"),
        (["qmgr", "-c", "set queue train enabled=false"], "-c set queue train enabled=false"),
        (["kubectl", "cordon", "gpu01"], "node gpu01"),
        (["kubectl", "taint", "nodes", "gpu01", "k=v:NoExecute"], "node gpu01"),
        (["badmin", "hclose", "gpu01"], "hclose gpu01"),
        (["scontrol", "update", "jobid=11", "timelimit=1"], None),
        (["scontrol", "show", "nodes"], None),
        (["kubectl", "get", "nodes"], None),
        (["pbsnodes", "-a"], None),
    ], 7),
)  # fmt: skip
def test_a_command_without_a_record_is_an_act_if_it_asks_for_a_change(argv, thing):
    s, _, kai = day()
    s.run("kai", kai, argv)
    done = s.examined()
    acts = [a for a in made(done) if a.job is None]
    assert [(a.object, a.rule, a.account) for a in acts] == (
        [] if thing is None else [(thing, "edit_command", "kai")]
    )
    assert argv[0] in relevance.PROGRAMS


def test_lines_as_controllers_write_them_are_put_behind_their_receipts():
    """Two receipts, and what was asked without one; a reason that was typed names nothing."""
    raw = (SAMPLES / "slurmctld" / "administration.log").read_bytes()
    tables, rejects = DESK.tables(
        {"var/log/slurmctld.log": raw}, roster.question(b'zone = "UTC"\n', "case.toml")
    )
    case = evidence.assemble(tables, Roster(()), Question())
    done = examine.examine(case, evidence.frame(rejects))
    found = [(a.object, a.rule, a.account, len(a.events)) for a in made(done)]
    assert found == [
        ("reservation repair", "edit_request", "uid 4104", 2),
        ("reservation repair", "edit_request_refused", None, 1),
        ("reservation repair", "edit_record", None, 1),
        ("node gpu03, node gpu[03-04]", "edit_request", "uid 4104", 5),
        ("Processing Reconfiguration Request", "edit_record", None, 2),
        ("queue train", "edit_record", None, 1),
        ("Set debug level to 'error'", "edit_record", None, 1),
    ]


def test_two_requests_of_one_second_are_two_acts():
    s, *_ = day()
    for n, uid in enumerate((UIDS["kai"], UIDS["dao"])):
        s.request("UPDATE_NODE", uid, after=10 * n)
        s.ctl("update_node: node gpu05 state set to DRAINING", verb="fault", host="gpu05", after=10 * n + 1)
    # What comes long after a receipt, or is of another kind, is not what it asked for.
    s.ctl("update_node: node gpu05 state set to IDLE", host="gpu05", after=5_000)
    s.request("UPDATE_NODE", UIDS["kai"], after=60_000)
    s.ctl("update_node: node gpu05 state set to IDLE", host="gpu05", after=60_001)
    s.ctl("_slurm_rpc_update_partition complete for train usec=1", after=60_002)
    found = [(a.object, a.account) for a in made(s.examined())]
    assert found == [("node gpu05", who) for who in ("kai", "dao", None, "kai")] + [("queue train", None)]
