"""HTCondor's ads in XML: read as the other layouts of the same logs are, with no entity but those that HTCondor writes."""

from html import escape

import pytest
from collected import rows, told, whys
from hypothesis import example, given
from hypothesis import strategies as st

from forensics.core import classadxml
from forensics.core.model import Why

PLAIN = """000 (011.000.000) 2026-11-23 15:11:42 Job submitted from host: <10.0.0.5:9618>
    DAG Node: train
...
001 (011.000.000) 2026-11-23 15:11:43 Job executing on host: <10.0.0.21:9618>
\tSlotName: slot1_1@gpu01
...
005 (011.000.000) 2026-11-23 15:11:53 Job terminated.
\t(1) Normal termination (return value 1)
...
005 (012.000.000) 2026-11-23 15:11:53 Job terminated.
\t(0) Abnormal termination (signal 9)
...
009 (013.000.000) 2026-11-23 15:11:53 Job was aborted.
\tvia condor_rm (by user kai)
...
"""
SAME = ("event", "job", "exit_code", "exit_signal", "reason", "asserted", "node", "dag_node")
TOLD = ("verb", "job", "account", "uid", "outcome", "signal", "earliest_ns", "latest_ns", "domain")


def ad(**attributes):
    inner = "".join(f'    <a n="{name}">{value}</a>\n' for name, value in attributes.items())
    return f"<c>\n{inner}</c>\n"


def event(number, at, job=11, **more):
    first = {
        "EventTypeNumber": f"<i>{number}</i>",
        "EventTime": f"<s>2026-11-23T{at}</s>",
        "Cluster": f"<i>{job}</i>",
        "Proc": "<i>0</i>",
    }
    return ad(MyType="<s>Event</s>", **first | more)


XML = (
    event(0, "15:11:42", LogNotes="<s>DAG Node: train</s>")
    + event(1, "15:11:43", SlotName="<s>slot1_1@gpu01</s>")
    + event(5, "15:11:53", TerminatedNormally='<b v="t"/>', ReturnValue="<i>1</i>")
    + event(5, "15:11:53", 12, TerminatedNormally='<b v="f"/>', TerminatedBySignal="<i>9</i>")
    + event(9, "15:11:53", 13, Reason="<s>via condor_rm (by user kai)</s>")
)


def test_an_event_log_in_xml_tells_what_the_plain_one_tells():
    plain, xml = (rows("htcondor_event", text.encode()) for text in (PLAIN, XML))
    assert [{n: r[n] for n in SAME} for r in xml] == [{n: r[n] for n in SAME} for r in plain]
    one, two = (told("htcondor_event", text.encode(), "login01/home/mei/job.log") for text in (PLAIN, XML))
    assert [{n: e[n] for n in TOLD} for e in two] == [{n: e[n] for n in TOLD} for e in one]


def test_a_history_in_xml_holds_what_the_long_form_holds():
    held = {
        "Owner": "mei",
        "ClusterId": 11,
        "ProcId": 0,
        "JobStatus": 3,
        "QDate": 1795446702,
        "Iwd": '/srv/"x" & <y>\\z',
        "RemoveReason": "by (by user kai)",
    }

    def quoted(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    long = "".join(f"{n} = {quoted(v) if isinstance(v, str) else v}\n" for n, v in held.items())
    xml = ad(**{n: f"<s>{escape(v)}</s>" if isinstance(v, str) else f"<i>{v}</i>" for n, v in held.items()})
    framed = (
        f'<?xml version="1.0"?>\n<!DOCTYPE classads SYSTEM "classads.dtd">\n<classads>\n{xml}</classads>\n'
    )
    (one,), (two,) = (
        rows("htcondor_history", long.encode() + b"\n"),
        rows("htcondor_history", framed.encode()),
    )
    assert {n: v for n, v in one.items() if n not in {"start", "stop"}} == {
        n: v for n, v in two.items() if n not in {"start", "stop"}
    }
    assert two["work_dir"] == held["Iwd"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("&lol;", "value"), ("&#xD800;", "value"), ("&#9999999;", "value"), ("& x", "value"), ("&lt", "value"),
        ("<i>1</i>", "shape"), ("</s></a></c>", "shape"),
    ],
)  # fmt: skip
def test_what_htcondor_does_not_write_is_rejected_and_nothing_is_expanded(value, why):
    assert whys("htcondor_event", event(9, "15:11:53", Reason=f"<s>{value}</s>").encode())[0] == why


def test_an_entity_that_a_file_declares_is_none():
    declared = '<!DOCTYPE classads [<!ENTITY a "lin"><!ENTITY b "&a;&a;&a;">]>\n<classads>\n'
    data = event(0, "15:11:42") + declared + event(9, "15:11:53", Reason="<s>&b;</s>")
    assert whys("htcondor_event", data.encode()) == ["shape", "value"]


def test_an_attribute_that_says_who_or_when_may_not_say_two_things():
    twice = XML.replace(
        "</c>\n", '    <a n="MyType"><s>Event</s></a>\n    <a n="Cluster"><i>11</i></a>\n</c>\n', 1
    )
    assert whys("htcondor_event", twice.encode()) == []
    for name, value in (("Cluster", "<i>12</i>"), ("EVENTTIME", "<s>2026-11-23T15:11:43</s>")):
        other = XML.replace("</c>\n", f'    <a n="{name}">{value}</a>\n</c>\n', 1)
        assert whys("htcondor_event", other.encode()) == ["value"]


def test_what_an_attribute_holds_within_is_none_of_the_ad_s_own():
    inner = "<c>\n        " + '<a n="Reason"><s>via condor_rm (by user lin)</s></a>' + "\n    </c>"
    for nested in (inner, f"<l>\n        <i>1</i>\n        {inner}\n    </l>", "<l/>"):
        (row,) = rows("htcondor_event", event(9, "15:11:53", ToE=nested, Reason="<s>x</s>").encode())
        assert (row["reason"], row["asserted"]) == ("x", None)


TOKENS = st.sampled_from(
    [
        "<c>",
        "</c>",
        "\n",
        " ",
        '<a n="x">',
        "</a>",
        "<s>",
        "</s>",
        "&amp;",
        "x",
        "<classads>",
        "<l>",
        "</l>",
        "\r\n",
        '<?xml version="1.0"?>',
        "é",
    ]
)


@given(st.lists(TOKENS, max_size=30).map("".join).map(str.encode))
@example(b"</c><c></c>")
@example(b"<c>\n<c>")
def test_the_stretches_are_the_file(data):
    at = 100
    for start, stop, found in classadxml.pieces(data, 100):
        assert (start, stop) == (at, stop)
        assert stop > start
        assert found is None or isinstance(found, (dict, Why))
        at = stop
    assert at == 100 + len(data)
