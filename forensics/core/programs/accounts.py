"""What useradd, usermod, passwd and their kin write of accounts and groups, and which job a login was put into.

Most name whom they changed and not who ran them; gpasswd and passwd name both. Sources: shadow 4.13
to 4.19, src/*.c; Linux-PAM pam_unix_passwd.c; Slurm contribs/pam_slurm_adopt and contribs/pam.
"""

from forensics.core.programs.shape import ANY, FROM, NAMED, SOME, Program, Shape, pam

_WHOM = r"'(?P<object>[^']+)'"
_END = r"(?: in /[^ ]*)?$"
ACCOUNTS = Program(
    ("useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod", "gpasswd", "chage", "adduser", "passwd", "chpasswd", "chsh", "chfn", "newusers", "newgrp", "sg", "vipw", "vigr", "groupmems", "grpck"),
    ANY,
    (
        Shape("account_added", r"^new user: name=(?P<account>[^,]+), UID=(?P<uid>[0-9]{1,10}), GID=[0-9]{1,10}, home=.*, shell=.*, from=(?P<tty>[^ ,]+)$"),
        Shape("account_added", r"^new user: name=(?P<account>[^,]+), UID=(?P<uid>[0-9]{1,10}), "),
        Shape("group_added", r"^new group: name=(?P<group>[^,]+), GID=[0-9]{1,10}$"),
        Shape("group_changed", r"^group changed in [^ ]+ \(group (?P<group>[^ ,/()]+)(?:/[0-9]{1,10})?(?:, .*)?\)$"),
        Shape("group_changed", r"^group '(?P<group>[^']+)' removed(?: from [^ ]+)?$"),
        Shape("group_changed", r"^group (?:added to|removed from|changed in) [^ :,]+(?::? ?\(?.*name=(?P<group>[^,)]+))?"),
        Shape("group_changed", r"^removed (?:shadow )?group '(?P<group>[^']+)' owned by '[^']*'$"),
        Shape("account_changed", rf"^(?P<operation>add|delete) {_WHOM} (?:to|from) (?:shadow )?group '(?P<group>[^']+)'{_END}"),
        Shape("account_changed", rf"^change {_WHOM} to '[^']+' in (?:shadow )?group '(?P<group>[^']+)'{_END}"),
        Shape("account_changed", rf"^(?P<operation>delete|lock|unlock|change) (?:user |admin )?(?:name )?{_WHOM}"),
        Shape("account_changed", r"^user (?P<object>[^ ]+) (?P<operation>added|removed) by (?P<caller>[^ ]+) (?:to|from) group (?P<group>[^ ]+)(?: in /[^ ]*)?$"),
        Shape("group_changed", r"^(?:password|members|administrators|access) (?:of|to) group (?P<group>[^ ]+) (?P<operation>set|changed|removed|restricted) by (?P<caller>[^ ]+)(?: to .*| in /[^ ]*)?$"),
        Shape("change_failed", r"^(?P<account>[^ ]+) failed to (?:(?:add|remove) user [^ ]+ (?:to|from)|remove password of|restrict access to|change password of|set the (?:administrators|members) of) group (?P<group>[^ ]+)(?: .*)?$"),
        Shape("account_changed", rf"^(?P<operation>password) for {_WHOM} changed by '(?P<caller>[^']+)'$"),
        Shape("account_changed", r"^pam_unix\((?P<service>passwd|chpasswd):chauthtok\): (?P<operation>password) changed for (?P<object>[^ ]+)$"),
        Shape("account_changed", rf"^password (?P<operation>locked) for {_WHOM}$"),
        Shape("account_changed", rf"^(?P<operation>delete) member {_WHOM} in (?:shadow )?group '(?P<group>[^']+)'$"),
        Shape("list_edited", r"^file (?P<object>/[^ ]+) (?P<operation>edited)$"),
        Shape("account_changed", r"^changed (?P<operation>password expiry) for (?P<object>[^ ]+)$"),
        Shape("account_changed", rf"^changed user {_WHOM} (?P<operation>shell|information)\b"),
        Shape("group_entered", r"^user '(?P<account>[^']+)' \(login '[^']*' on (?P<tty>[^ ()]+)\) (?P<operation>switched|returned) to group '(?P<group>[^']+)'$"),
        Shape("group_refused", r"^Invalid password for group '(?P<group>[^']+)' from '(?P<account>[^']+)'$"),
        *pam("passwd|chpasswd|chsh|chfn|useradd|userdel|usermod|groupadd"),
    ),
)  # fmt: skip
ADOPT = Program(
    ("pam_slurm_adopt", "pam_slurm"), SOME,
    (
        Shape("adopted", r"^(?:info: )?Process (?P<child>[0-9]{1,10}) adopted into job (?P<job>[0-9]{1,10})$"),
        Shape("adopting", rf"^(?:info: )?Connection by user {NAMED}: user has only one job (?P<job>[0-9]{{1,10}})$"),
        Shape("adopting", rf"^(?:info: )?{FROM.replace('from', 'From', 1)} as {NAMED}: member of job (?P<job>[0-9]{{1,10}})$"),
        Shape("adopting", r"^(?:info: )?action_unknown: Picked job (?P<job>[0-9]{1,10})$"),
        Shape("adopt_refused", r"^(?:info: )?Process (?P<child>[0-9]{1,10}) adoption (?P<refusal>FAILED) for job (?P<job>[0-9]{1,10})$"),
        Shape("adopt_refused", rf"^(?:info: |debug: +)?{FROM.replace('from', 'From', 1)} as {NAMED}: (?P<refusal>unable to determine source job|job indeterminate)$"),
        Shape("adopt_refused", r"^(?:error: |info: |send_user_msg: )*(?P<refusal>Access denied)(?: for user (?P<account>[^ ]+) \(uid=(?P<uid>[0-9]{1,10})\)|.*: (?:you have no active jobs|unable to determine source job))"),
        Shape("adopt_refused", r"^access (?P<refusal>denied) for user (?P<account>[^ ]+) \(uid=(?P<uid>[0-9]{1,10})\)$"),
        Shape("admitted", r"^access granted for user (?P<account>[^ ]+) \(uid=(?P<uid>[0-9]{1,10})\)$"),
    ),
)  # fmt: skip
PROGRAMS = (ACCOUNTS, ADOPT)
