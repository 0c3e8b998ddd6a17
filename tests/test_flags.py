"""Sigma rules flag events, with everything that a reader needs to look them up, and change nothing else."""

import json
import re

import fixtures_findings as made
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from forensics import pipeline
from forensics.core import flagrules, sigmarules
from forensics.core.errors import RulesError
from forensics.core.tables import EVENT
from forensics.render import annexes, document
from forensics.render.citing import Sources
from forensics.render.pages import Pages
from forensics.store import flags, parquet

RULE = """\
title: {title}
id: 6b2066c8-3dc7-4db7-9db0-6cc1d7b0dde9
level: medium
logsource: {source}
detection:
{detection}
    condition: {condition}
"""


def rule(detection, *, condition="a", source="{product: forensics}", title="T"):
    lines = "\n".join(f"    {line}" for line in detection.splitlines())
    return RULE.format(detection=lines, condition=condition, source=source, title=title)


def packed(tmp_path, **files):
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return sigmarules.packed(folder)


def read(tmp_path, **files):
    pytest.importorskip("sigma.rule", reason="pySigma is not installed: pip install 'forensics[sigma]'")
    return sigmarules.rules(packed(tmp_path, **files), "rules")


def stored(tmp_path, *events):
    """A store with some events; what is not given is absent."""
    made = [
        {"event_id": f"{'0' * 16}.{i}.{i + 1}", "format": "auditd", "domain": "x:root", "verb": "execute", "sha256": "0" * 64,
         "start": i, "stop": i + 1, "citations": [{"sha256": "0" * 64, "start": i, "stop": i + 1}], "earliest_ns": i, "latest_ns": i} | e
        for i, e in enumerate(events)
    ]  # fmt: skip
    columns = {c.name: pa.array([e.get(c.name) for e in made], c.type) for c in EVENT.columns}
    parquet.write(tmp_path / "tables", EVENT, EVENT.build(columns))
    return tmp_path / "tables"


FLAG = {
    "rule": "r", "title": "Kai *enters* <b>", "level": None, "path": "a.yml", "line": 1, "sha256": "0" * 64, "flagged": 3,
    "events": [{"event": "e", "when": None, "citations": [made.findings()["acts"][0]["citations"][0]]}],
}  # fmt: skip
EVENTS = (
    {
        "argv": ["rm", "-f", "Ckpt.pt"],
        "exe": "/usr/bin/rm",
        "account": "kai",
        "uid": 0,
        "address": "10.1.2.3",
    },
    {"argv": ["cp", "a*b", "c"], "exe": "/usr/bin/cp", "uid": 1000, "address": "10.20.2.3", "verb": "create"},
    {"text": "rm -rf /x", "verb": "command", "account": "lin", "format": "bash_history"},
    {"text": "new\nlines rm", "verb": "other", "pid": 7, "account": "Kai", "address": "10.1.2.30"},
)


CASES = [
    ("a: {CommandLine|contains: 'rm '}", {}, [0, 2]),
    ("a: {CommandLine: '*ckpt.pt'}", {}, [0]),
    ("a: {CommandLine|cased: '*ckpt.pt'}", {}, []),
    ("a: {CommandLine|contains: 'a\\*b'}", {}, [1]),
    ("a: {CommandLine|contains: 'a\\*c'}", {}, []),
    ("a: {CommandLine: 'r?'}", {}, []),
    ("a: {CommandLine: 'r? -f*'}", {}, [0]),
    ("a: {User: kai}", {}, [0, 3]),
    ("a: {User: kai}", {"condition": "not a"}, [1, 2]),
    ("a: {User: null}", {}, [1]),
    ("a: {User|exists: true}", {}, [0, 2, 3]),
    ("a: {uid: 0}", {}, [0]),
    ("a: {uid|gte: 1000}", {}, [1]),
    ("a: {uid|gte: 1000}", {"condition": "not a"}, [0, 2, 3]),
    ("a: {address|cidr: 10.1.0.0/16}", {}, [0, 3]),
    ("a: {address|cidr: 10.0.0.0/11}", {}, [0, 1, 3]),
    ("a: {address|cidr: 10.1.2.3/32}", {}, [0]),
    ("a: {User|re: '^k.i$'}", {}, [0]),
    ("a: {User|re|i: '^k.i$'}", {}, [0, 3]),
    ("a: ['rm', 'nothing']", {}, [0, 2, 3]),
    ("a: [{User: kai, uid: 0}, {verb: create}]", {}, [0, 1]),
    ("a1: {exe|endswith: /rm}\na2: {exe|endswith: /cp}\nb: {uid: 0}", {"condition": "1 of a* and not b"}, [1]),
    ("a: {CommandLine|contains|all: [rm, Ckpt]}", {}, [0]),
    ("a: {exe: '*'}", {"source": "{product: linux, category: process_creation}"}, [0]),
    ("a: {domain: '*'}", {"source": "{service: auditd}"}, [0, 1, 2, 3]),
    ("a: {domain: '*'}", {"source": "{category: command}"}, [2]),
    ("a: {CommandLine|contains: \"') OR true --\"}", {}, []),
]  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each rule flags, all of them put to the same events in one go."""
    folder = tmp_path_factory.mktemp("flags")
    events = [dict(e) for e in EVENTS]
    events[2]["format"] = "auditd"
    rules = {f"r{i:03d}": rule(detection, **more) for i, (detection, more, _) in enumerate(CASES)}
    return flags.find(stored(folder, *events), read(folder, **rules))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case[0] for case in CASES])
def test_a_rule_flags_what_it_asks_for(found, number):
    expected = CASES[number][2]
    assert [int(e["event_id"].split(".")[1]) for e in found[number].events] == expected
    assert found[number].total == len(expected)


def test_many_events_are_counted_and_the_first_are_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(flags, "MOST_EVENTS", 2)
    (found,) = flags.find(stored(tmp_path, *EVENTS), read(tmp_path, a=rule("a: {domain: '*'}")))
    assert (found.total, len(found.events)) == (4, 2)
    assert found.rule.sha256 == sigmarules.RuleFile("a.yml", rule("a: {domain: '*'}")).sha256


GOOD = rule("a: {User: kai}")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD.replace("User", "EventID"), 5, "'EventID' is no column of events; use CommandLine"),
        (GOOD.replace("{product: forensics}", "{product: windows}"), 4, "product 'windows' is of no events here"),
        (GOOD.replace("{product: forensics}", "{service: dns}"), 4, "service 'dns' is of no events here"),
        (GOOD.replace("{product: forensics}", "{product: linux}"), 4, "needs a category or a service"),
        (GOOD.replace("condition: a", "condition: b"), 5, "Detection 'b' not defined"),
        (GOOD.replace("condition: a", "condition: a | count() > 3"), 5, "pipe syntax"),
        (GOOD.replace("condition: a", "condition: " + "(" * 50 + "a" + ")" * 50), 5, "at most 2,000 characters and 40 brackets"),
        (GOOD.replace("User:", "User|nope:"), 5, "Unknown modifier"),
        (GOOD.replace("User: kai", "User|re: '(?=x)y'"), 5, "invalid"),
        (GOOD.replace("User: kai", "User|re: '(a)\\1'"), 5, "invalid"),
        (GOOD.replace("User: kai", "User|expand: '%x%'"), 5, "placeholders"),
        (GOOD.replace("User: kai", "User|gt: 3"), 5, "needs a column of numbers"),
        (GOOD.replace("User: kai", "uid: 1.5"), 5, "whole"),
        (GOOD.replace("User: kai", "address|cidr: fe80::/10"), 5, "IPv6"),
        (GOOD.replace("User: kai", "User: &x kai, exe: *x"), 6, "alias"),
        (GOOD.replace("User: kai", "User: kai, User: lin"), 6, "a key twice"),
        (GOOD.replace("User: kai", "? [a, b] : 1"), 6, "a key twice, or one that is no word"),
        (GOOD.replace("User: kai", "No: kai"), 6, "a key twice, or one that is no word"),
        (GOOD.replace("{User: kai}", "[" * 30 + "]" * 30), 6, "nests deeper than 20 levels"),
        (GOOD.replace("{User: kai}", "{User: "), 7, "is not YAML"),
        (GOOD.replace("User: kai", "User: !!python/object/apply:os.system [id]"), 6, "is not YAML"),
        (GOOD.replace("User: kai", f"uid: {'9' * 5000}"), 1, "a value that YAML does not allow"),
        ("- 1\n", 1, "is no rule"),
        ("\n---\ntitle: x\ncorrelation: {}\n", 4, "`correlation` is not known here"),
        (GOOD + "---\n" + GOOD.replace("User", "nope"), 13, "'nope' is no column"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_asked_is_refused_with_its_line(tmp_path, text, line, said):
    with pytest.raises(RulesError, match=re.escape(f"rules/x.yml, line {line}: ")) as told:
        read(tmp_path, ok=GOOD, x=text)
    assert said in str(told.value)


def test_files_are_bounded_and_links_are_not_followed(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "out.yml").write_text(GOOD)
    (tmp_path / "rules" / "link.yml").symlink_to(tmp_path / "out.yml")
    with pytest.raises(RulesError, match="holds no rules"):
        sigmarules.packed(tmp_path / "rules")
    with pytest.raises(RulesError, match="bigger than 64 KiB"):
        packed(tmp_path, big=b"#" * (65 << 10))
    (tmp_path / "rules" / "big.yml").unlink()
    with pytest.raises(RulesError, match="byte 0 is not UTF-8"):
        packed(tmp_path, latin=b"\xe9")


def test_a_text_is_found_as_it_is():
    text = "a.b*c\\d\n\x00(é)[x]{2}^$|?+ -"
    assert pa.compute.match_substring_regex(
        pa.array([text, text[1:]]), f"^{flagrules.quoted(text)}$"
    ).to_pylist() == [True, False]


def test_without_pysigma_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sigma", None)
    monkeypatch.setitem(__import__("sys").modules, "sigma.rule", None)
    with pytest.raises(RulesError, match=re.escape("pip install 'forensics[sigma]'")):
        sigmarules.rules(packed(tmp_path, a=GOOD), "rules")


def test_flags_stand_beside_the_findings_and_change_none(tmp_path):
    """The smallest staged evidence, analysed with rules and without: all findings, and the lock on them, are equal."""
    pytest.importorskip("sigma.rule", reason="pySigma is not installed: pip install 'forensics[sigma]'")
    from forensics.cli.app import app  # noqa: PLC0415 - heavy, and only here

    line = (
        "2026-11-23T15:11:48.123456+00:00 login01 sshd[7]: Accepted publickey for kai from 10.0.0.7 port 5 ssh2: ED25519 SHA256:"
        + "A" * 43
    )
    log = tmp_path / "login01" / "var" / "log" / "auth.log"
    log.parent.mkdir(parents=True)
    log.write_text(line + "\n")
    pipeline.create(tmp_path / "case")
    pipeline.seal(tmp_path / "case", [tmp_path / "login01"])
    pipeline.ingest(tmp_path / "case")
    pipeline.analyse(tmp_path / "case")
    before = json.loads((tmp_path / "case" / "findings.json").read_text())
    packed(tmp_path, a=rule("a: {User: kai, verb: login}", title="Kai *enters* <b>"))
    done = CliRunner().invoke(app, ["analyse", str(tmp_path / "case"), "--sigma", str(tmp_path / "rules")])
    assert done.exit_code == 0, done.output
    after = json.loads((tmp_path / "case" / "findings.json").read_text())
    (flag,) = after.pop("flags")
    assert after == before
    assert (flag["flagged"], flag["path"], flag["line"], flag["title"]) == (1, "a.yml", 1, "Kai *enters* <b>")
    (event,) = flag["events"]
    (span,) = event["citations"]
    assert (span["start"], span["stop"], event["when"][0]) == (0, len(line) + 1, "2026-11-23T15:11:48.123Z")
    pipeline.analyse(tmp_path / "case")
    assert json.loads((tmp_path / "case" / "findings.json").read_text())["flags"] == [flag], (
        "the case keeps its rules"
    )


def test_the_report_lists_flags_in_an_annex_and_cites_them():
    found = made.findings() | {"flags": [FLAG]}
    pages = Pages(found, Sources(found, events=made.events(), files=made.files()), made.events())
    annexes.citations(pages)
    kinds = [
        (b["t"], "".join(r["v"] if isinstance(r["v"], str) else "".join(r["v"]) for r in b.get("runs", ())))
        for b in pages.blocks
    ]
    heads = [text for kind, text in kinds if kind == "h"]
    assert heads == ["Annex B. Citations", "Annex C. Events that given rules flag", "Kai *enters* <b>"]
    whole = document.build(found, events=made.events(), files=made.files()).content["blocks"]
    assert [b["t"] for b in whole][-1] == "sign", "the line to sign on is after it"
    assert pages.cited["flags"]
    assert [b for b in pages.blocks if b["t"] == "cited"], "its places are in Annex B"
