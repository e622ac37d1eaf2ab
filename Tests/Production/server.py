"""scripts/production, started as a terminal would start it."""

import os
import re
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not below the repository: PostgreSQL's own user must reach it.
STATE = Path(tempfile.gettempdir()) / f"parley-production-{os.getpid()}"
STOP_SECONDS = 120


class Production:
    """The script in a session of its own."""

    def __init__(self, binary):
        self.port = free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [ROOT / "scripts/production", str(self.port)], env=environment(binary), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.instances, said = [], ""
        for line in self._process.stdout:
            said += line
            if found := re.search(r"instance \d+ +(http://\S+), process (\d+)", line):
                self.instances.append((found[1], int(found[2])))
            if "shared" in line:
                break
        if len(self.instances) != 2:
            raise SystemExit(f"production did not start:\n{said}")

    def interrupt(self):
        """Ctrl-C, which reaches all of the terminal's processes. Returns the exit status."""
        os.killpg(self._process.pid, signal.SIGINT)
        self._process.stdout.read()
        return self._process.wait(timeout=STOP_SECONDS)

    def is_running(self, number):
        return self.instances[number][1] in {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()}


def environment(binary):
    # What is set for other tests must not reach the program.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return kept | {"PARLEY_PROGRAM": str(Path(binary).resolve()), "PRODUCTION_DIRECTORY": str(STATE)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check(holds, what):
    print(f"production: {'ok' if holds else 'NOT SO'}: {what}", flush=True)
    if not holds:
        raise SystemExit(1)


def nothing_runs():
    """No process names the directory, as nginx, Redis and PostgreSQL do."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(STATE).encode() in path.read_bytes():
                return False
        except OSError:
            pass
    return True
