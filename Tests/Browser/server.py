"""The real binary, on a free port of its own, with a store that nobody else has; and a model's server for it."""

import json
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 20


class Server:
    """Parley. `settings` are further options; it may be killed, stopped and started again at the same address."""

    def __init__(self, binary, *settings):
        self._directory = tempfile.TemporaryDirectory(prefix="parley-browser-")
        self._log = Path(self._directory.name, "log").open("a+")
        self.database = Path(self._directory.name, "parley.db")
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        self.database = f"{self._directory.name}/parley.db"
        self._command = [
            str(Path(binary).resolve()), "serve",
            "--http-host", "127.0.0.1", "--http-port", str(port),
            "--store", f"sqlite:{self.database}",
            # All of the checks' people come from one address, faster than people do.
            "--limits-rates", "off",
            *settings,
        ]
        self._process = None
        self.start()

    def start(self):
        self._process = subprocess.Popen(
            self._command, cwd=self._directory.name, stdout=self._log, stderr=subprocess.STDOUT,
        )

    def revive(self):
        """Starts it if it doesn't run."""
        if self._process.poll() is not None:
            self.start()
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with {self._process.returncode}:\n{self.log()}")
            try:
                with urllib.request.urlopen(f"{self.origin}/health/ready", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            # There is no event to wait for: readiness is something one asks for.
            time.sleep(0.05)
        raise RuntimeError(f"the server wasn't ready in {START_SECONDS} s:\n{self.log()}")

    def kill(self):
        """Ends it as a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self):
        """Asks it to end, and returns its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server didn't stop in {STOP_SECONDS} s:\n{self.log()}") from None

    def log(self):
        self._log.seek(0)
        return self._log.read()[-4000:]

    def close(self):
        if self._process.poll() is None:
            self.kill()
        self._log.close()
        self._directory.cleanup()


class Upstream:
    """parley-upstream: a model's server that answers as it is told to, and when."""

    def __init__(self, binary):
        self._process = subprocess.Popen([str(binary), "--port", "0"], stdout=subprocess.PIPE, text=True)
        self.url = self._process.stdout.readline().split()[-1]

    def hold(self, answer, after):
        """The next answer is this text; it stops after so many pieces, until it is released."""
        self._control("/control", {"answer": answer, "after": after, "hold": True})

    def slowly(self, answer, milliseconds):
        """The next answer is this text, with so much time between its pieces."""
        self._control("/control", {"answer": answer, "chunk_ms": milliseconds})

    def refuse(self):
        """The next request is refused for good: it is not asked again."""
        self._control("/control", {"status": 400, "message": "No.", "times": 1})

    def answer(self, answer, **more):
        """The next answer is this text, and whatever else a behaviour of it may say (parley-upstream --help)."""
        self._control("/control", {"answer": answer, **more})

    def forget(self):
        """Nothing of what it was told holds."""
        self._control("/control", {}, method="DELETE")

    def release(self):
        self._control("/control/release", {})

    def close(self):
        self._process.kill()
        self._process.wait()

    def _control(self, path, body, method="POST"):
        request = urllib.request.Request(self.url.removesuffix("/v1") + path, json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request, timeout=10):
            pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
