"""What an audit log of Kubernetes is taken to tell: who asked what of which job, and what the server answered.

The stages of one request are one act: the first stage after the receipt is told as the act, the others as
`other`. The user is authenticated; an impersonated user is in `effective`. What the cluster's own parts do
with pods follows from somebody's request, and is no request of a person. Whoever made a job is its owner.
"""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import kubejobs, kubeowners, kubetold, loose
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False
COLUMNS = kubetold.COLUMNS
CODED = kubetold.CODED
_ANSWERED = "audit_id IS NOT NULL AND (stage IS NULL OR stage <> 'RequestReceived')"
NOTES = f"""
    WITH often AS (SELECT hash(audit_id, received) AS mixed FROM records WHERE {_ANSWERED} GROUP BY mixed HAVING count(*) > 1),
    answer AS (
        SELECT sha256, start, audit_id, received FROM records
        WHERE {_ANSWERED} AND hash(audit_id, received) IN (SELECT mixed FROM often)
    ),
    several AS (SELECT sha256, audit_id, received, min(start) AS opens FROM answer GROUP BY ALL HAVING count(*) > 1)
    SELECT 'again' AS kind, answer.sha256, answer.start, NULL AS namespace, NULL AS name, NULL AS job
    FROM answer JOIN several ON answer.sha256 = several.sha256 AND answer.audit_id = several.audit_id
        AND answer.received IS NOT DISTINCT FROM several.received AND answer.start > several.opens
    UNION ALL
    SELECT 'owned', NULL, NULL, namespace, name, arg_min(coalesce(nullif(job_label, ''), owner_name), (sha256, start))
    FROM records
    WHERE coalesce(nullif(job_label, ''), owner_name) IS NOT NULL AND name IS NOT NULL AND starts_with("user", 'system:')
        AND regexp_full_match(coalesce(api_group, '') || '/' || coalesce(resource, ''), '{kubejobs.JOBS}')
    GROUP BY namespace, name
"""
"""What was answered before in its file, and whom each pod belongs to, whichever slice says so.

To put numbers together instead of texts takes a fifth of the time; only texts of equal numbers are compared.
"""


def settled(notes: pa.Table) -> pa.Table:
    """What slices are handed of the answer: of each pod the job that it belongs to in the end."""
    owned = pc.equal(notes["kind"], "owned")
    return pa.concat_tables(
        [
            notes.filter(pc.invert(owned)),
            kubeowners.settled(notes.filter(owned)),
        ]
    )


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """One event for each stage, and a job record where a job is made, asked to end, or said to have ended."""
    made = lightly(records, files, zone=zone, anchor_ns=anchor_ns, notes=notes)
    return {**made, EVENT.name: loose.strict(made[EVENT.name], EVENT.schema())}


def lightly(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,  # noqa: ARG001 - times carry their offset
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
    notes: pa.Table | None = None,
) -> Mapping[str, pa.Table]:
    """The same, as `core.loose` has it."""
    return kubetold.lightly(records, files, "k8s_audit", notes)
