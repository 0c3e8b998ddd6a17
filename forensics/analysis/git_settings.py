"""Settings of git that hold for an account or a host, and what they have git read: files that are included, folders of hooks.

What a setting names, git does or obeys under the account of whoever runs it: an alias, a hook, a pager, a file that is included.
"""

import itertools
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

from forensics.analysis import homes, wording
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import Row, picked, rows_of
from forensics.analysis.homes import Home
from forensics.analysis.planted import programs

_OF_ACCOUNT = re.compile(
    r"^(?:/etc/gitconfig|/(?:[^/]+/)*(?P<home>[^/]+)/(?:\.gitconfig|\.config/git/config))$"
)
_NAMES_FILE = re.compile(r"include\.path|includeif\..*\.path", re.IGNORECASE)
_LOOKS = frozenset({"--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list"})
_SCOPES = frozenset({"--global", "--system"})
FORMAT = "git_config"
SETS = (
    "(regexp_extract(exe, '[^/]*$') = 'git' AND list_contains(argv, 'config')"
    " AND (list_contains(argv, '--global') OR list_contains(argv, '--system')"
    " OR regexp_matches(lower(array_to_string(argv, ' ')), ' include(if[.].*)?[.]path ')))"
)
"""Runs of git that can change the settings of an account or a host, or have a file included."""


def of_all(path: str) -> bool:
    """Whether a path is of settings of git of an account or of a host."""
    return _OF_ACCOUNT.match(path) is not None


def of_account(path: str, account: str) -> bool:
    """Whether a path is of settings of git that hold for an account: its own, or the host's."""
    found = _OF_ACCOUNT.match(path)
    return found is not None and found["home"] in {account, None}


def sets(argv: object) -> bool:
    """Whether git is asked to change the settings of an account or a host."""
    words = _words(argv)
    asked = "config" in words[:4] and bool(_SCOPES & set(words))
    return asked and not _LOOKS & set(words) and len([w for w in words if not w.startswith("-")]) > 3


def included(argv: object, cwd: object, home: Home) -> list[str]:
    """The files that a run of git includes among settings: by `git config include.path FILE`, or by `git -c include.path=FILE`."""
    words = _words(argv)
    pairs = list(itertools.pairwise(words))
    told = [b.partition("=")[2] for a, b in pairs if a == "-c" and _NAMES_FILE.fullmatch(b.partition("=")[0])]
    if "config" in words[:4] and not _LOOKS & set(words):
        told += [b for a, b in pairs if _NAMES_FILE.fullmatch(a)]
    own = not _SCOPES & set(words) and isinstance(cwd, str)
    return _paths(told, posixpath.join(str(cwd), ".git") if own else None, home)


def includes(scene: Scene, host: str | None, account: str | None) -> Mapping[str, str]:
    """The files that settings of a host include for an account, by commands on record and by files that were collected; each with the event.

    Whose settings a collected line is of it does not say: what one includes, all are taken to.
    """
    key = "git includes", host, account
    if key not in scene.memo:
        ran = [e for e in rows_of(programs(scene, frozenset({"git"}))) if e.host == host]
        mine = [e for e in ran if "--global" not in (e.argv or ()) or e.effective == account]
        home = homes.of(scene.evidence, account)
        by = [(path, e) for e in mine for path in included(e.argv, e.cwd, home)]
        texts = [e for e in _collected(scene) if e.host in {host, None}]
        by += [(path, e) for e in texts for path in _paths([str(e.text)], None, home)]
        scene.memo[key] = {path: str(e.event_id) for path, e in reversed(by)}
    found: Mapping[str, str] = scene.memo[key]
    return found


def _collected(scene: Scene) -> Iterable[Row]:
    events = scene.events
    told = picked(events, (events["format"] == FORMAT) & events["object"].notna() & events["text"].notna())
    return (e for e in rows_of(told) if _NAMES_FILE.fullmatch(str(e.object)))


def ends(texts: Iterable[str]) -> set[str]:
    """How the paths end that settings which were collected include, whosever home they begin with."""
    found = {_value(text) for text in texts}
    return {path.removeprefix("~").lstrip("./") for path in found if path}


def by_words(scene: Scene) -> Sequence[Row]:
    """Runs of git that were asked to change the settings of an account or a host."""
    if "git set" not in scene.memo:
        ran = rows_of(programs(scene, frozenset({"git"})))
        scene.memo["git set"] = [e for e in ran if sets(e.argv)]
    found: Sequence[Row] = scene.memo["git set"]
    return found


def _words(argv: object) -> list[str]:
    return [str(w) for w in argv] if isinstance(argv, (list, tuple)) else []


def _value(text: str) -> str:
    """The value of a setting, as the reading of a collected file shows it."""
    return text.removeprefix("=").partition(" (git ")[0].strip().strip('"')


def _paths(told: Iterable[str], below: str | None, home: Home) -> list[str]:
    """The files that values name; one that is not whole lies beside the settings, which are the account's own where no repository's."""
    beside = (below,) if below else home.of() or (None,)
    found = dict[str | None, None]()
    for word in filter(None, map(_value, told)):
        whose, _, rest = word.partition("/")
        places = home.of(whose[1:] or None) if whose.startswith("~") else beside
        found |= dict.fromkeys(
            wording.resolved(rest if whose.startswith("~") else word, place) for place in places
        )
    return [path for path in found if path is not None]
