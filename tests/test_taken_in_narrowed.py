"""What a session takes in is found where not all changes are held: it lies where no job of the question has files."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from drawn import some

from forensics.pipeline import rehearse
from forensics.simulation import incident

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))

import both_ways


@pytest.mark.parametrize(
    ("technique", "place", "elsewhere"),
    some(
        [
            ("T32b", b"/srv/range/proj/modules", b"/shared/modulefiles"),
            ("T33c", b"/srv/range/proj/share", b"/shared/share"),
            ("T35b", b"/srv/range/proj/lib", b"/shared/pylib"),
            ("T35d", b"/srv/range/proj/tools", b"/shared/tools"),
        ],
        2,
    ),
)
def test_what_is_taken_in_from_elsewhere_is_told_the_same_both_ways(technique, place, elsewhere):
    chosen = rehearse.planned(20_004, technique=technique, coverage=100, evasion="none")
    made = incident.incident(replace(chosen, busy=False, suspect="bystander"))
    moved = {path: held.replace(place, elsewhere) for path, held in made.evidence.items()}
    found = both_ways.of(moved, made.roster, made.about)
    assert found.differs == []
    assert found.held < found.events


def test_what_can_have_been_taken_in_unseen_is_told_the_same_both_ways():
    """The change that keeps the name back lies where no job of the question has files, and no word leads to it."""
    chosen = rehearse.planned(20_004, technique="T35b", coverage=100, evasion="none")
    made = incident.incident(replace(chosen, busy=False, suspect="bystander"))
    moved = {
        path: held.replace(b"/srv/range/proj/lib", b"/shared/pylib")
        for path, held in made.evidence.items()
        if not path.endswith((".bashrc", ".bash_aliases", ".bash_history"))
    }
    found = both_ways.of(moved, made.roster, made.about)
    assert found.differs == []
    assert found.held < found.events
    assert {"startup_files_of_account", "history_of_session"} <= {
        m for a in found.found["acts"] for m in a["missing"]
    }


def test_that_a_typed_word_is_a_program_is_told_the_same_both_ways():
    """Its execution is none of the act's own: whether the word has a meaning is told by it alone."""
    chosen = rehearse.planned(30_130, technique="T31a", coverage=100, evasion="none")
    made = incident.incident(replace(chosen, busy=False, suspect="bystander"))
    alias = b"alias ls='ls --color=auto'"
    typed = {
        path: held.replace(b"\nll\n", b"\nls -la\n").replace(alias, b":")
        for path, held in made.evidence.items()
    }
    assert typed != made.evidence
    found = both_ways.of(typed, made.roster, made.about)
    assert found.differs == []
    assert found.held < found.events
    assert not any("startup_files_of_time" in a["missing"] for a in found.found["acts"])
