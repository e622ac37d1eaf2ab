"""scripts/production as people use it: python3 Tests/Production/run.py --binary PATH.

Two instances behind nginx: what is said through one is seen at the other, one may die, and Ctrl-C leaves nothing running but
keeps what was said. Ends with a status other than 0 at the first thing that isn't so.
"""

import argparse
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".build/production-test"
REQUEST_SECONDS = 60
STOP_SECONDS = 120
APPENDS = 20


class Production:
    """The script in a session of its own, as a terminal would start it."""

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


class Client:
    """Somebody with a cookie, who may ask any of the addresses: ports are nothing to a cookie."""

    def __init__(self):
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)

    def open(self, method, origin, path, body=None):
        request = urllib.request.Request(
            origin + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Origin": origin},
        )
        return self._opener.open(request, timeout=REQUEST_SECONDS)

    def call(self, method, origin, path, body=None):
        with self.open(method, origin, path, body) as answer:
            return json.load(answer)


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


def events(answer):
    """The data of a stream's events."""
    for line in answer:
        if line.startswith(b"data: "):
            yield json.loads(line[len(b"data: "):])


def contents(client, origin, conversation):
    page = client.call("GET", origin, f"/api/conversations/{conversation}/messages?limit=100")
    return [message["content"] for message in page["messages"]]


def follow_elsewhere(client, production):
    """A reply that one instance writes, read from the other; and its whole text, through nginx."""
    (first, _), (second, _) = production.instances
    with client.open("POST", first, "/api/chat", {"message": "one two three " * 20, "stream": True}) as answer:
        stream = events(answer)
        reply = next(
            event for event in stream if event["type"] == "chat_message" and event["message"]["role"] == "assistant"
        )["message"]
        with client.open("GET", second, f"/api/chat/{reply['id']}/stream") as other:
            seen = [event for event in events(other) if event]
        for _ in stream:
            pass
    ended = next(event["message"] for event in reversed(seen) if event["type"] == "message_updated")
    check(ended["status"] == "delivered", "a reply of one instance is followed at the other")
    conversation = reply["conversation_id"]
    check(contents(client, production.origin, conversation)[-1] == ended["content"], "nginx shows the same reply")
    return conversation


def nothing_runs():
    """No process names the directory, as nginx, Redis and PostgreSQL do."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(STATE).encode() in path.read_bytes():
                return False
        except OSError:
            pass
    return True


def use(production, client):
    client.call(
        "POST", production.origin, "/api/auth/register",
        {"email": "ada@example.org", "password": "correct horse battery", "name": "Ada"},
    )
    conversation = follow_elsewhere(client, production)
    os.kill(production.instances[0][1], signal.SIGKILL)
    sent = [f"message {number}" for number in range(APPENDS)]
    path = f"/api/conversations/{conversation}/messages"
    for text in sent:
        client.call("POST", production.origin, path, {"messages": [{"role": "user", "content": text}]})
    check(contents(client, production.origin, conversation)[-APPENDS:] == sent, "one instance goes on without the other")
    return conversation, sent


def main():
    parser = argparse.ArgumentParser(description="Two instances behind nginx, as scripts/production starts them.")
    parser.add_argument("--binary", required=True, help="the parley executable")
    binary = parser.parse_args().binary
    clean = [ROOT / "scripts/production", "clean"]
    subprocess.run(clean, env=environment(binary), check=True, stdout=subprocess.DEVNULL)
    client = Client()
    production = Production(binary)
    try:
        conversation, sent = use(production, client)
    finally:
        status = production.interrupt()
    check(status == 130, "Ctrl-C ends it")
    check(not production.is_running(1) and nothing_runs(), "nothing is left running")
    production = Production(binary)
    try:
        check(contents(client, production.origin, conversation)[-APPENDS:] == sent, "the next start has what was said")
    finally:
        production.interrupt()
    subprocess.run(clean, env=environment(binary), check=True, stdout=subprocess.DEVNULL)
    check(not STATE.exists() and nothing_runs(), "nothing is kept after that")


if __name__ == "__main__":
    main()
