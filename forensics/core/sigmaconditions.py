"""What the conditions of a Sigma rule ask of an event's columns. What cannot be asked of them is said, never guessed."""

from typing import Any

from forensics.core import flagrules
from forensics.core.flagrules import (
    COLUMNS,
    COMMAND,
    TEXTS,
    WORDS,
    Absent,
    Asked,
    Compares,
    Either,
    Every,
    Matches,
    Other,
)
from forensics.core.tables import VERBS

FIELDS = {
    "CommandLine": COMMAND,
    "Image": "exe",
    "User": "account",
    "CurrentDirectory": "cwd",
    "TargetFilename": "object",
    "ProcessId": "pid",
    "ParentProcessId": "ppid",
    "SourceIp": "address",
    "SourcePort": "port",
    "Computer": "host",
}
"""Fields by Sigma's own names, and the columns that they are; a column goes by its own name too."""
CATEGORIES = {
    "process_creation": ("execute",),
    "file_access": ("read", "open"),
    "file_change": ("write", "truncate", "attributes", "utimes"),
    "file_delete": ("delete",),
    "file_event": ("create", "write", "rename", "link"),
    "file_rename": ("rename",),
    "network_connection": ("connect",),
}
"""Kinds of events by Sigma's own names, and the verbs that they are."""
_SYSTEM = ("syslog", "journal_json", "journal_export", "journal_verbose")
SERVICES = {
    "auditd": ("auditd", "laurel", "auditbeat", "ausearch_csv", "ausearch_interpreted", "audisp_syslog"),
    **dict.fromkeys(("auth", "sshd", "sudo", "cron", "syslog"), _SYSTEM),
}
"""Logs by Sigma's own names, and the formats that they are."""
_PRODUCTS = frozenset({None, "linux", "forensics"})
_LONGEST_PATTERN, _MOST_TESTS = 4_096, 2_000
_HOW: dict[str, flagrules.Compared] = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


class Unasked(Exception):  # noqa: N818 - what it is, is a rule that cannot be asked
    """What of a rule cannot be asked of an event."""


def source(told: Any) -> Asked:  # noqa: ANN401 - a SigmaLogSource
    """Which events a rule is about, by its `logsource`.

    Raises:
        Unasked: no events here are such.
    """
    if told.product not in _PRODUCTS:
        raise Unasked(
            f"product {told.product!r} is of no events here; use `linux`, or `forensics` for all events"
        )
    asked = list[Asked]()
    if told.category is not None:
        verbs = CATEGORIES.get(told.category) or ((told.category,) if told.category in VERBS else ())
        if not verbs:
            raise Unasked(
                f"category {told.category!r} is of no events here; use {', '.join(CATEGORIES)}, or a verb of events"
            )
        asked.append(flagrules.words("verb", verbs))
    if told.service is not None:
        if told.service not in SERVICES:
            raise Unasked(f"service {told.service!r} is of no events here; use {', '.join(SERVICES)}")
        asked.append(flagrules.words("format", SERVICES[told.service]))
    if not asked and told.product != "forensics":
        raise Unasked(
            "the logsource needs a category or a service, or the product `forensics` for all events"
        )
    return Every(tuple(asked))


def asked(tree: Any) -> Asked:  # noqa: ANN401 - any condition of pySigma
    """What a parsed condition asks.

    Raises:
        Unasked: an event cannot be asked that, or it is too much.
    """
    return _Asking().of(tree)


class _Asking:
    def __init__(self) -> None:
        self._tests = 0

    def of(self, tree: Any) -> Asked:  # noqa: ANN401 - the same
        kind = type(tree).__name__
        if kind == "ConditionAND":
            return Every(tuple(map(self.of, tree.args)))
        if kind == "ConditionOR":
            return Either(tuple(map(self.of, tree.args)))
        if kind == "ConditionNOT":
            return Other(self.of(tree.args[0]))
        if kind == "ConditionValueExpression":
            return self._value(WORDS, tree.value)
        if kind == "ConditionFieldEqualsValueExpression":
            return self._value(_column(tree.field), tree.value)
        raise Unasked(f"a condition of kind {kind} is not known here")

    def _value(self, column: str, value: Any) -> Asked:  # noqa: ANN401 - a SigmaType
        self._tests += 1
        if self._tests > _MOST_TESTS:
            raise Unasked(f"it asks for more than {_MOST_TESTS:,} things; split the rule")
        kind = type(value).__name__
        if kind == "SigmaExpansion":
            return Either(tuple(self._value(column, each) for each in value.values))
        if kind == "SigmaCIDRExpression":
            return self._network(column, value)
        test = _TESTS.get(kind)
        if test is None:
            raise Unasked(f"a value of kind {kind} is not known here")
        return test(column, value)

    def _network(self, column: str, value: Any) -> Asked:  # noqa: ANN401 - a SigmaCIDRExpression
        if value.network.version != 4:
            raise Unasked("networks of IPv6 are not known here; give beginnings of addresses")
        parts = [each.rstrip("*") for each in value.expand("*")]
        ends = ["$" if each.count(".") == 3 else "" for each in parts]
        return Either(
            tuple(
                _matches(column, f"^{flagrules.quoted(each)}{end}")
                for each, end in zip(parts, ends, strict=True)
            )
        )


def _column(field: object) -> str:
    name = FIELDS.get(str(field), str(field))
    if name not in COLUMNS and name not in TEXTS:
        raise Unasked(
            f"{field!r} is no column of events; use {', '.join(FIELDS)}, or a column of the table `event`"
        )
    return name


def _matches(column: str, pattern: str) -> Matches:
    if len(pattern) > _LONGEST_PATTERN:
        raise Unasked(f"a pattern is longer than {_LONGEST_PATTERN:,} characters; split it")
    return Matches(column, pattern)


def _string(column: str, value: Any) -> Asked:  # noqa: ANN401 - a SigmaString
    """A whole text, with wildcards; of keywords, a part of one. Letters are alike in both cases unless the rule says `cased`."""
    flags = "s" if type(value).__name__ == "SigmaCasedString" else "is"
    parts = []
    for part in value.s:
        kind = getattr(part, "name", "")
        if not isinstance(part, str) and kind not in {"WILDCARD_MULTI", "WILDCARD_SINGLE"}:
            raise Unasked("placeholders (`%name%`) are not known here; write the value")
        parts.append(
            flagrules.quoted(part) if isinstance(part, str) else ".*" if kind == "WILDCARD_MULTI" else "."
        )
    text = "".join(parts)
    return _matches(column, f"(?{flags}){text}" if column == WORDS else f"(?{flags})^(?:{text})$")


def _pattern(column: str, value: Any) -> Asked:  # noqa: ANN401 - a SigmaRegularExpression
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    return _matches(column, f"(?{flags}){value.regexp}" if flags else str(value.regexp))


def _number(column: str, value: Any) -> Asked:  # noqa: ANN401 - a SigmaNumber
    if column in TEXTS:
        return _matches(column, f"^{flagrules.quoted(str(value.number))}$")
    return Compares(column, "=", _whole(value.number))


def _compared(column: str, value: Any) -> Asked:  # noqa: ANN401 - a SigmaCompareExpression
    how = _HOW.get(value.op.name)
    if how is None or column in TEXTS:
        raise Unasked(f"`{value.op.name.lower()}` needs a column of numbers")
    return Compares(column, how, _whole(value.number.number))


def _whole(number: object) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or not -(2**63) <= number < 2**63:
        raise Unasked("numbers here are whole, of 64 bits")
    return number


def _absent(column: str, value: Any) -> Asked:  # noqa: ANN401, ARG001 - a SigmaNull
    return Absent(column)


def _there(column: str, value: Any) -> Asked:  # noqa: ANN401 - a SigmaExists
    return Other(Absent(column)) if value.exists else Absent(column)


_TESTS = {
    "SigmaString": _string,
    "SigmaCasedString": _string,
    "SigmaRegularExpression": _pattern,
    "SigmaNumber": _number,
    "SigmaCompareExpression": _compared,
    "SigmaNull": _absent,
    "SigmaExists": _there,
}
