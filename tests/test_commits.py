"""Who wrote a commit is what records say: the names in it, and its time, are typed by whoever made it."""

import re
from pathlib import Path

import alterations
import pytest
from drawn import some
from test_pushes import SAMPLES, collected, found

WRITTEN, DATED = "incidents/script_edit", "staged/pulled_commit"
"""Of the one the trail tells who wrote the commit; of the other only that somebody ran `git commit` about the time that it names."""


def told(case, author, committer=None, *, by=None):
    """The findings of a case whose bad commit names others; `by`: who says that the author is forged."""
    names = {b"author": author.encode(), b"committer": (committer or author).encode()}
    bad = b"lin <lin@lab.example>" if case == WRITTEN else b"chen <chen@lab.example>"

    def commit(body):
        pattern = rb"(?m)^(author|committer) %s (?=[0-9])" % re.escape(bad)
        return re.sub(pattern, lambda m: b"%s %s " % (m[1], names[m[1]]), body)

    evidence = alterations._rehashed(collected(case), commit, lambda raw: raw)
    about = Path(SAMPLES / case / "case.toml").read_bytes()
    about += f'\n[[claim]]\nid = "D05"\nby = "{by}"\n'.encode() if by else b""
    return found(case, evidence, **{"case.toml": about})


def commit_of(findings):
    [act] = [a for a in findings["acts"] if a["act"] == "commit"]
    return act


def kinds(findings):
    return [c["kind"] for c in findings["contradictions"]]


def denied(findings):
    [claim] = [c for c in findings["claims"] if c["id"] == "D05"]
    return claim["status"], claim["why"]


@pytest.mark.parametrize(
    ("author", "other"),
    some(
        [
            ("kai <kai@lab.example>", False),
            ("Kai Huang <kai@lab.example>", False),
            ("kai <kai@users.noreply.example>", False),
            ("lin <lin@lab.example>", True),
            ("Lin Wu <lin@lab.example>", True),
            ("lin <kai@lab.example>", True),
            ("somebody <x@lab.example>", True),
        ],
        5,
    ),
)
def test_a_person_s_full_name_is_no_other_name_than_the_account_s(author, other):
    findings = told(WRITTEN, author)
    assert commit_of(findings)["account"] == "kai"
    assert kinds(findings) == (["asserted_author"] if other else [])


def test_a_time_that_was_typed_makes_no_commit_of_the_account_that_ran_git_then():
    """Whoever made it elsewhere can have given it the second of a commit of pavel's."""
    findings = told(DATED, "ana <ana@lab.example>", by="ana")
    act = commit_of(findings)
    assert (act["account"], act["person"]["name"], act["missing"]) == (None, None, ["write_of_commit_object"])
    assert "asserted_author" not in kinds(findings)
    assert denied(findings) == ("untestable", "writer_of_commit_not_recorded")


@pytest.mark.parametrize(
    ("committer", "expected"),
    [
        ("lin <lin@lab.example>", ("supported", "commit_written_from_account_of_another")),
        ("kai <kai@lab.example>", ("untestable", "author_can_be_kept_from_earlier_commit")),
        ("forge <noreply@forge.example>", ("untestable", "author_can_be_kept_from_earlier_commit")),
    ],
)
def test_an_author_that_a_rebase_keeps_is_not_shown_to_be_forged(committer, expected):
    """Kai's session wrote the object. Where its committer is not lin, lin can have written what kai picked, or rebased, or amended."""
    assert denied(told(WRITTEN, "lin <lin@lab.example>", committer, by="lin")) == expected


def test_who_wrote_it_says_in_vain_that_the_name_is_forged():
    assert denied(told(WRITTEN, "kai <kai@lab.example>", by="kai"))[0] == "contradicted"
