"""The report in Chinese: whole, the same in every number and citation, and bound by the same caution."""

# ruff: noqa: RUF001 - Chinese marks are wide on purpose

import ast
import hashlib
import io
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from importlib import import_module, util
from pathlib import Path

import english
import fixtures_findings as made
import investigated
import pypdf
import pytest
from drawn import some
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text
from test_damage import whole  # noqa: F401 - a fixture
from test_flags import FLAG
from test_report import SHOUTS, poisoned
from typer.testing import CliRunner

from forensics import pipeline
from forensics.analysis import certainty
from forensics.analysis.acts import ACTS
from forensics.analysis.parameters import parameters
from forensics.cli.app import app
from forensics.core.errors import LanguageError, UsageError
from forensics.core.tables import EVENT, FILE
from forensics.render import boundary, chinese, document, figures, phrases, recounted, report
from forensics.render import figures_lanes as lanes
from forensics.render.forbidden import lint_chinese
from forensics.render.glyphs import drawn
from forensics.render.languages import ENGLISH
from forensics.render.pages import runs
from forensics.render.parts import clauses, given, listed, put, quote
from forensics.render.sentences import moment

ROOT = Path(__file__).parents[1]
INCIDENTS = sorted(p.parent for p in (ROOT / "sample_logs" / "incidents").glob("*/truth.json"))
CHINESE = chinese.language()
PLACE = re.compile(r"\{(\w*)\}")
NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
ID = re.compile(r"\b[A-Z]\d+\b|\b[0-9a-f]{16,64}\b", re.ASCII)


# The catalogue.


def test_every_text_of_ours_has_its_counterpart_and_none_is_left_over():
    said = {text for text in CHINESE.says if english._LETTERS.search(text)}
    found = english.ids()
    assert {text: where for text, where in found.items() if text not in said} == {}
    assert said - set(found) == set()
    assert len(found) > 1000


def test_both_have_the_same_places():
    for text, zh in CHINESE.says.items():
        assert Counter(PLACE.findall(text)) == Counter(PLACE.findall(zh)), (text, zh)
        assert zh.strip(), text


def test_both_have_the_same_digits_and_quotations():
    for text, zh in CHINESE.says.items():
        bare, bare_zh = PLACE.sub("", text), PLACE.sub("", zh)
        assert Counter(NUMBER.findall(bare)) == Counter(NUMBER.findall(bare_zh)), (text, zh)
        assert re.findall("`[^`]*`", text)[1:] == re.findall("`[^`]*`", zh)[1:], (text, zh)
        assert text.count("`") == zh.count("`"), (text, zh)


def test_codes_and_names_of_programs_are_in_both():
    """A word in capitals, such as GPU or SHA-256, is a name, and is left as it is."""
    for text, zh in CHINESE.says.items():
        assert set(re.findall(r"\b[A-Z]{2,}\b", text)) <= set(re.findall(r"[A-Z]{2,}", zh)), (text, zh)


def test_no_forbidden_word_is_in_chinese():
    said = [*CHINESE.says.values(), *(part for term in chinese.terms() for part in term[1:])]
    assert [fault for zh in said for fault in lint_chinese(zh)] == []


@pytest.mark.parametrize("text", [
    "记录证明该行为系kai实施。", "证实系kai。", "kai有罪。", "嫌疑人登录。", "显然系kai。", "kai故意等待。", "kai很可能实施该行为。",
    "kai实施该行为的概率为0.9。", "该更改是恶意的。", "作案时间", "毫无疑问",
])  # fmt: skip
def test_a_forbidden_turn_is_found(text):
    assert lint_chinese(text)


@pytest.mark.parametrize(
    "text", ["本表述并非对任一假设为真之概率的判断。", "不表示概率。", "没有意义", "无法判断"]
)
def test_caution_passes(text):
    assert lint_chinese(text) == []


def test_a_report_with_a_forbidden_word_is_not_made():
    says = {**CHINESE.says, "weak": "证实"}
    broken = type(CHINESE)("zh", says, "")
    found = made.findings()
    found["acts"][0]["account_level"] = {"verdict": "attributed", "name": "kai", "strength": "weak"}
    with pytest.raises(ValueError, match="证实"):
        document.build(found, events=made.events(), files=made.files(), language=broken)


def test_marks_of_chinese_are_wide():
    narrow = re.compile(r"[\u4e00-\u9fff][,.;:?!()]|[,;?!()][\u4e00-\u9fff]")
    assert [zh for zh in CHINESE.says.values() if narrow.search(PLACE.sub("中", zh))] == []


def test_the_words_for_strength_are_those_of_the_scale():
    """The same words in a sentence, in the table of the scale, and in the file of the model."""
    for band in parameters().bands:
        assert CHINESE.says[phrases.STRENGTHS[band.name]] + "支持" == band.zh
        steps = [words for _, words, _ in boundary.SCALE if words.partition(",")[0] == band.en]
        assert [CHINESE.says[words].partition("（")[0] for words in steps] == [band.zh]


def test_every_term_is_used_as_the_list_says():
    """Where an English text has the term, the Chinese one has its counterpart somewhere; no term is in the list for nothing."""
    for english_term, zh, meaning in chinese.terms():
        word = re.compile(rf"\b{english_term.partition(' ')[0]}", re.IGNORECASE)
        assert any(zh in said for text, said in CHINESE.says.items() if word.search(text)), english_term
        assert meaning


def test_no_words_are_put_together_in_code():
    """What is joined from pieces has no counterpart: words with a value in them are templates."""
    loose = []
    for name in english.modules():
        tree = ast.parse((english.RENDER / f"{name}.py").read_text())
        apart = {id(node) for call in ast.walk(tree) for node in _not_printed(call)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and id(node) not in apart:
                words = "".join(v.value for v in node.values if isinstance(v, ast.Constant))
                if re.search("[A-Za-z]{2}", words):
                    loose.append(f"{name}: {ast.unparse(node)}")
    assert loose == []


def _not_printed(node):
    """Texts under which findings are looked up or printed elsewhere, names of files and of notes, errors."""
    apart = []
    if isinstance(node, ast.Raise):
        apart = [node]
    elif isinstance(node, ast.keyword) and node.arg == "about":
        apart = [node.value]
    elif isinstance(node, ast.Assign):
        names = {getattr(n, "id", "") for t in node.targets for n in ast.walk(t)}
        apart = (
            [node.value] if names & {"about", "key", "drawn_as", "noted"} or _is_kept(node.targets[0]) else []
        )
    elif isinstance(node, ast.Subscript):
        apart = [node.slice]
    elif isinstance(node, ast.Dict):
        apart = [key for key in node.keys if key is not None]
    elif isinstance(node, ast.DictComp):
        apart = [node.key]
    elif isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        apart = node.args[:1] if called in {"say", "get"} else []
    for one in apart:
        yield from ast.walk(one)


def _is_kept(target):
    return isinstance(target, ast.Subscript)


def test_words_of_ours_without_a_counterpart_stop_the_report():
    with pytest.raises(ValueError, match="no zh for: 'Never said'"):
        CHINESE.told(put("Never said"))
    assert CHINESE.text("12:30") == "12:30"


def test_words_of_findings_without_a_counterpart_are_quoted():
    """Findings that another version made can hold other words: they are shown as they stand, in the typeface of evidence."""
    (known,) = CHINESE.told(given("included"))
    (other,) = CHINESE.told(given("words of another version"))
    assert (known.text, known.tone.value) == ("包含", "ours")
    assert (other.text, other.tone.value) == ("words of another version", "quoted")
    assert ENGLISH.told(given("words of another version"))[0].tone.value == "ours"


def test_words_of_the_program_in_findings_have_their_counterpart():
    found = _incident(INCIDENTS[0])
    texts = [t for r in found["act_rules"] for t in (r["rationale"], r["errs"])]
    texts += [r["meaning"] for r in found["rules"]] + [n["source"] for n in found["model"]["numbers"]]
    texts += [level["meaning"] for level in found["certainty"]["levels"]]
    assert len(texts) > 150
    assert [t for t in texts if t not in CHINESE.says] == []


def test_clauses_and_things_are_joined_in_their_own_way():
    three = [put("the key"), put("the device"), put("the account")]
    assert (
        ENGLISH.text(listed(three)) == ENGLISH.text(clauses(three)) == "the key, the device and the account"
    )
    assert CHINESE.text(listed(three)) == "密钥、设备和账户"
    assert CHINESE.text(clauses(three)) == "密钥，设备，且账户"
    assert CHINESE.text(listed(three[:2], " or ")) == "密钥或设备"


def test_a_time_is_told_in_chinese():
    at, later = "2026-11-23T15:11:48.010Z", "2026-11-23T15:11:48.018Z"
    assert CHINESE.text(moment((at, later))) == "于2026-11-23 15:11:48.010至15:11:48.018（UTC）"
    assert CHINESE.text(moment((at, at))) == "于2026-11-23 15:11:48.010（UTC）"
    assert CHINESE.text(moment((None, at))) == "在2026-11-23 15:11:48.010（UTC）之前"
    assert CHINESE.text(moment((at, None))) == "在2026-11-23 15:11:48.010（UTC）之后"
    assert moment(None) == ""


# Texts that findings hold whole.


@pytest.mark.parametrize(("kind", "text", "zh"), [
    ("asserted_author", "the commit names lin", "该提交载明lin"),
    ("asserted_author", "account kai wrote it", "由账户kai写入"),
    ("asserted_author", "account kai wrote it wrote it", "由账户kai wrote it写入"),
    ("signed_by_another", "author a <a@x>, committer b <b@x>", "作者a <a@x>，提交者b <b@x>"),
    ("register_disagrees", "roster.toml (register): key SHA256:x is of person kai", "roster.toml（register）：key SHA256:x属于自然人kai"),
    ("copies_differ", "copy 0123456789abcdef alone has 3 lines of it", "副本0123456789abcdef独有其中3行"),
])  # fmt: skip
def test_a_text_of_findings_is_taken_apart(kind, text, zh):
    part = recounted.what({"kind": kind}, {"what": text})
    assert CHINESE.text(part) == zh
    assert ENGLISH.told(part) == [quote(text)]


@pytest.mark.parametrize("text", ["author a, committer b, committer c", "something else", "", "author x"])
def test_a_text_with_more_than_one_reading_or_none_is_quoted_whole(text):
    """Whoever types a name cannot make words of ours out of it."""
    part = recounted.what({"kind": "signed_by_another"}, {"what": text})
    (told,) = CHINESE.told(part)
    assert told.tone.value == "quoted"
    assert told.text == (quote(text).text if text else "（空白）")


def test_every_text_that_the_analysis_puts_together_is_known_here():
    """The templates are those of the analysis: each of its texts, with marks for values, is taken apart again."""
    texts = {
        "contradictions": 12, "copies": 2, "trailcopies": 6, "signed_acts": 5, "gaps": 5, "corrections": 4, "holes": 1,
    }  # fmt: skip
    tables = (recounted.ABOUT, recounted.SAYS, recounted.GAPS)
    known = {PLACE.sub("v", t) for table in tables for ts in table.values() for t in ts} | _NAMES
    for name, least in texts.items():
        tree = ast.parse((ROOT / "forensics" / "analysis" / f"{name}.py").read_text())
        found = [t for node in ast.walk(tree) for t in _composed(node)]
        assert len(found) >= least, (name, found)
        for text in found:
            # What can be left out at the end of a text has a template of its own.
            assert text.replace("vv", "v") in known, (name, text)


_NAMES = {"v v", "v: v", "v: v.v", "v: v.v to .v", "v (v): v v is of v"}
"""A column, a source, a file, a kind of object, and its name or number; of whom something is stands in a text of its own."""


def _composed(node):
    """Texts under `about` and `what`, of what is said, and first arguments of a gap, with `v` for each value."""
    given_ = []
    if isinstance(node, ast.Dict):
        keys = [getattr(k, "value", None) for k in node.keys]
        given_ = [v for k, v in zip(keys, node.values, strict=True) if k in {"about", "what"}]
    elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Gap":
        given_ = node.args[:1]
    elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in {
        "said",
        "name",
        "what",
        "about",
        "gap",
    }:
        given_ = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
        given_ = node.value.elts[:1]
    for value in given_:
        for one in [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]:
            if isinstance(one, ast.JoinedStr):
                yield "".join(v.value if isinstance(v, ast.Constant) else "v" for v in one.values)


# The same findings in both.


def sample(**more):
    """The findings of the fixtures, with rules and levels in the words of the program."""
    certainty_ = {**made.findings()["certainty"], "levels": certainty.scale()["levels"]}
    rules_ = [{**rule, "meaning": ACTS[rule["id"]]} for rule in made.findings()["rules"]]
    return {**made.findings(), "rules": rules_, "certainty": certainty_, **more}


def _incident(folder):
    evidence = folder / "evidence"
    collected = {
        p.relative_to(evidence).as_posix(): p.read_bytes() for p in evidence.rglob("*") if p.is_file()
    }
    roster, about = ((folder / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    return investigated.found(collected, roster=roster, about=about)


def pairs(found, events=None, files=None):
    """The blocks of both reports, without what only a translation has."""
    events, files = EVENT.empty() if events is None else events, FILE.empty() if files is None else files
    one, other = (
        document.build(found, events=events, files=files, language=lang) for lang in (ENGLISH, CHINESE)
    )
    terms = next(
        i for i, b in enumerate(other.content["blocks"]) if _words(b.get("runs", ())).endswith("术语对照")
    )
    assert [b["t"] for b in other.content["blocks"][terms:]] == ["h", "p", "table", "sign"]
    return one, other, [*other.content["blocks"][:terms], other.content["blocks"][-1]]


def _words(runs):
    return "".join(r["v"] if isinstance(r["v"], str) else "".join(r["v"]) for r in runs)


_SHOWN = {"此种字体": "this typeface"}
"""Words of ours that show how a quotation is set."""


def _facts(runs):
    """What no language changes in a printed text: numbers, ids, hashes; quotations; names. Their order is the sentence's own."""
    text = _words(r for r in runs if r["k"] == "ours")
    quoted = [
        (r["k"], _SHOWN.get("".join(r["v"]), "".join(r["v"]))) for r in runs if r["k"] not in {"ours", "han"}
    ]
    return Counter(NUMBER.findall(text)), Counter(ID.findall(text)), Counter(quoted)


def assert_alike(one, other, where=""):
    """The same blocks, cells, notes and citations in the same order, each text with the same facts."""
    assert type(one) is type(other), where
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        if "runs" in one and one.get("t") != "fig":
            mine, theirs = _facts(one["runs"]), _facts(other["runs"])
            recounts = mine[2] - theirs[2]
            if not recounts:
                assert mine == theirs, (where, _words(one["runs"]), _words(other["runs"]))
            else:
                _assert_recounted(one["runs"], other["runs"])
        for key in one.keys() - {"runs", "head", "alt", "caption"}:
            if key in {"text", "packing"}:
                assert Counter(NUMBER.findall(one[key])) == Counter(NUMBER.findall(other[key])), where
            elif key == "about":
                assert_alike({"runs": one[key]}, {"runs": other[key]}, f"{where}.{key}")
            else:
                assert_alike(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_alike(a, b, f"{where}[{i}]")
    elif one == "(not in the list of evidence)":
        assert other == CHINESE.says[one]
    else:
        assert one == other, where


def _assert_recounted(one, other):
    """A text quoted whole in English: every word that Chinese quotes of it is in it, and every number of it is in Chinese."""
    quoted = " ".join("".join(r["v"]) for r in one if r["k"] == "quoted")
    pieces = ["".join(r["v"]) for r in other if r["k"] == "quoted"]
    assert all(piece in quoted for piece in pieces), (quoted, pieces)
    whole_ = _words(one), _words(other)
    assert Counter(NUMBER.findall(whole_[0])) == Counter(NUMBER.findall(whole_[1])), whole_


# In the worker of `test_incidents.py` and `test_altered.py`, which investigate the same.
@pytest.mark.parametrize(
    "folder", [pytest.param(p, marks=pytest.mark.xdist_group(p.name), id=p.name) for p in INCIDENTS]
)
def test_a_staged_incident_is_told_alike(folder):
    one, other, blocks = pairs(_incident(folder))
    assert_alike(one.content["blocks"], blocks)
    assert one.figures.keys() == other.figures.keys()
    ours = "".join(_words(b["runs"]) for b in _printed(blocks) if b.get("runs"))
    assert lint_chinese(ours) == []


def _printed(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _printed(inner)


def test_the_sample_findings_are_told_alike():
    one, other, blocks = pairs(sample(flags=[FLAG]), made.events(), made.files())
    assert_alike(one.content["blocks"], blocks)
    assert "附件D 术语对照" in {_words(b["runs"]) for b in other.content["blocks"] if b["t"] == "h"}


def test_damage_is_told_alike(whole):  # noqa: F811 - the fixture
    one, _, blocks = pairs(sample(damage=whole), made.events(), made.files())
    assert_alike(one.content["blocks"], blocks)


GAPS = [
    ("serial_gap", "login01: audit trail"), ("silence", "login01: login log"), ("clock_step", "login01: clock"),
    ("clock_step", "login01 syslog: clock set by -01:00"), ("clock_step", "auth.log: lines go back by +7 s"),
    ("clock_step", "auth.log: zone off by +08:00"), ("clock_step", "x: not compared in one file, and off by +3 s in another"),
    ("missing_source", "git server's push log"), ("rotation_hole", "login01: /var/log/auth.log.2 to .4"), ("source_refused", "vpn: log"),
    ("truncated", "auditd: 0123456789abcdef"), ("daemon_stop", "login01: audit trail"),
]  # fmt: skip


def test_gaps_are_told_alike():
    when = ["2026-11-23T15:11:37.000Z", "2026-11-23T15:12:07.000Z"]
    gaps = [
        {"source": source, "kind": kind, "when": when, "records": 3, "reason": None, "matters_for": ["A0001"]}
        for kind, source in GAPS
    ]
    one, other, blocks = pairs(sample(gaps=gaps), made.events(), made.files())
    assert_alike(one.content["blocks"], blocks)
    text = "".join(_words(b["runs"]) for b in _printed(other.content["blocks"]) if b.get("runs"))
    for zh in (
        "login01：审计轨迹",
        "login01 syslog：时钟被设定-01:00",
        "git服务器的推送日志",
        "login01：/var/log/auth.log.2至.4",
    ):
        assert zh in text


# The PDF.


@pytest.fixture(scope="module")
def pdf():
    return report.typeset(
        document.build(made.findings(), events=made.events(), files=made.files(), language=CHINESE)
    )


@cache
def _text(pdf):
    return ["".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def test_the_first_page_says_which_text_counts(pdf):
    first = _text(pdf)[0]
    assert "两种文本不一致时，以英文本为准。" in first
    assert "本报告不是鉴定意见" in "".join(_text(pdf)[:2])


def test_both_print_the_same_places_hashes_times_and_numbers_of_evidence(pdf):
    """What comes out of the typesetter, not only what goes in."""
    english_pdf = report.typeset(document.build(made.findings(), events=made.events(), files=made.files()))
    catalogue = chinese.digest()
    for pattern in (
        r"\d+–\d+",
        r"[0-9a-f]{16}",
        r"20\d\d-\d\d-\d\d\d\d:\d\d:\d\d\.\d{3}",
        r"A\d{4}",
        r"E\d(?=[a-z])",
        r"D\d\d(?!\d)",
    ):
        one, other = (
            set(re.findall(pattern, "".join(_text(raw)).replace(catalogue, ""))) for raw in (english_pdf, pdf)
        )
        assert one, pattern
        assert one == other, pattern


def test_the_english_report_has_nothing_of_a_translation():
    content = document.build(made.findings(), events=made.events(), files=made.files()).content
    assert content["notice"] is None
    assert not [b for b in content["blocks"] if b["t"] == "h" and "Terms" in _words(b["runs"])]


def test_the_terms_and_what_they_were_made_from_are_in_the_last_annex(pdf):
    last = "".join(_text(pdf)[-4:])
    assert hashlib.sha256((english.RENDER / "chinese.toml").read_bytes()).hexdigest() in last
    for term in chinese.terms():
        assert term.chinese in last


def test_it_is_an_archival_and_accessible_pdf_in_chinese(pdf):
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert str(reader.trailer["/Root"]["/Lang"]).startswith("zh")
    fonts = {
        str(f.get_object()["/BaseFont"])
        for page in reader.pages
        for f in page["/Resources"]["/Font"].values()
    }
    assert {f.partition("+")[2].partition("-")[0] for f in fonts} >= {"NotoSerifSC", "NotoSansSC"}
    assert all("+" in f for f in fonts), "each is embedded as the subset that is used"


def test_another_process_gives_the_same_bytes(pdf, tmp_path):
    code = (
        "import sys; sys.path[:0] = sys.argv[1:3]; import fixtures_findings as m; from pathlib import Path;"
        "from forensics.render import report; report.write(m.findings(), events=m.events(), files=m.files(), out=Path('r.pdf'), lang='zh')"
    )
    env = {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai", "LC_ALL": "C"}
    here = [str(ROOT), str(ROOT / "tests")]
    subprocess.run([sys.executable, "-c", code, *here], cwd=tmp_path, env=env, check=True)
    assert (tmp_path / "r.pdf").read_bytes() == pdf


def test_every_character_is_in_the_typefaces():
    """Every character that is drawn as it is: those of the catalogue, and those that a name or a quotation can have."""
    high = [chr(c) for c in range(0x2E80, 0x110000)]
    # Nearly all of them are private or are nothing.
    asked = [c for c in high if c.isprintable()] + some([c for c in high if not c.isprintable()], 10_000)
    drawable = {c for c in drawn("".join(asked), han=True) if c >= "\u2e80"}
    assert len(drawable) > 20_000
    for name in chinese.FONTS:
        font = FT2Font(str(chinese.fonts() / name))
        assert [c for c in drawable if not font.get_char_index(ord(c))] == []
    said = "".join([*CHINESE.says.values(), *(p for t in chinese.terms() for p in t)])
    assert drawn(said, han=True) == said


def test_a_chinese_name_is_drawn_in_chinese_and_written_as_codes_in_english():
    part = quote("张三 /srv/训练.py \u202e\uff41")
    assert CHINESE.text(part) == r"张三 /srv/训练.py \u202e\uff41"
    assert ENGLISH.text(part) == r"\u5f20\u4e09 /srv/\u8bad\u7ec3.py \u202e\uff41"
    assert CHINESE.text(quote("")) == "（空白）"
    assert CHINESE.text(quote("名" * 300)) == "名" * 240 + "……（共300个字符）"
    assert CHINESE.text(quote("名" * 100)) == "名" * 100


def test_the_title_is_drawn_in_the_head_of_every_page():
    found = made.findings()
    found["case"]["title"] = "训练作业" * 20
    for language, first in ((CHINESE, "训练作业"), (ENGLISH, r"\u8bad\u7ec3")):
        content = document.build(found, events=made.events(), files=made.files(), language=language).content
        assert content["title"].startswith(first)
        assert content["header"].startswith(first)
        assert len(content["header"]) < 100


def test_labels_of_figures_are_cut_by_their_breadth():
    assert (lanes._short("a" * 30, 21), lanes._end("a" * 30, 26)) == ("a" * 20 + "…", "…" + "a" * 25)
    assert (lanes._short("训" * 30, 21), lanes._end("训" * 30, 26)) == ("训" * 10 + "…", "…" + "训" * 12)
    assert (lanes._short("a" * 21, 21), lanes._end("训" * 13, 26)) == ("a" * 21, "训" * 13)


def test_figures_are_labelled_in_the_language_and_keep_their_marks():
    drawn_ = [figures.timeline(made.findings(), made.events(), language=lang) for lang in (ENGLISH, CHINESE)]
    labels = [[t.get_text() for t in f.findobj(Text) if t.get_text()] for f in drawn_]
    assert any("更改文件" in t or "替换文件" in t for t in labels[1])
    assert not any("account" in t or "session" in t for t in labels[1])
    assert {m for t in labels[0] for m in ID.findall(t)} == {m for t in labels[1] for m in ID.findall(t)}
    points = [
        [line.get_xydata().tolist() for line in f.axes[0].lines if line.get_marker() not in {"None", "|"}]
        for f in drawn_
    ]
    assert [x for line in points[0] for x, _ in line] == [x for line in points[1] for x, _ in line]


def test_a_typed_code_is_no_character():
    r"""Who types the six characters \u5f20 does not get another's name printed."""
    assert CHINESE.text(quote(r"\u5f20")) == r"\u5f20"


def test_hostile_text_is_only_text_in_chinese_too():
    shouted = [poisoned(a, s) for a, s in zip(made.acts() * 4, SHOUTS, strict=False)]
    for i, a in enumerate(shouted):
        a["id"] = f"A{i:04d}"
    found = {**poisoned(made.findings(), SHOUTS[0]), "acts": shouted}
    seen = "".join(
        _text(
            report.typeset(document.build(found, events=made.events(), files=made.files(), language=CHINESE))
        )
    )
    for text in ('#panic("x")', "$x^2$$", r"\u202e", r"\x00", "测试用户", "（共10,000个字符）"):
        assert text in seen
    assert not set("\u202e\u2066\x00\x1b") & set(seen)


# The command, and the extra that it needs.


def test_without_the_extra_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(util, "find_spec", lambda _: None)
    chinese.fonts.cache_clear()
    try:
        with pytest.raises(LanguageError, match=r"pip install 'forensics\[zh\]'") as caught:
            report.write(
                made.findings(), events=made.events(), files=made.files(), out=tmp_path / "r.pdf", lang="zh"
            )
    finally:
        chinese.fonts.cache_clear()
    assert caught.value.exit_code == 14
    assert not (tmp_path / "r.pdf").exists()


def test_other_typefaces_are_not_taken(monkeypatch):
    monkeypatch.setitem(chinese.FONTS, "NotoSansSC-Regular.otf", "0" * 64)
    chinese.fonts.cache_clear()
    try:
        with pytest.raises(LanguageError, match="not the typeface"):
            chinese.fonts()
    finally:
        chinese.fonts.cache_clear()


def test_a_case_keeps_the_text_that_counts(tmp_path):
    with pytest.raises(UsageError, match="say with -o"):
        pipeline.report(tmp_path, None, lang="zh")


def test_the_command_takes_a_language(tmp_path, monkeypatch):
    def ran(*words):
        done = CliRunner().invoke(app, [*map(str, words)])
        return getattr(done.exception, "exit_code", done.exit_code)

    monkeypatch.chdir(tmp_path)
    folder = next(p for p in INCIDENTS if p.name == "self_failure")
    logs = folder / "evidence" / "slurm"
    assert ran("investigate", logs, "--case", "case", "--about", folder / "case.toml") == 0
    before = (
        (tmp_path / "case" / "findings.json").read_bytes(),
        (tmp_path / "case" / "report.pdf").read_bytes(),
    )
    assert ran("report", "case", "-o", "zh.pdf", "--lang", "zh") == 0
    assert ran("report", "case", "-o", "en.pdf", "--lang", "en") == 0
    assert ran("report", "case", "--lang", "zh") == 2
    assert ran("report", "case", "-o", "fr.pdf", "--lang", "fr") == 2
    assert (tmp_path / "en.pdf").read_bytes() == before[1]
    assert "以英文本为准" in "".join(_text((tmp_path / "zh.pdf").read_bytes()))
    after = (
        (tmp_path / "case" / "findings.json").read_bytes(),
        (tmp_path / "case" / "report.pdf").read_bytes(),
    )
    assert after == before


def test_modules_that_are_not_asked_for_texts_have_none():
    """Who adds a module of the report adds its texts: a module is asked for them unless it is named here."""
    for name in english.UNSPOKEN:
        module = import_module(f"forensics.render.{name}")
        assert not hasattr(module, "say") or name == "languages", name


def test_code_in_words_of_ours_is_set_as_code_in_chinese_too():
    told = CHINESE.told(
        put(
            "Text in `this typeface` is evidence or input and is quoted as it stands; characters that cannot be shown are written as codes."
        )
    )
    made_of = runs(told, han=True)
    assert [(r["k"], "".join(r["v"])) for r in made_of][:2] == [("ours", "以"), ("quoted", "此种字体")]
    assert "`" not in str(made_of)
    rule = given("one session alone ran `git commit` within two seconds of the time that the commit names")
    assert [r["v"] for r in runs(CHINESE.told(rule), han=True) if r["k"] == "quoted"] == [["git commit"]]
    assert "`" not in CHINESE.text(rule)
