"""Simulated incidents: the same seed the same bytes, every byte read, nobody named wrongly, and the laws.

The laws are those of method §8.8: what changes no fact changes no conclusion, and what swaps two people swaps theirs.
"""

import hashlib
import json
import re
from dataclasses import replace

import pytest
from drawn import some

from forensics import pipeline
from forensics.core.errors import OutputError, UsageError
from forensics.pipeline import inmemory, rehearse
from forensics.simulation import incident, judging, plan
from forensics.simulation.plan import Plan

QUIET = Plan(5, "T05", "own", "plain", "none", 100, 4, "none", "insider", split=False, busy=False)
SMOKE = [
    replace(QUIET, seed=12, technique="T07c", split=True),
    replace(QUIET, seed=13, technique="T07a", actor="stolen", guise="own_device", framed="bystander"),
    replace(QUIET, seed=15, technique="T19", actor="node_root", guise="edited_log", framed="bystander"),
    replace(QUIET, seed=17, technique="T20a", actor="nobody", suspect="bystander"),
    replace(
        QUIET, seed=18, technique="T19", actor="cluster_admin", guise="forged_request", framed="bystander"
    ),
    *(
        replace(QUIET, seed=19, technique=name, suspect="bystander")
        for name in ("T21b", "T21g", "T22b", "T23a", "T24a", "T25", "T27b", "T29c", "T30b")
    ),
    *(
        replace(QUIET, seed=19, technique=name, actor=plan.techniques()[name].actors[0], suspect="bystander", split=plan.techniques()[name].apart)
        for name in ("T31b", "T32b", "T33c", "T35b", "T36a", "T37a", "T38c", "T39a", "T40c", "T41b", "T42a")
    ),
]  # fmt: skip
NAMED = {"T07c", "T22b", "T24a"}
LOGS = ("var/log/audit", "var/log/auth.log", "slurm/")


def investigated(made, evidence=None, roster=None, about=None):
    return inmemory.investigated(
        made.evidence if evidence is None else evidence, roster or made.roster, about or made.about
    )


@pytest.fixture(scope="module")
def base():
    """One quiet incident, whole: an insider puts a sleep into the shared script, commits and pushes it."""
    made = incident.incident(QUIET)
    return made, investigated(made)


def said(found):
    """What is concluded of whom, without what depends on where a byte lies."""
    return sorted(
        (a["act"], a["object"], a["job"] or "", a["account"] or "", a["person"]["verdict"], a["person"]["name"] or "",
         a["person"]["strength"] or "", *a["person"]["candidates"])
        for a in found["acts"]
    )  # fmt: skip


def test_one_seed_is_one_incident_byte_for_byte():
    first, second = (incident.incident(plan.plan(31)).files() for _ in range(2))
    assert first == second
    assert incident.incident(plan.plan(32)).files() != first


def test_every_technique_and_guise_can_be_made():
    for name, technique in plan.techniques().items():
        for actor in set(technique.actors):
            for guise in plan.GUISES[actor]:
                framed = "bystander" if actor in {"stolen", "node_root", "cluster_admin"} else "none"
                made = incident.incident(
                    replace(QUIET, technique=name, actor=actor, guise=guise, framed=framed)
                )
                assert made.truth["jobs"], (name, actor, guise)
                assert made.evidence


POINTED = [name for name, technique in plan.techniques().items() if technique.pointed]


def test_seeds_of_earlier_reports_hold_what_they_held():
    """Those from a bound on come round through all techniques; those below know none that came with it."""
    every = plan.techniques()
    for since, known in (
        (plan.FURTHER, set(every)),
        (plan.SINCE, {n for n, t in every.items() if t.since < plan.FURTHER}),
        (0, set(every) - set(POINTED)),
    ):
        assert {plan.plan(seed).technique for seed in range(since, since + len(known))} == known


@pytest.mark.parametrize(
    ("seed", "sha256"),
    [
        (500, "168469d8ff2c38339e2c4dfa82094c5b66a2f78a3ebb6cc9675ba5022a80afad"),
        (9999, "a89d186e159eb16a4e8bdb8bbc81a02a44303e6c064771a8aa77fddd7f52d909"),
        (10_000, "6a995c13120e78daf5ae72d1ca76fd2e73657a1df0098c8b334a9f2b31d743d0"),
        (10_055, "577930eafb111b143b59742595325b0d15fe8041d8e07364a09d54f8e34be9f1"),
        (15_000, "8dec857bc4e1a9e3adaa6261beb13de0227972f22d6708cf0850acf9b000f45b"),
    ],
)
def test_an_incident_of_an_earlier_report_is_the_same_byte_for_byte(seed, sha256):
    digest = hashlib.sha256()
    for path, held in sorted(incident.incident(plan.plan(seed)).files().items()):
        digest.update(path.encode() + b"\0" + held)
    assert digest.hexdigest() == sha256


def startup_files(made):
    """The startup files that were collected, by account and name."""
    homes = (path.split("/") for path in made.evidence if "/home/" in path)
    return {(parts[2], parts[3]) for parts in homes if parts[3] in {".bashrc", ".profile"}}


def test_later_seeds_have_startup_files_of_everybody_but_what_coverage_takes():
    made = incident.incident(replace(QUIET, seed=plan.COLLECTED, technique="T24a"))
    accounts = {path.split("/")[2] for path in made.evidence if path.endswith("authorized_keys")}
    assert startup_files(made) == {(name, file) for name in accounts for file in (".bashrc", ".profile")}
    assert "oncall" in accounts  # one that is opened meanwhile
    # As they were made with the account, byte for byte the same.
    assert len({text for path, text in made.evidence.items() if path.endswith("/.profile")}) == 1
    some_of = startup_files(incident.incident(replace(QUIET, seed=plan.COLLECTED, coverage=70)))
    assert 0 < len(some_of) < 2 * len(accounts)
    assert not startup_files(incident.incident(replace(QUIET, seed=plan.COLLECTED - 1)))


@pytest.mark.parametrize(("seed", "there"), [(30_130, False), (30_131, True)])
def test_a_trap_can_have_been_taken_away_again(seed, there):
    made = incident.incident(rehearse.planned(seed, technique="T31a", coverage=100, evasion="none"))
    path = f"login01/home/{made.truth['cast']['bystander'][0]}/.bash_aliases"
    assert (b"alias ll=" in made.evidence[path]) is there
    typed = [text for name, text in made.evidence.items() if name.endswith("_history")]
    assert any(path.removeprefix("login01").encode() in text for text in typed) is there


@pytest.mark.parametrize("technique", POINTED)
def test_whoever_the_records_seem_to_point_to_did_no_harm(technique):
    actor = plan.techniques()[technique].actors[0]
    made = incident.incident(replace(QUIET, technique=technique, actor=actor, suspect="bystander"))
    pointed, harmful = set(made.truth["pointed_at"]), {act["person"] for act in made.truth["acts"]}
    assert made.truth["cast"]["bystander"][0] in pointed
    assert not pointed & harmful
    assert harmful <= {made.truth["actor"], None}
    assert b'id = "D01"' in made.about
    assert not any("truth" in path for path in made.evidence)


def test_every_byte_is_read(base):
    _, found = base
    total = found["accounting"]
    assert total["rejected"] == 0
    assert total["parsed"] > 0.99 * total["bytes"]


@pytest.mark.parametrize("chosen", some(SMOKE, 12), ids=lambda p: f"{p.technique}-{p.actor}-{p.guise}")
def test_nobody_is_named_for_what_they_did_not_do(chosen):
    made = incident.incident(chosen)
    told = judging.judged(investigated(made), made.truth)
    assert [n for n in told["named"] if n["how"] != "right"] == []
    assert "contradicted" not in told["denied"].values()
    assert told["accused"] == []
    if chosen.technique in NAMED:
        assert told["actor_named"]


def test_doubled_and_irrelevant_logs_change_nothing(base):
    made, found = base
    doubled = {**made.evidence, **{f"again/{p}": held for p, held in made.evidence.items() if "/log/" in p}}
    elsewhere = {
        f"login77/{p.partition('/')[2]}": held.replace(b"login01", b"login77")
        for p, held in incident.incident(
            replace(QUIET, seed=40, technique="T20a", actor="nobody")
        ).evidence.items()
        if "audit.log" in p
    }
    assert said(investigated(made, {**doubled, **elsewhere})) == said(found)


def test_a_forged_author_changes_nobody(base):
    made, found = base
    other = made.truth["cast"]["bystander"][0]
    forged = incident.incident(replace(QUIET, evasion="forged_author"))
    assert any(a.get("claimed") == other for a in forged.truth["acts"])

    def named(told):
        return sorted((a["act"], a["person"]["name"]) for a in told["acts"] if a["person"]["name"])

    assert named(investigated(forged)) == named(found)


@pytest.mark.parametrize("swapped", [True, False], ids=["swapped", "renamed"])
def test_whoever_holds_accounts_keys_and_devices_is_who_is_named(swapped, base):
    """Two people exchange all that is enrolled to them, or everybody is called otherwise: so are the conclusions."""
    made, found = base
    names = {role: made.truth["cast"][role][0] for role in ("insider", "bystander", "victim", "ops")}
    one, other = names["insider"], names["bystander"]
    called = {one: other, other: one} if swapped else {name: f"p-{name}" for name in names.values()}
    roster = re.sub(
        rb'(?m)^name = "(\w+)"$',
        lambda m: b'name = "%s"' % called.get(m[1].decode(), m[1].decode()).encode(),
        made.roster,
    )
    members = re.sub(
        rb"members = .*",
        b"members = [%s]" % b", ".join(b'"%s"' % called.get(n, n).encode() for n in names.values()),
        roster,
    )
    again = investigated(made, roster=members)
    expected = sorted((a["act"], called[a["person"]["name"]]) for a in found["acts"] if a["person"]["name"])
    assert expected
    assert sorted((a["act"], a["person"]["name"]) for a in again["acts"] if a["person"]["name"]) == expected


@pytest.mark.parametrize("log", LOGS)
def test_a_log_taken_away_raises_nobody_unless_the_gap_is_printed(log, base):
    made, found = base
    less = investigated(made, {p: held for p, held in made.evidence.items() if log not in p})
    before = {(a["act"], a["object"], a["person"]["name"]) for a in found["acts"] if a["person"]["name"]}
    after = {(a["act"], a["object"], a["person"]["name"]) for a in less["acts"] if a["person"]["name"]}
    if after - before:
        assert any(g["kind"] in {"missing_source", "silence"} for g in less["gaps"])
    assert {name for *_, name in after} <= {made.truth["actor"]}


def test_an_incident_is_written_with_its_truth_beside_it(tmp_path):
    rehearse.simulate(tmp_path / "out", 9, technique="T13", actor="own", coverage=100)
    truth = json.loads((tmp_path / "out" / "truth.json").read_text())
    assert (truth["scenario"], truth["plan"]["actor"]) == ("T13", "own")
    assert not list((tmp_path / "out" / "evidence").rglob("truth.json"))
    assert (tmp_path / "out" / "evidence" / "login01" / "var" / "log" / "audit" / "audit.log").exists()
    with pytest.raises(OutputError):
        rehearse.simulate(tmp_path / "out", 9)


@pytest.mark.parametrize(
    "axes",
    [{"technique": "T99"}, {"coverage": 55}, {"evasion": "magic"}, {"technique": "T20a", "actor": "own"}],
)
def test_what_cannot_be_is_refused(axes):
    with pytest.raises(UsageError):
        rehearse.planned(3, **axes)


@pytest.mark.parametrize("typed", ["", "7", "9:3", "a:b", "-1:4"])
def test_seeds_are_a_run(typed):
    with pytest.raises(UsageError):
        rehearse.seeds(typed)


def test_findings_are_those_of_a_case_folder(base, tmp_path):
    made, found = base
    for name, held in made.files().items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)
    case, given = tmp_path / "case", tmp_path / "in"
    pipeline.create(case)
    pipeline.seal(case, [given / "evidence"], roster=given / "roster.toml", about=given / "case.toml")
    pipeline.ingest(case)
    pipeline.analyse(case)
    kept, told = json.loads((case / "findings.json").read_text()), json.loads(json.dumps(found))
    for one in (kept, told):
        one["case"].pop("evidence")  # sealed paths begin with the folder that was given
    assert kept == told
