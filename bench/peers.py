"""Other programs that read an audit log, each in an environment of its own below the bench's folder."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

HASHLIB = (
    "import hashlib, sys; f = open(sys.argv[1], 'rb'); h = hashlib.sha256()\n"
    "while b := f.read(1 << 20): h.update(b)\n"
    "print(h.hexdigest())"
)


class Peer(NamedTuple):
    """A program to compare with.

    `reads` is the layout that it knows; `most_mb` the size beyond which it is not asked, because it
    would take hours; `does` what of our work it does.
    """

    name: str
    reads: str
    most_mb: int
    does: str
    command: Callable[[Path, Path], list[str | Path] | None]


def _installed(place: Path, package: str, program: str) -> Path | None:
    """A program of a package from the registry, in an environment of its own; None where it does not install."""
    found = place / "peers" / package / "bin" / program
    if not found.exists():
        venv = place / "peers" / package
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", package]
        if subprocess.run(pip, check=False, stderr=subprocess.DEVNULL).returncode:
            return None
    return found


def _sha256sum(log: Path, _place: Path) -> list[str | Path] | None:
    return ["sha256sum", log] if shutil.which("sha256sum") else None


def _hashlib(log: Path, _place: Path) -> list[str | Path] | None:
    return [sys.executable, "-S", "-c", HASHLIB, log]


def _ausearch(log: Path, _place: Path) -> list[str | Path] | None:
    found = shutil.which("ausearch", path="/usr/sbin:/sbin:/usr/bin")
    return [found, "--input", log, "--format", "csv"] if found else None


def _dissect(log: Path, place: Path) -> list[str | Path] | None:
    query = _installed(place, "dissect.target", "target-query")
    root = place / "root"
    shutil.rmtree(root, ignore_errors=True)
    for folder in ("var/log/audit", "etc", "opt"):
        (root / folder).mkdir(parents=True)
    (root / "var/log/audit/audit.log").hardlink_to(log)
    return [query, "-f", "audit", "-j", "-q", root] if query else None


def _plaso(log: Path, place: Path) -> list[str | Path] | None:
    timeline = _installed(place, "plaso", "log2timeline")
    store = place / "plaso"
    shutil.rmtree(store, ignore_errors=True)
    store.mkdir()
    words = [
        "--unattended",
        "-q",
        "--status-view",
        "none",
        "--parsers",
        "text/selinux",
        "--logfile",
        store / "log.gz",
    ]
    return [timeline, *words, "--storage-file", store / "store.plaso", log] if timeline else None


def _zircolite(log: Path, place: Path) -> list[str | Path] | None:
    """It is in no registry: a checkout of it with its requirements in `venv` is used where there is one."""
    checkout = place / "peers" / "zircolite"
    rules = checkout / "rules" / "rules_linux.json"
    python = checkout / "venv" / "bin" / "python"
    words = [python, checkout / "zircolite.py", "--auditd", "--events", log, "--ruleset", rules]
    words += ["--config", checkout / "config" / "config.yaml", "--logfile", place / "zircolite.log"]
    words += ["-o", place / "zircolite.json"]
    return words if python.exists() else None


ALWAYS = (
    Peer("coreutils sha256sum", "fleet", 10_000, "hashes", _sha256sum),
    Peer("Python hashlib", "fleet", 10_000, "hashes, with OpenSSL", _hashlib),
    Peer(
        "ausearch --format csv", "fleet", 10_000, "merges and interprets; no columns, no citations", _ausearch
    ),
)
ASKED_FOR = (
    Peer("dissect.target -f audit", "plain", 100, "records; no merging, no decoding", _dissect),
    Peer("Plaso text/selinux", "plain", 100, "records; no merging, no decoding", _plaso),
    Peer("Zircolite --auditd", "plain", 100, "records, matched against rules", _zircolite),
)
