"""Which changed modules a run of Python can have found beside its script, or where it was started."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence

from forensics.analysis import blobs, loading, wording
from forensics.analysis.evidence import Evidence, Row

_IMPORTED = {"imported_by_script", "package_imported_by_script"}


def by_folder(changed: Iterable[str]) -> dict[str, list[str]]:
    """Changed modules by the folder that they lie in, and by the one above."""
    found: dict[str, list[str]] = {}
    for path in sorted(changed):
        if path.endswith(loading.MODULES):
            folder = posixpath.dirname(path)
            for at in {folder, posixpath.dirname(folder)}:
                found.setdefault(at, []).append(path)
    return found


def modules(evidence: Evidence, e: Row, changed: Mapping[str, Sequence[str]]) -> list[str]:
    """The changed modules in the folder in which Python looks first, and in those one below it.

    Where the text is known that was run, by the command's words or by git's blobs of the script's name, only those that it imports, and
    those that these import; the words of a shell history are not heard, for whoever's it is writes it.

    Args:
        evidence: for the texts of blobs.
        e: an execution.
        changed: changed modules, as `by_folder` has them.
    """
    folder = loading.folder_of_modules(e.exe, e.argv, e.cwd)
    if folder is None:
        return []
    near = list(changed.get(folder, ()))
    script = next(iter(loading.given(e.exe, e.argv, e.cwd)), None)
    told = loading.said(e.exe, e.argv)
    held = [told] if told is not None else [] if script is None else texts(evidence, script)
    return _reached(evidence, held, near, script or posixpath.join(folder, "-c")) if near and held else near


def imported(evidence: Evidence, e: Row, packages: Sequence[str]) -> list[str]:
    """Of changed files of packages those that a run of Python can have imported: where its text is known, those that it imports by name."""
    script = next(iter(loading.given(e.exe, e.argv, e.cwd)), None)
    told = loading.said(e.exe, e.argv)
    held = [told] if told is not None else [] if script is None else texts(evidence, script)
    return _reached(evidence, held, packages, script or "/-c") if packages and held else list(packages)


def _reached(evidence: Evidence, held: Sequence[str], near: Sequence[str], script: str) -> list[str]:
    found: list[str] = []
    ahead = list(held)
    while ahead:
        text = ahead.pop()
        imported = wording.imports(text)
        more = [p for p in near if p not in found and wording.said(p, script, text, imported) in _IMPORTED]
        found += more
        ahead += [text for path in more for text in texts(evidence, path)]
    return sorted(found)


def texts(evidence: Evidence, script: str) -> list[str]:
    """The texts of git's blobs that are called as a script is."""
    called = blobs.named(evidence, posixpath.basename(script))
    copied = blobs.copied(evidence, {oid for oid, _ in called})
    return ["\n".join(copied[oid]) for oid, _ in called if oid in copied]
