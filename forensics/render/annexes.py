"""The end of the report: its method with every number, its sources, and all places cited."""

from collections.abc import Iterable

from forensics.render import boundary, citing, dossier, phrases, ratios, sentences
from forensics.render.glyphs import quoted
from forensics.render.pages import Pages
from forensics.render.parts import Part, Tone, Value, figure, given, listed, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import SECOND, Basis, Citation, Json, Sentence


def method(p: Pages) -> None:
    """How the report was made: scale, gates, numbers, limits and rules."""
    p.head(1, "Method and limits")
    for paragraph in boundary.METHOD:
        p.plain(*paragraph)
    p.head(2, "Verbal scale")
    p.plain(*boundary.SCALE_INTRODUCED)
    scale = [(put(ratio), put(said), _elsewhere(p, said, zh)) for ratio, said, zh in boundary.SCALE]
    p.table(("Likelihood ratio, lower bound", "Words used", "In Chinese"), ("10em", "1fr", "11em"), scale)
    p.head(2, "Gates")
    p.table(("Gate", "What it does"), ("4em", "1fr"), sorted(phrases.GATES.items()))
    _model(p)
    p.head(2, "Limits of this report")
    p.items(
        [Sentence(words(phrases.LIMITS, c), basis=Basis.METHOD), *_folders(p, c)]
        for c in p.findings.get("limits") or ()
    )
    p.plain(*boundary.LIMITS)
    rules = p.findings.get("rules") or ()
    if rules:
        p.head(2, "Rules")
        p.plain(*boundary.RULES)
        rows = [(Part(str(r["id"]), Tone.QUOTED), given(r.get("meaning", "")), f"{int(r.get('fired', 0)):,}", f"{int(r.get('evaluated', 0)):,}") for r in rules]  # fmt: skip
        p.table(("Rule", "Meaning", "Fired", "Looked at"), ("9em", "1fr", "auto", "auto"), rows)
    by_rule = p.findings.get("act_rules") or ()
    if by_rule:
        p.plain(*boundary.ACT_RULES)
        versions = [(listed([Part(f"{r['id']} {r['version']}", Tone.QUOTED) for r in rules], ", "), given(rules[0]["rationale"]), given(rules[0]["errs"]), f"{int(rules[0]['fired']):,}") for rules in _alike(by_rule)]  # fmt: skip
        p.table(
            ("Rule, version", "Holds because", "Errs with", "Fired"), ("14em", "1fr", "1fr", "auto"), versions
        )


def _alike(rules: Iterable[Json]) -> Iterable[list[Json]]:
    """The rules by which acts were made, those together of which everything printed is the same and that never fired."""
    found: dict[tuple[object, ...], list[Json]] = {}
    for n, rule in enumerate(rules):
        own = n if int(rule["fired"]) else None
        found.setdefault((rule["rationale"], rule["errs"], own), []).append(rule)
    return found.values()


_NAMED = {"folders_in_doubt": "in_doubt", "folders_left_out": "left_out"}
_MOST_FOLDERS = 12


def _folders(p: Pages, code: str) -> list[Sentence]:
    """The folders that a limit is about; of many the first."""
    folders = (p.findings.get("folders") or {}).get(_NAMED.get(code, ""), ())
    if not folders:
        return []
    named = [quote(folder, 80) for folder in folders[:_MOST_FOLDERS]]
    more = [put("{count} more", count=figure(len(folders) - len(named)))] if len(named) < len(folders) else []
    return [Sentence(put("They are: {folders}.", folders=listed([*named, *more])), basis=Basis.METHOD)]


def _elsewhere(p: Pages, said: str, zh: str | None) -> Part:
    """A step of the scale in the other language: the English words, or the Chinese ones as the findings hold them."""
    if not p.language.is_english:
        return figure(said.partition(",")[0])
    if zh is not None:
        return Part(zh, Tone.HAN)
    steps = (p.findings.get("model") or {}).get("scale") or ()
    return Part(next((str(b["zh"]) for b in steps if said.partition(",")[0] == b["en"]), ""), Tone.HAN)


def _model(p: Pages) -> None:
    """Who holds which records, and every number that a ratio comes from."""
    if p.findings.get("holders"):
        p.head(2, "Who can write which records")
        p.items([s] for s in ratios.holder_sentences(p.findings["holders"], p.sources.cites))
    model = p.findings.get("model") or {}
    numbers = model.get("numbers") or ()
    if not numbers:
        return
    p.head(2, "Numbers of the scoring model")
    p.plain(*boundary.NUMBERS)
    rows = [
        (
            Part(str(n["id"]), Tone.QUOTED), *(f"{n[k]:.4g}" for k in ("low", "central", "high")),
            put("placeholder") if n["placeholder"] else put("by definition"), given(n["source"]),
        )
        for n in numbers
    ]  # fmt: skip
    p.table(("Number", "Low", "Central", "High", "Measured?", "Source"), ("11em", "auto", "auto", "auto", "auto", "1fr"), rows)  # fmt: skip


def sources(p: Pages) -> None:
    """Every source, and what became of its bytes."""
    p.head(1, "Sources and accounting")
    p.para(dossier.accounting_sentence(p.findings.get("accounting") or {}))
    if int((p.findings.get("accounting") or {}).get("rejected", 0)):
        p.plain(sentences.TEMPLATES["rejects_matter"])
    rows = [
        (
            Part(quoted(str(s.get("source", "")), 80), Tone.QUOTED), f"{int(s.get('files', 0)):,}", f"{int(s.get('bytes', 0)):,}",
            *(sentences.stamp(s[k], SECOND) if s.get(k) else put("no time") for k in ("first", "last")),
            _certainty(s),
        )
        for s in sorted(p.findings.get("sources") or (), key=lambda s: str(s.get("source", "")))
    ]  # fmt: skip
    if rows:
        p.table(("Trust domain: format", "Files", "Bytes", "First (UTC)", "Last (UTC)", "Casey level"), ("1fr", "auto", "auto", "auto", "auto", "7em"), rows)  # fmt: skip
    _levels(p)


def _certainty(source: Json) -> Value:
    """The level of a source and what decides it; nothing where the findings give none."""
    if not source.get("certainty"):
        return ""
    why = words(phrases.CERTAINTY, source["certainty_why"])
    return put("{level} {why}", level=figure(source["certainty"]), why=why)


def _levels(p: Pages) -> None:
    """What the levels mean."""
    found = p.findings.get("certainty") or {}
    if not found:
        return
    p.head(2, "Casey levels of the sources")
    scale = put("The scale is that of {source}.", source=figure(found["source"]))
    p.plain(*boundary.CERTAINTY, scale)
    p.table(
        ("Level", "Meaning"), ("auto", "1fr"), [(str(v["id"]), given(v["meaning"])) for v in found["levels"]]
    )


def citations(p: Pages) -> None:
    """Every place cited, and what given rules flag."""
    # Flags cite too, and their places belong in Annex B, which is printed first.
    start = len(p.blocks)
    _flags(p)
    flagged = p.blocks[start:]
    del p.blocks[start:]
    p.head(1, "Annex B. Citations", numbered=False)
    p.plain(*boundary.CITATIONS)
    for about in sorted(p.cited):
        heading = figure(quoted(about, 60)) if p.language.is_english else citing.about(about)
        groups = p.sources.grouped(list(p.cited[about]))
        p.blocks.append({"t": "cited", "about": p.runs(heading), "groups": groups})
    p.blocks += flagged


_SHOWN_FLAGS = 20


def _flags(p: Pages) -> None:
    """The events that each given rule flags, the first of them by name."""
    found = p.findings.get("flags") or ()
    if not found:
        return
    p.head(1, "Annex C. Events that given rules flag", numbered=False)
    p.plain(*boundary.FLAGS)
    for rule in found:
        p.head(2, Part(quoted(str(rule["title"]), 80), Tone.QUOTED), numbered=False)
        p.table(("Point", "As given"), ("9em", "1fr"), [
            (put("Rule"), Part(quoted(str(rule["rule"]), 60), Tone.QUOTED)),
            (put("Level"), Part(quoted(str(rule["level"]), 20), Tone.QUOTED) if rule["level"] else put("none")),
            (put("File, line"), Part(quoted(f"{rule['path']}, {rule['line']}", 120), Tone.QUOTED)),
            (put("SHA-256"), Part(quoted(str(rule["sha256"])), Tone.QUOTED)),
            (put("Events flagged"), f"{int(rule['flagged']):,}"),
        ])  # fmt: skip
        shown = rule["events"][:_SHOWN_FLAGS]
        if shown:
            p.table(("Event", "Time (UTC)"), ("1fr", "14em"), (_flagged(e) for e in shown))
        if rule["flagged"] > len(shown) > 0:
            more = f"{int(rule['flagged']) - len(shown):,}"
            p.plain(put("The other {count} events are not listed here.", count=more))


def _flagged(event: sentences.Json) -> list[Sentence | Value]:
    name = Part(quoted(str(event["event"]), 60), Tone.QUOTED)
    cited = tuple(Citation(c["sha256"], c["start"], c["stop"]) for c in event["citations"])
    when = event["when"]
    return [Sentence((name,), cited, about="flags"), sentences.stamp(when[0]) if when else put("no time")]
