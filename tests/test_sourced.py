"""What a file that a shell takes in takes in itself: so many steps, and no more texts than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage import HOST
from test_foreign_code import FOREIGN, OWN, day_of, told
from test_surroundings import with_words

from forensics.analysis import beside, sourced, surroundings
from forensics.analysis.surroundings import Named

ENV, MORE, LAST = "/srv/proj/env.sh", "/srv/proj/more.sh", "/srv/proj/last.sh"


def told_of(line, held, monkeypatch, *, fmt="bash_history", changed=LAST, by="kai"):
    """Who is named for what lin's session did after a line, where git's blobs hold the texts of the project's files."""
    monkeypatch.setattr(beside, "texts", lambda _, path: held.get(path, ()))
    day = day_of()
    day.change("lin", day.ses_of, ENV, verb="create")
    day.change(by, day.kai if by == "kai" else day.ses_of, changed, verb="create")
    when = None if fmt == "shell_startup" else day.at
    day.add("setting", fmt, f"{HOST}:user", account="lin", when=when, object_kind="setting", object="shell", text=line)  # fmt: skip
    with_words(day, ["nice", "python3", "/home/lin/x.py"], "nice")
    return told(day)


@pytest.mark.parametrize(
    ("held", "changed", "by", "found"),
    [
        ({ENV: ["source /srv/proj/last.sh\n"]}, LAST, "kai", FOREIGN),
        (
            {ENV: ["a=1\n. /srv/proj/more.sh"], MORE: ["[ -f x ] && . /srv/proj/last.sh"]},
            LAST,
            "kai",
            FOREIGN,
        ),
        ({ENV: ["export LD_PRELOAD=/srv/proj/last.sh\n"]}, LAST, "kai", FOREIGN),
        ({ENV: ["source last.sh\n"]}, LAST, "kai", FOREIGN),
        ({ENV: ["source /srv/proj/last.sh\n"]}, LAST, "lin", OWN),
        ({ENV: ["source /srv/proj/last.sh\n"]}, "/srv/proj/other.sh", "kai", OWN),
        ({ENV: ["# source /srv/proj/last.sh\n"]}, LAST, "kai", OWN),
        ({}, LAST, "kai", OWN),
    ],
)
def test_what_a_sourced_file_sources_is_followed(held, changed, by, found, monkeypatch):
    assert told_of(f"source {ENV}", held, monkeypatch, changed=changed, by=by) == found


def test_what_it_takes_in_of_nobody_s_making_leaves_the_act_alone(monkeypatch):
    """Only what another changed counts of it: git's blobs tell a text by its name alone."""
    held = {"/home/lin/env.sh": [f"source {MORE}\n"]}
    line = "source /home/lin/env.sh"
    assert told_of(line, held, monkeypatch, fmt="shell_startup") == OWN
    assert told_of(line, held, monkeypatch, fmt="shell_startup", changed=MORE) == FOREIGN


def by_definition(start, texts, cwd):
    """Every name that so many steps lead to from some."""
    found, ahead = dict.fromkeys(start), list(start)
    for _ in range(sourced.DEEPEST):
        lines = [line for one in ahead if surroundings.shell_does(one) for text in texts(one.path) for line in text.splitlines()]  # fmt: skip
        ahead = [one for line in lines for one in surroundings.named(line, cwd=cwd)]
        found |= dict.fromkeys(ahead)
    return set(found)


NAMES = ["/p/a.sh", "/p/b.sh", "/p/c.sh", "/p/d.sh"]


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.sampled_from([*(f"source {n}" for n in NAMES), ". b.sh", "export LD_PRELOAD=/p/x.so", "ls"]), max_size=3)))  # fmt: skip
def test_what_is_reached_is_what_the_definition_says(held):
    def texts(path):
        return ["\n".join(held.get(path, ()))]

    start = [Named("/p/a.sh")]
    assert {one for one, _ in sourced.through(start, "/p", surroundings.NOBODYS, texts)} == by_definition(
        start, texts, "/p"
    )


def test_a_chain_is_followed_for_so_many_steps_and_a_wide_one_for_so_many_texts():
    def chain(path):
        return [f"source /p/{int(path[3:]) + 1}"]

    found = [one.path for one, _ in sourced.through([Named("/p/0")], None, surroundings.NOBODYS, chain)]
    assert found == [f"/p/{n}" for n in range(sourced.DEEPEST + 1)]
    asked = []

    def wide(path):
        asked.append(path)
        return ["\n".join(f"source /p/{n}" for n in range(1000))]

    list(sourced.through([Named("/p/x")], None, surroundings.NOBODYS, wide))
    assert len(asked) == sourced.MOST
