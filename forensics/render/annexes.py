"""The end of the report: its method with every number, its sources, and all places cited."""

from forensics.render import boundary, dossier, phrases, ratios, sentences
from forensics.render.glyphs import quoted
from forensics.render.pages import Pages, runs
from forensics.render.phrases import words
from forensics.render.sentences import Basis, Citation, Json, Part, Sentence, Tone


def method(p: Pages) -> None:
    """How the report was made: scale, gates, numbers, limits and rules."""
    p.head(1, "Method and limits")
    for paragraph in boundary.METHOD:
        p.plain(*paragraph)
    p.head(2, "Verbal scale")
    p.plain(*boundary.SCALE_INTRODUCED)
    scale = [
        (ratio, said, Part(_in_chinese(p, said) if zh is None else zh, Tone.HAN))
        for ratio, said, zh in boundary.SCALE
    ]
    p.table(("Likelihood ratio, lower bound", "Words used", "In Chinese"), ("10em", "1fr", "11em"), scale)
    p.head(2, "Gates")
    p.table(("Gate", "What it does"), ("4em", "1fr"), sorted(phrases.GATES.items()))
    _model(p)
    p.head(2, "Limits of this report")
    p.items(
        [Sentence((Part(words(phrases.LIMITS, c)), *_folders(p, c)), basis=Basis.METHOD)]
        for c in p.findings.get("limits") or ()
    )
    p.plain(*boundary.LIMITS)
    rules = p.findings.get("rules") or ()
    if rules:
        p.head(2, "Rules")
        p.plain(*boundary.RULES)
        rows = [(Part(str(r["id"]), Tone.QUOTED), str(r.get("meaning", "")), f"{int(r.get('fired', 0)):,}", f"{int(r.get('evaluated', 0)):,}") for r in rules]  # fmt: skip
        p.table(("Rule", "Meaning", "Fired", "Looked at"), ("9em", "1fr", "auto", "auto"), rows)
    by_rule = p.findings.get("act_rules") or ()
    if by_rule:
        p.plain(*boundary.ACT_RULES)
        rows = [(Part(f"{r['id']} {r['version']}", Tone.QUOTED), str(r["rationale"]), str(r["errs"]), f"{int(r['fired']):,}") for r in by_rule]  # fmt: skip
        p.table(("Rule, version", "Holds because", "Errs with", "Fired"), ("9em", "1fr", "1fr", "auto"), rows)


_NAMED = {"folders_in_doubt": "in_doubt", "folders_left_out": "left_out"}
_MOST_FOLDERS = 12


def _folders(p: Pages, code: str) -> list[Part]:
    """The folders that a limit is about; of many the first."""
    folders = (p.findings.get("folders") or {}).get(_NAMED.get(code, ""), ())
    if not folders:
        return []
    named = [Part(quoted(str(folder), 80), Tone.QUOTED) for folder in folders[:_MOST_FOLDERS]]
    more = [Part(f"{len(folders) - len(named)} more")] if len(named) < len(folders) else []
    return [Part(" They are: "), *sentences.listed([*named, *more]), Part(".")]


def _in_chinese(p: Pages, said: str) -> str:
    """The Chinese words beside the English ones of a step of the scale, as the findings hold them."""
    steps = (p.findings.get("model") or {}).get("scale") or ()
    return next((str(b["zh"]) for b in steps if said.partition(",")[0] == b["en"]), "")


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
            "placeholder" if n["placeholder"] else "by definition", str(n["source"]),
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
            *(sentences.stamp(s[k])[:19] if s.get(k) else "no time" for k in ("first", "last")),
            _certainty(s),
        )
        for s in p.findings.get("sources") or ()
    ]  # fmt: skip
    if rows:
        p.table(("Trust domain: format", "Files", "Bytes", "First (UTC)", "Last (UTC)", "Casey level"), ("1fr", "auto", "auto", "auto", "auto", "7em"), rows)  # fmt: skip
    _levels(p)


def _certainty(source: Json) -> str:
    """The level of a source and what decides it; nothing where the findings give none."""
    if not source.get("certainty"):
        return ""
    return f"{source['certainty']} {words(phrases.CERTAINTY, source['certainty_why'])}"


def _levels(p: Pages) -> None:
    """What the levels mean."""
    found = p.findings.get("certainty") or {}
    if not found:
        return
    p.head(2, "Casey levels of the sources")
    p.plain(*boundary.CERTAINTY, f"The scale is that of {found['source']}.")
    p.table(
        ("Level", "Meaning"), ("auto", "1fr"), [(str(v["id"]), str(v["meaning"])) for v in found["levels"]]
    )


def citations(p: Pages) -> None:
    """Every place cited, what given rules flag, and the line to sign on."""
    # Flags cite too, and their places belong in Annex B, which is printed first.
    start = len(p.blocks)
    _flags(p)
    flagged = p.blocks[start:]
    del p.blocks[start:]
    p.head(1, "Annex B. Citations", numbered=False)
    p.plain(*boundary.CITATIONS)
    for about in sorted(p.cited):
        groups = p.sources.grouped(list(p.cited[about]))
        p.blocks.append({"t": "cited", "about": runs([quoted(about, 60)]), "groups": groups})
    p.blocks += flagged
    p.blocks.append({"t": "sign"})


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
            ("Rule", Part(quoted(str(rule["rule"]), 60), Tone.QUOTED)),
            ("Level", Part(quoted(str(rule["level"]), 20), Tone.QUOTED) if rule["level"] else "none"),
            ("File, line", Part(quoted(f"{rule['path']}, {rule['line']}", 120), Tone.QUOTED)),
            ("SHA-256", Part(quoted(str(rule["sha256"])), Tone.QUOTED)),
            ("Events flagged", f"{int(rule['flagged']):,}"),
        ])  # fmt: skip
        shown = rule["events"][:_SHOWN_FLAGS]
        if shown:
            p.table(("Event", "Time (UTC)"), ("1fr", "14em"), (_flagged(e) for e in shown))
        if rule["flagged"] > len(shown) > 0:
            p.plain(f"The other {int(rule['flagged']) - len(shown):,} events are not listed here.")


def _flagged(event: sentences.Json) -> list[Sentence | str]:
    name = Part(quoted(str(event["event"]), 60), Tone.QUOTED)
    cited = tuple(Citation(c["sha256"], c["start"], c["stop"]) for c in event["citations"])
    when = event["when"]
    return [Sentence((name,), cited, about="flags"), sentences.stamp(when[0]) if when else "no time"]
