"""PROV-JSON: which files an act in the findings rests on, span by span, and which program derived it.

Source  https://www.w3.org/submissions/prov-json/ (W3C member submission of PROV-DM, a W3C recommendation)
Open    evidence files are entities by their hash; so are the cited spans, and the acts, which derive from the spans. No
        person is an agent here: who acted is a finding, and who ran the program is in the case's ledger
"""

from pathlib import Path

from forensics.bundle.exports import Given, Json, Told
from forensics.core import canonical

MEANING = "provenance of the findings, for programs that read W3C PROV"
SUFFIX = ".json"
_PREFIX = {
    "fx": "urn:forensics:",
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_PROGRAM, _ANALYSIS = "fx:program", "fx:analysis"


def write(given: Given, out: Path) -> Told:
    """Write evidence, spans, acts, and what derives from what."""
    found = given.findings
    files = {f"fx:file.{e['sha256']}": _file(e) for e in reversed(found["case"]["evidence"])}
    entity: dict[str, Json] = dict(files)
    derived: dict[str, Json] = {}
    for act in found["acts"]:
        entity[f"fx:act.{act['id']}"] = {
            "prov:type": _name("fx:act"),
            "prov:label": f"{act['act']} {act['object']}",
        }
        for c in act["citations"]:
            span = f"fx:span.{c['sha256']}.{c['start']}.{c['stop']}"
            entity[span] = {
                "prov:type": _name("fx:span"),
                "fx:start": _int(c["start"]),
                "fx:stop": _int(c["stop"]),
            }
            derived[f"_:{span[3:]}"] = {
                "prov:generatedEntity": span,
                "prov:usedEntity": f"fx:file.{c['sha256']}",
            }
            derived[f"_:{act['id']}.{span[8:]}"] = {
                "prov:generatedEntity": f"fx:act.{act['id']}",
                "prov:usedEntity": span,
            }
    acts = [f"fx:act.{a['id']}" for a in found["acts"]]
    document = {
        "prefix": _PREFIX,
        "entity": entity,
        "activity": {_ANALYSIS: {"prov:type": _name("fx:analysis")}},
        "agent": {_PROGRAM: {"prov:type": _name("prov:SoftwareAgent"), "prov:label": "forensics"}},
        "wasAssociatedWith": {"_:by": {"prov:activity": _ANALYSIS, "prov:agent": _PROGRAM}},
        "used": {
            f"_:u{i}": {"prov:activity": _ANALYSIS, "prov:entity": f} for i, f in enumerate(sorted(files))
        },
        "wasGeneratedBy": {
            f"_:g{i}": {"prov:entity": a, "prov:activity": _ANALYSIS} for i, a in enumerate(acts)
        },
        "wasDerivedFrom": derived,
    }
    out.write_text(canonical.dumps({k: v for k, v in document.items() if v}), encoding="utf-8")
    return Told(len(entity))


def _file(evidence: Json) -> Json:
    return {"prov:type": _name("fx:evidence"), "prov:label": evidence["path"], "fx:sha256": evidence["sha256"], "fx:bytes": _int(evidence["bytes"])}  # fmt: skip


def _name(value: str) -> Json:
    return {"$": value, "type": "prov:QUALIFIED_NAME"}


def _int(value: int) -> Json:
    return {"$": str(value), "type": "xsd:integer"}
