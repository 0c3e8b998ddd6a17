#1795624301
sudo pkill -9 -f train.py
#1795624303
sudo truncate -s 0 /srv/range/audit/audit.log
#1795624305
exit
