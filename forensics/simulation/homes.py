"""Startup files as a collection finds them: most accounts have those that they were made with, byte for byte, some with lines of their own.

What their lines run at each entry leaves no records here, as nothing else does that a shell starts by itself.
"""

import random

from forensics.simulation.trail import File
from forensics.simulation.world import Content, World

SKELETON = b"""# ~/.bashrc: executed by bash(1) for non-login shells.
case $- in
    *i*) ;;
      *) return;;
esac
HISTCONTROL=ignoreboth
shopt -s histappend
HISTSIZE=1000
HISTFILESIZE=2000
shopt -s checkwinsize
if [ -x /usr/bin/dircolors ]; then
    test -r ~/.dircolors && eval "$(dircolors -b ~/.dircolors)" || eval "$(dircolors -b)"
    alias ls='ls --color=auto'
fi
if [ -f ~/.bash_aliases ]; then
    . ~/.bash_aliases
fi
if ! shopt -oq posix; then
  if [ -f /usr/share/bash-completion/bash_completion ]; then
    . /usr/share/bash-completion/bash_completion
  elif [ -f /etc/bash_completion ]; then
    . /etc/bash_completion
  fi
fi
"""
PROFILE = b"""# ~/.profile: executed by the command interpreter for login shells.
if [ -n "$BASH_VERSION" ]; then
    if [ -f "$HOME/.bashrc" ]; then
        . "$HOME/.bashrc"
    fi
fi
if [ -d "$HOME/bin" ] ; then
    PATH="$HOME/bin:$PATH"
fi
"""
_LOGIN = b"if [ -f ~/.bashrc ]; then . ~/.bashrc; fi\n"
_OWN = (
    b"export EDITOR=vim\n",
    b"alias gs='git status'\n",
    b'export PATH="$HOME/.local/bin:$PATH"\n',
    b"export OMP_NUM_THREADS=8\n",
    b'[ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"\n',
    b"alias q='squeue -u $USER'\n",
    b'mkcd() { mkdir -p "$1" && cd "$1"; }\n',
    b"PROMPT_COMMAND='history -a'\n",
)  # fmt: skip
_ALIASES = (b"alias la='ls -A'\n", b"alias df='df -h'\n", b"alias ..='cd ..'\n", b"alias gd='git diff'\n")
_OF_HOST = {
    "/etc/profile": b"if [ -d /etc/profile.d ]; then\n  for i in /etc/profile.d/*.sh; do\n    if [ -r $i ]; then\n      . $i\n    fi\n  done\n  unset i\nfi\n",
    "/etc/bash.bashrc": b'# System-wide .bashrc file for interactive bash(1) shells.\n[ -z "$PS1" ] && return\nshopt -s checkwinsize\n',
    "/etc/profile.d/lang.sh": b"export LANG=C.UTF-8\n",
    "/etc/profile.d/modules.sh": b". /usr/share/modules/init/bash\nexport MODULEPATH=/opt/modulefiles\n",
}  # fmt: skip


def furnish(world: World, seed: int) -> None:
    """Put the startup files of the host in their places, and those of each account that has a key and no such files yet.

    What is drawn is drawn apart, so that all else comes out as it would without them.
    """
    for path, held in _OF_HOST.items():
        _place(world, path, held, 0)
    for account in sorted(world.authorized):
        rng = random.Random(f"home {seed} {account}")  # noqa: S311 - an incident must come out the same each time
        uid, there = world.accounts[account], f"/home/{account}/.bashrc" in world.files
        for name, held in {} if there else _home(rng).items():
            _place(world, f"/home/{account}/{name}", held, uid)


def _place(world: World, path: str, held: bytes, uid: int) -> None:
    inode = 1_300_000 + sum(map(ord, path)) % 90_000
    world.files.setdefault(path, Content(File(inode, "0100644", uid, uid), held))


def _home(rng: random.Random) -> dict[str, bytes]:
    """The startup files of one account, by name."""
    own = b"".join(rng.sample(_OWN, rng.choice((0, 0, 1, 2, 4))))
    found = {".bashrc": SKELETON + own, ".profile": PROFILE}
    if rng.random() < 0.3:  # then bash looks for no `.profile`
        found[".bash_profile"] = _LOGIN
    if rng.random() < 0.4:
        found[".bash_aliases"] = b"".join(rng.sample(_ALIASES, rng.randrange(1, 4)))
    return found
