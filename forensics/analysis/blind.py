"""The analysis does not learn anybody's name: it sees pseudonyms, and names come back when it is locked.

A name can say whom somebody already suspects. So every person of the roster goes through the analysis
as a number, in alphabetical order; what it finds is hashed together with the numbers it used and the
files it read; and only then are the names put back, everywhere at once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from forensics.analysis.parameters import parameters
from forensics.core import canonical
from forensics.core.roster import Claim, Question, Roster

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Blind:
    """A roster and a question without names, and the names by pseudonym."""

    roster: Roster
    question: Question
    names: Mapping[str, str]


def blinded(roster: Roster, question: Question) -> Blind:
    """Put a pseudonym in the place of everybody's name.

    A pseudonym holds a part of the roster's hash, so that no text of the evidence is one by chance.
    """
    known = sorted({p.name for p in roster.persons} | _said(question))
    salt = hashlib.sha256(canonical.dumps(known).encode()).hexdigest()[:16]
    token = {name: f"person-{salt}-{i:05d}" for i, name in enumerate(known, 1) if name}
    persons = tuple(replace(p, name=token[p.name], aliases=(p.name,)) for p in roster.persons)
    accounts = tuple(
        replace(
            a,
            members=tuple(token.get(m, m) for m in a.members),
            terms=tuple(replace(m, name=token.get(m.name, m.name)) for m in a.terms),
        )
        for a in roster.accounts
    )
    claims = tuple(
        replace(c, by=token.get(c.by, c.by), names=token.get(c.names, c.names)) for c in question.claims
    )
    names = {pseudonym: name for name, pseudonym in token.items()}
    return Blind(Roster(persons, accounts), replace(question, claims=claims), names)


def _said(question: Question) -> set[str]:
    return {name for claim in question.claims for name in _both(claim) if name}


def _both(claim: Claim) -> tuple[str, str]:
    return claim.by, claim.names


def locked(found: Json, names: Mapping[str, str]) -> Json:
    """Hash findings that hold no names yet, and put the names back.

    Args:
        found: findings with pseudonyms.
        names: the names by pseudonym.

    Returns:
        The findings with names, and `lock`: the hash of what was found before any name was known, and
        of the numbers that it was found with.
    """
    digest = hashlib.sha256(canonical.dumps(found).encode()).hexdigest()
    told: Json = unblinded(found, names)
    return told | {
        "lock": {"sha256": digest, "numbers": parameters().sha256, "version": parameters().version}
    }


def unblinded(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any value of findings
    """A value with every text that is a pseudonym replaced by the name."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {unblinded(k, names): unblinded(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [unblinded(v, names) for v in value]
    return value


def revealed(table: pa.Table, names: Mapping[str, str]) -> pa.Table:
    """A table with the names in its column `person`."""
    at = table.schema.get_field_index("person")
    if at < 0:
        return table
    told = pa.array([names.get(p, p) for p in table["person"].to_pylist()], pa.string())
    return table.set_column(at, table.schema.field(at), told)
