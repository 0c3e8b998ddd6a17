#1795623724
ls -la ~
#1795623724
nvidia-smi || true
#1795623724
squeue
#1795623734
exit
