"""What a Python text does that training depends on, by its syntax alone: it is parsed, never compiled to code and never run.

The names of things say what they are taken for: whoever writes the code can name them otherwise. So what is found is
there, and what is not found says nothing.
"""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from forensics.core import pysyntax

LONGEST_TEXT = 1 << 16
"""A longer text is not parsed."""
LONGEST_VALUE = 200

FACTS = {
    "learning_rate": "a value is given to something named as a learning rate",
    "seed": "a random generator is seeded, or something named as a seed is set",
    "sleep": "the program waits",
    "optimizer": "an optimizer is made, or told to step",
    "data_loader": "a data loader or sampler is made",
    "exception_swallowed": "an exception is caught and nothing is done about it",
    "process_ended": "a process is ended or sent a signal",
    "environment": "something is decided by an environment variable, as the number of processes of a job",
}
_RATE = re.compile(r"(?:.*_)?(?:lr|learning_rate|warmup(?:_\w+)?|weight_decay)", re.IGNORECASE)
_SEED = re.compile(r"(?:.*_)?seed(?:_\w+)?", re.IGNORECASE)
_SEEDS = frozenset(
    {"seed", "manual_seed", "manual_seed_all", "seed_everything", "set_seed", "default_rng", "RandomState"}
)
_OPTIMIZERS = re.compile(
    r"(?:\w*Adam\w*|SGD|RMSprop|Adagrad|Adadelta|LBFGS|Adafactor|Lion|LAMB|Muon|Rprop|NAdam|RAdam|\w+Optimizer|\w+LR|\w+Scheduler)"
)
_LOADERS = re.compile(r"\w*(?:DataLoader|Sampler|IterableDataset|ConcatDataset|Subset)")
_ENDS = frozenset(
    {
        "os._exit",
        "sys.exit",
        "exit",
        "quit",
        "os.kill",
        "os.killpg",
        "os.abort",
        "signal.alarm",
        "signal.raise_signal",
    }
)
_READS = frozenset({"os.getenv", "os.environ.get", "environ.get", "getenv"})


_TELLING = (
    *(ast.Call, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.keyword, ast.FunctionDef, ast.AsyncFunctionDef),
    *(ast.ExceptHandler, ast.Subscript, ast.Dict),
)
_LEAVES = (
    *(ast.Name, ast.Constant, ast.alias, ast.expr_context),
    *(ast.operator, ast.unaryop, ast.cmpop, ast.boolop),
)
"""Most nodes are such: they tell nothing, and nothing below them does."""


class Symbol(NamedTuple):
    """One finding: a `fact` of `FACTS`, in which function, of what `name`, with what `value`, on which line."""

    fact: str
    scope: str
    name: str
    value: str
    line: int


def symbols(text: str) -> list[Symbol] | None:
    """Every finding in a text, in order of line; None where it is no Python that this version of Python can parse."""
    if len(text) > LONGEST_TEXT:
        return None
    tree = pysyntax.tree(text)
    if tree is None:
        return None
    found: list[Symbol] = []
    todo: list[tuple[ast.AST, str]] = [(tree, "")]
    while todo:
        node, scope = todo.pop()
        inner = scope
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            inner = f"{scope}.{node.name}".lstrip(".")[:LONGEST_VALUE]
        if isinstance(node, _TELLING):
            line = getattr(node, "lineno", 0)
            found += [Symbol(fact, scope, name, value, line) for fact, name, value in _told(node)]
        for field in node._fields:
            held = getattr(node, field, None)
            below = held if isinstance(held, list) else (held,)
            todo += [(c, inner) for c in below if isinstance(c, ast.AST) and not isinstance(c, _LEAVES)]
    return sorted(found, key=lambda s: (s.line, s))


def _told(node: ast.AST) -> Iterator[tuple[str, str, str]]:
    if isinstance(node, ast.Call):
        yield from _call(node)
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            yield from _named(_dotted(target) or _key(target), node.value)
    elif isinstance(node, ast.keyword) and node.arg:
        yield from _named(node.arg, node.value)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield from _defaults(node.args)
    elif isinstance(node, ast.ExceptHandler) and all(_idle(s) for s in node.body):
        yield "exception_swallowed", "except", _text(node.type) if node.type else "everything"
    elif isinstance(node, ast.Subscript) and _dotted(node.value) in {"os.environ", "environ"}:
        yield "environment", "os.environ", _text(node.slice)
    elif isinstance(node, ast.Dict):
        yield from _items(node)


def _items(node: ast.Dict) -> Iterator[tuple[str, str, str]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield from _named(key.value, value)


def _defaults(arguments: ast.arguments) -> Iterator[tuple[str, str, str]]:
    """What arguments are given where a caller gives none."""
    plain = [*arguments.posonlyargs, *arguments.args]
    given = [*zip(plain[len(plain) - len(arguments.defaults) :], arguments.defaults, strict=True)]
    for argument, default in [*given, *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]:
        yield from _named(argument.arg, default)


def _call(node: ast.Call) -> Iterator[tuple[str, str, str]]:
    name = _dotted(node.func)
    last = name.rpartition(".")[2]
    if last == "sleep":
        yield "sleep", name, _arguments(node)
    elif last in _SEEDS:
        yield "seed", name, _arguments(node)
    elif _OPTIMIZERS.fullmatch(last) or (last in {"step", "zero_grad"} and "optim" in name):
        yield "optimizer", name, _arguments(node)
    elif _LOADERS.fullmatch(last):
        yield "data_loader", name, _arguments(node)
    elif name in _ENDS:
        yield "process_ended", name, _arguments(node)
    elif name in _READS:
        yield "environment", name, _arguments(node)
    elif last == "suppress":
        yield "exception_swallowed", name, _arguments(node)


def _named(name: str | None, value: ast.AST | None) -> Iterator[tuple[str, str, str]]:
    """A value that something is given whose name says what it is."""
    last = (name or "").rpartition(".")[2]
    if name is None or value is None:
        return
    if _RATE.fullmatch(last):
        yield "learning_rate", name[:LONGEST_VALUE], _text(value)
    elif _SEED.fullmatch(last):
        yield "seed", name[:LONGEST_VALUE], _text(value)


def _idle(statement: ast.stmt) -> bool:
    """Whether a statement does nothing about an exception."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue | ast.Break) or (
        isinstance(statement, ast.Return)
        and (statement.value is None or isinstance(statement.value, ast.Constant))
    )


def _dotted(node: ast.AST) -> str:
    """`a.b.c` for a name or a chain of attributes; what stands before the chain otherwise shows as `?`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < 16:
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif parts:
        parts.append("?")
    return ".".join(reversed(parts))[:LONGEST_VALUE]


def _key(target: ast.AST) -> str | None:
    """The text by which an assignment to `x["lr"]` is named."""
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return None


def _arguments(node: ast.Call) -> str:
    words = [_text(one) for one in node.args] + [f"{k.arg or '**'}={_text(k.value)}" for k in node.keywords]
    return ", ".join(words)[:LONGEST_VALUE]


def _text(node: ast.AST | None) -> str:
    if node is None:
        return ""
    try:
        return ast.unparse(node)[:LONGEST_VALUE]
    except (RecursionError, ValueError, MemoryError):
        return "?"
