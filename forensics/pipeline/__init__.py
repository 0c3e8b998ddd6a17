"""The order of the stages, and nothing else.

A case folder holds:

    ledger.jsonl              what was done to the case, hash-chained                  custody
    sealed/<aa>/<sha256>      evidence, read-only, under its own hash                  custody
    locations.json            where referenced evidence lies; never bundled            custody
    inputs/roster.toml        who could have acted, as given                           take
    inputs/case.toml          what is asked, as given                                  take
    inputs/rates.toml         what hours cost, as given                                take
    inputs/sigma.json         rules that flag events, as given                         take
    tables/<table>/*.parquet  file, reject, event, job_record, copy, one of each
                              format's name, and those of the analysis                 read, tell, analysis
    tables/ingest.json        written last: what the tables were made from             read
    work/                     how far reading has come, so that the next run goes on   read, fresh, frames, torn, tell
    findings.json, report.pdf                                                          analysis, report
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forensics.pipeline.abroad import export
    from forensics.pipeline.answer import analyse, claim, graph, report, status, table, timeline
    from forensics.pipeline.elsewhere import brought, put_tree, tree
    from forensics.pipeline.files import Tally
    from forensics.pipeline.found import findings_of, who
    from forensics.pipeline.hand_over import bundle, cite, sql, verify
    from forensics.pipeline.loss import damage
    from forensics.pipeline.read import ingest
    from forensics.pipeline.ready import readiness
    from forensics.pipeline.rehearse import seeds, simulate, validate
    from forensics.pipeline.sound import damaged_table
    from forensics.pipeline.take import create, question_of, roster_of, seal
    from forensics.pipeline.whole import investigate

__all__ = [
    "Tally",
    "analyse",
    "brought",
    "bundle",
    "cite",
    "claim",
    "create",
    "damage",
    "damaged_table",
    "export",
    "findings_of",
    "graph",
    "ingest",
    "investigate",
    "put_tree",
    "question_of",
    "readiness",
    "report",
    "roster_of",
    "seal",
    "seeds",
    "simulate",
    "sql",
    "status",
    "table",
    "timeline",
    "tree",
    "validate",
    "verify",
    "who",
]

_OF = {
    "answer": ("analyse", "claim", "graph", "report", "status", "table", "timeline"),
    "elsewhere": ("brought", "put_tree", "tree"),
    "abroad": ("export",),
    "files": ("Tally",),
    "found": ("findings_of", "who"),
    "hand_over": ("bundle", "cite", "sql", "verify"),
    "loss": ("damage",),
    "read": ("ingest",),
    "ready": ("readiness",),
    "rehearse": ("seeds", "simulate", "validate"),
    "sound": ("damaged_table",),
    "take": ("create", "question_of", "roster_of", "seal"),
    "whole": ("investigate",),
}
_HOME = {name: module for module, names in _OF.items() for name in names}


def __getattr__(name: str) -> object:
    """A stage is loaded when it is first asked for: `who` reads a file of JSON and needs no Arrow."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
