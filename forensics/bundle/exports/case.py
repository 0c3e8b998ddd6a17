"""CASE: evidence files and acts as JSON-LD of the Cyber-investigation Analysis Standard Expression, over UCO.

Source  https://caseontology.org/ (CASE 1.x, UCO 1.x); https://github.com/casework/CASE-Examples
Time    an action begins at the earliest moment and ends at the latest that it can have been
Who     the account that a source names is a `UserAccountFacet`; persons are left to the findings, with their strengths
Open    node ids are UUIDs of version 5 from the findings' own ids, so that the same findings are the same bytes
"""

import uuid
from pathlib import Path

from forensics.bundle.exports import Given, Json, Told
from forensics.core import canonical

MEANING = "evidence and acts as CASE/UCO JSON-LD, for investigation platforms"
SUFFIX = ".jsonld"
_ROOT = uuid.uuid5(uuid.NAMESPACE_URL, "urn:forensics:case")
_CONTEXT = {
    "@vocab": "http://example.org/local#",
    "kb": "http://example.org/kb/",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def write(given: Given, out: Path) -> Told:
    """Write one graph of files, accounts, provenance and acts."""
    found = given.findings
    files = [_file(e) for e in found["case"]["evidence"]]
    accounts = [_account(a) for a in sorted({a["account"] for a in found["acts"] if a["account"]})]
    by_hash = {e["sha256"]: _id("file", e["path"] + e["sha256"]) for e in reversed(found["case"]["evidence"])}
    nodes = [*files, *accounts, *(_act(a, by_hash) for a in found["acts"])]
    if files:
        nodes.append({
            "@id": _id("provenance", "all"),
            "@type": "case-investigation:ProvenanceRecord",
            "uco-core:description": "files as collected and sealed under their hashes",
            "uco-core:object": [{"@id": f["@id"]} for f in files],
        })  # fmt: skip
    out.write_text(canonical.dumps({"@context": _CONTEXT, "@graph": nodes}), encoding="utf-8")
    return Told(len(nodes))


def _id(kind: str, name: str) -> str:
    return f"kb:{kind}-{uuid.uuid5(_ROOT, f'{kind}:{name}')}"


def _file(evidence: Json) -> Json:
    key = evidence["path"] + evidence["sha256"]
    return {
        "@id": _id("file", key),
        "@type": "uco-observable:File",
        "uco-core:hasFacet": [
            {
                "@id": _id("file-facet", key),
                "@type": "uco-observable:FileFacet",
                "uco-observable:fileName": evidence["path"].rpartition("/")[2],
                "uco-observable:filePath": evidence["path"],
                "uco-observable:sizeInBytes": {"@type": "xsd:integer", "@value": str(evidence["bytes"])},
            },
            {
                "@id": _id("content-facet", key),
                "@type": "uco-observable:ContentDataFacet",
                "uco-observable:hash": {
                    "@id": _id("hash", key),
                    "@type": "uco-types:Hash",
                    "uco-types:hashMethod": "SHA256",
                    "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": evidence["sha256"]},
                },
            },
        ],
    }


def _account(name: str) -> Json:
    return {
        "@id": _id("account", name),
        "@type": "uco-observable:UserAccount",
        "uco-core:hasFacet": {"@id": _id("account-facet", name), "@type": "uco-observable:AccountFacet", "uco-observable:accountIdentifier": name},
    }  # fmt: skip


def _act(act: Json, files: Json) -> Json:
    when = act.get("when") or (None, None)
    node: dict[str, object] = {
        "@id": _id("act", act["id"]),
        "@type": "uco-action:Action",
        "uco-core:name": f"{act['id']}: {act['act']}",
        "uco-core:description": f"{act['act']} {act['object']}",
    }
    for name, moment in (("uco-action:startTime", when[0]), ("uco-action:endTime", when[1])):
        if moment is not None:
            node[name] = {"@type": "xsd:dateTime", "@value": moment}
    if act["account"]:
        node["uco-action:instrument"] = {"@id": _id("account", act["account"])}
    cited = sorted({files[c["sha256"]] for c in act["citations"] if c["sha256"] in files})
    if cited:
        node["uco-action:object"] = [{"@id": f} for f in cited]
    return node
