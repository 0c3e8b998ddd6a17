"""Kubernetes audit logs that are laid out over lines: what they tell is what the same events tell a line each."""

import json

import pytest
from test_k8s_audit import event, lines
from test_slurm import events, records, told, whys

from forensics import formats

MADE = event("create", user="mei", requestObject={"spec": {"note": ']}\n{"kind": "Event"}'}})
KILLED = event(audit="x")
REFUSED = event(name="train-11", code=403, audit="y")
ALL = (MADE, KILLED, REFUSED)
PLACE = {"sha256", "start", "stop", "wrapping", "format", "event_id", "citations", "clock"}


def bare(one):
    """As an item of an EventList is written: what kind all items are stands once, on the list."""
    return {key: value for key, value in one.items() if key not in {"kind", "apiVersion"}}


def message(one):
    return {"timestamp": 1, "message": json.dumps(one), "eventId": "7"}


LAID_OUT = {
    "event_list": json.dumps(
        {
            "kind": "EventList",
            "apiVersion": "audit.k8s.io/v1",
            "metadata": {},
            "items": [bare(one) for one in ALL],
        },
        indent=2,
    ),
    "aws": json.dumps({"events": [message(one) for one in ALL], "nextToken": None}, indent=4),
    "aws_on_a_line": json.dumps({"events": [message(one) for one in ALL]}),
    "log_events": json.dumps(
        {"owner": "1", "logGroup": "g", "logEvents": [message(one) for one in ALL]}, indent=1
    ),
    "array": json.dumps(ALL, indent=2),
    "array_on_a_line": json.dumps(ALL),
    "pages": json.dumps(ALL[:2], indent=2) + "\n" + json.dumps(ALL[2:], indent=2),
    "one_after_the_other": "\n".join(json.dumps(one, indent=2) for one in ALL),
    "crlf": json.dumps(ALL, indent=2).replace("\n", "\r\n"),
}


def without_place(rows):
    return [{key: value for key, value in row.items() if key not in PLACE} for row in rows]


@pytest.mark.parametrize("layout", LAID_OUT)
def test_each_layout_tells_what_a_line_for_each_event_tells(layout):
    data, plain = LAID_OUT[layout], lines(*ALL)
    assert whys("k8s_audit_laid_out", data) == []
    assert without_place(records("k8s_audit_laid_out", data)) == without_place(records("k8s_audit", plain))
    one, two = told("k8s_audit_laid_out", data), told("k8s_audit", plain)
    assert set(one) == set(two) == {"event", "job_record"}
    for table in one:
        assert without_place(one[table]) == without_place(two[table])


@pytest.mark.parametrize("layout", LAID_OUT)
def test_each_event_is_cited_by_its_own_stretch(layout):
    data = LAID_OUT[layout].encode()
    for row in records("k8s_audit_laid_out", data):
        held = json.loads(data[row["start"] : row["stop"]])
        assert json.loads(held["message"]) if "message" in held else held
        assert row["audit_id"] in data[row["start"] : row["stop"]].decode()


def best(data):
    found = {
        name: form.recognise(data[:65536], "k8s/audit.json") for name, form in formats.registry().items()
    }
    return max(found, key=lambda name: (found[name], name))


@pytest.mark.parametrize("layout", LAID_OUT)
def test_it_is_told_from_a_log_with_an_event_a_line(layout):
    assert best(LAID_OUT[layout].encode()) == "k8s_audit_laid_out"
    one_line = json.dumps({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": list(ALL)}) + "\n"
    for text in (lines(*ALL), lines(KILLED), one_line, lines(message(KILLED))):
        assert best(text.encode()) == "k8s_audit"
        assert formats.registry()["k8s_audit_laid_out"].recognise(text.encode(), "x") == 0
    other = json.dumps(
        [{"kind": "Pod", "metadata": {"name": "audit.k8s.io/"}, "note": '"auditID": "x"'}], indent=2
    )
    assert formats.registry()["k8s_audit_laid_out"].recognise(other.encode(), "x") == 0


def test_an_item_without_a_kind_is_an_event_of_an_event_list_alone():
    for data, read in (
        (
            json.dumps(
                {
                    "kind": "EventList",
                    "items": [bare(KILLED), {"verb": "delete"}, {"auditID": "z", "verb": 7}],
                },
                indent=2,
            ),
            1,
        ),
        (json.dumps({"events": [bare(KILLED)]}, indent=2), 0),
        (json.dumps([bare(KILLED)], indent=2), 0),
    ):
        assert len(records("k8s_audit_laid_out", data)) == read
    kind_of_its_own = {**bare(KILLED), "kind": "Pod"}
    listed = json.dumps({"kind": "EventList", "items": [kind_of_its_own]}, indent=2)
    assert whys("k8s_audit_laid_out", listed) == ["shape"]


def test_a_key_said_twice_is_read_by_nobody_and_costs_no_other_event():
    twice = json.dumps(KILLED, indent=2)[:-2] + ',\n  "user": {"username": "lin"}\n}'
    data = f"[{json.dumps(MADE, indent=2)},\n{twice},\n{json.dumps(REFUSED, indent=2)}]"
    assert whys("k8s_audit_laid_out", data) == ["value"]
    assert [e["account"] for e in events("k8s_audit_laid_out", data)] == ["mei", "kai"]


def test_a_torn_file_keeps_the_events_before_the_tear():
    for layout in ("event_list", "array", "one_after_the_other", "pages"):
        data = LAID_OUT[layout].encode()
        last = records("k8s_audit_laid_out", data)[-1]
        torn = data[: last["stop"] - 5]
        assert len(records("k8s_audit_laid_out", torn)) == 2, layout
        assert whys("k8s_audit_laid_out", torn) == ["truncated"]
