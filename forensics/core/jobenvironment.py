"""What of a job's archived environment is told: names of variables, and the values of those that name a commit.

Any value can be a password. So one is kept only where its variable's name calls it a commit, the name speaks of no
secret, and the whole value is what a commit's name, or the beginning of one, looks like.
"""

import re

_LONGEST_OID = 64
# One character more than a name can have: what is longer is none, and does not become one by being cut.
_SET = re.compile(
    rf"^(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>[^\r\n]{{0,{_LONGEST_OID + 1}}})", re.MULTILINE
)
_OF_COMMIT = re.compile(
    r"^(?!.*(?:TOKEN|KEY|SECRET|PASS|AUTH))(?:.*_)?(?:COMMIT|SHA1?|REV|REVISION)(?:_(?:SHA1?|HASH|ID|OID))?$|^GIT_(?:HASH|HEAD)$",
    re.IGNORECASE,
)
_OID = re.compile(rf"[0-9a-f]{{7,{_LONGEST_OID}}}")


def told(environment: str) -> str:
    """The names that are set, each once, without their values; but first, with theirs, those that name a commit.

    Args:
        environment: one `NAME=value` in each line.
    """
    names, commits = dict.fromkeys(m["name"] for m in _SET.finditer(environment)), []
    for m in _SET.finditer(environment):
        if _OF_COMMIT.search(m["name"]) and _OID.fullmatch(m["value"]):
            commits.append(m[0])
            names.pop(m["name"], None)
    return " ".join([*commits, *names])
