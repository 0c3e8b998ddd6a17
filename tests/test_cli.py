"""Each command as somebody would type it, on a staged incident into which a hostile line was put."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typed
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.main import get_command

from forensics import pipeline
from forensics.cli import app as command_line
from forensics.cli import listing
from forensics.cli.app import COMMANDS, name_of
from forensics.cli.readable import Readable
from forensics.core import errors

INCIDENT = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit"
HOSTILE = (
    "2026-11-23T15:12:04.900000+00:00 login01 su[7777]: \x1b]0;owned\x07\x1b[2J\u202egnp.exe \u200b=1+1\n"
)
NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]")
LISTINGS = ["acts", "sessions", "identities", "clocks", "coverage"]
NAMES = [name_of(module) for module in COMMANDS]
# One worker of pytest-xdist runs this file, so that the incident is investigated once.
pytestmark = pytest.mark.xdist_group("cli")


def run(*words, text=True):
    done = typed.run(*words)
    if text:
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def said(*words):
    """What a command prints that ends well."""
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def cells(text):
    return [line.split("\t") for line in text.splitlines()]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    folder = tmp_path_factory.mktemp("collected") / "evidence"
    shutil.copytree(INCIDENT / "evidence", folder)
    with (folder / "login01/var/log/auth-iso.log").open("a", encoding="utf-8") as log:
        log.write(HOSTILE)
    return folder


@pytest.fixture(scope="module")
def investigated(evidence, tmp_path_factory):
    case = tmp_path_factory.mktemp("case") / "case"
    done = run(
        "investigate",
        evidence,
        "--case",
        case,
        "--roster",
        INCIDENT / "roster.toml",
        "--about",
        INCIDENT / "case.toml",
    )
    return case, done


@pytest.fixture
def case(investigated):
    return investigated[0]


def events(case, where):
    return json.loads(
        said("sql", case, f"SELECT event_id, text FROM events WHERE {where} ORDER BY event_id", "--json")
    )


# Words in


@pytest.mark.parametrize("name", NAMES)
def test_help_has_an_example(name):
    shown = said(name, "--help")
    assert "Example:" in shown
    assert f"  forensics {name}" in shown


@pytest.mark.parametrize("module", COMMANDS, ids=name_of)
def test_the_example_uses_options_that_exist(module):
    words = shlex.split(module.EXAMPLE)
    known = {
        o for p in vars(get_command(command_line.app))["commands"][name_of(module)].params for o in p.opts
    }
    assert words[:2] == ["forensics", name_of(module)]
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize("name", [*LISTINGS, "status", "who", "claim", "cite", "sql", "formats", "verify"])
def test_what_prints_a_table_can_print_json(name):
    assert "--json" in said(name, "--help")


HEAVY = {"pyarrow", "pandas", "numpy", "duckdb", "matplotlib", "networkx", "typst", "rich", "dulwich"}


LOADED = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
sys.argv[:1] = ["forensics"]
from forensics.cli.app import main
main()
"""


def loaded(*words):
    """The modules that a command leaves loaded. What is imported is what start-up costs, on any machine."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *map(str, words)], check=True, capture_output=True, text=True
    )
    return set(done.stderr.split())


def test_help_loads_nothing_heavy():
    """So that it answers at once."""
    found = loaded("--help")
    assert "typer" in found
    assert not HEAVY & found


def test_who_loads_nothing_heavy(case):
    """It finds its answer in `findings.json`, so it needs no table and no picture."""
    found = loaded("who", case, "--job", "11")
    assert "forensics.pipeline.found" in found
    assert not HEAVY & found


def test_ingest_loads_the_readings_that_it_needs(tmp_path):
    """And no database, where events are few enough to be put in order in memory; no pandas, which takes longest to load;
    and of an audit log not every format."""
    log = Path(__file__).parents[1] / "sample_logs/formats/auditd/accounts_and_services.log"
    pipeline.create(tmp_path / "case")
    pipeline.seal(tmp_path / "case", [log])
    found = loaded("ingest", tmp_path / "case")
    readings = {name for name in found if name.startswith("forensics.readings.")}
    assert readings == {"forensics.readings.auditd"}
    assert not {"duckdb", "networkx", "matplotlib", "pandas"} & found
    assert len([name for name in found if name.startswith("forensics.formats.")]) < 10


THREADS = """
import atexit, os, sys
def count():
    import numpy
    print(os.environ["OPENBLAS_NUM_THREADS"], len(os.listdir("/proc/self/task")), file=sys.stderr)
atexit.register(count)
sys.argv = ["forensics", "--version"]
from forensics.cli.app import main
main()
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="this system does not list threads in /proc")
@pytest.mark.parametrize(("given", "shown"), [(None, ["1", "1"]), ("2", ["2"])], ids=["by_itself", "as_told"])
def test_linear_algebra_starts_no_threads(given, shown):
    """They would wait in a loop, in each process that loads numpy. Who asks for some gets them."""
    told = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    told |= {} if given is None else {"OPENBLAS_NUM_THREADS": given}
    done = subprocess.run(
        [sys.executable, "-c", THREADS], check=True, capture_output=True, text=True, env=told
    )
    assert done.stderr.split()[: len(shown)] == shown


LATE = """
from forensics.core import tabular
tabular.not_for_arrow()
import sys
import pyarrow as pa
assert "pandas" not in sys.modules
told = pa.array(tabular.pandas.Series([1.5, float("nan")]))
print(told.null_count, "pandas" in sys.modules)
tabular.not_for_arrow()
print(pa.array(tabular.pandas.Series([1.5, float("nan")])).null_count)
"""


def test_pandas_is_loaded_when_it_is_asked_for():
    """And Arrow knows then what a missing number of it is, as it would have had it never been told otherwise."""
    done = subprocess.run([sys.executable, "-c", LATE], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "True", "1"]


def test_every_stage_that_is_offered_is_there():
    """They are loaded when they are asked for, so a wrong name would show only then."""
    assert all(callable(getattr(pipeline, name)) for name in pipeline.__all__)
    assert not hasattr(pipeline, "investigated")


def test_the_version_is_the_package_s():
    assert re.fullmatch(r"forensics \d+\.\d+\.\d+\n", said("--version"))


@pytest.mark.parametrize(
    "words", [["--version"], ["status", "absent"], ["no-such-command"], ["formats"]], ids=" ".join
)
def test_a_started_interpreter_answers_as_a_forked_one(words):
    """All other tests here use `typed`, which starts none."""
    started = subprocess.run([sys.executable, "-m", "forensics", *words], check=False, capture_output=True)
    forked = run(*words, text=False)
    assert (started.returncode, started.stdout, started.stderr) == (
        forked.returncode,
        forked.stdout,
        forked.stderr,
    )


# What goes wrong is one line, with its own status


@pytest.mark.parametrize(
    ("words", "failure"),
    [
        (["status", "{tmp}/absent"], errors.CaseError),
        (["status", "{evidence}/login01/var/log/auth-iso.log"], errors.CaseError),
        (["ingest", "{evidence}/login01/var/log/auth-iso.log"], errors.CaseError),
        (["verify", "{case}"], errors.CaseError),
        (["who", "{case}", "--job", "no-such-job"], errors.NotFoundError),
        (["acts", "{case}", "--job", "no-such-job"], errors.NotFoundError),
        (["acts", "{case}", "--person", "Kai"], errors.NotFoundError),
        (["timeline", "{case}", "-o", "{tmp}/t.pdf", "--person", "Kai"], errors.NotFoundError),
        (["timeline", "{case}", "-o", "{tmp}/t.pdf", "--job", "no-such-job"], errors.NotFoundError),
        (["claim", "{case}", "D01", "--by", "Kai"], errors.NotFoundError),
        (["claim", "{case}", "D01", "--by", "kai", "--job", "no-such-job"], errors.NotFoundError),
        (["cite", "{case}", "0000000000000000.99999999999999999999.1"], errors.NotFoundError),
        (["report", "{case}", "-o", "{tmp}/report.docx"], errors.OutputError),
        (["report", "{case}", "-o", "{case}/ledger.jsonl"], errors.OutputError),
        (["graph", "{case}", "-o", "{case}/findings.json"], errors.OutputError),
        (["cite", "{case}", "0000000000000000.0.1"], errors.NotFoundError),
        (["claim", "{case}", "D99"], errors.UsageError),
        (["timeline", "{case}", "-o", "{tmp}/timeline.docx"], errors.OutputError),
        (["graph", "{case}", "-o", "{tmp}/graph.docx"], errors.OutputError),
        (
            ["investigate", "{evidence}", "--case", "{tmp}/c", "--roster", "{tmp}/absent.toml"],
            errors.UsageError,
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value.__name__,
)
def test_a_foreseen_failure_is_one_line(words, failure, case, evidence, tmp_path):
    done = run(*(word.format(case=case, evidence=evidence, tmp=tmp_path) for word in words))
    assert re.fullmatch(r"forensics: .{15,}\n", done.stderr)
    assert (done.returncode, done.stdout) == (failure.exit_code, "")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["acts"],
        ["acts", ""],
        ["acts", ".", "--colour"],
        ["seal", "case", "/no/such/file"],
        ["seal", "case", "n" * 300],
        ["seal", "case", ""],
        ["investigate", "", "--case", "case"],
    ],
)
def test_wrong_words_are_status_2(words):
    done = run(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_each_failure_has_its_own_status():
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.ForensicsError)]
    statuses = [kind.exit_code for kind in kinds]
    assert len(set(statuses)) == len(statuses)
    assert not {0, 1, 3, 130} & set(statuses)


def test_an_interrupt_is_130(monkeypatch, capsys):
    def interrupted(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "app", interrupted)
    with pytest.raises(SystemExit) as left:
        command_line.main()
    assert left.value.code == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_a_warning_cannot_speak_to_the_terminal(monkeypatch):
    def warning(**_):
        warnings.warn("invalid escape sequence '\\\x1b'", SyntaxWarning, stacklevel=1)

    monkeypatch.setattr(command_line, "app", warning)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        command_line.main()
    assert told == []


def test_a_failure_cannot_speak_to_the_terminal(monkeypatch, capsys):
    def failing(**_):
        raise errors.CaseError("a folder named \x1b[2J\nforensics: all is well")

    monkeypatch.setattr(command_line, "app", failing)
    with pytest.raises(SystemExit):
        command_line.main()
    assert capsys.readouterr().err == "forensics: a folder named \\x1b[2J\\x0aforensics: all is well\n"


# The main job


def test_investigate_leaves_findings_and_a_report(investigated):
    done = investigated[1]
    told = dict(cells(done.stdout))
    assert done.returncode == (3 if int(told["rejected"]) else 0), done.stderr
    assert int(told["parsed"]) + int(told["rejected"]) + int(told["ignored"]) == int(told["bytes"]) > 0
    assert json.loads(Path(told["findings"]).read_bytes())["schema"] == "findings/1"
    assert Path(told["report"]).read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("held", [(), ("zero",)])
def test_evidence_of_nothing_is_answered_by_what_is_missing(tmp_path, held):
    """An empty folder, or an empty file, is a case in which every source is missing; asking it does not fail."""
    folder = tmp_path / "collected"
    folder.mkdir()
    for name in held:
        (folder / name).touch()
    made = run("investigate", folder, "--case", tmp_path / "case", "--json")
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "case" / "report.pdf").stat().st_size > 0
    status = run("status", tmp_path / "case", "--json")
    assert status.returncode == 0, status.stderr
    assert {gap["kind"] for gap in json.loads(status.stdout)["gaps"]} == {"missing_source"}


def test_step_by_step_finds_the_same(evidence, case, tmp_path):
    steps = tmp_path / "steps"
    said("init", steps)
    said("init", steps)
    said("seal", steps, evidence, "--roster", INCIDENT / "roster.toml", "--about", INCIDENT / "case.toml")
    assert run("ingest", steps).returncode == run("ingest", steps, "--workers", 2).returncode in {0, 3}
    said("analyse", steps)
    said("report", steps, "-o", tmp_path / "report.pdf")
    assert (steps / "findings.json").read_bytes() == (case / "findings.json").read_bytes()
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


# Asking


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_is_even_and_stable(name, case):
    head, *rows = cells(said(name, case))
    parsed = json.loads(said(name, case, "--json"))
    assert rows
    assert {len(row) for row in rows} == {len(head)}
    assert len(parsed) == len(rows)
    assert said(name, case) == said(name, case)
    for row in parsed:
        assert sorted(c.removesuffix("_ns") if c in listing.MOMENTS else c for c in row) == sorted(head)


def test_acts_can_be_narrowed(case):
    everything = json.loads(said("acts", case, "--json"))
    for option, column in (("--account", "account"), ("--job", "job")):
        value = next(act[column] for act in everything if act[column])
        some = json.loads(said("acts", case, option, value, "--json"))
        assert 0 < len(some) <= len(everything)
        assert all(act in everything for act in some)
    assert json.loads(said("acts", case, "--until", "1999-01-01T00:00:00Z", "--json")) == []
    assert json.loads(said("acts", case, "--since", "1999-01-01T00:00:00Z", "--json")) == everything


def test_status_accounts_for_every_byte(case, evidence):
    told = json.loads(said("status", case, "--json"))
    contents = {p.read_bytes() for p in evidence.rglob("*") if p.is_file()}
    assert told["bytes"] == sum(map(len, contents)), "equal files are one content under several paths"
    assert told["parsed"] + told["rejected"] + told["ignored"] == told["bytes"]
    for row in told["files"]:
        assert row["parsed"] + row["rejected"] + row["ignored"] == row["bytes"]
    assert "audit.log" in said("status", case)


def test_who_names_the_account_that_acted(case):
    told = said("who", case, "--job", "11")
    assert "modify_file" in told
    assert "kai" in told


def test_a_claim_gets_an_answer(case):
    told = json.loads(said("claim", case, "D01", "--by", "kai", "--names", "lin", "--job", "11", "--json"))
    assert told["status"] in {"supported", "contradicted", "mixed", "untestable"}
    assert told["status"] in said("claim", case, "D01", "--by", "kai", "--names", "lin", "--job", "11")


def test_sql_reads_and_nothing_else(case, tmp_path):
    assert cells(said("sql", case, "SELECT 1 AS one, NULL AS none, '-' AS hyphen")) == [
        ["one", "none", "hyphen"],
        ["1", "-", "'-"],
    ]
    assert int(cells(said("sql", case, "SELECT count(*) AS n FROM files"))[1][0]) > 0
    for query in (
        "DELETE FROM events",
        f"COPY events TO '{tmp_path / 'out.csv'}'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT FROM WHERE",
    ):
        done = run("sql", case, query)
        assert done.returncode == errors.UsageError.exit_code
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out.csv").exists()


def test_formats_are_listed():
    listed = json.loads(said("formats", "--json"))
    assert {"auditd", "gitolite"} & {row["format"] for row in listed}
    assert all(row["reads"] and row["recognised_by"] and row["columns"] for row in listed)
    assert not [row["format"] for row in listed if "`" in row["reads"] + row["recognised_by"]]


# Evidence is hostile


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["lines", "json"])
def test_evidence_does_not_reach_the_terminal_as_it_is(case, more):
    listed = said("sql", case, "SELECT * FROM events WHERE text LIKE '%owned%'", *more)
    assert "owned" in listed
    assert not NOT_SHOWN.search(listed)


def test_cite_shows_what_it_cannot_print(case):
    hostile = events(case, "text LIKE '%owned%'")[0]["event_id"]
    shown = said("cite", case, hostile)
    assert "\\x1b]0;owned\\x07" in shown
    assert "\\u202e" in shown
    assert not NOT_SHOWN.search(shown)


def test_cite_gives_the_exact_bytes_to_a_pipe(case):
    hostile = events(case, "text LIKE '%owned%'")[0]["event_id"]
    done = run("cite", case, hostile, "--raw", text=False)
    assert done.returncode == 0
    assert done.stdout == HOSTILE.encode()


@pytest.mark.parametrize("words", [["acts"], ["timeline", "-o", "drawn.svg"]], ids=["acts", "timeline"])
def test_a_window_that_ends_before_it_begins_is_refused(case, tmp_path, words):
    """It would hold nothing, which reads as if nothing had been done."""
    name, *more = words
    more = [str(tmp_path / word) if word.endswith("svg") else word for word in more]
    done = run(name, case, *more, "--since", "2026-11-24", "--until", "2026-11-23")
    assert done.returncode == errors.UsageError.exit_code
    assert "--since 2026-11-24 is later than --until 2026-11-23" in done.stderr
    assert not list(tmp_path.iterdir())


def unheard(*words):
    """A command into whose output nobody looks any more."""
    theirs, ours = os.pipe()
    os.close(theirs)
    command = [sys.executable, "-m", "forensics", *map(str, words)]
    held = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with os.fdopen(ours, "wb") as out:
        return subprocess.run(command, check=False, stdout=out, stderr=subprocess.PIPE, text=True, env=held)


@pytest.mark.parametrize("words", [["formats"], ["--help"], ["formats", "--help"]], ids=" ".join)
def test_output_that_nobody_takes_is_neither_done_nor_bad_news(words):
    """Whoever looks at the status alone is not told that a bundle is good, nor that it is not."""
    done = unheard(*words)
    assert (done.returncode, done.stderr) == (command_line.CLOSED_PIPE, "")


def test_so_are_bytes_that_nobody_takes(case):
    """Few are held back to the end, when Python would say so by itself."""
    done = unheard("cite", case, events(case, "text LIKE '%owned%'")[0]["event_id"], "--raw")
    assert (done.returncode, done.stderr) == (command_line.CLOSED_PIPE, "")


def test_wrong_usage_is_said_though_nobody_takes_the_output():
    assert unheard("nonsense").returncode == errors.UsageError.exit_code


def test_cite_gives_no_raw_bytes_to_a_terminal(case):
    hostile = events(case, "text LIKE '%owned%'")[0]["event_id"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "forensics", "cite", str(case), hostile, "--raw"], stdout=theirs, stderr=theirs
    ) as started:
        os.close(theirs)
        shown = b""
        while True:
            try:
                some = os.read(ours, 4096)
            except OSError:  # how Linux says that the other end is closed
                break
            if not some:
                break
            shown += some
    os.close(ours)
    assert started.returncode == errors.UsageError.exit_code
    assert b"\x1b" not in shown


def test_cite_says_when_the_evidence_has_changed(case, tmp_path):
    copy = tmp_path / "case"
    shutil.copytree(case, copy)
    event = events(case, "verb = 'push'")[0]["event_id"]
    for sealed in (p for p in copy.rglob(f"{event[:16]}*") if p.is_file()):
        sealed.chmod(0o600)
        sealed.write_bytes(sealed.read_bytes().replace(b"kai", b"lin"))
    done = run("cite", copy, event)
    assert done.returncode == errors.CustodyError.exit_code
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "changed", [lambda raw: raw.replace(b'"kai"', b'"lin"'), lambda _: b"{"], ids=["named", "torn"]
)
def test_findings_that_somebody_else_wrote_are_not_told(case, tmp_path, changed):
    copy = tmp_path / "case"
    shutil.copytree(case, copy)
    (copy / "findings.json").write_bytes(changed((copy / "findings.json").read_bytes()))
    for words in (["who", copy, "--job", "11"], ["report", copy], ["acts", copy]):
        done = run(*words)
        assert (done.returncode, done.stdout) == (errors.CustodyError.exit_code, "")
        assert done.stderr.endswith(f"run `forensics analyse {copy}` again\n")


@pytest.mark.parametrize(
    "words", [["coverage"], ["readiness"], ["sql", "SELECT count(*) FROM events"]], ids=lambda w: w[0]
)
def test_a_damaged_table_is_one_line_that_says_what_to_do(case, tmp_path, words):
    copy = tmp_path / "case"
    shutil.copytree(case, copy)
    for part in (copy / "tables" / "event").glob("*.parquet"):
        part.write_bytes(part.read_bytes()[:200])
    done = run(words[0], copy, *words[1:])
    assert (done.returncode, done.stdout) == (errors.CaseError.exit_code, "")
    assert re.fullmatch(
        rf"forensics: {re.escape(str(copy))}/tables/event/[^/]+\.parquet: cannot be read as a table .*; remove the folder .*\n",
        done.stderr,
    )


def test_a_table_with_other_columns_is_named_and_another_failure_is_not_taken_for_damage(case, tmp_path):
    copy = tmp_path / "case"
    shutil.copytree(case, copy)
    with pytest.raises(pa.ArrowInvalid, match="ours"), Readable(copy):
        raise pa.ArrowInvalid("ours")
    (part,) = (copy / "tables" / "file").glob("*.parquet")
    pq.write_table(pq.read_table(part).drop_columns("domain"), part)
    with pytest.raises(errors.CaseError, match=re.escape(str(part))), Readable(copy):
        raise pa.ArrowInvalid("ours")


def test_an_analysis_that_ended_before_its_line_in_the_ledger_is_entered_by_the_next(case, tmp_path):
    copy = tmp_path / "case"
    shutil.copytree(case, copy)
    before = (copy / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    at = next(n for n, line in enumerate(before) if b'"act":"analyse"' in line)
    (copy / "ledger.jsonl").write_bytes(b"".join(before[:at]))
    assert run("who", copy, "--job", "11").returncode == errors.CustodyError.exit_code
    said("analyse", copy)
    assert said("who", copy, "--job", "11") == said("who", case, "--job", "11")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"a": st.text(), "b": st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text()))}
        )
    )
)
def test_no_text_breaks_a_listing(rows):
    for row in rows:
        line = "\t".join(listing.written(row[c]) for c in ("a", "b"))
        assert not NOT_SHOWN.search(line.replace("\t", "", 1))
        assert not line.startswith(("=", "+", "@"))
        assert (listing.written(row["b"]) == listing.NULL) == (row["b"] is None)


def test_a_time_is_spelled_and_its_nanoseconds_kept(capsys):
    told = pa.table({"earliest_ns": pa.array([1795446709019351200, None], pa.int64())})
    listing.table(told, as_json=False)
    assert capsys.readouterr().out == "earliest\n2026-11-23T15:11:49.019Z\n-\n"
    listing.table(told, as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"earliest_ns": 1795446709019351200},
        {"earliest_ns": None},
    ]


# Writing


@pytest.mark.parametrize(("suffix", "magic"), [(".pdf", b"%PDF-"), (".svg", b"<?xml"), (".png", b"\x89PNG")])
def test_a_timeline_is_drawn(case, tmp_path, suffix, magic):
    out = tmp_path / f"timeline{suffix}"
    said("timeline", case, "-o", out, "--job", "11")
    assert out.read_bytes().startswith(magic)


@pytest.mark.parametrize("suffix", [".graphml", ".gexf", ".json", ".svg", ".pdf", ".html"])
def test_a_graph_is_written(case, tmp_path, suffix):
    out = tmp_path / f"graph{suffix}"
    said("graph", case, "-o", out)
    assert out.stat().st_size > 100


def test_a_bundle_verifies_until_a_byte_is_flipped(case, tmp_path):
    out = tmp_path / "bundle"
    said("bundle", case, "-o", out)
    good = run("verify", out)
    assert (good.returncode, good.stdout) == (0, "fault\n")
    target = max((p for p in out.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size)
    target.chmod(0o600)
    raw = bytearray(target.read_bytes())
    raw[len(raw) // 2] ^= 1
    target.write_bytes(raw)
    bad = run("verify", out)
    assert bad.returncode == 1
    assert len(cells(bad.stdout)) > 1
