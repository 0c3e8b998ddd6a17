"""What the words of a command brought to a place out of an archive, from the net, or as a package: whoever runs it need not have made it."""

import posixpath
import re
from collections.abc import Iterable, Sequence

from forensics.analysis import loading, wording
from forensics.analysis.homes import Home

ARCHIVERS = frozenset({"tar", "bsdtar", "unzip", "cpio", "7z", "7za", "7zr", "unar"})
"""Programs that unpack archives."""
UNPACKERS = ARCHIVERS | {"curl", "wget", "aria2c", "pip", "pip3", "uv"}
"""Programs that put in place what was made elsewhere, beside those that copy; Python where it runs pip is another."""
_PYTHONS = re.compile(r"python[0-9.]*")
_PIPS = re.compile(r"pip[0-9.]*")
_TAR_VALUED = frozenset({"-C", "--directory", "-f", "--file", "-I", "--use-compress-program", "-T", "--files-from", "-X", "--exclude-from", "--strip-components", "--exclude"})  # fmt: skip
_PIP_VALUED = frozenset({"-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links", "-t", "--target", "--prefix", "--root", "--python", "-p", "--proxy", "--cache-dir"})  # fmt: skip
_WGET_VALUED = frozenset({"-O", "--output-document", "-P", "--directory-prefix", "-o", "-a", "-U", "-t", "-T", "-l", "--header", "--user", "--password"})  # fmt: skip

Brought = tuple[str, str | None]
"""A place, and the file that what came there was taken from; None where that is no file of the host, or not told."""


def brought(exe: object, argv: object, cwd: object, home: Home) -> list[Brought]:
    """The files, or folders, that a command put something into, each with what it was taken from.

    Args:
        exe: the program.
        argv: its words.
        cwd: its working directory.
        home: the home of the account, where pip puts what it is not told where.
    """
    words = [str(w) for w in argv] if isinstance(argv, (list, tuple)) else []
    name, where, rest = loading.program(exe), cwd if isinstance(cwd, str) else None, words[1:]
    if (_PYTHONS.fullmatch(name) or _PIPS.fullmatch(name) or name == "uv") and (
        asked := _pip(words)
    ) is not None:
        return _installed(words, asked, where, home)
    told: list[tuple[str, str | None]] = []
    if name in {"tar", "bsdtar"}:
        told = _tar(rest)
    elif name == "unzip" and not any(re.fullmatch(r"-[a-zA-Z]*[lptvzZ][a-zA-Z]*", w) for w in rest):
        told = [
            (_value(rest, {"-d"}) or ".", next(iter(loading.operands(rest, frozenset({"-d", "-x"}))), None))
        ]
    elif name == "unar":
        named = loading.operands(rest, frozenset({"-o", "-output-directory", "-p", "-e"}))
        told = [(_value(rest, {"-o", "-output-directory"}) or ".", next(iter(named), None))]
    elif name in {"7z", "7za", "7zr"} and rest[:1] in (["x"], ["e"]):
        told = [
            (
                next((w[2:] for w in rest if w.startswith("-o")), "."),
                next(iter(loading.operands(rest[1:], frozenset())), None),
            )
        ]
    elif name == "cpio" and any(re.fullmatch(r"-[a-zA-Z]*i[a-zA-Z]*|--extract", w) for w in rest):
        told = [(_value(rest, {"-D", "--directory"}) or ".", None)]
    elif name in {"curl", "wget", "aria2c"}:
        told = [(place, None) for place in _downloaded(name, rest)]
    places = ((wording.resolved(place, where), source) for place, source in told)
    return [(place, _local(source, where)) for place, source in places if place]


def sources(exe: object, argv: object, cwd: object) -> list[str]:
    """The files of the host from which a command put something in place."""
    # In whose home pip puts it makes no difference to what it is taken from.
    return [source for _, source in brought(exe, argv, cwd, Home("anybody")) if source is not None]


def _local(source: str | None, where: str | None) -> str | None:
    """A source as a file of the host; None for an input, another host's, or an address."""
    return None if source is None or source == "-" or ":" in source else wording.resolved(source, where)


def _value(words: Sequence[str], names: Iterable[str]) -> str | None:
    """The value of an option, behind it, joined by `=`, or to its letter."""
    known = set(names)
    for at, word in enumerate(words):
        key, told, value = word.partition("=")
        if word in known and at + 1 < len(words):
            return words[at + 1]
        if key in known and told:
            return value
    return next((w[2:] for w in words for n in known if len(n) == 2 and w.startswith(n) and len(w) > 2), None)


def _tar(words: Sequence[str]) -> list[tuple[str, str | None]]:
    """`xf a.tar`, `-xzf a.tar -C d`, `--extract --file=a.tar`: letters that take a value take the next words, in their order."""
    bundle = words[0].lstrip("-") if words and re.fullmatch(r"-?[A-Za-z]+", words[0]) else ""
    letters = bundle + "".join(w[1:] for w in words[1:] if re.fullmatch(r"-[A-Za-z]+", w))
    if "x" not in letters and not {"--extract", "--get"} & set(words):
        return []
    # With whole names it writes wherever the archive says.
    anywhere = "P" in letters or "--absolute-names" in words
    values = iter(words[1:])
    in_bundle = {letter: next(values, None) for letter in bundle if letter in "fC"}
    ends = next((n for n, w in enumerate(words) if re.fullmatch(r"-[A-Za-z]+f", w)), None)
    archive = in_bundle.get("f") or (words[ends + 1] if ends is not None and ends + 1 < len(words) else None)
    return [
        (
            "/" if anywhere else in_bundle.get("C") or _value(words, {"-C", "--directory"}) or ".",
            archive or _value(words, {"--file"}),
        )
    ]


def _downloaded(name: str, words: Sequence[str]) -> list[str]:
    """The files, or the folder, that something was downloaded to."""
    if name == "curl":
        bundled = next(
            (words[n + 1] for n, w in enumerate(words[:-1]) if re.fullmatch(r"-[a-zA-Z#]*o", w)), None
        )
        into, folder = bundled or _value(words, {"--output"}), _value(words, {"--output-dir"}) or "."
        if into is not None:
            return [posixpath.join(folder, into)]
        named = any(re.fullmatch(r"-[a-zA-Z#]*[OJ][a-zA-Z#]*|--remote-name(?:-all)?", w) for w in words)
        return [posixpath.join(folder, _called(w)) for w in words if "://" in w and named]
    folder = _value(words, {"-P", "--directory-prefix"} if name == "wget" else {"-d", "--dir"}) or "."
    into = _value(words, {"-O", "--output-document"} if name == "wget" else {"-o", "--out"})
    if into is not None:
        return [] if into == "-" else [posixpath.join(folder if name != "wget" else ".", into)]
    whole = any(re.fullmatch(r"-[a-zA-Z]*[rmx][a-zA-Z]*|--recursive|--mirror", w) for w in words)
    urls = loading.operands(words, _WGET_VALUED)
    return [folder] if whole or not urls else [posixpath.join(folder, _called(w)) for w in urls]


def _called(url: str) -> str:
    return posixpath.basename(url.partition("?")[0].rstrip("/")) or "index.html"


def _pip(words: Sequence[str]) -> list[str] | None:
    """What pip is asked to install; None where it, or Python, is asked for something else."""
    at = next((n for n, w in enumerate(words[:4]) if _PIPS.fullmatch(posixpath.basename(w))), None)
    rest = list(words[at + 1 :]) if at is not None else []
    plain = loading.operands(rest, _PIP_VALUED)
    return rest if plain[:1] == ["install"] else None


def _installed(words: Sequence[str], asked: Sequence[str], where: str | None, home: Home) -> list[Brought]:
    """Where pip puts packages: where it is told, in the environment that its own path is of, or in the home of the account."""
    told = _value(asked, {"-t", "--target", "--prefix", "--root"})
    run = next((w for w in words[:2] if w.startswith("/") and not loading.of_site(w)), None)
    put = told or (posixpath.dirname(posixpath.dirname(run)) if run else None)
    into = [put] if put else [f"{folder}/.local" for folder in home.of()]
    places = [place for word in into if (place := wording.resolved(word, where))]
    named = [
        w
        for w in loading.operands(asked, _PIP_VALUED)[1:]
        if "/" in w or w == "." or w.endswith((".whl", ".tar.gz"))
    ]
    sources = [_local(w, where) for w in named] or [None]
    return [(place, source) for place in places for source in sources]
