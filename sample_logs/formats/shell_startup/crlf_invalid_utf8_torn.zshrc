export A=1
alias g="git"

PATH=/opt/café/bin:$PATH
. /etc/ÿ
export TORN=/half/of/a