"""Where the homes of accounts are: what `~` stands for in a line that a shell does.

By the lists of accounts (`passwd`, `getent`) and by where a home's files were collected from; and the folder of an account's name in
`/home` beside these, whatever they say, and alone where neither tells. One more folder leaves more open, and names nobody.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Evidence
from forensics.core import hostevents

_ROOTS = "/root"
_NO_HOMES = frozenset({"/", "/nonexistent", "/dev/null"})


@dataclass(frozen=True, slots=True)
class Home:
    """What the signs of a home stand for in what an account has a shell do.

    Attributes:
        account: whose a sign without a name is; None where nobody's is known.
        folders: further homes by account, beside the folder of its name in `/home`.
    """

    account: str | None
    folders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, name: str | None = None) -> tuple[str, ...]:
        """The folders that can be the home of an account, or of `account` where no name is told; none where nobody is known."""
        whose = name or self.account
        if whose is None:
            return ()
        usual = _ROOTS if whose == "root" else f"/home/{whose}"
        return usual, *self.folders.get(whose, ())


def of(evidence: Evidence, account: str | None) -> Home:
    """The homes of a case's accounts, as one of these has them: on whichever host, for a home is mostly the same on all."""
    if "homes" not in evidence.memo:
        evidence.memo["homes"] = _found(evidence)
    return Home(account, evidence.memo["homes"])


def _found(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for account, folder in (*_listed(evidence), *_collected(evidence)):
        usual = Home(account).of()
        if folder not in _NO_HOMES and folder not in usual and posixpath.isabs(folder):
            found.setdefault(account, set()).add(posixpath.normpath(folder))
    return {account: tuple(sorted(folders)) for account, folders in found.items()}


def _listed(evidence: Evidence) -> list[tuple[str, str]]:
    """By lists of accounts, whose text is `<home>:<shell>`."""
    listed = of_verbs(evidence, "enrol_account", but=lambda e: e["account"].notna() & e["text"].notna())
    told = zip(listed["account"], listed["text"], strict=True)
    return [(account, text.partition(":")[0]) for account, text in told if ":" in text]


def _collected(evidence: Evidence) -> list[tuple[str, str]]:
    """By where files were collected from."""
    origins = pd.unique(evidence.files["origin"].dropna())
    homes = ((origin, hostevents.home(origin)) for origin in origins)
    return [(h[0], origin[: len(origin) - len(h[1])].rstrip("/")) for origin, h in homes if h is not None]
