"""Sentences about people: what they may say, what they must carry, and what evidence text cannot do to them."""

from string import Formatter

import fixtures_findings as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.analysis import signatures
from forensics.analysis.acts import ACTS
from forensics.core import roster
from forensics.render import boundary, certificates, dossier, phrases, ratios, sentences
from forensics.render import figures_lanes as lanes
from forensics.render.forbidden import lint
from forensics.render.languages import ENGLISH
from forensics.render.parts import Tone
from forensics.render.sentences import TEMPLATES, Basis

TABLES = {k: v for k, v in vars(phrases).items() if k.isupper() and isinstance(v, dict)}
# No roster can call a person as findings call who is not on it (`tests/test_roster.py`).
HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda name: not roster.is_nobody(name)
)


def texts_of(value):
    if isinstance(value, str):
        return [value]
    return [t for v in value for t in texts_of(v)] if isinstance(value, tuple) else []


OWN_PROSE = [t for k, v in vars(boundary).items() if k.isupper() for t in texts_of(v)]


def filled(template):
    return "".join(text + ("x" if name else "") for text, name, _, _ in Formatter().parse(template))


@pytest.mark.parametrize("key", sorted(TEMPLATES))
def test_a_template_keeps_to_the_rules(key):
    assert lint(filled(TEMPLATES[key])) == []


@pytest.mark.parametrize("table", sorted(TABLES))
def test_words_for_codes_keep_to_the_rules(table):
    assert [fault for text in TABLES[table].values() for fault in lint(text)] == []


def test_what_the_report_says_of_itself_keeps_to_the_rules():
    assert len(OWN_PROSE) > 40
    assert [fault for text in OWN_PROSE for fault in lint(text)] == []


@pytest.mark.parametrize("text", [
    "This proves that kai acted.", "The log is proof of it.", "Kai is guilty.", "It was certainly kai.", "Beyond doubt it was lin.",
    "beyond reasonable\ndoubt", "The suspect logs in.", "The change is malicious.", "Kai deliberately waits.", "It is probably kai.",
    "It is likely that kai acts.", "The probability that kai acts is 0.9.", "Kai is responsible.", "Kai did it.",
    "The likelihood is high and we are confident.", "The intent is plain.", "It is clearly so.",
])  # fmt: skip
def test_a_forbidden_turn_is_found(text):
    assert lint(text)


@pytest.mark.parametrize("text", [
    "Account kai changes a file.", "Which person acts is inconclusive.", TEMPLATES["ratio_is_not"], filled(TEMPLATES["ratio"]),
    "This approves a change.", "The file /srv/uncertain.txt is read.",
])  # fmt: skip
def test_plain_prose_passes(text):
    assert lint(text) == []


def test_every_kind_of_act_has_words_and_a_shape():
    assert set(phrases.ACTS) == set(phrases.NAMES) == set(lanes.SHAPES) == set(ACTS)
    assert len(set(lanes.SHAPES.values())) == len(lanes.SHAPES)


@pytest.mark.parametrize("act", made.acts(), ids=lambda a: a["id"])
def test_account_and_person_are_two_sentences(act):
    account, person = sentences.account_sentence(act), sentences.person_sentence(act)
    assert Tone.PERSON not in {p.tone for p in account.parts}
    assert "ccount `" in account.text
    assert "ccount `" not in person.text
    assert account.citations
    assert person.citations


def test_an_account_sentence_reads_as_written():
    assert sentences.account_sentence(made.acts()[0]).text == (
        "Account `kai` puts another file in the place of `/srv/range/proj/llm/train.py` between 2026-11-23 15:11:48.010"
        " and 15:11:48.018 UTC (act A0001)."
    )


def test_a_process_of_a_job_acts_before_the_account_it_runs_under():
    act = {**made.acts()[3], "act": "delete_file", "object": "/srv/step100.pt", "origin": "job"}
    assert sentences.account_sentence(act).text.startswith(
        "A process of a job, under account `mei`, removes the file `/srv/step100.pt`"
    )


def test_inconclusive_says_because_and_what_is_missing():
    said = sentences.person_sentence(made.acts()[4])
    assert said.text == (
        "Which person acts in A0005 is inconclusive, because the evidence lacks a second source for the session"
        " and a record of the key that opens the session."
    )


def test_a_verdict_without_a_name_is_never_an_attribution():
    act = {**made.acts()[0], "person": made.person("attributed", None)}
    assert "inconclusive" in sentences.person_sentence(act).text


def test_ratio_and_what_it_is_not_stand_apart():
    act = {**made.acts()[0], "person": {**made.acts()[0]["person"], "lr": [10.4, 83.2]}}
    first, second = ratios.ratio_sentences(act)
    assert "10 to 83 times more probable" in first.text
    assert second.text == TEMPLATES["ratio_is_not"]
    assert ratios.ratio_sentences({**act, "person": made.person("inconclusive")}) == []


def test_programs_beside_a_job_are_told_with_what_no_record_tells_of_them():
    act = {**made.acts()[0], "act": "run_beside", "object": "11", "effect": None, "link": "not_established"}
    assert sentences.account_sentence(act).text.startswith(
        "Account `kai` runs programs, before memory runs out, on a node of job `11`"
    )
    said = ratios.effect_sentence(act)
    assert (said.text, said.basis) == (
        "No record tells how much memory the programs of act A0001 take, and none connects them to the end of job `11`.",
        Basis.ABSENCE,
    )
    assert ratios.effect_sentence({**act, "act": "submit"}) is None


@pytest.mark.parametrize(
    "cause", ["act", "own_failure", "infrastructure", "not_established", "none", "a_new_cause"]
)
def test_every_cause_has_a_sentence(cause):
    said = sentences.cause_sentence({**made.jobs()[1], "cause": cause, "why": "a_new_reason"}, {})
    assert "a new reason" in said.text
    assert lint(said.text) == []


def test_a_fact_without_bytes_is_marked():
    said = sentences.account_sentence({**made.acts()[0], "citations": []})
    assert said.basis is Basis.UNCITED
    assert sentences.account_sentence(made.acts()[0]).basis is Basis.FACT


def test_what_is_absent_rests_on_all_of_the_evidence():
    missing = made.findings()["gaps"][1]
    assert [s.basis for s in dossier.gap_sentences(missing)] == [Basis.ABSENCE]


def test_what_was_asked_for_and_not_given_rests_on_the_case_file():
    refused = made.findings()["gaps"][1] | {"kind": "source_refused", "reason": "no <#b>", "citations": []}
    told = dossier.gap_sentences(refused | {"matters_for": ["A0001"]})
    assert {s.basis for s in told} == {Basis.ASKED}
    assert told[1].text == "The reason given is `no <#b>`."
    none = {"source": "login01: startup files", "account": "lin", "answer": "none_there", "reason": None}
    assert [(s.basis, s.text) for s in dossier.none_there_sentences(none)] == [
        (Basis.ASKED, "The case file says that somebody looked, and found none of: `login01: startup files`, of account `lin`.")
    ]  # fmt: skip
    vain = dossier.none_there_sentences(
        none | {"without_effect": "no_act_of_account_there", "reason": "looked"}
    )
    assert [(s.basis, s.text) for s in vain[1:]] == [
        (Basis.ABSENCE, "This changes nothing here, because no act on record is of that account on that host."),
        (Basis.ASKED, "The reason given is `looked`."),
    ]  # fmt: skip


def test_the_same_search_is_reported_for_everybody():
    cites = lambda ids: [("0" * 64, 0, 1)] if list(ids) else []  # noqa: E731 - one span for any event
    assert dossier.exculpatory_sentences("dao", made.findings(), cites)[0].basis is Basis.ABSENCE
    lin = dossier.exculpatory_sentences("lin", made.findings(), cites)
    assert [s.text for s in lin] == [
        "For act A0002: this person is named only in a field that anybody can write, such as a commit's author.",
        "For acts A0001 and A0003: a login session of this person is open, and the act is in a different session.",
        "For acts A0001, A0002 and A0003: records point away from lin, as the section on acts tells.",
    ]


@pytest.mark.parametrize("status", ["supported", "mixed", "contradicted", "untestable"])
def test_what_speaks_for_a_person_has_the_records_against_the_answer_and_the_denials_that_hold(status):
    """The page that said nothing was found stood beside one that counted such records."""
    found = made.findings()
    claims = [
        {**found["claims"][0], "status": status, "why": "account_is_shared_but_key_and_session_tell_who"}
    ]
    kai = dossier.exculpatory_sentences("kai", {**found, "claims": claims}, lambda _: [("0" * 64, 0, 1)])
    assert kai[0].text == "For act A0002: records speak against the answer given, by which kai acts."
    assert [s.text[:17] for s in kai[1:]] == ["The evidence read"] * (status in {"supported", "mixed"})
    assert all(s.citations for s in kai)


def test_what_speaks_against_an_answer_is_told_for_what_it_is():
    """That two records did was all that the page said: neither side could use it."""
    act, cited = made.acts()[0], [("0" * 64, 0, 1)]
    because = [{"kind": "session_beside", "because": ["b", "c"]}, {"kind": "records_changed_by_other", "because": ["a"]}]  # fmt: skip
    said = dossier.against_sentences(
        {**act, "against": ["a", "b", "c"], "against_because": because}, lambda _: cited
    )
    assert [s.text for s in said] == [
        "While act A0001 is done, 2 sessions of account `kai` can be open besides its own: the account alone does not say in which of them it is done.",
        "Another account changes logs, a clock or what is logged on the host of act A0001, while it is done or later: 1.",
    ]
    many = [{**because[0], "count": 2000}]
    (beside,) = dossier.against_sentences(
        {**act, "against": ["b", "c"], "against_because": many}, lambda _: cited
    )
    assert "2,000 sessions of account `kai`" in beside.text
    kai = {"acts": [{**act, "against": ["b"], "against_because": because[:1]}]}
    first = dossier.exculpatory_sentences("kai", kai, lambda _: cited)[0]
    assert first.text == (
        "For act A0001: another session of the same account can be open at the time, so the account alone does not point at kai."
    )


def test_an_act_that_may_have_harmed_a_job_is_not_said_to_have():
    job = made.findings()["jobs"][1]
    for effect, said in (
        ("shown", "that ends or disturbs it:"),
        ("possible", "that can have ended or disturbed it,"),
    ):
        acts = {a["id"]: a | ({"effect": effect} if a["id"] == "A0001" else {}) for a in made.acts()}
        text = sentences.cause_sentence(job, acts).text
        assert said in text
        assert text.endswith("(see act A0001).")
    unknown = sentences.cause_sentence(job, {a["id"]: a for a in made.acts()}).text
    assert unknown.endswith("(see acts A0001 and A0006).")


@pytest.mark.parametrize("result", sorted(signatures.RESULTS))
def test_every_result_of_a_signature_has_words(result):
    act = {"id": "A0001", "signature": {"result": result, "key": "SHA256:x", "known_by": ["roster"]}}
    text = dossier.signature_sentence(act).text
    assert phrases.SIGNATURES[result] in text
    assert ("listed by" in text) == (result == "good")


def test_many_acts_are_counted_not_listed():
    said = ENGLISH.text(sentences.act_names([f"A{n:04d}" for n in range(1, 31)]))
    assert said.endswith("A0008 and 22 more")


def hostile_sentences(text):
    act = {
        **made.acts()[0], "account": text, "effective": text + "x", "object": text, "job": text, "credential": text, "address": text,
        "asserted": {"author": text, "committer": text},
        "signature": {"kind": "ssh", "result": "good", "key": text, "known_by": [text], "citations": []},
        "certificates": [{"tie": "tied", "nonce": "good", "result": "good", "key": text, "known_by": [text], "citations": []}], "person": made.person("attributed", text, strength="moderate", best_rival=text, frame_cost=[text]),
    }  # fmt: skip
    job = {**made.jobs()[0], "job": text, "owner": text, "outcome": text, "nodes": text}
    claim = {**made.findings()["claims"][0], "by": text, "names": text, "text": text}
    contradiction = {"about": text, "says": [{"what": text, "citations": []}]}
    return [
        sentences.account_sentence(act), sentences.person_sentence(act), sentences.link_sentence(act), sentences.job_sentence(job),
        dossier.entry_sentence(act, lambda _: []), dossier.asserted_sentence(act), dossier.signature_sentence(act), *certificates.certificate_sentences(act), dossier.frame_cost_sentence(act),
        *dossier.claim_sentences(claim, {}), *dossier.contradiction_sentences(contradiction, 1), *dossier.gap_sentences({"source": text, "kind": "silence"}),
        *dossier.none_there_sentences({"source": text, "account": text, "reason": text}),
    ]  # fmt: skip


PLAIN = [s.ours for s in hostile_sentences("x")]


@settings(max_examples=50, deadline=None)
@given(HOSTILE)
def test_evidence_text_is_never_our_prose(text):
    """Whatever a name holds, our own words stay what they are, and nothing of it hides from the eye."""
    said = hostile_sentences(text)
    assert [s.ours for s in said] == PLAIN
    assert all(p.text.isprintable() for s in said for p in s.parts)


def test_a_verdict_in_a_file_name_is_quoted_and_does_not_stop_the_report():
    said = sentences.account_sentence({**made.acts()[0], "object": "/srv/guilty proof.py"})
    assert "guilty" in said.text
    assert lint(said.ours) == []


def test_a_ratio_at_the_cap_is_so_much_or_more():
    """Nothing above the cap is issued, so both ends of an interval can be it."""
    rivals = [
        {"who": "lin", "way": "credential", "lr": [35.0, 35.0]},
        {"who": "dao", "way": "framed", "lr": [13.0, 35.0], "presence": "absent"},
    ]
    act = {"id": "A0001", "citations": [], "hypotheses": rivals}
    at_cap, below = (s.text for s in ratios.hypothesis_sentences(act))
    assert "the ratio is 35 or more." in at_cap
    assert "the ratio is 13 to 35;" in below


def test_a_ratio_below_one_is_printed_for_whom_it_speaks_and_no_other():
    act = {
        "id": "A0001",
        "standings": [
            {"who": "ana", "against": "pavel", "lr": [0.029, 0.35]},
            {"who": "olu", "against": "pavel", "lr": [0.029, 0.029]},
            {"who": "chen", "against": "pavel", "lr": [0.13, 2.3]},
            {"who": "pavel", "against": "chen", "lr": [0.43, 7.6]},
        ],
    }
    told = {name: ratios.standing_sentence(act, name) for name in ("ana", "olu", "chen", "pavel", "eve")}
    assert [name for name, sentence in told.items() if sentence is not None] == ["ana", "olu"]
    assert "is 0.029 to 0.35;" in told["ana"].text
    assert "is 0.029 or less;" in told["olu"].text
