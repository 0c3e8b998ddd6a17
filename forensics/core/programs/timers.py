"""What cron, crontab, anacron and atd write: what ran for whom, and whose table was changed.

The account in brackets is the daemon's: it read the owner of the table or the job. Whose crontab is
loaded again (`RELOAD`) is known, who changed it is not: a table can be replaced without crontab(1).
Sources: cron(8) of Debian, cronie: log_it(); at(1) atd.c; anacron log.c.
"""

from forensics.core.programs.shape import ANY, SOME, Program, Shape, pam

_FOR = r"^\((?P<account>[^()]+)\)"
CRON = Program(
    ("CRON", "CROND", "cron", "crond", "/usr/sbin/cron", "/usr/sbin/crond", "/USR/SBIN/CRON"), SOME,
    (
        Shape("cron_ran", rf"{_FOR} CMD \((?P<command>.*)\)$", ("(",)),
        Shape("cron_output", rf"{_FOR} (?:CMDOUT|CMDEND) \((?P<command>.*)\)$", ("(",)),
        Shape("cron_reload", r"^\((?:\*system\*[^()]*|(?P<object>[^()]+))\) (?P<operation>RELOAD) \([^()]+\)$", ("(",)),
        Shape("cron_trouble", r"^\((?P<object>[^()]+)\) (?P<operation>ORPHAN|WRONG FILE OWNER|INSECURE MODE|NOT A REGULAR FILE|BAD FILE MODE|AUTH|ERROR|FAILED)", ("(",)),
        Shape("service", r"^\((?:CRON|cron|crond|CROND)\) (?P<operation>STARTUP|DEATH)\b", ("(",)),
        *pam("crond?|atd"),
    ),
    (Shape("cron_ran", r"^\((?P<account>[^() ]+)\) CMD \((?P<command>.*)\)$"),),
)  # fmt: skip
CRONTAB = Program(
    ("crontab",), SOME,
    (
        Shape("crontab", r"^\((?P<account>[^()]+)\) (?P<operation>REPLACE|DELETE|LIST|BEGIN EDIT|END EDIT) \((?P<object>[^()]+)\)$"),
        Shape("crontab_refused", rf"{_FOR} AUTH \((?P<refusal>crontab command not allowed)\)$"),
    ),
)  # fmt: skip
ATD = Program(
    ("atd",), SOME,
    (
        Shape("at_ran", r"^Starting job (?P<operation>[0-9]+) \([^()]*\) for user '(?P<account>[^']+)' \((?P<uid>[0-9]{1,10})\)$"),
        *pam("crond?|atd"),
    ),
)  # fmt: skip
ANACRON = Program(
    ("anacron",), ANY,
    (Shape("anacron", r"^Job `(?P<object>[^`']+)' (?P<operation>started|terminated)"),),
)  # fmt: skip
PROGRAMS = (CRON, CRONTAB, ATD, ANACRON)
