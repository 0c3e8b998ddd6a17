"""Patterns that long hostile lines could make look through the same characters again and again, beside what they mean.

Each of the long lines here took minutes to years. None of them is measured: what goes back to such a pattern does not end.
"""

import itertools
import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.analysis import git_acts, hops, jobs, keys, mounts, push_certificates, wording
from forensics.core import controlgroups, forge, hostevents, jsonlists, sqldump, sqlframes
from forensics.core.githistory import MOST_CHANGES
from forensics.formats import github_audit
from forensics.pipeline import unasked

LONG = 1 << 20


def made_of(*pieces, most=8):
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


HTTP = re.compile(
    r"(?P<method>[A-Z]{3,7}) (?:https?://[^/ ?]+)?/*(?P<repository>[^ ?]*?)(?:\.git)?/(?P<what>info/refs|git-(?:receive|upload)-pack|info/lfs/[^ ?]*)"
    r"(?:\?(?P<query>[^ ]*))?(?: HTTP/[0-9.]+)?"
)
SSH = re.compile(
    r"(?:SSH - )?git[- ](?P<what>receive-pack|upload-pack|upload-archive)[ .]+'?/*(?P<repository>[^']*?)(?:\.git)?/?'?"
)


@given(made_of("/", "/info/refs", "/git-receive-pack", "/info/lfs/", "x", ".git", "?", " ", "a/b", "https://", "h", "service=", " HTTP/1.1"), st.sampled_from(["GET ", "POST /", "POST https://h"]))  # fmt: skip
def test_a_request_of_git_over_http(rest, begun):
    found = HTTP.fullmatch(begun + rest)
    told = forge.http(begun + rest, "200")
    assert (None if told is None else told[1]) == (None if found is None else found["repository"])
    pushed = found is not None and found["what"] == "git-receive-pack" and found["method"] == "POST"
    assert (told is not None and told[0] == "push_request") == pushed


@given(made_of(" ", ".", "'", "/", "x", ".git", "//"), st.sampled_from(["git-receive-pack", "SSH - git upload-pack", "git receive-pack '"]))  # fmt: skip
def test_a_command_of_git_over_ssh(rest, begun):
    found, told = SSH.fullmatch(begun + rest), forge._SSH.fullmatch(begun + rest)
    assert (told and told.groupdict()) == (found and found.groupdict())


@pytest.mark.parametrize("filler", ["/", "/info/lfs/", "/info/refs", ".git/", "https://"])
def test_a_long_request_is_none(filler):
    assert forge.http("GET https://h" + filler * (LONG // len(filler)) + " x", None) is None


def test_a_long_command_is_none():
    assert forge.ssh("git receive-pack" + " " * LONG + "/" * LONG + "a'a") is None


SCRIPT = re.compile(r"/job0*(\d+)/slurm_script$")


def test_the_script_of_a_job():
    for letters in itertools.chain.from_iterable(itertools.product("01/", repeat=n) for n in range(7)):
        text = f"/job{''.join(letters)}/slurm_script"
        found = SCRIPT.search(text)
        expected = [] if found is None else [found[1]]
        assert jobs._SCRIPT.findall(text) == unasked._SCRIPT.findall(text) == expected
    for pattern in (jobs._SCRIPT, unasked._SCRIPT):
        assert pattern.search("/job" + "0" * LONG) is None


GROUP = re.compile(
    r"\btask_memcg=[^,]*/job_(?P<job>[0-9]{1,12})(?:/[^,]*)?,(?:[^,]*,)*?pid=(?P<pid>[0-9]{1,10})\b"
)


@given(made_of("task_memcg=", "/job_1", "/job_22", "/x", ",", "pid=3", "pid=", ",pid=44", " ", "oom_memcg="))
def test_whose_control_group_ran_out_of_memory(text):
    found = GROUP.search(text)
    expected = None if found is None else (found["job"], int(found["pid"]))
    assert controlgroups.killed(text) == expected


@pytest.mark.parametrize("filler", ["task_memcg=/job_1/", "task_memcg=/job_1,", ",", "task_memcg=,"])
def test_a_long_line_of_control_groups_names_no_process(filler):
    assert controlgroups.killed("task_memcg=/job_1/" + filler * (LONG // len(filler))) is None


SOURCE = re.compile(r"(?:\[[0-9A-Fa-f:]+\]|[^/\s:][^/\s:]*|[^/\s]+@[^/\s]+):/?\S*|//[^/\s]+/\S+")


def test_the_source_of_a_mount():
    for letters in itertools.chain.from_iterable(itertools.product("a[]:@/ ", repeat=n) for n in range(7)):
        text = "".join(letters)
        assert bool(mounts._SOURCE.fullmatch(text)) == bool(SOURCE.fullmatch(text)), text
    for filler in ("a@", "a@a:a", ":a@", "//"):
        assert mounts._SOURCE.fullmatch(filler * LONG + "\n") is None


KEPT = re.compile(r"(?:^|/)((?:[^/]+/)*[^/]+\.git)/")


@given(made_of("/", "a", ".git", "/a.git/", "b/", "x.git"))
def test_the_repository_that_a_file_lies_in(path):
    found = KEPT.search(path)
    assert push_certificates._repository(path) == (None if found is None else f"/{found[1]}")


def test_a_long_path_lies_in_no_repository():
    assert push_certificates._repository("/a" * LONG) is None


FIREWALL = re.compile(
    r"(?:^| )SRC=(?P<src>\S+) DST=(?P<dst>\S+) .*\bPROTO=TCP SPT=(?P<spt>\d{1,5}) DPT=(?P<dpt>\d{1,5})\b"
)


@given(made_of("SRC=a DST=b ", " SRC=c", " DST=d ", "PROTO=TCP SPT=1 DPT=2", "PROTO=TCP SPT=33 DPT=4 ", " "))
def test_a_line_of_a_firewall(text):
    found = FIREWALL.search(text)
    assert hops._firewalled(text) == (None if found is None else (found[1], found[2], int(found[3])))


def test_a_long_line_of_addresses_is_no_connection():
    assert hops._firewalled(" SRC=a DST=a " * (LONG // 13)) is None


IMPORT = re.compile(
    r"(?:\bfrom[ \t]+(?P<package>\w[\w.]*)[ \t]+)?\bimport\b[ \t]*\(?(?P<names>\s*\w[\w.]*(?:[ \t]+as[ \t]+\w+)?(?:\s*,\s*\w[\w.]*(?:[ \t]+as[ \t]+\w+)?)*)"
)


@given(made_of("import", "from", " ", "\t", "(", "\n", "a", "b.c", ",", " as ", "import a"))
def test_what_a_text_imports(text):
    assert [m.groups() for m in wording._IMPORT.finditer(text)] == [m.groups() for m in IMPORT.finditer(text)]


def test_a_long_import_of_nothing():
    assert wording.imports("import" + " " * LONG + "(" + " " * LONG) == frozenset()


def test_a_quote_that_does_not_end_goes_to_the_end():
    assert keys._QUOTED.sub('""', 'a="b\\"c",d e="f') == 'a="",d e=""'
    assert keys._QUOTED.sub('""', '"\\' * LONG) == '""'
    assert jsonlists._shallow(b'["\\' + b'"\\' * LONG) == 2 * LONG + 3


def test_a_path_with_a_line_end_has_a_home():
    found = hostevents._HOME.fullmatch("/x" + "/root" * LONG + "/\n")
    assert (found["above"], found["root"], found["below"][-2:]) == ("/x", "root", "/\n")


def tree(*entries):
    return SimpleNamespace(entries=[{"name": name, "oid": oid, "mode": mode} for name, oid, mode in entries])


def scene(objects):
    commit = SimpleNamespace(changes=None, parents=[], tree="t0")
    return SimpleNamespace(git_objects=objects | {"c": commit, "d": commit}, memo={})


def nested(levels, width, name="d"):
    """Trees of which each lists the next so many times; the last lists one file."""
    above = {
        f"t{n}": tree(*((f"{name}{k}", f"t{n + 1}", "40000") for k in range(width))) for n in range(levels)
    }
    return above | {f"t{levels}": tree(("f", "blob", "100644"))}


def test_a_tree_that_lists_itself_many_times_over_is_not_looked_into_without_end():
    """Of twelve levels of ten entries each the paths are a billion times as many as the bytes."""
    bomb = scene(nested(12, 10))
    assert git_acts.changed(bomb, "c") == []
    assert bomb.memo[git_acts._LOOKED] == MOST_CHANGES + 1
    assert git_acts.limits(bomb) == ["commits_not_listed"]


def test_what_all_commits_together_are_looked_into_for_is_bounded(monkeypatch):
    monkeypatch.setattr(git_acts, "MOST_LOOKED", 5)
    few = scene(nested(2, 1))
    assert git_acts.changed(few, "c") == git_acts.changed(few, "c") == [("d0/d0/f", None, "blob")]
    assert git_acts.limits(few) == []
    assert git_acts.changed(few, "d") == []
    assert git_acts.limits(few) == ["commits_not_listed"]


@pytest.mark.parametrize("objects", [nested(40, 1), nested(3, 1, "n" * 3000)])
def test_a_path_that_no_file_has_is_a_limit_and_no_path(objects):
    deep = scene(objects)
    assert git_acts.changed(deep, "c") == []
    assert git_acts.limits(deep) == ["commits_not_listed"]


class Watched:
    """A pattern of which it is counted how often it is asked for the next mark."""

    def __init__(self, pattern):
        self.pattern, self.asked = pattern, 0

    def search(self, data, at):
        self.asked += 1
        return self.pattern.search(data, at)


def test_statements_without_an_end_are_looked_through_once(monkeypatch):
    """Each was looked through up to the end of the file, for the end that it has not: sixty thousand lines took for ever."""
    marks = Watched(sqlframes._MARK)
    monkeypatch.setattr(sqlframes, "_MARK", marks)
    lines = 3000
    data = b"-- MySQL dump 10.13\n" + b"CREATE TABLE `t` (\n" * lines
    found = sqldump.rows(data, 0, lambda _: None)
    assert 0 < marks.asked < 20 * lines
    assert sum(stop - start for start, stop, _ in found.rejected) + sum(
        stop - start for start, stop in found.ignored
    ) == len(data)


def test_lists_that_follow_one_another_are_told_together(monkeypatch):
    """A thousand lists were three thousand tables, each some hundred times as large as what it held."""
    built = []
    monkeypatch.setattr(
        github_audit._Held, "parsed", lambda held: built.append(len(held.records)) or WHOLE(held)
    )
    event = b'{"@timestamp":1795446708120,"action":"git.push","actor":"kai"}'
    line = b"[%s,%s]\n" % (event, event)
    told = github_audit.parse(line * 500 + b"\n" + line * 2, 9)
    assert len(told.records) == 1004
    assert built == [1000, 4]
    spans = sorted((row["start"], row["stop"]) for table in told for row in table.to_pylist())
    assert [start for start, _ in spans] == [9, *(stop for _, stop in spans)][:-1]


WHOLE = github_audit._Held.parsed
