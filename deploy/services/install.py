"""The last rung: install a Debian package, and leave no system-wide service behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy.services.service import ServiceError, say

_POLICY = Path("/usr/sbin/policy-rc.d")

# One privileged script, so that its trap undoes the policy even when we are killed meanwhile.
# policy-rc.d answering 101 forbids a package's scripts to start services; under systemd the unit
# would still start at the next boot, so it is disabled. The package lists may be absent or old.
_SCRIPT = """
set -eu
policy=$1 package=$2
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\\nexit 101\\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
get() { timeout 900 apt-get -qq -o DPkg::Lock::Timeout=120 "$@" </dev/null; }
add() { get install -y --no-install-recommends "$package"; }
add || { get update; add; }
if [ -d /run/systemd/system ]; then systemctl disable --quiet "$package" || true; fi
"""


def install(package: str, *, policy: Path = _POLICY) -> None:
    """Install `package` as root or by `sudo -n`, after saying so on stderr.

    The service of the same name is neither started nor enabled; a `policy-rc.d` that was not there before is
    gone afterwards. Raises ServiceError with the end of apt-get's output.
    """
    if shutil.which("apt-get") is None:
        raise ServiceError(f"{package} is not installed and there is no apt-get to install it")
    privilege = _privilege(package)
    say(f"installing {package} with apt-get (about 20 s; no system-wide service is started) ...")
    command = [*privilege, "/bin/sh", "-c", _SCRIPT, "install", str(policy), package]
    with tempfile.TemporaryFile("w+") as output:
        # its own session and no pipe to us: an interrupt does not stop it half-way, and its trap runs in any case
        process = subprocess.Popen(  # noqa: S603 - a fixed script, a path and a package name of ours
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        if process.wait():
            output.seek(0)
            end = "".join(output.readlines()[-15:])
            raise ServiceError(f"apt-get could not install {package}:\n{end}")


def _privilege(package: str) -> Sequence[str]:
    if os.getuid() == 0:
        return ()
    sudo = shutil.which("sudo")
    if sudo is not None:
        allowed = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False)  # noqa: S603 - a fixed command
        if allowed.returncode == 0:
            return (sudo, "-n")
    raise ServiceError(f"{package} is not installed, and installing it needs root or sudo without a password")
