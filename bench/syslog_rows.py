"""Lines of a login host's log from a seed: sshd and sudo for the most part, in the traditional layout.

python bench/syslog_rows.py ROWS FILE
"""

import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20261123
BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
KEYS = [f"SHA256:{n:043d}" for n in range(400)]


def said(chance: random.Random) -> Iterator[tuple[str, str]]:
    """What a visit makes programs say."""
    user, pid = int(chance.random() * 400), 1000 + int(chance.random() * 60_000)
    account, port, address = f"u{4100 + user}", 20_000 + pid % 40_000, f"10.1.{user % 200}.{pid % 250}"
    me = f"sshd[{pid}]"
    if chance.random() < 0.3:
        yield me, f"Failed password for invalid user admin{user} from {address} port {port} ssh2"
        yield me, f"Connection closed by invalid user admin{user} {address} port {port} [preauth]"
        return
    yield me, f'Connection from {address} port {port} on 10.0.0.1 port 22 rdomain ""'
    yield me, f"Accepted publickey for {account} from {address} port {port} ssh2: ED25519 {KEYS[user]}"
    yield me, f"pam_unix(sshd:session): session opened for user {account}(uid={4100 + user}) by (uid=0)"
    if chance.random() < 0.5:
        run = int(chance.random() * 20_000)
        yield (
            "sudo",
            f" {account} : TTY=pts/{user % 40} ; PWD=/srv/proj/llm/run{run} ; USER=root ; COMMAND=/usr/bin/scancel {run}",
        )
        yield (
            "sudo",
            f"pam_unix(sudo:session): session opened for user root(uid=0) by {account}(uid={4100 + user})",
        )
        yield "sudo", "pam_unix(sudo:session): session closed for user root"
    if chance.random() < 0.3:
        yield f"CRON[{pid + 1}]", "(root) CMD (/usr/lib/sysstat/sa1 1 1)"
    yield f"systemd-logind[{700}]", f"New session {pid} of user {account}."
    yield me, f"Received disconnect from {address} port {port}:11: disconnected by user"
    yield me, f"pam_unix(sshd:session): session closed for user {account}"


def written(path: Path, rows: int) -> None:
    """Write about so many lines."""
    chance = random.Random(SEED)  # noqa: S311 - a seed, so that every run reads the same bytes
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as out:
        while count < rows:
            stamp = (BEGAN + timedelta(seconds=count // 2)).strftime("%b %e %H:%M:%S")
            for program, message in said(chance):
                out.write(f"{stamp} login01 {program}: {message}\n")
                count += 1


if __name__ == "__main__":
    written(Path(sys.argv[2]), int(sys.argv[1]))
