"""Which files the words of a command, or the text of a script, lead to."""

import posixpath
import re


def resolved(token: str, cwd: str | None) -> str | None:
    """An argument as an absolute path, or None where it cannot be one."""
    if not token or "\0" in token or (not token.startswith("/") and not cwd):
        return None
    return posixpath.normpath(posixpath.join(cwd or "/", token))


def module_of(path: str, script: str) -> str | None:
    """The dotted name by which a script imports a file: from the packages' folder, or from its own."""
    rest = re.split(r"/(?:site|dist)-packages/", path)[1:]
    folder = posixpath.dirname(script).rstrip("/") + "/"
    inside = rest[-1] if rest else path.removeprefix(folder) if path.startswith(folder) else None
    if inside is None or not inside.endswith(".py"):
        return None
    return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


_IMPORT = re.compile(
    r"(?:\bfrom[ \t]+(?P<package>\w[\w.]*)[ \t]+)?\bimport\b[ \t]*+\(?+"
    r"(?P<names>\s*+\w[\w.]*(?:[ \t]+as[ \t]+\w+)?(?:\s*,\s*\w[\w.]*(?:[ \t]+as[ \t]+\w+)?)*)"
)


def imports(text: str) -> frozenset[str]:
    """The dotted names that a Python text imports, as far as its words show: of `from a import b`, both `a` and `a.b`."""
    found: set[str] = set()
    for line in _IMPORT.finditer(text):
        names = [words.split()[0] for words in line["names"].split(",")]
        package = line["package"]
        found |= {package, *(f"{package}.{name}" for name in names)} if package else set(names)
    return frozenset(found)


def said(path: str, script: str, text: str, modules: frozenset[str]) -> str | None:
    """How a script's text leads to a file: it imports it, imports its package, or names it."""
    module = module_of(path, script)
    if module is not None:
        if any(name == module or name.startswith(f"{module}.") for name in modules):
            return "imported_by_script"
        if any(name.split(".")[0] == module.split(".")[0] for name in modules):
            return "package_imported_by_script"
    return "named_in_script" if named(posixpath.basename(path), text) else None


def named(base: str, text: str) -> bool:
    """Whether a text names files whose last part is `base`, as words of their own."""
    if len(base) <= 4 or base == "__init__.py" or base not in text:
        return False
    return re.search(rf"(?<![\w.]){re.escape(base)}(?![\w.])", text) is not None
