"""The section on damage: sums first, then each attempt, then what the records allow at most."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from forensics.render import sentences
from forensics.render.glyphs import quoted
from forensics.render.parts import Part, Tone, Value, figure, given, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import SECOND, Basis, Sentence, say

if TYPE_CHECKING:
    from forensics.render.pages import Pages

Json = Mapping[str, Any]
INTRODUCED = (
    "Prices, powers and tariffs are inputs with their sources, which the program does not check.",
    "Every figure is a range, its ends rounded outwards; a best figure is given only where something in the evidence or in the inputs supports one.",
    "What would have been lost anyway, by the rate at which the cluster's jobs failed before, is taken off.",
    "Hours of labour are in no sum.",
)
COLUMNS = {"established": "Established", "possible": "Possible", "not_counted": "Not counted"}
HEADS = {
    "lost_since_checkpoint": "since the last good state",
    "unusable_run": "run on changed bytes",
    "slowdown": "slower steps",
    "rerun": "done again",
    "none": "none",
}
BASES = {
    "stated": "stated as verified",
    "seen": "seen in the audit trail, content not verified",
    "listed": "in a listing only, whose times can be set at will",
    "none": "no good state known",
}
ANSWERS = {
    "not_recorded": "the records read do not say",
    "within_what_was_allocated": "no more than was allocated at one time",
    "more_than_the_recorded_attempts_held": "more than all attempts together held at any time whose allocation is recorded",
    "more_than_was_allocated_at_any_time": "more than was allocated at any time",
    "within_all_allocated_hours_at_the_highest_price": "no more than all hours allocated to the jobs asked about at the highest price stated",
    "more_than_the_recorded_hours_at_the_highest_price": "more than all recorded hours of the jobs asked about at the highest price stated",
    "more_than_all_allocated_hours_at_the_highest_price": "more than all hours allocated to the jobs asked about at the highest price stated",
}
LIMITS = {
    "rates_as_stated": "The prices are as stated, and are not checked.",
    "no_base_rate": "No record from before the time in question is read, so what was to be expected anyway is not known, and the low ends are zero.",
    "without_checkpoint": "For some attempt no good state is known; its range then begins at zero.",
    "no_rate_for_attempt": "For some attempt no price applies, or no allocation is recorded.",
    "attempts_without_figure": "Some attempt has no figure, and is in no sum.",
    "no_tariff": "The price leaves electricity out, and no tariff is stated; electricity is in no sum.",
    "still_running": "Some attempt has no end on record.",
}


def section(p: "Pages") -> None:
    """The section, where a file of rates was given."""
    found = p.findings.get("damage")
    if not found:
        return
    p.head(1, "Damage")
    p.plain(*INTRODUCED)
    for column in ("established", "possible"):
        p.para(_sum(found, column))
    heads = (put("Job"), put("Attempt"), put("Column"), put("Loss"), put("Hours lost"), put("Less expected"))
    head = (*heads, figure(found["currency"]))
    p.table(head, ("auto", "auto", "6em", "1fr", "7.5em", "7.5em", "7.5em"), map(_row, found["attempts"]))
    p.head(2, "At most")
    p.para(*_ceiling(found["ceiling"], found["currency"]))
    _inputs(p, found)
    p.items([Sentence(words(LIMITS, c), basis=Basis.METHOD)] for c in found["limits"])


def ranged(found: Json | None) -> Part:
    """A range in print: `1.00 to 2.00 (best 1.50)`."""
    if found is None:
        return put("not known")
    best: Value = ""
    if found.get("central") is not None:
        best = put(" (best {central})", central=str(found["central"]))
    return put("{low} to {high}{best}", low=str(found["low"]), high=str(found["high"]), best=best)


def _sum(found: Json, column: str) -> Sentence:
    whole = found["sums"][column]
    mine = [r for r in found["attempts"] if r["column"] == column]
    if not mine:
        return say("damage_none", basis=Basis.ABSENCE, column=put(COLUMNS[column].lower()))
    rest = whole["without_figure"]
    return say(
        "damage_sum", [c for r in mine for c in r["citations"]], column=put(COLUMNS[column].lower()),
        count=sentences.counted(whole["attempts"], "attempt"), money=ranged(whole["money"]), currency=figure(found["currency"]),
        rest=put("; for {count} of them no figure is known", count=f"{rest:,}") if rest else "",
    )  # fmt: skip


def _row(row: Json) -> list[Any]:
    name = Sentence(
        (quote(row["job"]),),
        tuple(sentences.Citation(c["sha256"], c["start"], c["stop"]) for c in row["citations"]),
    )
    loss = words(HEADS, row["head"])
    if row["column"] != "not_counted":
        loss = put("{loss}; {basis}", loss=loss, basis=words(BASES, row["basis"]))
    return [
        name if name.citations else quote(row["job"]), put("{attempt} of {all}", attempt=str(row["attempt"]), all=str(row["of"])),
        put(COLUMNS[row["column"]]), loss,
        *(ranged(row[k]) if row["column"] != "not_counted" else "–" for k in ("lost_hours", "net_hours", "money")),  # noqa: RUF001 - a dash, in print
    ]  # fmt: skip


def _ceiling(found: Json, currency: str) -> list[Sentence | None]:
    seen = found["window"] or found["records"]
    made: list[Sentence | None] = [
        say(
            "damage_peak", basis=Basis.ABSENCE, most=put("a number not recorded") if seen["most_at_once"] is None else f"{seen['most_at_once']:,}",
            scope=put("in the time asked about") if found["window"] else put("in all of the records"), rest=_unknown(seen["attempts_not_recorded"]),
        ),
        say(
            "damage_hours", basis=Basis.ABSENCE, hours=found["asked_gpu_hours"]["high"], rest=_unknown(found["asked_not_recorded"]),
            money="" if (most := found["asked_compute_at_most"]) is None else put(
                ", which at the highest price stated is {money} {currency}", money=str(most), currency=figure(currency)
            ),
        ),
    ]  # fmt: skip
    told = found["stated"]
    for key in ("gpus", "loss"):
        if told is not None and told[key] is not None:
            source = put("a figure given on the command line")
            if told["source"] is not None:
                source = quote(told["source"])
            what = put("{loss} {currency}", loss=str(told[key]), currency=figure(currency))
            if key == "gpus":
                what = put("{count} GPUs", count=f"{told[key]:,}")
            made.append(say(
                "damage_stated", basis=Basis.ABSENCE, figure=what, source=source, answer=words(ANSWERS, told[f"{key}_answer"]),
            ))  # fmt: skip
    return made


def _unknown(count: int) -> Value:
    if not count:
        return ""
    attempts = sentences.counted(count, "attempt")
    return put("; {attempts} that ran without a recorded allocation cannot be in it", attempts=attempts)


def _inputs(p: "Pages", found: Json) -> None:
    """What was stated: prices, labour, mitigation."""
    p.head(2, "As stated")
    p.table(("Per", "Price", "Electricity", "Source", "Date"), ("auto", "auto", "auto", "1fr", "auto"), [
        (given(r["per"].replace("_", " ")), ranged(r["price"]), given(r["electricity"]), _source(r), figure(r["date"]))
        for r in found["rates"]
    ])  # fmt: skip
    if found["labour"]:
        p.table(("Labour, in no sum", "Hours", figure(found["currency"]), "Source"), ("1fr", "auto", "auto", "auto"), [
            (Part(quoted(w["what"], 160), Tone.QUOTED), ranged(w["hours"]), ranged(w["money"]), _source(w)) for w in found["labour"]
        ])  # fmt: skip
    if found["mitigation"]:
        p.table(("Limited the loss", "At (UTC)", "Source"), ("1fr", "auto", "auto"), [
            (Part(quoted(m["what"], 160), Tone.QUOTED), sentences.stamp(m["at"], SECOND), _source(m)) for m in found["mitigation"]
        ])  # fmt: skip


def _source(row: Json) -> Part:
    return Part(quoted(row["source"], 120), Tone.QUOTED)
