"""scripts/production as people use it: python3 Tests/Production/run.py --binary PATH.

Two instances behind nginx: what is said through one is seen at the other, at once where one listens; one may die, and
Ctrl-C leaves nothing running but keeps what was said. Ends with a status other than 0 at the first thing that isn't so.
"""

import argparse
import http.cookiejar
import json
import os
import signal
import subprocess
import urllib.request

from roles import try_roles
from server import ROOT, STATE, Production, check, environment, nothing_runs
from websocket import WebSocket

REQUEST_SECONDS = 60
APPENDS = 20


class Client:
    """Somebody with a cookie, who may ask any of the addresses: ports are nothing to a cookie."""

    def __init__(self):
        self._cookies = http.cookiejar.CookieJar()
        processor = urllib.request.HTTPCookieProcessor(self._cookies)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), processor)

    def open(self, method, origin, path, body=None):
        request = urllib.request.Request(
            origin + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Origin": origin},
        )
        return self._opener.open(request, timeout=REQUEST_SECONDS)

    def listen(self, origin):
        """A socket that has said that it is ready."""
        cookie = "; ".join(f"{each.name}={each.value}" for each in self._cookies)
        opened = WebSocket(origin, cookie, REQUEST_SECONDS)
        check(opened.status == 101, "nginx lets a WebSocket through")
        check(opened.wait_for(lambda event: event["type"] == "ready") is not None, "and it is greeted")
        return opened

    def call(self, method, origin, path, body=None):
        with self.open(method, origin, path, body) as answer:
            return json.load(answer)


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


def hear_elsewhere(client, production, conversation):
    """A socket at either instance hears what each of them commits: so one of the two is always another's."""
    # nginx takes the instances in turn.
    sockets = [client.listen(production.origin) for _ in production.instances]
    path = f"/api/conversations/{conversation}/messages"
    for number, (instance, _) in enumerate(production.instances, start=1):
        text = f"from instance {number}"
        client.call("POST", instance, path, {"role": "user", "content": text})
        for each in sockets:
            heard = each.wait_for(lambda event: event["type"] == "chat_message")
            check(heard is not None and heard["message"]["content"] == text, f"a socket hears what comes {text}")
    return sockets


def hear_the_other(client, production, conversation, sockets, known):
    """The sockets of an instance that died are closed, and those that are opened in their place miss nothing."""
    # One of them is of the instance that died, unless requests between the two have moved nginx's turn.
    ends = [each.wait_for(lambda event: event.get("message", {}).get("content") == known[-1]) for each in sockets]
    check(sum(end is None for end in ends) <= 1, "the dead instance's socket is closed, the other's goes on")
    for each in sockets:
        each.close()
    again = client.listen(production.origin)
    again.send({"type": "subscribe", "conversation_id": conversation, "since_revision": 0})
    said = []
    for event in again.events():
        if event["type"] == "subscribed":
            break
        if "message" in event:
            said.append(event["message"]["content"])
    check(said[-len(known):] == known, "a new socket is told all that was said meanwhile, in order")
    again.close()


def use(production, client):
    client.call(
        "POST", production.origin, "/api/auth/register",
        {"email": "ada@example.org", "password": "correct horse battery", "name": "Ada"},
    )
    conversation = follow_elsewhere(client, production)
    sockets = hear_elsewhere(client, production, conversation)
    os.kill(production.instances[0][1], signal.SIGKILL)
    sent = [f"message {number}" for number in range(APPENDS)]
    path = f"/api/conversations/{conversation}/messages"
    for text in sent:
        client.call("POST", production.origin, path, {"messages": [{"role": "user", "content": text}]})
    check(contents(client, production.origin, conversation)[-APPENDS:] == sent, "one instance goes on without the other")
    hear_the_other(client, production, conversation, sockets, sent)
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
        superuser = subprocess.check_output([ROOT / "scripts/postgres", "url", STATE / "postgres"], text=True).strip()
        try_roles(binary, superuser)
    finally:
        production.interrupt()
    subprocess.run(clean, env=environment(binary), check=True, stdout=subprocess.DEVNULL)
    check(not STATE.exists() and nothing_runs(), "nothing is kept after that")


if __name__ == "__main__":
    main()
