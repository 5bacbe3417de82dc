"""The installing rung, against a stand-in for apt-get that notes what it was asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.services.install import install
from deploy.services.service import ServiceError

APT = """#!/bin/sh
cat "$POLICY" >>"$NOTES" 2>/dev/null
echo "apt $*" >>"$NOTES"
case "$*" in
    *update*) touch "$LISTS" ;;
    *install*) [ -e "$LISTS" ] || { echo 'Unable to locate package'; exit 100; } ;;
esac
"""
SUDO = '#!/bin/sh\nshift\nexec "$@"\n'


class Machine:
    """A PATH with our own apt-get and sudo in front, and a policy file of our own."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.policy, self.notes, self.lists = path / "policy-rc.d", path / "notes", path / "lists"
        for name, text in (("apt-get", APT), ("sudo", SUDO), ("systemctl", "#!/bin/sh\n")):
            (path / name).write_text(text)
            (path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
        for variable, file in (("POLICY", self.policy), ("NOTES", self.notes), ("LISTS", self.lists)):
            monkeypatch.setenv(variable, str(file))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_install_forbids_services_meanwhile_and_undoes_it(machine: Machine) -> None:
    machine.lists.touch()

    install("some-server", policy=machine.policy)

    assert "exit 101" in machine.notes.read_text()
    assert not machine.policy.exists()


def test_install_leaves_a_policy_that_was_there(machine: Machine) -> None:
    machine.lists.touch()
    machine.policy.write_text("#!/bin/sh\nexit 0\n")

    install("some-server", policy=machine.policy)

    assert machine.policy.read_text() == "#!/bin/sh\nexit 0\n"


def test_install_updates_the_lists_when_the_package_is_not_found(machine: Machine) -> None:
    install("some-server", policy=machine.policy)

    words = [line.split() for line in machine.notes.read_text().splitlines() if line.startswith("apt")]
    assert ["update" in line for line in words] == [False, True, False]


def test_install_failure_shows_what_apt_said_and_undoes_the_policy(machine: Machine) -> None:
    (machine.lists.parent / "apt-get").write_text("#!/bin/sh\necho 'no space left'; exit 100\n")

    with pytest.raises(ServiceError, match="no space left"):
        install("some-server", policy=machine.policy)

    assert not machine.policy.exists()


def test_install_says_so_before_it_starts(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.lists.touch()

    install("some-server", policy=machine.policy)

    assert "installing some-server" in capsys.readouterr().err
