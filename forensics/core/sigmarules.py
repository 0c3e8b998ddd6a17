"""Sigma rules, as a folder holds them: parsed by pySigma, and turned into what is asked of an event's columns.

The files are somebody's, so they are data: their size, number and nesting are bounded before anything is made of them, YAML
gives plain values only, and patterns are those of RE2. What cannot be asked of an event is refused with file and line, never left out.

Source: Sigma rules specification 2.0; docs/how-to/flag-events.md. pySigma is the extra `forensics[sigma]`.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import canonical, flagrules, sigmaconditions
from forensics.core.errors import RulesError
from forensics.core.flagrules import Every, Rule

MOST_FILES, LARGEST_BYTES, ALL_BYTES = 2_000, 64 << 10, 16 << 20
_MOST_EVENTS, _DEEPEST, _LONGEST_CONDITION, _MOST_BRACKETS = 20_000, 20, 2_000, 40
_MOST_FAULTS = 5
_SUFFIXES = (".yml", ".yaml")
_WORD = "tag:yaml.org,2002:str"
_HELP = "see docs/how-to/flag-events.md"


class RefusedError(Exception):
    """What is wrong with a rule, and in which line of its file."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line, self.what = line, what


class RuleFile(NamedTuple):
    """A file of rules as it was given."""

    path: str
    text: str

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def packed(folder: Path) -> bytes:
    """The files of a folder of rules as one input of a case: paths below it, and texts.

    Raises:
        RulesError: there are none, too many, too big ones, or one that is no text.
    """
    paths = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES)
    paths = [path for path in paths if path.is_file() and not path.is_symlink()]
    if not paths:
        raise RulesError(f"{folder}: holds no rules; name a folder with .yml files, {_HELP}")
    if len(paths) > MOST_FILES or sum(path.stat().st_size for path in paths) > ALL_BYTES:
        raise RulesError(
            f"{folder}: more than {MOST_FILES:,} files or {ALL_BYTES >> 20} MiB; give those that you need"
        )
    files = []
    for path in paths:
        if path.stat().st_size > LARGEST_BYTES:
            raise RulesError(
                f"{path}: bigger than {LARGEST_BYTES >> 10} KiB; split it into files of one rule each"
            )
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise RulesError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
        files.append(
            {"path": path.name if path == folder else path.relative_to(folder).as_posix(), "text": text}
        )
    return canonical.dumps({"files": files}).encode()


def rules(raw: bytes, name: str) -> tuple[Rule, ...]:
    """Read what `packed` made.

    Args:
        raw: the input.
        name: where the rules came from, for messages.

    Raises:
        RulesError: pySigma is not installed, or a rule cannot be asked of events: with file, line and what to do.
    """
    _sigma()
    faults, found = list[str](), list[Rule]()
    for file in json.loads(raw)["files"]:
        one = RuleFile(file["path"], file["text"])
        try:
            found += _of(one)
        except RefusedError as fault:
            faults.append(f"{name}/{one.path}, line {fault.line}: {fault.what}")
    if faults:
        more = f"; and {len(faults) - _MOST_FAULTS} more" if len(faults) > _MOST_FAULTS else ""
        raise RulesError("; ".join(faults[:_MOST_FAULTS]) + more)
    return tuple(found)


def _sigma() -> Any:  # noqa: ANN401 - a module that may be absent
    try:
        import sigma.rule  # noqa: PLC0415 - an extra, and only where rules are given
    except ImportError as error:
        raise RulesError(
            "Sigma rules need pySigma; install it with: pip install 'forensics[sigma]'"
        ) from error
    return sigma.rule


def _of(file: RuleFile) -> Iterator[Rule]:
    """The rules of a file, one for each document."""
    for number, (line, lines, document) in enumerate(_documents(file.text)):
        yield _rule(file, number, line, lines, document)


def _documents(text: str) -> Iterator[tuple[int, dict[str, int], dict[str, Any]]]:
    """Each document with its first line, the lines of its keys, and its content.

    Events are counted first: an alias could stand for any amount of text, and nesting for any depth of calls.
    """
    import yaml  # noqa: PLC0415 - comes with pySigma

    try:
        depth = 0
        for count, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            line = event.start_mark.line + 1 if event.start_mark else 1
            if isinstance(event, yaml.AliasEvent):
                raise RefusedError(line, "has an alias (`*name`); write the value out")
            opens = isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
            depth += opens - isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
            if depth > _DEEPEST or count > _MOST_EVENTS:
                raise RefusedError(
                    line, f"nests deeper than {_DEEPEST} levels, or holds too much; split the rule"
                )
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
        for node in nodes:
            _no_key_twice(node)
        values = list(yaml.safe_load_all(text))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RefusedError(line, f"is not YAML ({error.problem}); mend the line") from error
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:
        raise RefusedError(1, "holds a value that YAML does not allow; mend the file") from error
    for node, value in zip(nodes, values, strict=True):
        line = node.start_mark.line + 1 if node is not None else 1
        if not isinstance(value, dict):
            raise RefusedError(line, "is no rule; a rule is a map with title, logsource and detection")
        yield line, {str(k.value): k.start_mark.line + 1 for k, _ in node.value}, value


def _no_key_twice(node: Any) -> None:  # noqa: ANN401 - a node of any kind
    """A key that stands there twice would be read differently by different programs."""
    if node is None or isinstance(node.value, str):
        return
    keys = set[str]()
    for each in node.value:
        pair = each if isinstance(each, tuple) else (each,)
        if len(pair) == 2:
            if pair[0].tag != _WORD or pair[0].value in keys:
                raise RefusedError(
                    pair[0].start_mark.line + 1, "has a key twice, or one that is no word; mend the line"
                )
            keys.add(pair[0].value)
        for inner in pair:
            _no_key_twice(inner)


class _Pattern(NamedTuple):
    """A pattern that was checked. pySigma puts some to the names of a rule's parts, as in `1 of them*`."""

    pattern: str

    def fullmatch(self, text: str) -> bool:
        """Whether it is the whole of a text."""
        found: bool = pc.match_substring_regex(pa.array([text]), f"^(?:{self.pattern})$")[0].as_py()
        return found


class _Re2:
    """Patterns are those of the RE2 that Arrow brings: it prints nothing, and knows no pattern that explodes."""

    error = pa.ArrowInvalid

    def compile(self, pattern: str, flags: int = 0) -> _Pattern:  # noqa: ARG002 - flags do not make a pattern wrong
        """Check a pattern."""
        pc.match_substring_regex(pa.array(["x"]), pattern)
        return _Pattern(pattern)


def _rule(file: RuleFile, number: int, line: int, lines: dict[str, int], document: dict[str, Any]) -> Rule:
    at = lines.get("detection", line)
    for key in ("correlation", "filter", "action"):
        if key in document:
            raise RefusedError(
                lines[key], f"`{key}` is not known here; a rule has title, logsource and detection"
            )
    detection = document.get("detection")
    conditions = detection.get("condition") if isinstance(detection, dict) else None
    for condition in conditions if isinstance(conditions, list) else [conditions]:
        if (
            not isinstance(condition, str)
            or len(condition) > _LONGEST_CONDITION
            or condition.count("(") > _MOST_BRACKETS
        ):
            raise RefusedError(
                at,
                f"needs a condition of at most {_LONGEST_CONDITION:,} characters and {_MOST_BRACKETS} brackets",
            )
    parsed, trees = _parsed(document, at)
    try:
        source = sigmaconditions.source(parsed.logsource)
    except sigmaconditions.Unasked as error:
        raise RefusedError(lines.get("logsource", line), f"{error}; {_HELP}") from error
    try:
        asked = flagrules.Either(tuple(sigmaconditions.asked(tree) for tree in trees))
    except sigmaconditions.Unasked as error:
        raise RefusedError(at, f"{error}; {_HELP}") from error
    own = str(parsed.id) if parsed.id is not None else f"{file.sha256[:16]}.{number}"
    level = parsed.level.name.lower() if parsed.level is not None else None
    return Rule(own, str(parsed.title), level, file.path, file.sha256, line, Every((source, asked)))


def _parsed(document: dict[str, Any], at: int) -> tuple[Any, list[Any]]:
    """What pySigma makes of a rule. It says some of what is wrong with errors of its own, and some by stumbling over it."""
    from sigma.policy import SigmaPolicy  # noqa: PLC0415 - see `_sigma`

    try:
        parsed = _sigma().SigmaRule.from_dict(document, policy=SigmaPolicy(regex_engine=_Re2()))
        return parsed, [condition.parsed for condition in parsed.detection.parsed_condition]
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError) as error:
        raise RefusedError(at, f"is not as Sigma has it ({str(error)[:200]!r}); mend the rule") from error
