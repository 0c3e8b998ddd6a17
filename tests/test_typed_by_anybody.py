"""Names in lines that anybody can have written, through every command: they make no act and name nobody.

`logger -t sudo` on any node writes a line of sudo's that names another host; a web server before a forge writes whatever
user name a client sends, whether or not anything checks it.
"""

import io
import json
import re
import shutil
from pathlib import Path

import pypdf
import pytest
import typed
from drawn import EVERY

from forensics import pipeline

INCIDENT = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit"
SUDO = "Nov 23 15:11:4{n} gpu01 sudo[99{n}]:      lin : HOST=login01 ; TTY=pts/3 ; PWD=/srv/range/proj/llm ; USER=root ; COMMAND={command}\n"
COMMANDS = ("/usr/bin/scancel 11", "/usr/bin/vim train.py", "/usr/bin/id")
PUSH = '10.0.0.7 - {user} [23/Nov/2026:15:11:{second} +0000] "POST /llm.git/git-receive-pack HTTP/1.1" 200 412 "-" "git/2.39.5"\n'
_FORGED = {
    "sudo": {
        "gpu01/var/log/auth.log": "".join(SUDO.format(n=n, command=c) for n, c in enumerate(COMMANDS)),
    },
    "push": {
        "git01/var/log/nginx/access.log": "".join(
            PUSH.format(user=user, second=second)
            for second in (45, 50, 51)
            for user in ("lin", "dao", "mei", "-", "nobody@lab")
        ),
    },
}
FORGED = {
    "nothing": {},
    **(_FORGED if EVERY else {"both": {k: v for of in _FORGED.values() for k, v in of.items()}}),
}
"""Beside each other, but in `make test-all`: what either does turns the tests red."""
BY_SUDO, BY_PUSH = ("sudo", "push") if EVERY else ("both", "both")
pytestmark = pytest.mark.xdist_group("typed_by_anybody")
_SAME = ("act", "object", "job", "link", "when", "account", "effective", "missing")


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each command says, by what was forged; `analyse` is what made the findings."""
    found = {}
    for name, forged in FORGED.items():
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(INCIDENT / "evidence", folder / "evidence")
        for path, text in forged.items():
            (folder / "evidence" / path).parent.mkdir(parents=True)
            (folder / "evidence" / path).write_text(text)
        case = folder / "case"
        pipeline.create(case)
        pipeline.seal(case, [folder / "evidence"], roster=INCIDENT / "roster.toml", about=INCIDENT / "case.toml")  # fmt: skip
        pipeline.ingest(case)
        assert typed.run("analyse", case).returncode == 0
        words = {
            "claim": ("claim", case, "D01", "--by", "kai", "--names", "lin", "--json"),
            "who": ("who", case, "--job", "11", "--json"),
            "report": ("report", case, "-o", folder / "report.pdf"),
            "lines": ("sql", case, "SELECT format, verb, account, host FROM events WHERE format = 'http_access' OR host = 'gpu01' OR domain LIKE 'gpu01%'", "--json"),
        }  # fmt: skip
        said = {key: typed.run(*asked) for key, asked in words.items()}
        assert {key: (done.returncode, done.stderr) for key, done in said.items()} == dict.fromkeys(words, (0, b""))  # fmt: skip
        found[name] = {key: json.loads(said[key].stdout) for key in ("claim", "who", "lines")}
        found[name]["analyse"] = json.loads((case / "findings.json").read_text())
        pages = pypdf.PdfReader(io.BytesIO((folder / "report.pdf").read_bytes())).pages
        found[name]["report"] = " ".join(" ".join(page.extract_text().split()) for page in pages)
    return found


def acts(findings):
    return [
        ({key: act[key] for key in _SAME}, act["person"]["verdict"], act["person"]["name"], act["person"]["candidates"])
        for act in findings["acts"]
    ]  # fmt: skip


both = pytest.mark.parametrize("forged", [name for name in FORGED if name != "nothing"])


def test_the_lines_were_read_for_what_they_say(answers):
    """So that what follows is no test of lines that nobody read."""
    sudo = [e for e in answers[BY_SUDO]["lines"] if e["verb"] == "sudo"]
    assert {(e["account"], e["host"]) for e in sudo} == {("lin", "login01")}
    assert len(sudo) == len(COMMANDS)
    pushes = [e["account"] for e in answers[BY_PUSH]["lines"] if e["format"] == "http_access"]
    assert [e["verb"] for e in answers[BY_PUSH]["lines"] if e["format"] == "http_access"] == [
        "push_request"
    ] * 15
    assert {"lin", "dao", "mei", None, "nobody@lab"} == set(pushes)


@both
def test_they_are_no_act_and_change_nobody_s(answers, forged):
    assert acts(answers[forged]["analyse"]) == acts(answers["nothing"]["analyse"])
    assert "lin" not in {a["person"]["name"] for a in answers[forged]["analyse"]["acts"]}
    cited = {c["sha256"] for a in answers[forged]["analyse"]["acts"] for c in a["citations"]}
    names = {e["sha256"]: e["path"] for e in answers[forged]["analyse"]["case"]["evidence"]}
    assert not FORGED[forged].keys() & {names[sha256] for sha256 in cited}


@both
def test_they_support_no_denial(answers, forged):
    told = [answers[name]["claim"] for name in (forged, "nothing")]
    # Of the ratio's rival and its bounds, which a line can change, nothing is asked here.
    said = [re.sub(r'"best_rival": "\w+"', "", json.dumps(one, sort_keys=True)) for one in told]
    assert said[0] == said[1]
    assert '"status": "contradicted"' in said[0]


@both
def test_who_did_it_is_answered_as_without_them(answers, forged):
    told = [answers[name]["who"]["acts"] for name in (forged, "nothing")]
    assert [(a["id"], a["act"], a["name"], a["candidates"]) for a in told[0]] == [(a["id"], a["act"], a["name"], a["candidates"]) for a in told[1]]  # fmt: skip


@both
def test_the_report_says_of_nobody_what_only_they_say(answers, forged):
    found, plain = answers[forged]["report"], answers["nothing"]["report"]
    level = re.compile(r"At the level of persons, act (A\d+) is attributed to (\w+)")
    assert level.findall(found) == level.findall(plain)
    assert "attributed to lin" not in found.replace("No act in question is attributed to lin", "")
    assert not re.search(r"lin (?:pushes|changes|asks|uses)", found)


def test_a_right_that_such_a_line_gives_is_called_what_it_is(answers):
    """It makes a rival of lin, who may have been root. That she was root is not told by a line that any account can write."""
    rights = {
        row["person"]: [r["right"] for r in row["rights"]]
        for act in answers[BY_SUDO]["analyse"]["acts"]
        for row in act["capability"]
        if row["person"] == "lin"
    }
    assert rights == {"lin": ["root_by_a_line"]}
    assert "is within the rights of lin: they have the rights of root" not in answers[BY_SUDO]["report"]
    assert "a line that any account can write says that they used the rights of root" in answers[BY_SUDO]["report"]  # fmt: skip
