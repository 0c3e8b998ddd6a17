"""Patterns that long hostile lines could make look through the same characters again and again, beside what they mean.

Each of the long lines here took minutes to years. None of them is measured: what goes back to such a pattern does not end.
"""

import itertools
import random
import re
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from forensics.analysis import git_acts, hops, job_processes, keys, mounts, push_certificates, wording
from forensics.core import controlgroups, forge, hostevents, jsonlists, sqldump, sqlframes, sudospec
from forensics.core.githistory import MOST_CHANGES
from forensics.formats import (
    git_config,
    github_audit,
    http_access,
    pbs_accounting,
    stat_listing,
    sudoers,
    syslog,
)
from forensics.pipeline import unasked
from forensics.readings import authorized_keys as told_authorized_keys
from forensics.readings import git_config as told_git_config

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
        assert job_processes.SCRIPT.findall(text) == unasked._SCRIPT.findall(text) == expected
    for pattern in (job_processes.SCRIPT, unasked._SCRIPT):
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


STAMP = "[23/Nov/2026:15:11:42 +0100]"
PIECES = ["10.0.0.1", ":", ":80", "a", "site", " ", "- ", STAMP, ' "', '"', "GET / HTTP/1.1", "\\", " 200 ", "17", "[", "]", "::1", "\xff"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example(f'10.0.0.1 - kai {STAMP} "GET / HTTP/1.1" 200 17')
@example(f'site:80 10.0.0.1 - - {STAMP} "GET /\xff" 200 - "a" "b" rest')
@example(f'10.0.0.1 - kai {STAMP} "GET / HTTP/1.1" 200 17\r')
def test_the_first_line_of_an_access_log(line):
    raw = line.encode("latin-1")
    found = re.compile(http_access._LINE.encode().removesuffix(b"$")).match(raw.rstrip(b"\r"))
    assert bool(http_access.recognise(raw + b"\nx", "access.log")) == bool(found)


def test_a_long_first_line_is_no_access_log():
    end = f' - - {STAMP} "x'.encode()
    assert http_access.recognise(b":" * (60_000 - len(end)) + end, "access.log") == 0


SETTING = re.compile(
    rb"[ \t]*(?P<name>[A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=[ \t]*(?P<value>.*?))?[ \t]*", re.DOTALL
)


@given(made_of(" ", "\t", "a", "-", "=", "=x", "b c", "\x0b", "\r", "#"))
def test_a_setting_of_git(text):
    found = SETTING.fullmatch(text.encode())
    told = git_config._SETTING.fullmatch(text.encode().rstrip(b" \t"))
    assert (told and told.groupdict()) == (found and found.groupdict())


def test_what_is_no_blank_stays_at_the_end_of_a_setting():
    assert git_config.parse(b"[a]\n k = v\x0b \t\n", 0).records["value"].to_pylist()[-1] == "v\x0b"


@pytest.mark.parametrize("blank", [b" ", b"\t", b" \t"])
def test_a_setting_with_a_long_blank_in_it(blank):
    line = (
        b"[core]\n\ta = b" + blank * (LONG // 4) + b"c" + blank * 9 + b"\n\td" + blank * (LONG // 4) + b"e\n"
    )
    parsed = git_config.parse(line, 0)
    assert parsed.records["value"].to_pylist()[-1] == "b" + (blank * (LONG // 4)).decode() + "c"
    assert parsed.rejected["why"].to_pylist() == ["shape"]


QUOTED = re.compile(r'(?P<section>[^" ]+)[ \t]+"(?P<sub>.*)"')


@given(made_of(" ", "\t", "a", '"', "\n", '"x"', "\t\t"))
def test_a_section_of_git_with_a_name(text):
    found, told = QUOTED.fullmatch(text), told_git_config._QUOTED.fullmatch(text)
    assert (told and told.groupdict()) == (found and found.groupdict())


def test_a_section_of_tabs_has_no_name():
    assert told_git_config._QUOTED.fullmatch("a" + "\t" * LONG + "b") is None


@example("x/keydir/a\nb.pub")
@example("keydir/y/kai@home.pub")
@given(made_of("keydir/", "/", "a", "@", "home", ".pub", "\n", ".", "x/", most=9))
def test_whose_key_a_git_server_holds(path):
    found, told = told_authorized_keys._SERVER.fullmatch(path), told_authorized_keys._of_server(path)
    assert (told and told.groupdict()) == (found and found.groupdict())


@pytest.mark.parametrize("end", ["x", ".pub", "\n/x.pub", "@.pu"])
def test_a_path_of_very_many_folders_is_no_key_of_a_server(end):
    assert told_authorized_keys._of_server("keydir/" * (LONG // 8) + end) is None


NUMBERED = re.compile(rb"[A-Za-z]?[0-9]+[\[\].A-Za-z0-9_-]*;")


@example("0;")
@example("a12[3].pbs;")
@example("aa0;")
@given(made_of("a", "0", "[", "]", ".", ";", "-", "é"))
def test_the_number_of_a_job_of_pbs(text):
    begun = b"11/23/2026 15:11:42;E;"
    assert bool(pbs_accounting._FIRST.match(begun + text.encode())) == bool(NUMBERED.match(text.encode()))


def test_a_number_of_very_many_digits_is_no_job():
    assert pbs_accounting._FIRST.match(b"11/23/2026 15:11:42;E;" + b"0" * LONG) is None


SHOWN = re.compile(
    r"  File: (?P<name>.+)\n  Size: (?P<size>\d{1,18}) *\tBlocks: \d+ +IO Block: \d+ +(?P<kind>[^\n]+)\n"
    r"Device: (?:(?P<major>\d{1,9}),(?P<minor>\d{1,9})|[0-9a-f]+h/(?P<device>\d{1,12})d)\tInode: (?P<inode>\d{1,18}) +Links: (?P<links>\d{1,9})[^\n]*\n"
    r"Access: \((?P<mode>[0-7]{4,6})/[^)\n]+\)  Uid: \( *(?P<uid>\d{1,10})/ *(?P<owner>[^\n]+)\)   Gid: \( *(?P<gid>\d{1,10})/ *(?P<group>[^\n]+)\)\n"
    rf"(?:Context: [^\n]*\n)?Access: (?P<atime>{stat_listing._TIME})\nModify: (?P<mtime>{stat_listing._TIME})\nChange: (?P<ctime>{stat_listing._TIME})(?:\n Birth: (?:-|(?P<crtime>{stat_listing._TIME})))?",
    re.ASCII | re.DOTALL,
)
ABOUT = (
    "  File: {name}\n  Size: 5         \tBlocks: 8          IO Block: 4096   {kind}\n"
    "Device: 254,0\tInode: 77          Links: 1\n"
    "Access: (0644/-rw-r--r--)  Uid: ( 4101/ {owner})   Gid: ( 4101/ {group}){end}\n"
    "Access: {at}\nModify: {at}\nChange: {at}\n Birth: -"
)
AT = "2026-11-23 15:11:42.000000000 +0100"


def about(**given):
    plain = {"name": "a", "kind": "regular file", "owner": "mei", "group": "mei", "end": "", "at": AT}
    return ABOUT.format(**(plain | given))


@given(*[made_of(" ", "a", ")", ")   Gid: ( 0/", "\n", "(", "  b", most=5)] * 4)
@example("a", "  ", "   ", "  ")
@example("a", "x", "m", "n")
@example("a", "x", "m)   Gid: ( 0/ x", "n")
def test_what_stat_shows_of_a_file(name, kind, owner, group):
    text = about(name=name, kind=kind, owner=owner, group=group)
    found, told = SHOWN.fullmatch(text), stat_listing._FILE.fullmatch(text)
    assert (told and told.groupdict()) == (found and found.groupdict())


@pytest.mark.parametrize("what", ["kind", "owner", "group"])
@pytest.mark.parametrize("filler", [" ", ")   Gid: ( 0/ a"])
def test_a_long_line_of_stat_is_no_file(what, filler):
    text = about(**{what: filler * (LONG // 2 // len(filler)), "end": "x"})
    assert stat_listing._FILE.fullmatch(text) is None


DEFAULTS = re.compile(sudoers._SETTING.pattern.replace(r"(?:!\s*)?", r"!?\s*"))


@given(made_of(" ", ",", "!", "aa", "=", '"x"', "+=", "1", "  ", most=6))
@example("a , ! b")
@example("a , b")
@example("a,!b , c=1")
def test_settings_of_sudo(text):
    found = DEFAULTS.fullmatch("aa" + text)
    assert (sudoers._SETTING.fullmatch("aa" + text) is None) == (found is None)
    assert DEFAULTS.pattern != sudoers._SETTING.pattern


def test_very_many_settings_of_sudo_are_none():
    """Each of them took several times as long as the one before: sixteen took twelve seconds to recognise."""
    line = b"Defaults aa" + b" ,  aa" * 5000 + b'"\n'
    assert sudoers.recognise(line, "etc/sudoers") == 0
    assert sudoers._SETTING.fullmatch("aa" + " ,  aa" * (LONG // 8) + '"') is None


SINCE = re.compile(rb"\[ *[0-9]{1,10}\.[0-9]{6}(?: <? *[0-9.]* *>?)?\] ")


@given(made_of(" ", "<", ">", "0.1", "] ", "x", most=7))
@example(" <  0.000 >] ")
@example(" >] ")
@example(" 5] ")
def test_a_stamp_since_boot(text):
    line = f"[ 1.000000{text}".encode()
    told = syslog._SINCE_BOOT.match(line + b"h kernel: ")
    found = SINCE.match(line)
    assert (told is not None) == (found is not None and re.match(rb"[^ :\[\]]+ ", line[found.end() :] + b"h kernel: ") is not None and syslog._SINCE_BOOT.match(b"[ 1.000000] " + line[found.end() :] + b"h kernel: ") is not None)  # fmt: skip


def test_a_long_blank_is_no_stamp():
    assert syslog._SINCE_BOOT.match(b"[ 1.000000 <" + b" " * LONG + b"x") is None


def test_users_of_a_rule_are_those_of_the_definition_and_read_in_one_way():
    parts = ("%", '"', "a", "!", ",", " ", "\\,", "=", '"b c"')
    word = r"(?:!\s*)*(?:%\"[^\"]*\"|%?\"[^\"]*\"|\\.|[^\s,=\"\\])+"
    definition = re.compile(rf"{word}(?:\s*,\s*{word})*")
    chance = random.Random(10)  # noqa: S311 - the same texts in every run
    for _ in range(4000):
        text = "".join(chance.choice(parts) for _ in range(chance.randrange(8)))
        found, expected = sudospec._USERS.match(text), definition.match(text)
        assert (found and found.span()) == (expected and expected.span()), text
    # Each of forty quotes could be read in two ways, so that this took longer than anybody waits.
    assert sudospec._USERS.fullmatch('%"a"' * 40 + "=") is None
