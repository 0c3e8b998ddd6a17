r"""Audit lines that the kernel printed to its own log, as it does while no audit daemon listens.

    audit: type=1300 audit(1795446841.266:7982): arch=c000003e syscall=62 success=yes exit=0 a0=2466 a1=9 ppid=9336 …

Shape   the type's number, time and serial, then the line's fields as the kernel wrote them; older kernels and dmesg put a
        stamp `[ 1234.567890] ` before it. Where it stands in syslog or the journal, program or transport is the kernel
Source  Linux 6.1, kernel/audit.c, `kauditd_printk_skb`; include/uapi/linux/audit.h; libaudit.h of audit 3.0.9
Time    epoch milliseconds of the kernel, from the line itself
Who     as in the trail. In syslog any account can write under the kernel's name (`logger -t kernel`), so such events are of the
        trust domain of the host's users; the journal knows what the kernel sent
Open    the kernel cuts a printed line after some 1,000 bytes without a mark, and prints only so many in a second, which it
        says itself (`callbacks suppressed`). A type whose name is not known here is `UNKNOWN[NNNN]`, as auditd has it
"""

import re

from forensics.core.auditjournal import Entry

PATTERN = (
    r"^(?:\[ *[0-9]{1,10}\.[0-9]{6}\] )?audit: type=[0-9]{4} audit\([0-9]{1,10}\.[0-9]{3}:[0-9]{1,18}\): "
)
_LINE = re.compile(
    r"(?:\[ *[0-9]{1,10}\.[0-9]{6}\] )?audit: type=(?P<type>[0-9]{4})"
    r" audit\((?P<seconds>[0-9]{1,10})\.(?P<ms>[0-9]{3}):(?P<serial>[0-9]{1,18})\):(?P<body> .*)",
    re.DOTALL,
)
_FROM = {
    1100: "USER_AUTH USER_ACCT USER_MGMT CRED_ACQ CRED_DISP USER_START USER_END USER_AVC USER_CHAUTHTOK USER_ERR CRED_REFR"
    " USYS_CONFIG USER_LOGIN USER_LOGOUT ADD_USER DEL_USER ADD_GROUP DEL_GROUP DAC_CHECK CHGRP_ID TEST TRUSTED_APP"
    " USER_SELINUX_ERR USER_CMD USER_TTY CHUSER_ID GRP_AUTH SYSTEM_BOOT SYSTEM_SHUTDOWN SYSTEM_RUNLEVEL SERVICE_START"
    " SERVICE_STOP GRP_MGMT GRP_CHAUTHTOK MAC_CHECK ACCT_LOCK ACCT_UNLOCK USER_DEVICE SOFTWARE_UPDATE",
    1302: "PATH IPC SOCKETCALL CONFIG_CHANGE SOCKADDR CWD",
    1311: "IPC_SET_PERM MQ_OPEN MQ_SENDRECV MQ_NOTIFY MQ_GETSETATTR KERNEL_OTHER FD_PAIR OBJ_PID TTY EOE BPRM_FCAPS CAPSET"
    " MMAP NETFILTER_PKT NETFILTER_CFG SECCOMP PROCTITLE FEATURE_CHANGE REPLACE KERN_MODULE FANOTIFY TIME_INJOFFSET"
    " TIME_ADJNTPVAL BPF EVENT_LISTENER URINGOP OPENAT2",
    1400: "AVC SELINUX_ERR AVC_PATH MAC_POLICY_LOAD MAC_STATUS MAC_CONFIG_CHANGE",
    1700: "ANOM_PROMISCUOUS ANOM_ABEND ANOM_LINK ANOM_CREAT",
    1800: "INTEGRITY_DATA INTEGRITY_METADATA INTEGRITY_STATUS INTEGRITY_HASH INTEGRITY_PCR INTEGRITY_RULE",
}  # fmt: skip
NAMES = {1006: "LOGIN", 1300: "SYSCALL", 1309: "EXECVE", 2000: "KERNEL"} | {
    first + n: name for first, names in _FROM.items() for n, name in enumerate(names.split())
}
"""Types of audit lines by number."""


def entry(kept: Entry) -> Entry | None:
    """A message of the kernel as the journal would keep the audit line in it; None where it holds none."""
    found = _LINE.fullmatch(kept.message or "")
    if found is None:
        return None
    number = int(found["type"])
    name = NAMES.get(number, f"<audit-{number}>")
    us = (int(found["seconds"]) * 1000 + int(found["ms"])) * 1000
    return kept._replace(source_us=us, audit_id=int(found["serial"]), message=name + found["body"])
