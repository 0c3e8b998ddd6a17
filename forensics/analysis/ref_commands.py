"""What a command's words ask to be moved of a repository's refs: in which repository, which refs, to what and from what.

`git update-ref`, `git branch -f`, `git fetch . a:b`, a push to a path and a copy over `refs/heads/main` move a ref without the
server's own front door. The words are text: they say what was asked for, and not that it was done. What only packs or collects
garbage (`gc`, `pack-refs`) moves no ref, whatever files it writes anew.
"""

import posixpath
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from forensics.analysis import loading, wording
from forensics.analysis.git_acts import subcommand

_OID = re.compile(r"[0-9a-f]{4,64}")
_TAKES_A_VALUE = frozenset({"-c", "-C", "--git-dir", "--work-tree", "--namespace", "--exec-path"})
_VALUED: Mapping[str, frozenset[str]] = {
    "update-ref": frozenset({"-m"}),
    "symbolic-ref": frozenset({"-m"}),
    "branch": frozenset({"-u", "--set-upstream-to", "--sort", "--format", "--points-at"}),
    "tag": frozenset({"-m", "-F", "-u", "--message", "--file", "--local-user"}),
    "fetch": frozenset({"--depth", "--upload-pack", "-o", "--refmap", "-j"}),
    "push": frozenset({"-o", "--push-option", "--receive-pack", "--exec", "--repo"}),
}
"""Options of what git is asked to do that are followed by a word of their own."""
_LISTS = frozenset({"-l", "--list", "-a", "-r", "-v", "-vv", "--contains", "--merged", "--no-merged", "--show-current", "--points-at", "-n", "--verify"})  # fmt: skip
MOVERS = frozenset({"update-ref", "branch", "symbolic-ref", "fetch", "reset", "push", "tag", "fast-import", "remote", "filter-branch", "filter-repo"})  # fmt: skip
"""What git is asked to do where it moves refs of the repository in which, or to which, it is asked."""
TRANSFERS = frozenset({"fetch", "push", "remote", "fast-import", "filter-branch", "filter-repo"})
"""Those of them that can take minutes."""
KEEPERS = frozenset({"gc", "pack-refs", "maintenance", "repack", "prune", "prune-packed"})
"""What git is asked to do where it writes files of refs anew that name what they named."""
SERVERS = frozenset({"receive-pack", "shell", "http-backend", "upload-pack", "daemon"})
"""What git is where it serves a push or a fetch that was asked for elsewhere."""
_FRONT_DOORS = re.compile(r"(?:^|/)(?:gitolite-shell|gitolite|git-shell|git-receive-pack|git-http-backend|gitea|gitaly|gitlab-shell|gerrit[^/]*)$")  # fmt: skip
WRITERS = frozenset({"tee", "cp", "mv", "install", "dd", "sed", "ln", "rm", "truncate", "vi", "vim", "nano", "ed", "emacs"})  # fmt: skip
SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_INSIDE = re.compile(r"/(?P<ref>refs/(?:heads|tags)/[^ ;|&'\"<>]+|packed-refs|HEAD)$")
_WRITTEN = re.compile(r">>?\s*['\"]?(?P<path>[^ ;|&'\"<>]+)")


class Asked(NamedTuple):
    """What one command asks for.

    Attributes:
        place: the folder of the repository.
        refs: the refs that it names, in full; none where its words do not tell which.
        to: what they shall name, as its words call that; None where they do not say.
        old: what they have to name before; None where that is not said.
        word: what git is asked to do, or the program that writes the file of a ref.
        elsewhere: whether what the refs shall name is what another repository has, as of one that is mirrored.
    """

    place: str
    refs: frozenset[str]
    to: str | None
    old: str | None
    word: str
    elsewhere: bool = False


def bare(path: str | None) -> str | None:
    """The repository without a working tree that a path is of, or lies in: by its name, which ends in `.git`."""
    for folder in loading.upward(path or ""):
        name = posixpath.basename(folder)
        if name.endswith(".git") and name != ".git":
            return folder
    return None


def of_bare(path: str) -> bool:
    """Whether a path is the file of a ref in a repository without a working tree."""
    place = bare(path) if ".git/" in path else None
    return place is not None and ref_of(path, place) is not None


def ref_of(path: str, place: str) -> str | None:
    """The ref of a repository that a file is of: its own name, or `packed-refs` of all of them; None for any other file."""
    found = _INSIDE.fullmatch(path.removeprefix(place)) if path.startswith(f"{place}/") else None
    return found["ref"] if found and not found["ref"].endswith(".lock") else None


def asked(argv: object, cwd: object, exe: object) -> Asked | None:
    """What a program was asked to move; None where it was asked for nothing of the kind, or not in a bare repository.

    Args:
        argv: its words.
        cwd: its working directory.
        exe: its path.
    """
    words = list(map(str, argv)) if isinstance(argv, (list, tuple)) else []
    where, name = (cwd if isinstance(cwd, str) else None), loading.program(exe)
    if name == "git" or name.startswith("git-"):
        return _git(words, where)
    paths = _paths(name, words)
    return next((a for p in paths if (a := _file(wording.resolved(p, where), name))), None)


def _paths(name: str, words: Sequence[str]) -> list[str]:
    """The files that a program writes, by its words; of a copy what stands last, of a shell what its text sends something into."""
    plain = [w.removeprefix("of=") for w in words[1:] if not w.startswith("-")]
    if name in SHELLS:
        return [m["path"] for w in words[1:] for m in _WRITTEN.finditer(w)]
    if name in loading.COPIERS:
        return plain[-1:]
    return plain if name in WRITERS else []


def _file(path: str | None, name: str) -> Asked | None:
    place = bare(path)
    ref = ref_of(path, place) if path is not None and place is not None else None
    if place is None or ref is None:
        return None
    return Asked(place, frozenset() if ref == "packed-refs" else frozenset({ref}), None, None, name)


def _git(words: list[str], cwd: str | None) -> Asked | None:
    word = subcommand(words)
    if word not in MOVERS:
        return None
    where, rest = _placed(words, cwd, word)
    flags, plain = _split(rest, _VALUED.get(word, frozenset()))
    if word == "push":
        at = plain[0].removeprefix("file://") if plain else ""
        where = None if ":" in at.partition("/")[0] else wording.resolved(at, where)
        plain = plain[1:]
    place = bare(where)
    told = _moved(word, flags, plain) if place is not None else None
    if place is None or told is None:
        return None
    here = word != "fetch" or bare(wording.resolved("".join(plain[:1]), where)) == place
    elsewhere = word == "remote" or not here
    return Asked(place, *told, word, elsewhere)


def _placed(words: list[str], cwd: str | None, word: str) -> tuple[str | None, list[str]]:
    """Where git works by its words, and the words behind what it is asked to do."""
    where, rest = cwd, iter(words[1:])
    if words and words[0].rsplit("/", 1)[-1] == f"git-{word}":
        return where, words[1:]
    for one in rest:
        key, told, value = one.partition("=")
        if key in _TAKES_A_VALUE and key.startswith("--" if told else "-"):
            value = value if told else next(rest, "")
            where = wording.resolved(value, where) if key in {"-C", "--git-dir"} else where
        elif one == word:
            break
    return where, list(rest)


def _split(words: Iterable[str], valued: frozenset[str]) -> tuple[set[str], list[str]]:
    flags, plain, rest = set[str](), list[str](), iter(words)
    for word in rest:
        if word in valued:
            next(rest, None)
        elif word.startswith("-") and word != "-":
            flags.add(word)
        else:
            plain.append(word)
    return flags, plain


_Told = tuple[frozenset[str], str | None, str | None]


def _moved(word: str, flags: set[str], plain: list[str]) -> _Told | None:
    """The refs that git is asked to move, to what and from what; None where it is asked to move none."""
    if word == "update-ref":
        return _updated(flags, plain)
    if word == "symbolic-ref":
        return (frozenset(plain[:1]), plain[1], None) if len(plain) > 1 else None
    if word in {"branch", "tag"}:
        return _named(word, flags, plain)
    if word in {"fetch", "push"}:
        return _carried(word, plain)
    if word == "reset":
        return frozenset({"HEAD"}), next(iter(plain), None), None
    return None if word == "remote" and plain[:1] != ["update"] else (frozenset(), None, None)


def _updated(flags: set[str], plain: list[str]) -> _Told | None:
    if "--stdin" in flags:
        return frozenset(), None, None
    if not plain:
        return None
    if flags & {"-d", "--delete"}:
        return frozenset(plain[:1]), "0", next(iter(plain[1:]), None)
    return frozenset(plain[:1]), next(iter(plain[1:]), None), next(iter(plain[2:]), None)


def _named(word: str, flags: set[str], plain: list[str]) -> _Told | None:
    """A branch or a tag that is made, moved, called otherwise or removed."""
    if flags & _LISTS or not plain:
        return None
    kind = "heads" if word == "branch" else "tags"
    short = {letter for flag in flags if not flag.startswith("--") for letter in flag[1:]}
    if short & set("dD") or "--delete" in flags:
        return frozenset(f"refs/{kind}/{name}" for name in plain), "0", None
    if short & set("mMcC") or flags & {"--move", "--copy"}:
        return frozenset(f"refs/{kind}/{name}" for name in plain), None, None
    return frozenset({f"refs/{kind}/{plain[0]}"}), next(iter(plain[1:]), None), None


def _carried(word: str, plain: list[str]) -> _Told | None:
    """The refs at the other end of what is fetched or pushed; a fetch of what it is not told can move any."""
    specs = [s.removeprefix("+") for s in plain[1 if word == "fetch" else 0 :]]
    pairs = [(s.partition(":")[0], s.partition(":")[2]) for s in specs if ":" in s or word == "push"]
    into = [(a, b or a) for a, b in pairs if (b or a) != "HEAD" and "*" not in (b or a)]
    if len(into) < len(specs) or not into:
        return frozenset(), None, None
    refs = frozenset(b if b.startswith("refs/") else f"refs/heads/{b}" for _, b in into)
    return refs, into[0][0] if len(into) == 1 else None, None


def spoken(text: str, cwd: str | None) -> Iterator[tuple[list[str], str | None, str]]:
    """The commands in one that sudo logged: their words, where each runs, and the program; a shell's text is cut at `&&`, `;` and `|`.

    What cannot be cut as a shell does gives nothing: it is evidence, and no part of it is run.
    """
    words = _words(text)
    if words and loading.program(words[0]) in SHELLS and "-c" in words:
        text = " ".join(words[words.index("-c") + 1 :])
    where = cwd
    for part in re.split(r"&&|\|\||[;|\n]", text):
        own = _words(part)
        if own[:1] == ["cd"] and len(own) > 1:
            where = wording.resolved(own[1], where) if not own[1].startswith("~") else own[1]
        elif own:
            yield own, where, own[0]


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quote that does not end
        return []


def serves(argv: object, exe: object) -> bool:
    """Whether a program is the server's end of a push or a fetch: git's, or the front door of gitolite or a forge."""
    words = list(map(str, argv)) if isinstance(argv, (list, tuple)) else []
    if any(_FRONT_DOORS.search(word) for word in [str(exe or ""), *words[:2]]):
        return True
    name = loading.program(exe)
    return (name == "git" or name.startswith("git-")) and subcommand(words) in SERVERS


def names(word: str | None, oid: str | None, held: Mapping[str, Collection[str]]) -> bool:
    """Whether a word of a command can stand for an object: its id or a part of it, or a ref that is on record as having named it.

    Args:
        word: what the command calls it; None can be any.
        oid: the object; zeros, or None, for none.
        held: by ref, the objects that it named at some time, as far as records tell.
    """
    there = oid if oid and oid.strip("0") else None
    if word is None:
        return True
    if not word.strip("0"):
        return there is None
    known = [oids for ref in _full(word) if (oids := held.get(ref))]
    if _OID.fullmatch(word) and not known:
        return there is not None and there.startswith(word)
    return not known or any(there in oids for oids in known)


def _full(word: str) -> list[str]:
    return [word, f"refs/heads/{word}", f"refs/tags/{word}", f"refs/{word}"]
