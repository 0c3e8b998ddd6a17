#1795779735
/srv/range/proj/tools/clean.sh
#1795779737
ls -la ~
#1795779738
squeue
#1795779745
exit
