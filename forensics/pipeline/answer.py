"""From events to answers: the analysis, what it writes, and what is asked of it."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from forensics.core import canonical, clock
from forensics.core.errors import CaseError, OutputError, UsageError
from forensics.core.roster import Claim, Question
from forensics.core.tables import CORE
from forensics.custody import ledger, plain
from forensics.custody import seal as sealing
from forensics.pipeline import files as account
from forensics.pipeline import flagged, named, written
from forensics.pipeline.found import as_written, current, findings_of, row, tables_of
from forensics.pipeline.take import archives_of, hand, question_of, rates_of, roster_of, rules_of
from forensics.store import parquet, query, slices

_OWN = ("findings.json", "tables/ingest.json")
_KEYS = ("git_push_cert", "allowed_signers", "openpgp_key", "x509_certificate")
_NEEDED = ("file", "event", "job_record", "copy", "git_object", "git_pack", *_KEYS)
_LATER = {"git_push_cert": ("pushee", "nonce")}
"""Columns that tables of formats had not from the beginning, and that an analysis looks at."""
_READ = {"copy": ds.field("kind") != "blob"}
"""Of some tables, the rows that an analysis looks at: a blob's text is asked for where it is needed."""
_CLOCKS = """
SELECT clock, count(*) AS events, min(earliest_ns) AS earliest_ns, max(latest_ns) AS latest_ns,
       min(latest_ns - earliest_ns + 1) AS tick_ns
FROM events WHERE earliest_ns IS NOT NULL GROUP BY clock ORDER BY clock
"""
_COVERAGE = """
SELECT host, domain, format, count(*) AS events, count(earliest_ns) AS dated,
       min(earliest_ns) AS earliest_ns, max(latest_ns) AS latest_ns
FROM events GROUP BY host, domain, format ORDER BY host NULLS LAST, domain, format
"""


def examined(case: Path, question: Question | None = None) -> tuple[Any, Mapping[str, str]]:
    """The analysis (an `analysis.examination.Examination`) of a case, from its tables alone, and the names it does not know.

    Raises:
        CaseError: nothing was read yet, or another version of the program read it.
    """
    from forensics.analysis import blind, evidence, examine, forge_names, gitfound, trails  # noqa: PLC0415 - pandas and networkx, when needed
    from forensics.pipeline import githeld, narrowed  # noqa: PLC0415 - the same

    tables = tables_of(case)
    there = set(parquet.names(tables))
    read = {*_NEEDED, "reject", *gitfound.SOURCES, *trails.TRAILS, *forge_names.COLUMNS}
    written.check(case, "ingest", only=read & {*there, *written.entered(case, "ingest")})
    for name, columns in {
        **{t.name: t.names for t in CORE if t.name in _NEEDED},
        **_LATER,
        **forge_names.COLUMNS,
    }.items():
        if name in there and set(columns) - set(parquet.columns(tables, name)):
            raise CaseError(
                f"{case}: another version of the program read it; run `forensics ingest {case}` again"
            )
    large = "event" in there and narrowed.large(tables)
    trail = narrowed.trail_of(tables) if large else None
    of_git = githeld.large(tables)
    apart = {"event", *(gitfound.SOURCES if of_git else ()), *(("job_record",) if large else ())}
    found = {
        name: parquet.read(tables, name, where=_READ.get(name)) for name in _NEEDED if name in there - apart
    }
    found |= githeld.objects(tables) if of_git else {}
    found |= {
        name: parquet.read(tables, name, list(cols))
        for name, cols in forge_names.COLUMNS.items()
        if name in there
    }
    found |= {
        name: parquet.read(tables, name, trails.columns(name))
        for name in trails.TRAILS
        if name in there - {trail}
    }
    hidden = blind.blinded(roster_of(case), question or question_of(case))
    rejects = evidence.frame(parquet.read(tables, "reject"))
    if large:
        held = narrowed.Case(tables, found, hidden.roster, hidden.question)
        return narrowed.examined(held, rejects, trail), hidden.names
    found["event"], left, objects = githeld.held(tables, found)
    texts = githeld.texts(tables) if of_git else None
    whole = evidence.assemble(
        found, hidden.roster, hidden.question, refs_apart=left, objects_apart=objects, texts=texts
    )
    # What the frames were made of is not held beside them.
    found.clear()
    return examine.examine(whole, rejects), hidden.names


def analyse(case: Path, *, sigma: Path | None = None, command: str | None = None) -> None:
    """Write the tables of the analysis and `findings.json`. The same case gives the same bytes.

    What rules flag is put beside the findings when these are locked, so that it can change none of them.

    Raises:
        CaseError: nothing was read yet.
        RulesError: rules, given now or before, cannot be put to the events.
    """
    from forensics.analysis import blind, examination, findings  # noqa: PLC0415 - pandas and networkx, when needed

    rules = rules_of(case, sigma, command=command)
    done, names = examined(case)
    found = blind.locked(findings.findings(done), names)
    if rules:
        found["flags"] = flagged.found(case / "tables", rules)
    text = canonical.dumps(found).encode()
    made = done.tables()
    for declared in examination.TABLES:
        parquet.write(case / "tables", declared, blind.revealed(made[declared.name], names))
        parquet.keep_only(case / "tables", declared.name, [parquet.ONLY])
    digests = written.digests(case / "tables", [declared.name for declared in examination.TABLES])
    _settle(case, "findings.json", text, "analyse", command, tables=digests)


def _settle(
    case: Path,
    name: str,
    content: bytes,
    act: str,
    command: str | None,
    tables: Mapping[str, str] | None = None,
) -> None:
    """Put a result in its place, whole, with a line in the ledger where it is new, or where a run ended before that line."""
    target = case / name
    same = target.exists() and target.read_bytes() == content and as_written(case, act, content)
    if same and (tables is None or tables == written.entered(case, act)):
        return
    partial = case / f".{name}.partial"
    partial.write_bytes(content)
    partial.replace(target)
    what: dict[str, object] = {
        "name": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    if tables is not None:
        what["tables"] = dict(tables)
    ledger.append(sealing.ledger_of(case), hand(command), [(act, what)])


def report(
    case: Path,
    out: Path | None = None,
    *,
    rates: Path | None = None,
    lang: str = "en",
    command: str | None = None,
) -> None:
    """Write the report; into the case unless told where. With rates, given now or before, damage is a part of it.

    Args:
        case: its folder.
        out: the PDF to write. The case keeps the English text, which is the one that counts.
        rates: what an hour costs.
        lang: `en` or `zh`.
        command: as it was typed.

    Raises:
        UsageError: a translation is asked for, and not where to.
        LanguageError: the typefaces of the language are not installed.
        CaseError: the case was not analysed.
        RatesError: the file of rates is not as the how-to says.
        OutputError: it cannot be written there.
    """
    from forensics.render import report as render  # noqa: PLC0415 - matplotlib and Typst, when needed

    if out is None and lang != "en":
        raise UsageError(
            "a case keeps the English report, which is the one that counts; say with -o where the translation goes"
        )
    found = findings_of(case)
    written.check(case, "ingest", only=("event", "file"))
    if (stated := rates_of(case, rates, command=command)) is not None:
        from forensics.analysis import blind, damage  # noqa: PLC0415 - pandas and networkx, when needed

        done, names = examined(case)
        found["damage"] = blind.unblinded(damage.damage(done, stated), names)
    events, files = _named(case, found), parquet.read(case / "tables", "file")
    if out is not None:
        render.write(found, events=events, files=files, out=out, lang=lang)
        return
    partial = case / ".partial.report.pdf"
    render.write(found, events=events, files=files, out=partial)
    content = partial.read_bytes()
    partial.unlink()
    _settle(case, "report.pdf", content, "report", command)


def _named(case: Path, found: object) -> pa.Table:
    """The events that findings name, which are all that a report or a figure looks up."""
    return slices.named(case / "tables", _words(found))


def _words(found: object) -> Iterator[str]:
    """Every text in findings."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for inner in found.values() if isinstance(found, dict) else found:
            yield from _words(inner)


def timeline(
    case: Path,
    out: Path,
    *,
    job: str | None = None,
    person: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> None:
    """Draw a timeline figure, as its suffix says."""
    from forensics.render import figures  # noqa: PLC0415 - matplotlib, when needed

    found = findings_of(case)
    named.there(case, job=job, person=person)
    _window(since, until)
    events = _named(case, found)
    figures.save(figures.timeline(found, events, job=job, person=person, since=since, until=until), out)


def graph(case: Path, out: Path) -> None:
    """Draw or export the graph of the acts in question, as the analysis drew it, as its suffix says.

    Raises:
        CaseError: the case was not analysed, or by a version that did not keep the graph.
        CustodyError: the graph is not the one that the analysis wrote.
        OutputError: it cannot be written there.
    """
    from forensics.analysis import graph_tables  # noqa: PLC0415 - networkx, when needed
    from forensics.render import graphs as render  # noqa: PLC0415 - matplotlib, when needed

    if out.resolve() in {(case / own).resolve() for own in _OWN}:
        raise OutputError(f"{out}: is a part of the case; name another file")
    findings_of(case)
    kept = [declared.name for declared in graph_tables.TABLES]
    if not set(kept) <= set(parquet.names(case / "tables")):
        raise CaseError(f"{case}: the analysis kept no graph; run `forensics analyse {case}` again")
    written.check(case, "analyse", only=kept)
    render.draw(graph_tables.graph(*(parquet.read(case / "tables", name) for name in kept)), out)


def _window(since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """What was asked for, in ns since 1970 UTC.

    Raises:
        UsageError: one is no time, or nothing can lie between them.
    """
    first, last = (None if typed is None else _ns(typed) for typed in (since, until))
    if first is not None and last is not None and first > last:
        raise UsageError(
            f"--since {since} is later than --until {until}, so nothing lies between; turn them round"
        )
    return first, last


def _ns(typed: str) -> int:
    """A moment as an analyst types it, in ns since 1970 UTC.

    Raises:
        UsageError: it is no time.
    """
    try:
        gap = clock.typed(typed) - datetime(1970, 1, 1, tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"{typed!r} is no time; write 2026-11-23T15:11:00Z") from error
    return (gap.days * 86_400 + gap.seconds) * clock.NS_PER_S + gap.microseconds * 1_000


def table(case: Path, name: str, **only: str | None) -> pa.Table:
    """One of the tables of a case, by the name a user gives it, with only the rows asked for.

    Args:
        case: the case folder.
        name: acts, sessions, identities, clocks, coverage, or any table of `sql`.
        only: job, person, account, path; since and until as times. Null asks for everything.
    """
    if name == "coverage" or (name == "clocks" and "clock" not in parquet.names(tables_of(case))):
        return query.sql(tables_of(case), _CLOCKS if name == "clocks" else _COVERAGE)
    findings_of(case)
    columns = {"job": "job", "person": "person", "account": "account", "path": "object"}
    since, until = _window(only.get("since"), only.get("until"))
    rows = slices.select(
        case / "tables",
        query.NAMES.get(name, name),
        only={column: only.get(key) for key, column in columns.items()},
        since_ns=since,
        until_ns=until,
    )
    if not len(rows):
        named.there(case, job=only.get("job"), person=only.get("person"))
    return rows


def status(case: Path) -> dict[str, Any]:
    """What is in a case: files, formats, the accounting of every byte, rejects, clocks and gaps."""
    plain.check(case)
    entered = ledger.check(sealing.ledger_of(case), "input", "unpack")
    question = question_of(case, [entry for entry in entered if entry["act"] == "input"])
    if not (case / "tables" / "ingest.json").exists():
        sealed = [
            {"path": s.path, "sha256": s.sha256, "bytes": s.bytes, "kind": s.kind} for s in sealing.rows(case)
        ]
        return {"case": question.title, "stage": "sealed", "files": sealed, **_archives(case, entered)}
    tables = tables_of(case)
    files = parquet.read(tables, "file")
    rejects = parquet.read(tables, "reject").group_by(["format", "why"]).aggregate([("start", "count")])
    shown = (
        "path",
        "format",
        "domain",
        "bytes",
        "packing",
        "unpacked_bytes",
        "parsed",
        "rejected",
        "ignored",
        "kind",
        "sha256",
    )
    analysed = (case / "findings.json").exists()
    return {
        "case": question.title,
        "stage": "analysed" if analysed else "read",
        **account.total(files)._asdict(),
        "files": files.select(shown).to_pylist(),
        "rejects": sorted(
            (
                {"format": r["format"], "why": r["why"], "spans": r["start_count"]}
                for r in rejects.to_pylist()
            ),
            key=lambda r: (r["format"], r["why"]),
        ),
        "coverage": [_spelled(r) for r in query.sql(tables, _COVERAGE).to_pylist()],
        "clocks": [_spelled(r) for r in query.sql(tables, _CLOCKS).to_pylist()],
        "gaps": findings_of(case)["gaps"] if analysed else [],
        **_archives(case, entered),
    }


def _archives(case: Path, entered: Iterable[ledger.Entry]) -> dict[str, Any]:
    """The archives that were opened, where there are some."""
    found = archives_of(case, [entry for entry in entered if entry["act"] == "unpack"])
    return {"archives": found} if found else {}


def _spelled(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its moments as text."""
    times = {"earliest_ns", "latest_ns"}
    return {
        k.removesuffix("_ns") if k in times else k: clock.written(v) if k in times and v is not None else v
        for k, v in row.items()
    }


def claim(case: Path, claim_id: str, by: str | None, names: str | None, job: str | None) -> dict[str, Any]:
    """Test one denial, as the case file states it or as the options do.

    Raises:
        UsageError: the case file states no such claim, and the options do not say who makes it.
    """
    from forensics.analysis import blind, findings  # noqa: PLC0415 - pandas and networkx, when needed

    question = question_of(case)
    stated = [
        c for c in question.claims if c.id == claim_id and by in {None, c.by} and names in {None, c.names}
    ]
    if not stated and by is None:
        raise UsageError(f"{claim_id}: case.toml states no such claim; say who makes it with --by NAME")
    base = stated[0] if stated else Claim(id=claim_id, by=by or "", names=names or "", text="", job="")
    # Where one job alone is asked about, a denial of no job is about that one.
    about = base.job if not job or (not base.job and question.jobs == (job,)) else job
    asked = Claim(id=claim_id, by=base.by, names=base.names, text=base.text, job=about)
    named.there(case, job=job, person=by)
    found, place = current(case, hand().tool), 0
    if found is not None and asked in question.claims:
        # The analysis has answered it.
        written.check(case, "ingest", only=("event", "file"))
        place = question.claims.index(asked)
    else:
        done, known = examined(case, replace(question, claims=(asked,)))
        found = blind.unblinded(findings.findings(done), known)
    answer = found["claims"][place]
    return {
        **{k: answer[k] for k in ("id", "by", "names", "text", "status", "why", "missing")},
        "because": [row(a) for a in found["acts"] if a["id"] in answer["because"]],
    }
