"""Keys and signatures that tests make with real programs, which are the oracle: never the program under test."""

import os
import shutil
import subprocess

import pytest


def needs(*programs):
    """Skip where a program is not on this machine."""
    lacking = [program for program in programs if shutil.which(program) is None]
    if lacking:
        pytest.skip(f"no {', '.join(lacking)} on this machine")


class Signers:
    """A folder of keys."""

    def __init__(self, root):
        self.root = root
        self.home = root / "gnupg"
        self.home.mkdir(mode=0o700)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(root), "GNUPGHOME": str(self.home), "LC_ALL": "C"}

    def run(self, *words, given=None):
        done = subprocess.run(
            [str(w) for w in words],
            cwd=self.root,
            env=self.env,
            input=given,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{words}: {done.stderr.decode(errors='replace')}")
        return done.stdout

    def ssh_key(self, name, *kind):
        """A key, and the line of its public half."""
        self.run("ssh-keygen", "-q", "-t", *kind, "-N", "", "-C", name, "-f", name)
        return (self.root / f"{name}.pub").read_text().strip()

    def ssh_sign(self, name, message, hashed="sha512", namespace="git"):
        words = ("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-O", f"hashalg={hashed}", "-f", name)
        return self.run(*words, given=message).decode()

    def gpg(self, *words, given=None, at=None):
        fixed = ("--batch", "-q", "--yes", "--no-tty", "--passphrase", "", "--pinentry-mode", "loopback")
        when = ("--faked-system-time", f"{at}!") if at else ()
        return self.run("gpg", *fixed, *when, *words, given=given)

    def gpg_sign(self, name, message, *how, at=None):
        return self.gpg("-u", f"{name}@lab.example", *how, "-ab", given=message, at=at).decode()

    def gpg_key(self, name, kind, use="sign", ends="0", at=None):
        self.gpg("--quick-gen-key", f"{name} <{name}@lab.example>", kind, use, ends, at=at)
        listed = self.run("gpg", "--batch", "--list-keys", "--with-colons", f"{name}@lab.example").decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def done(self):
        if shutil.which("gpgconf"):
            self.run("gpgconf", "--kill", "all")
