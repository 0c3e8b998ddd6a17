"""GitHub's audit log laid out over lines tells what the same objects tell a line each."""

import json

import pytest
from test_slurm import records, told, whys

from forensics import formats

PUSH = {
    "@timestamp": 1795446708120,
    "action": "git.push",
    "actor": "kai",
    "actor_ip": "10.0.0.7",
    "org": "lab",
    "repo": "lab/llm",
}
MEMBER = {
    "created_at": 1795446708999,
    "action": "org.add_member",
    "actor": "dao",
    "user": "kai",
    "org": "lab",
}
TYPED = {
    "@timestamp": "2026-11-23T15:11:48.500Z",
    "action": "repo.access",
    "actor": "dao",
    "org": "lab",
    "user_agent": 'x\n},\n{"actor": "lin"}',
}
ALL = (PUSH, MEMBER, TYPED)
LAID_OUT = {
    "array": json.dumps(ALL, indent=2) + "\n",
    "pages": json.dumps(ALL[:1], indent=2) + json.dumps(ALL[1:], indent=2),
    "one_after_the_other": "\n".join(json.dumps(one, indent=4) for one in ALL) + "\n",
    "crlf": json.dumps(ALL, indent=2).replace("\n", "\r\n"),
}
PLACE = {"sha256", "start", "stop", "format", "event_id", "citations", "clock"}


def without_place(rows):
    return [{key: value for key, value in row.items() if key not in PLACE} for row in rows]


def best(text):
    found = {name: form.recognise(text.encode(), "audit.json") for name, form in formats.registry().items()}
    return max(found, key=lambda name: (found[name], name))


@pytest.mark.parametrize("layout", LAID_OUT)
def test_each_layout_tells_what_a_line_for_each_object_tells(layout):
    data, plain = LAID_OUT[layout], "".join(json.dumps(one) + "\n" for one in ALL)
    assert (best(data), best(plain), best(json.dumps(ALL))) == (
        "github_audit_laid_out",
        "github_audit",
        "github_audit",
    )
    assert formats.registry()["github_audit_laid_out"].recognise(plain.encode(), "x") == 0
    assert whys("github_audit_laid_out", data) == []
    assert without_place(records("github_audit_laid_out", data)) == without_place(
        records("github_audit", plain)
    )
    one, two = told("github_audit_laid_out", data)["event"], told("github_audit", plain)["event"]
    assert without_place(one) == without_place(two)
    assert {e["format"] for e in one} == {"github_audit_laid_out"}
    for row, made in zip(records("github_audit_laid_out", data), ALL, strict=True):
        assert json.loads(data.encode()[row["start"] : row["stop"]]) == made


def test_other_json_laid_out_is_not_its_own():
    form = formats.registry()["github_audit_laid_out"]
    for one in (
        {"action": "git.push"},
        {"action": "push", "actor": "x", "created_at": 1, "org": "lab"},
        {"actor": "x"},
    ):
        assert form.recognise(json.dumps([one], indent=2).encode(), "x") == 0
