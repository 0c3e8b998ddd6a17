"""Whom a service account's token was issued to: any pod of a namespace can have the same account, and only the token says which."""

import json

import pytest
from test_k8s_audit import read_in_three_ways
from test_slurm import SAMPLES, events, records

from forensics.core import jsonshapes

RAW = (SAMPLES / "k8s_audit" / "tokens_of_pods.jsonl").read_bytes()
LINES = RAW.splitlines()
COLUMNS = ("credential", "token_pod", "token_pod_uid", "token_node", "token_node_uid")


@pytest.mark.parametrize("order", [1, -1])
def test_the_ways_of_reading_agree_on_the_credential(order):
    """By shapes, by Arrow and line by line: with several values, with none, with one that is no text, and with another key's."""
    assert read_in_three_ways(b"\n".join(LINES[::order] * 3) + b"\n", 1, jsonshapes._groups)


def test_a_credential_is_taken_where_it_has_one_value():
    got = [tuple(r[name] for name in COLUMNS) for r in records("k8s_audit", RAW)]
    whole = ("JTI=7a1c", "train-10-abcde", "u-1", "gpu01", "n-1")
    none = (None,) * 5
    assert got[:3] == [none, whole, whole]
    assert got[3] == (None, "other-pod", None, None, None)
    assert got[4] == ("X509SHA256=ab12", None, None, None, None)
    assert [*got[5:8], got[10]] == [none] * 4


def test_the_pod_that_a_token_was_issued_to_is_told_with_its_job():
    """The pod is of the account's own namespace, and its job is what its owner says."""
    said = [e["text"] for e in events("k8s_audit", RAW)]
    pod = "by a token of pod research/train-10-abcde of job research/train-10"
    assert said[1].startswith(f"delete {pod} of node gpu01 pods/research/train-11-fghij 200")
    assert said[3].startswith("get by a token of pod research/other-pod secrets/")
    assert said[8].startswith("get by a token of node gpu02 secrets/")
    assert not any("token" in text for text in (said[0], *said[4:8]))


def test_what_a_client_calls_itself_stands_behind_the_servers_words():
    """The last request's program imitates them, and the extra words of whom it impersonates are not its own."""
    (event,) = [e for e in events("k8s_audit", RAW) if e["effective"] == "mei@example.org"]
    assert event["text"].startswith(
        "get by a token of pod research/train-10-abcde of job research/train-10 secrets/"
    )
    assert event["account"] == "system:serviceaccount:research:default"


def test_a_pod_of_another_namespace_lends_its_job_to_none():
    event = json.loads(LINES[2])
    event["user"]["username"] = "system:serviceaccount:other:default"
    text = events("k8s_audit", LINES[0] + b"\n" + json.dumps(event).encode() + b"\n")[1]["text"]
    assert text.startswith("get by a token of pod other/train-10-abcde of node gpu01 ")
