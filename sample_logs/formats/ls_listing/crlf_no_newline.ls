/srv/proj:
total 8
-rw-rw-r--. 1 kai mlteam 1204 2026-11-23 16:11:37.100000000 +0100 train.py
lrwxrwxrwx+ 1 lin mlteam 3 2026-11-23 16:11:37.100000000 +0100 x