HISTTIMEFORMAT="%F %T "
HISTSIZE=5000
shopt -s histappend
PS1="$ "
rm -f /srv/range/proj/ckpt/step100.pt
