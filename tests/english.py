"""Every English text of ours that a report can print, read out of the source: the ids of what a translation says."""

import ast
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from forensics.analysis import acts, agents, deferral_rules, hops, identity_rules, raised, rules
from forensics.core import rates
from forensics.render import phrases
from forensics.render.languages import _LETTERS

RENDER = Path(__file__).parents[1] / "forensics" / "render"
NOT_SAID = {
    "citing": {"MARKS"},
    "document": {"Block"},
    "figures": {"INK", "SOFT", "PALE", "ACCENT", "SHAPES"},
    "figures_lanes": {"INK", "SOFT", "PALE", "ACCENT", "SHAPES"},
    "phrases": {"NO_RULE"},
    "sentences": {"TEMPLATES"},
}
"""Tables of the modules that are no words; those of the sentences are asked for by themselves."""
UNSPOKEN = {
    "forbidden",
    "glyphs",
    "graphs",
    "figures_graph",
    "figures_validation",
    "figures_library",
    "languages",
    "chinese",
    "report",
}
"""Modules of which nothing is in the text of a report, and those that translate."""


def ids():
    """Every text that has letters, with where it was found."""
    found = {}
    for where, text in (*_tables(), *_code(), *_findings()):
        if _LETTERS.search(text):
            found.setdefault(text, where)
    return found


def modules():
    return sorted(p.stem for p in RENDER.glob("*.py") if p.stem not in UNSPOKEN | {"__init__"})


def _texts(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _texts(inner)


def _tables():
    for name in modules():
        module = import_module(f"forensics.render.{name}")
        for key, value in vars(module).items():
            if key.isupper() and not key.startswith("_") and key not in NOT_SAID.get(name, ()):
                yield from (
                    (f"{name}.{key}", text) for text in _texts(value) if text.isascii() or name == "boundary"
                )
    yield "parts.listed", " and "
    sentences = import_module("forensics.render.sentences")
    yield from (("sentences.TEMPLATES", text) for text in sentences.TEMPLATES.values())
    yield from (("phrases.CLASSES", t[0].lower() + t[1:]) for t in phrases.CLASSES.values())
    wordings = import_module("forensics.render.wordings")
    yield from (("wordings.MOMENTS", text.strip()) for text in wordings.MOMENTS.values())
    damage = import_module("forensics.render.damage")
    yield from (("damage.COLUMNS", text.lower()) for text in damage.COLUMNS.values())


def _code():
    for name in modules():
        for node in ast.walk(ast.parse((RENDER / f"{name}.py").read_text())):
            if isinstance(node, ast.Call):
                yield from ((f"{name}.py", text) for text in _said(node))


def _said(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    first = {
        "put": call.args[:1],
        "head": call.args[1:2],
        "plain": call.args,
        "table": call.args[:1],
        "listed": call.args[1:2],
        "Part": call.args[:1],
    }
    for arg in first.get(name, ()):
        for inner in (
            [arg.body, arg.orelse]
            if isinstance(arg, ast.IfExp)
            else arg.elts
            if isinstance(arg, ast.Tuple)
            else [arg]
        ):
            if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
                yield inner.value


def _findings():
    yield from (("acts", text) for text in acts.ACTS.values())
    groups = (
        rules.ACT_RULES,
        rules.LINK_RULES,
        identity_rules.RULES,
        hops.RULES,
        raised.RULES,
        agents.RULES,
        deferral_rules.RULES,
    )
    for group in groups:
        yield from (("rules", text) for rule in group.values() for text in (rule.rationale, rule.errs))
    numbers = tomllib.loads(files("forensics.analysis").joinpath("likelihoods.toml").read_text())
    yield from (("likelihoods.toml", number["source"]) for number in numbers["number"])
    levels = tomllib.loads(files("forensics.analysis").joinpath("certainty.toml").read_text())
    yield from (("certainty.toml", level["meaning"]) for level in levels["level"])
    yield from (("rates", unit.replace("_", " ")) for unit in rates.UNITS)
    yield from (("rates", word) for word in ("included", "excluded"))
