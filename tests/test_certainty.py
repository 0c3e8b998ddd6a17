"""How far the records of a source can be relied on by themselves; and the words for a ratio, in two languages."""

import re
from importlib.resources import files
from pathlib import Path

import fixtures_findings as made
import pytest
from matplotlib.ft2font import FT2Font
from stage import Stage

from forensics.analysis import certainty, findings
from forensics.analysis.parameters import parameters
from forensics.render import boundary, document
from forensics.render.glyphs import han

SCRIPT = "/srv/proj/train.py"
GLOSSARY = Path(__file__).parents[1] / "docs" / "glossary.md"


def day(**login):
    stage = Stage()
    stage.enrol()
    mei, kai = stage.login("mei"), stage.login("kai", **login)
    stage.change("kai", kai, SCRIPT, owner="mei")
    stage.submit("mei", mei, "11")
    return stage


def reasons(stage):
    return certainty.reasons(stage.examined())


@pytest.mark.parametrize(
    ("domain", "levels"),
    [
        ("login01:user", ["C2", "C4", "C2", "C1"]),
        ("git:objects", ["C2", "C4", "C2", "C1"]),
        ("login01:root", ["C3", "C4", "C3", "C3"]),
        ("slurm:admin", ["C4", "C5", "C3", "C3"]),
    ],
)
def test_who_can_write_it_and_who_bears_it_out_give_the_level(domain, levels):
    assert [certainty.level(domain, why) for why in ("alone", "agreed", "gap", "contradicted")] == levels


def test_a_tamper_proof_source_is_never_claimed():
    known = [level["id"] for level in certainty.scale()["levels"]]
    given = {certainty.level(d, w) for d in ("h:user", "h:root", "git:server") for w in ("alone", "agreed", "gap", "contradicted")}  # fmt: skip
    assert known == [f"C{n}" for n in range(7)]
    assert given <= set(known) - {"C0", "C6"}


def test_two_files_of_one_trust_domain_bear_nothing_out():
    """The login log and the audit trail of one host are written by whoever is root there."""
    stage = Stage()
    stage.login("kai")
    assert ("auditd", "login01:root") not in reasons(stage)


def test_what_another_trust_domain_tells_too_is_borne_out():
    found = reasons(day())
    assert found["slurmctld", "slurm:admin"] == found["auditd", "login01:root"] == "agreed"
    assert ("authorized_keys", "git:server") not in found


def test_a_session_that_is_told_otherwise_weighs_on_those_who_tell_it():
    stage = day(told_address="203.0.113.9")
    for row in stage.rows:
        if row["format"] == "syslog":
            row["domain"] = "loghost:root"
    found = reasons(stage)
    assert found["syslog", "loghost:root"] == found["auditd", "login01:root"] == "contradicted"


def test_a_gap_weighs_on_every_source_of_its_host_or_on_the_one_that_shows_it():
    done = day().examined()
    gap = type(done.gaps[0])("login01:auditd", "serial_gap", 0, 1, 3, "login01")
    event = next(e for e, d in zip(done.scene.events["event_id"], done.scene.events["domain"], strict=True) if d == "slurm:admin")  # fmt: skip
    shown = type(gap)("slurm", "clock_step", 0, 1, None, "gpu01", (event,))
    done.gaps[:] = [gap, shown]
    found = certainty.reasons(done)
    assert found["auditd", "login01:root"] == found["slurmctld", "slurm:admin"] == "gap"
    assert "gpu01:slurmd" in set(done.scene.events["domain"])
    assert found.get(("slurmd", "gpu01:slurmd")) != "gap"
    # A source that is not there has no records that a gap could weigh on.
    done.gaps[:] = [type(gap)("login01:sshd", "missing_source", None, None, None, "login01")]
    assert "gap" not in certainty.reasons(done).values()


def test_of_several_reasons_the_gravest_decides():
    done = day(told_address="203.0.113.9").examined()
    told_otherwise = next(s for s in done.sessions if s.contradicts)
    done.scene.events.loc[done.scene.events["format"] == "syslog", "domain"] = "loghost:root"
    done.gaps[:] = [type(done.gaps[0])("login01:auditd", "serial_gap", 0, 1, 3, "login01")]
    assert told_otherwise.host == "login01"
    assert certainty.reasons(done)["auditd", "login01:root"] == "contradicted"


def test_findings_give_every_source_its_level_and_no_act_one():
    found = findings.findings(day().examined())
    assert found["certainty"]["levels"]
    assert not [key for act in found["acts"] for key in act if "certain" in key]


def test_every_step_of_the_scale_has_chinese_words_that_the_font_can_draw():
    font = FT2Font(str(files("forensics.render").joinpath("fonts/han.otf")))
    words = [zh for _, _, zh in boundary.SCALE if zh is not None] + [b.zh for b in parameters().bands]
    assert len(words) == len(boundary.SCALE)
    assert {ord(c) for word in words for c in word} <= set(font.get_charmap())
    assert all(han(word) == word for word in words)


def test_the_words_of_each_step_are_those_of_the_glossary_beside_its_ratios():
    """In both languages: the words of two steps that stand in each other's place are words all the same."""
    bands = parameters().bands
    row = next(line for line in GLOSSARY.read_text().splitlines() if line.startswith("| verbal scale "))
    assert re.findall(r"([a-z ]+ support) \((.+?)\)", row) == [(f" {b.en}", b.zh) for b in bands]
    told = [(ratio, words.partition(",")[0]) for ratio, words, zh in boundary.SCALE if zh is None]
    ends = [b.least for b in bands[1:]] + [10_000]
    assert told == [(f"{b.least:,.0f} to {end:,.0f}", b.en) for b, end in zip(bands, ends, strict=True)]


def test_the_report_prints_both_languages_and_the_level():
    content = document.build(made.findings(), events=made.events(), files=made.files()).content
    assert "微弱支持" in repr(content)
    assert "C4 (borne out)" in "".join(re.findall(r"'k': 'ours', 'v': '([^']*)'", repr(content)))
    assert han("a\x1b支") == "\\u0061\\u001b支"
