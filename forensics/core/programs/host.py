"""What the kernel, the clock daemons, systemd and the audit daemon write of the host itself.

A process chooses its own name (`comm`, at most 15 bytes), so what follows a name is read from the right.
A unit's description is chosen by who wrote the unit: only process 1 is believed, for every user may run
a manager of their own. A step of the clock is signed: more than zero is forward. Sources: Linux
mm/oom_kill.c, NVIDIA's list of Xid errors, chrony 4.3, ntp 4.2.8, ntpsec 1.2, systemd 252 to 259, audit 3.
"""

from forensics.core.programs.shape import ANY, FIRST, SOME, Program, Shape, pam

_STAMPED = r"^(?:\[ *[0-9]+\.[0-9]+\] ?)?"
_CGROUP = r"(?:/slurm[^/,]*/uid_[0-9]+|/system\.slice/(?:[^/,]*_)?slurmstepd\.scope)/job_(?P<job>[0-9]+)"
_KILLED = r"(?:Memory cgroup out of memory|Out of memory)[^:]*: Kill(?:ed)? process (?P<child>[0-9]{1,10}) "
_SECONDS = r"(?P<step>[+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?)"
_CARD = r"(?:[a-z0-9_]+ )?(?:[0-9a-f]{4}:[0-9a-f:.]+ )?(?P<device>[A-Za-z0-9_.:-]+): "
# e1000e and igb name themselves, and then the interface; a bond names the slave.
_DRIVER = r"[a-z0-9_]+(?: [0-9a-f:.]+ [A-Za-z0-9_.-]+: [a-z0-9_]+)?: (?P<device>[A-Za-z0-9_.-]+) "
_BOND = r"(?:bonding: )?[A-Za-z0-9_.-]+: (?:\(slave (?P<device>[^ ()]+)\): )?link status"

KERNEL = Program(
    ("kernel",), ANY,
    (
        Shape("fault", _STAMPED + rf"{_KILLED}.*, UID:(?P<victim_uid>[0-9]{{1,10}}) pgtables:[0-9]+kB oom_score_adj:-?[0-9]+$"),
        Shape("fault", _STAMPED + _KILLED),
        Shape("fault", _STAMPED + rf"oom-kill:constraint=[A-Z_]+,.*,oom_memcg={_CGROUP}[^,]*,task_memcg=[^,]*,task=.*,pid=(?P<child>[0-9]{{1,10}}),uid=(?P<victim_uid>[0-9]{{1,10}})$"),
        Shape("fault", _STAMPED + r"Killed process (?P<child>[0-9]{1,10}) \(.{1,16}\)(?:, UID (?P<victim_uid>[0-9]{1,10}),)? total-vm:[0-9]+kB, anon-rss:[0-9]+kB, file-rss:[0-9]+kB(?:, shmem-rss:[0-9]+kB)?$"),
        Shape("fault", _STAMPED + r"Task in /slurm[^/ ]*/uid_(?P<victim_uid>[0-9]{1,10})/job_(?P<job>[0-9]{1,10})[^ ]* killed as a result of limit of "),
        Shape("fault", _STAMPED + r"oom-kill:constraint=.*,pid=(?P<child>[0-9]{1,10}),uid=(?P<victim_uid>[0-9]{1,10})$"),
        Shape("fault", _STAMPED + r".{1,16} invoked oom-killer: gfp_mask="),
        Shape("fault", _STAMPED + r"NVRM: Xid \(PCI:(?P<device>[0-9A-Fa-f:.]+)\): (?P<code>[0-9]{1,6}), pid='?(?P<child>[0-9]{1,10})'?,"),
        Shape("fault", _STAMPED + r"NVRM: Xid \(PCI:(?P<device>[0-9A-Fa-f:.]+)\): (?P<code>[0-9]{1,6})\b"),
        Shape("fault", _STAMPED + r"NVRM: Xid \((?P<device>[0-9A-Fa-f:.]+)\): (?P<code>[0-9]{1,6})\b"),
        Shape("fault", _STAMPED + r"NVRM: GPU (?P<device>[0-9A-Fa-f:.]+): GPU has fallen off the bus"),
        Shape("fault", _STAMPED + r"nvidia-nvswitch[0-9]*: SXid \(PCI:(?P<device>[0-9A-Fa-f:.]+)\): (?P<code>[0-9]{1,6})\b"),
        Shape("fault", _STAMPED + r"NVRM: GPU at PCI:(?P<device>[0-9A-Fa-f:.]+)[: ]"),
        Shape("fault", _STAMPED + r"EDAC (?P<device>[A-Za-z0-9_]+): (?:[0-9]+ )?(?P<code>[CU]E) "),
        Shape("fault", _STAMPED + r"EDAC [a-z0-9_]+ (?P<device>MC[0-9]+): HANDLING MCE MEMORY ERROR$"),
        Shape("fault", _STAMPED + r"Memory failure: 0x[0-9a-f]+: "),
        Shape("fault", _STAMPED + r"nvme (?P<device>nvme[0-9n]+): I/O .*timeout"),
        Shape("fault", _STAMPED + r"(?:mce: \[Hardware Error\]|\{[0-9]+\}\[Hardware Error\]|\[Hardware Error\])"),
        Shape("fault", _STAMPED + r"nfs: server (?P<device>[^ ]+) not responding"),
        Shape("recovered", _STAMPED + r"nfs: server (?P<device>[^ ]+) OK$"),
        Shape("fault", _STAMPED + r"LustreError: .* operation [a-z_]+ to node (?P<device>[^ ]+) failed: rc = -?[0-9]+$"),
        Shape("recovered", _STAMPED + r"Lustre: .*: Connection restored to (?P<device>[^ ]+)(?: \(at [^ ()]+\))?$"),
        Shape("fault", _STAMPED + r"(?:Lustre(?:Error)?: .*(?:lost|timed out|evicted)|(?:I/O error, dev |blk_update_request: .*error|EXT4-fs error|XFS \([^ ]+\): .*(?:[Ee]rror|shutdown))|Kernel panic)"),
        Shape("fault", _STAMPED + rf"{_CARD}(?:NIC )?[Ll]ink (?:is )?[Dd]own"),
        Shape("recovered", _STAMPED + rf"{_CARD}(?:NIC )?[Ll]ink (?:is )?[Uu]p\b"),
        Shape("fault", _STAMPED + rf"{_DRIVER}NIC Link is Down"),
        Shape("recovered", _STAMPED + rf"{_DRIVER}NIC Link is Up\b"),
        Shape("fault", _STAMPED + rf"{_BOND} definitely down(?: for interface [^ ,]+)?, disabling "),
        Shape("recovered", _STAMPED + rf"{_BOND} definitely up\b"),
        Shape("fault", _STAMPED + r".{1,16}\[(?P<child>[0-9]{1,10})\]: segfault at [0-9a-f]+ ip [0-9a-f]+ sp [0-9a-f]+ error [0-9a-f]+"),
        Shape("fault", _STAMPED + r"traps: .{1,16}\[(?P<child>[0-9]{1,10})\] (?:general protection|trap )"),
        Shape("fault", _STAMPED + r"(?:INFO: task .* blocked for more than [0-9]+ seconds|watchdog: BUG: soft lockup|rcu: INFO: )"),
        Shape("audit_off", _STAMPED + r"audit: type=1305 audit\("),
        Shape("audit_lost", _STAMPED + r"audit: (?:audit_lost=|audit_backlog=|backlog limit exceeded|kauditd hold queue overflow|rate limit exceeded)"),
    ),
)  # fmt: skip
CLOCKS = Program(
    ("chronyd", "ntpd", "ntpdate", "systemd-timesyncd", "systemd-timedated", "sntp"), ANY,
    (
        Shape("clock_set", rf"^System clock was stepped by {_SECONDS} seconds"),
        Shape("clock_set", rf"^(?:CLOCK: |ntpd: )?time (?:reset|set|stepped by) {_SECONDS} ?s"),
        Shape("clock_set", rf"^step time server [^ ]+ offset {_SECONDS} sec"),
        Shape("clock_set", rf"^0\.0\.0\.0 [0-9a-f]{{4}} [0-9a-f]{{2}} clock_step {_SECONDS} s"),
        Shape("clock_set", r"^(?:Initial clock synchronization to|System (?:clock )?time advanced to (?:recorded timestamp|built-in epoch)\b)"),
        Shape("clock_wrong", r"^(?:Forward|Backward) time jump detected!"),
        Shape("clock_set", r"^(?:Changed local time to |System clock time unset or jumped backwards|System clock was stepped for leap second)"),
        Shape("clock_wrong", rf"^System clock wrong by {_SECONDS} seconds"),
        Shape("clock_wrong", rf"^(?:CLOCK: |ntpd: )?(?:time slew|adjust time server [^ ]+ offset) {_SECONDS} ?s"),
    ),
)  # fmt: skip
_SERVICE = (
    r"(?:ssh|sshd|rsyslog|syslog-ng|cron|crond|atd|systemd-journald|slurmd|slurmctld|slurmdbd|munge|chronyd?|ntpd|ntpsec|systemd-timesyncd)\.service"
    r"|OpenBSD Secure Shell server|OpenSSH (?:server daemon|Daemon)|System Logging Service|Regular background program processing daemon"
    r"|Command Scheduler|Journal Service|Slurm (?:node|controller|DBD accounting) daemon|NTP client/server|chrony, an NTP client/server|Network Time Synchronization"
)  # fmt: skip
_DONE = r"(?P<operation>Started|Stopped|Starting|Stopping|Reloaded|Failed to start)"
SYSTEMD = Program(
    ("systemd",), FIRST,
    (
        Shape("clock_set", r"^(?:Time has been changed\b|System time advanced to built-in epoch: )"),
        Shape("audit_off", rf"^{_DONE} (?:auditd\.service - )?(?P<object>Security Audit(?:ing| Logging) Service|auditd\.service)"),
        Shape("service", rf"^{_DONE} (?P<object>{_SERVICE})(?: - [^;]*?)?\.*$"),
    ),
)  # fmt: skip
# What run0 starts, a manager's child asks PAM for in the name of the program that it will become; who asked for it, polkit alone says.
MANAGERS = Program(
    ("systemd", "(systemd)", "(sd-pam)", "(bash)", "(sh)", "(dash)", "(zsh)", "(fish)"), ANY, pam("systemd-user|systemd-run0")
)  # fmt: skip
LOGIND = Program(
    ("systemd-logind",), SOME,
    (
        Shape("logind_new", r"^New session (?P<login_session>[^ ]+) of user (?P<account>[^ ]+?)\.$", ("New session",)),
        Shape("logind_new", r"^New session '(?P<login_session>[^ ']+)' of user '(?P<account>[^ ']+)' with class '[^ ']+' and type '[^ ']+'\.$", ("New session",)),
        Shape("logind_gone", r"^Removed session (?P<login_session>[^ ]+?)\.$", ("Removed session",)),
    ),
)  # fmt: skip
AUDIT = Program(
    ("auditd", "augenrules", "auditctl"), ANY,
    (Shape("audit_off", r"^(?:The audit daemon is (?:now )?(?:exiting|changing)|Init complete, |Error |Audit daemon (?:is|has|rotating|detected)|.*suspend)"),),
)  # fmt: skip
_CLIENT = r"(?:[^ @]+@)?[^ @]+ \((?P<address>[^ ()]+)\)$"
RSYNCD = Program(
    ("rsyncd",), SOME,
    (
        Shape("rsync", rf"^rsync (?P<operation>on|to) (?P<object>.*) from {_CLIENT}", ("rsync ",)),
        Shape("rsync_moved", r"^(?P<operation>send|recv|del\.) [^ ]+ \[(?P<address>[^\] ]+)\] (?P<object>[^ ]+) \([^()]*\) .* [0-9]+$", ("send ", "recv ", "del. ")),
        Shape("rsync_refused", r"^rsync (?P<refusal>denied) on module (?P<object>.*) from [^ ]+ \((?P<address>[^ ()]+)\)", ("rsync denied",)),
        Shape("rsync_refused", r"^unknown module '(?P<object>.*)' tried from [^ ]+ \((?P<address>[^ ()]+)\)$", ("unknown module",)),
        Shape("rsync_connected", r"^connect from [^ ]+ \((?P<address>[^ ()]+)\)$", ("connect ",)),
        Shape("rsync_refused", r"^auth (?P<refusal>failed) on module (?P<object>[^ ]+) from [^ ]+ \((?P<address>[^ ()]+)\)(?: for (?P<typed>.*): [^:]+|: [^:]+)$", ("auth ",)),
    ),
)  # fmt: skip
PROGRAMS = (KERNEL, CLOCKS, SYSTEMD, MANAGERS, LOGIND, AUDIT, RSYNCD)
