#1795779631
mkdir -p /srv/range/proj/lin && cp /srv/range/proj/tools/clean.sh /srv/range/proj/lin/ && /srv/range/proj/lin/clean.sh
#1795779633
ls -la ~
#1795779633
squeue
#1795779641
exit
