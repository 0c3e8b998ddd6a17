"""The order of the stages, and nothing else.

A case folder holds:

    ledger.jsonl              what was done to the case, hash-chained                  custody
    sealed/<aa>/<sha256>      evidence, read-only, under its own hash                  custody
    locations.json            where referenced evidence lies; never bundled            custody
    inputs/roster.toml        who could have acted, as given                           take
    inputs/case.toml          what is asked, as given                                  take
    tables/<table>/*.parquet  file, reject, event, job_record, copy, one of each
                              format's name, and those of the analysis                 read, tell, analysis
    tables/ingest.json        written last: what the tables were made from             read
    work/                     how far reading has come, so that the next run goes on   read, tell
    findings.json, report.pdf                                                          analysis, report
"""

from forensics.pipeline.answer import (
    analyse,
    claim,
    findings_of,
    graph,
    report,
    status,
    table,
    timeline,
    who,
)
from forensics.pipeline.hand_over import bundle, cite, sql, verify
from forensics.pipeline.read import Tally, ingest
from forensics.pipeline.take import create, question_of, roster_of, seal
from forensics.pipeline.whole import investigate

__all__ = [
    "Tally",
    "analyse",
    "bundle",
    "cite",
    "claim",
    "create",
    "findings_of",
    "graph",
    "ingest",
    "investigate",
    "question_of",
    "report",
    "roster_of",
    "seal",
    "sql",
    "status",
    "table",
    "timeline",
    "verify",
    "who",
]
