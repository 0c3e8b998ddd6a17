#1795623095
ls -la ~
#1795623096
nvidia-smi || true
#1795623098
sudo -u ana scancel 3
#1795623101
exit
