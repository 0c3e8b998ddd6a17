"""The report: the same bytes twice, every fact with its bytes, and no evidence text that is more than text."""

import io
import re
import subprocess
import sys

import fixtures_findings as made
import pypdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.core import tables
from forensics.core.errors import OutputError
from forensics.render import citing, document, report
from forensics.render.forbidden import lint
from forensics.render.glyphs import drawn, pieces, quoted
from forensics.render.languages import ENGLISH
from forensics.render.parts import put, quote
from forensics.render.sentences import Basis, Citation, Part, Sentence

SHOUTS = [
    '#panic("x")', '#include("/etc/passwd")', "$x^2$ $", "*bold* _it_", "`raw` ```", "] ]] [", "\\ \\u{41}", "<label> @ref", "// /* */",
    "a\u202eb\u2066c\u200b", "nul\x00\x1b[31m", "x" * 10_000, "/".join(["y" * 40] * 40), "测试用户", "👩‍💻", "e\u0301\u0302" * 20,
    "\u0e33\u0f71", "=cmd()", "#let x = 1; #x", "\n\r\t\u2028", "\ud800",
]  # fmt: skip


def build(found=None):
    return document.build(found or made.findings(), events=made.events(), files=made.files())


@pytest.fixture(scope="module")
def pdf():
    return report.typeset(build())


@pytest.fixture(scope="module")
def text(pdf):
    return " ".join(" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def printed(content):
    """Every printed sentence of a document, wherever it stands."""
    if isinstance(content, dict):
        if "runs" in content and "note" in content:
            yield content
        for value in content.values():
            yield from printed(value)
    elif isinstance(content, list):
        for value in content:
            yield from printed(value)


def test_two_runs_give_the_same_bytes(pdf):
    assert report.typeset(build()) == pdf


def test_another_process_gives_the_same_bytes(pdf, tmp_path):
    """Neither the order of sets nor the time zone nor the folder plays a part."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import fixtures_findings as m; from pathlib import Path;"
        "from forensics.render import report; report.write(m.findings(), events=m.events(), files=m.files(), out=Path('r.pdf'))"
    )
    env = {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai", "LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-c", code, str(made.Path(__file__).parent)], cwd=tmp_path, env=env, check=True
    )
    assert (tmp_path / "r.pdf").read_bytes() == pdf


def test_it_is_an_archival_and_accessible_pdf(pdf):
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert reader.metadata.title == "Disturbed training jobs on mlcluster"


def test_what_is_printed_keeps_to_the_rules(text):
    assert lint(text) == []


def test_what_speaks_for_a_person_stands_first(text):
    order = ["1 What is asked", "2 What this report is", "3 Summary", "4 What speaks for each person", "5 What points at each person",
             "6 Timelines", "7 Acts", "8 Denials tested", "9 Contradictions", "10 Gaps and missing", "Verbal scale", "Annex A. Evidence",
             "Annex B. Citations"]  # fmt: skip
    found = [text.rindex(heading) for heading in order]
    assert found == sorted(found)


def test_every_sentence_about_the_case_leads_to_bytes():
    """Each footnote has a file, a range and a hash; each mark is one that the foot of the page explains."""
    ids = set()
    for s in printed(build().content["blocks"]):
        note = s["note"]
        if note is None:
            continue
        if "mark" in note:
            assert note["mark"] in citing.MARKS.values()
        elif "again" in note:
            assert note["again"] in ids
        else:
            ids.add(note["id"])
            assert note["files"]
            assert all(
                f["path"] and f["spans"] and len(f["sha256"]) == 16 and f["number"] for f in note["files"]
            )
    assert len(ids) > 40


def test_sentences_without_any_note_are_on_method_only():
    bare = [
        s for b in build().content["blocks"] if b["t"] in {"p", "ul"} for s in printed(b) if s["note"] is None
    ]
    names = re.compile(r"\b(kai|lin|mei|dao|A000\d|127\.0\.0\.1\d)\b")
    told = ["".join(str(r["v"]) for r in s["runs"]) for s in bare]
    allowed = ("Gate ", "No person is inferred")
    assert [t for t in told if names.search(t) and not t.startswith(allowed)] == []


def test_footnotes_name_the_file_and_the_range(text):
    span = made.span(*made.EDIT[0])
    assert "login01/var/log/audit/audit.log" in text.replace("/ ", "/")
    assert f"{span['start']}–{span['stop']}" in text  # noqa: RUF001 - a range, in print
    assert made.sha256(made.AUDIT)[:16] in text


def test_the_annex_holds_every_citation():
    content = build().content
    listed = {
        (g["sha256"], s)
        for b in content["blocks"]
        if b["t"] == "cited"
        for g in b["groups"]
        for s in g["spans"]
    }
    cited = {
        (f["sha256"], s)
        for p in printed(content["blocks"])
        if p["note"]
        for f in p["note"].get("files", ())
        for s in f["spans"]
    }
    bounds = {(h, *map(int, s.split("–"))) for h, s in listed}  # noqa: RUF001 - a range, in print
    for sha, span in cited:
        start, stop = map(int, span.split("–"))  # noqa: RUF001 - a range, in print
        assert any(h == sha and a <= start and stop <= b for h, a, b in bounds)


def test_the_full_hash_and_size_of_each_file_are_listed(pdf):
    whole = "".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[-2].extract_text().split())
    whole += "".join(pypdf.PdfReader(io.BytesIO(pdf)).pages[-3].extract_text().split())
    for row in made.findings()["case"]["evidence"]:
        assert row["sha256"] in whole
        assert f"{row['bytes']:,}" in whole


def poisoned(value, text):
    """Findings in which every word that is not a code of ours or a hash is `text`."""
    ours = {
        "id", "act", "link", "why_link", "rule", "cause", "why", "verdict", "strength", "gates", "kind", "status", "missing", "when", "class",
        "sha256", "window", "submit", "start", "end", "first", "last", "schema", "because", "for", "against", "session", "matters_for", "acts",
        "limits", "planted_by", "origin", "meaning",
    }  # fmt: skip
    if isinstance(value, dict):
        return {
            k: v if k in ours and not (k == "acts" and v and isinstance(v[0], dict)) else poisoned(v, text)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [poisoned(v, text) for v in value]
    return text if isinstance(value, str) else value


def test_hostile_text_is_only_text():
    """No code of the evidence runs, no markup takes effect, and nothing stops the report."""
    shouted = [poisoned(a, s) for a, s in zip(made.acts() * 4, SHOUTS, strict=False)]
    for i, a in enumerate(shouted):
        a["id"] = f"A{i:04d}"
    found = {**poisoned(made.findings(), SHOUTS[0]), "acts": shouted}
    made_pdf = report.typeset(build(found))
    seen = "".join("".join(p.extract_text().split()) for p in pypdf.PdfReader(io.BytesIO(made_pdf)).pages)
    assert '#panic("x")' in seen
    assert "$x^2$$" in seen
    assert "*bold*_it_" in seen
    assert r"\u202e" in seen
    assert r"\x00" in seen
    assert r"\u6d4b\u8bd5" in seen
    assert r"e\u0301\u0302" in seen
    assert "(10,000charactersinall)" in seen
    assert not set("\u202e\u2066\x00\x1b") & set(seen)


@pytest.mark.parametrize("text", SHOUTS)
def test_a_footnote_draws_what_its_sentence_is_about(text):
    """A person's name stood there as the roster has it: with a control character in it there was no report at all."""
    sources = citing.Sources({}, events=tables.EVENT.empty(), files=tables.FILE.empty())
    cited = tuple(Citation(f"{n:064d}", 0, 1) for n in range(20))
    note = sources.note(Sentence((Part("x"),), cited, basis=Basis.FACT, about=f"against {text}"))
    assert note["text"].startswith("17 more in Annex B, against ")
    assert drawn(note["text"]) == note["text"]
    assert set("\u202e\u2066\x00\x1b").isdisjoint(note["text"])


@settings(max_examples=12, deadline=None)
@example("")
@example(" ")
@example("`\x1f")  # a backquote turned what follows into a quotation, which was taken to be drawn
@given(st.text(max_size=60))
def test_any_text_can_be_set(text):
    found = {**poisoned(made.findings(), text), "jobs": [], "acts": poisoned(made.acts()[:1], text)}
    assert report.typeset(build(found)).startswith(b"%PDF")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=600))
def test_a_quotation_is_visible_and_bounded(text):
    assert quoted(text).isprintable()
    assert len(quoted(text)) < 600
    assert "".join(pieces(quoted(text))) == quoted(text)
    assert all(len(p) <= 16 for p in pieces(quoted(text)))


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=200))
def test_plain_text_is_drawn_as_it_is(text):
    assert drawn(text) == text


@pytest.mark.parametrize(
    "found", [{}, {"case": {"title": "Nothing", "window": None}, "jobs": [], "acts": [], "accounting": {}}]
)
def test_a_case_without_findings_has_a_report(found):
    content = document.build(found, events=tables.EVENT.empty(), files=tables.FILE.empty())
    assert "inconclusive" in str(content.content).lower()
    assert report.typeset(content).startswith(b"%PDF")


def test_a_finding_of_the_contract_alone_is_enough():
    """Every key beyond the contract may be missing."""
    found = made.findings()
    known = {"id", "act", "object", "job", "link", "when", "account", "effective", "session", "credential", "address", "person", "for",
             "against", "missing", "asserted", "citations"}  # fmt: skip
    bare = {
        **{k: found[k] for k in ("schema", "contradictions", "accounting")},
        "case": {k: found["case"][k] for k in ("title", "window", "evidence")},
        "jobs": [{k: j[k] for k in ("job", "cluster", "outcome", "cause", "acts", "gpu_hours")} for j in found["jobs"]],
        "acts": [{k: a[k] for k in known} for a in found["acts"]],
        "gaps": [{k: g[k] for k in ("source", "kind", "when", "matters_for")} for g in found["gaps"]],
        "claims": [{k: c[k] for k in ("id", "by", "names", "status", "because", "missing")} for c in found["claims"]],
    }  # fmt: skip
    assert report.typeset(build(bare)).startswith(b"%PDF")


def test_prose_that_breaks_a_rule_is_never_printed(monkeypatch):
    monkeypatch.setitem(
        document.sentences.TEMPLATES, "account", "{account} certainly {does} {object}{rights}{when} ({act})."
    )
    with pytest.raises(ValueError, match="certain"):
        build()


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        report.write(made.findings(), events=made.events(), files=made.files(), out=tmp_path / "no" / "r.pdf")


def rules(*told):
    names = ("rationale", "errs", "fired")
    return [
        {"id": f"rule{n}", "version": 1, **dict(zip(names, one, strict=True))} for n, one in enumerate(told)
    ]


def table_of(found, head):
    return next(b for b in build(found).content["blocks"] if b["t"] == "table" and b["head"][0] == head)


def words_of(cell):
    return "".join("".join(r["v"]) for r in cell["runs"])


def test_what_stands_between_backquotes_is_set_as_code_in_a_table_too():
    """They were printed as they stand in the words of the rules."""
    one = ("one session ran `git  commit` then", "`a` and `b`", 0)
    row = table_of({**made.findings(), "act_rules": rules(one)}, "Rule, version")["rows"][0]
    assert [(r["k"], "".join(r["v"])) for r in row[1]["runs"]] == [
        ("ours", "one session ran "), ("quoted", "git  commit"), ("ours", " then"),
    ]  # fmt: skip
    assert "`" not in str(row)


def test_a_lone_backquote_in_words_that_were_given_is_left_as_it_is():
    row = table_of({**made.findings(), "act_rules": rules(("it`s", "x", 0))}, "Rule, version")["rows"][0]
    assert row[1]["runs"] == [{"k": "ours", "v": "it`s"}]


def test_no_backquote_of_ours_is_printed(text):
    assert "`" not in text
    assert ENGLISH.text(put("run `seal` {on}", on=quote("`x`"))) == "run seal `x`"


def test_rules_that_never_fired_and_say_the_same_share_a_row():
    found = {
        **made.findings(),
        "act_rules": rules(("a", "b", 0), ("c", "b", 0), ("a", "b", 0), ("a", "b", 2), ("a", "b", 2)),
    }
    rows = [[words_of(c) for c in row] for row in table_of(found, "Rule, version")["rows"]]
    assert rows == [
        ["rule0 1, rule2 1", "a", "b", "0"], ["rule1 1", "c", "b", "0"], ["rule3 1", "a", "b", "2"], ["rule4 1", "a", "b", "2"],
    ]  # fmt: skip


def test_sources_stand_in_the_order_of_what_is_printed_of_them():
    one = made.findings()["sources"][0]
    found = {**made.findings(), "sources": [{**one, "source": s} for s in ("b: x", "a: y", "b: a")]}
    assert [words_of(row[0]) for row in table_of(found, "Trust domain: format")["rows"]] == [
        "a: y",
        "b: a",
        "b: x",
    ]


def test_what_cannot_be_shown_is_a_code_between_backquotes_too():
    row = table_of({**made.findings(), "act_rules": rules(("a `b\x1bc`", "x", 0))}, "Rule, version")["rows"][
        0
    ]
    assert words_of(row[1]) == "a b" + quoted("\x1b") + "c"
    assert "\x1b" not in words_of(row[1])
