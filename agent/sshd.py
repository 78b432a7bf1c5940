"""The host's sshd: it listens nowhere, and takes nothing but a certificate for this host."""

from __future__ import annotations

import os
from pathlib import Path

from agent.config import Config
from agent.tokens import Grant

PRIVILEGE_SEPARATION = Path("/run/sshd")  # compiled into Debian's and Ubuntu's sshd
_CONFIG = """\
HostKey "{state}/host_key"
HostCertificate "{state}/host_key-cert.pub"
PidFile none
# PAM's systemd module would move a session out of its cgroup.
UsePAM no
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile none
TrustedUserCAKeys "{state}/user_ca.pub"
AuthorizedPrincipalsFile "{state}/principals"
# Nobody but the agent can write what is named above.
StrictModes no
AllowUsers {login}
LoginGraceTime 20
MaxAuthTries 2
AllowTcpForwarding no
AllowStreamLocalForwarding no
AllowAgentForwarding no
X11Forwarding no
PermitTunnel no
GatewayPorts no
PermitUserRC no
PermitUserEnvironment no
AcceptEnv LANG LC_*
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


def write_config(config: Config) -> None:
    """Write what sshd reads: its configuration, and the one principal that opens this host."""
    text = _CONFIG.format(state=config.state, login=config.login)
    replace(config.state / "sshd_config", text)
    replace(config.state / "principals", config.principal + "\n", 0o644)
    if os.geteuid() == 0:
        PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)


def command(config: Config, grant: Grant) -> list[str]:
    """How sshd is started for one session. What the grant allows comes first, and the first one counts."""
    allowed = ["-o", "AllowTcpForwarding=local"] if grant.allow_port_forwarding else []
    if grant.allow_agent_forwarding:
        allowed += ["-o", "AllowAgentForwarding=yes"]
    files = ["-f", str(config.state / "sshd_config"), "-E", str(config.state / "sshd.log")]
    return [config.sshd, "-i", *files, *allowed]


def replace(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that its readers find the old text or the new, and nothing between."""
    new = path.with_name(path.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
