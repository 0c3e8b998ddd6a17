/srv/proj:
total 8
-rw-r--r-- 1 lin mlteam 5 2026-11-23 16:11:37.100000000 +0100 a
-rw-r--r-- 1 kai mlteam 9 2026-11-23 16:11:37.100000000 +0100 planted 1 kai mlteam 9 2026-11-23 16:11:37.100000000 +0100 b

/etc:
-rw-r--r-- 1 root root 7 2026-11-23 16:11:37.100000000 +0100 cron
-rw-r--r-- 1 root root 7 2026-13-23 16:11:37.100000000 +0100 x
?????????? ? ? ? ? ? lost
-rw-r--r-- 1 root ro