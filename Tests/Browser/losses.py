"""Sockets that get lost: when they are back, everything is on the screen that happened meanwhile, once and in order."""

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import expect

from live import two_tabs
from parley_page import (
    answers, composer, connection, expect_answered, expect_in_step, expect_title, log, read_all, row, rows,
    say, send, wait_until,
)
from world import WAIT_MILLISECONDS

CHANGES = re.compile(r"/changes\?")
CHAT = "**/api/chat"
# Who tries to connect again and again does so every fifteen seconds in the end.
LONG_WAIT = 3 * WAIT_MILLISECONDS


@contextmanager
def offline(*pages):
    """Of one browser context."""
    pages[0].context.set_offline(True)
    for page in pages:
        # Found out eight seconds after the last question.
        expect(connection(page)).to_contain_text("You are offline", timeout=LONG_WAIT)
    yield
    pages[0].context.set_offline(False)


def append(world, page, conversation, texts):
    entries = [{"role": "user", "content": text} for text in texts]
    for start in range(0, len(entries), 100):
        path = f"/conversations/{conversation}/messages"
        world.call(page, "post", path, {"messages": entries[start:start + 100]})


def a_server_that_starts_again_is_found_again(world):
    first, second, here = two_tabs(world, "olga", "Through a restart")
    composer(second).fill("half a thought")
    assert world.server.stop() == 0
    for page in (first, second):
        expect(connection(page)).to_contain_text("Connection lost. Reconnecting…")
        expect(log(page)).to_contain_text("The beginning")
    world.server.start()
    world.server.wait_until_ready()
    world.call(first, "post", f"/conversations/{here}/messages", {"role": "user", "content": "Said after that"})
    for page in (first, second):
        expect(page.locator(".message-body")).to_have_text(["The beginning", "Said after that"], timeout=LONG_WAIT)
        expect_in_step(page)
        expect(connection(page)).to_be_empty()
    expect(composer(second)).to_have_value("half a thought")
    send(first, "And on it goes")
    expect(log(second)).to_contain_text("And on it goes")
    expect_answered(second)


def one_may_try_at_once(world):
    first, _, _ = two_tabs(world, "olga", "Impatient")
    # Without this clock's going on, no attempt is made but the one that is asked for.
    first.clock.install()
    first.reload()
    expect_in_step(first)
    first.clock.pause_at(first.evaluate("Date.now() / 1000 + 60"))
    world.server.kill()
    expect(first.locator(".workspace")).to_have_attribute("data-connection", "mending")
    first.clock.run_for(1_000)
    expect(connection(first)).to_contain_text("Connection lost")
    world.server.start()
    world.server.wait_until_ready()
    connection(first).get_by_role("button", name="Try now").click()
    expect_in_step(first)


def what_happens_while_one_is_offline_comes_afterwards(world):
    other = world.page_of("olga")
    first, second, here = two_tabs(world, "olga", "Offline")
    gone = world.conversation(other, "Deleted meanwhile", [("user", "One")])
    expect(row(second, "Deleted meanwhile")).to_have_count(1)
    edited = world.messages(other, here)[0]["id"]
    with offline(first, second):
        append(world, other, here, [f"Number {number}" for number in range(1, 21)])
        world.call(other, "patch", f"/conversations/{here}/messages/{edited}", {"content": "Edited meanwhile"})
        world.call(other, "patch", f"/conversations/{here}", {"title": "Named meanwhile"})
        world.call(other, "delete", f"/conversations/{gone}")
        world.conversation(other, "Made meanwhile", [("user", "One")])
        expect(log(second)).not_to_contain_text("meanwhile")
    for page in (first, second):
        expected = ["Edited meanwhile"] + [f"Number {number}" for number in range(1, 21)]
        expect(page_end(page)).to_have_text("Number 20")
        # The last that was done in it.
        expect_title(page, "Named meanwhile")
        assert read_all(page) == expected
        expect(rows(page).first).to_contain_text("Made meanwhile")
        expect(row(page, "Named meanwhile")).to_contain_text("Number 20")
        expect(row(page, "Deleted meanwhile")).to_have_count(0)


def what_was_deleted_while_one_was_offline_goes(world):
    other = world.page_of("olga")
    first, _, here = two_tabs(world, "olga", "Deleted while away", [("user", "mandrake")])
    with offline(first):
        world.call(other, "delete", f"/conversations/{here}")
    expect_title(first, "New conversation")
    expect(row(first, "Deleted while away")).to_have_count(0)
    assert "mandrake" not in first.content()


def who_is_hundreds_of_changes_behind_catches_up(world):
    other = world.page_of("olga")
    first, second, here = two_tabs(world, "olga", "Far behind")
    with first.expect_request(CHANGES, timeout=2 * LONG_WAIT), second.expect_request(CHANGES, timeout=2 * LONG_WAIT):
        with offline(first, second):
            append(world, other, here, [f"Number {number}" for number in range(1, 401)])
    for page in (first, second):
        expect(page_end(page)).to_have_text("Number 400")
        assert read_all(page) == ["The beginning"] + [f"Number {number}" for number in range(1, 401)]


def who_is_further_behind_begins_with_the_newest(world):
    other = world.page_of("olga")
    first, _, here = two_tabs(world, "olga", "Very far behind")
    composer(first).fill("half a thought")
    with offline(first):
        append(world, other, here, [f"Number {number}" for number in range(1, 701)])
    expect(page_end(first)).to_have_text("Number 700")
    expect(first.locator("[data-seq='1']")).to_have_count(0)
    expect(composer(first)).to_have_value("half a thought")
    append(world, other, here, ["One more"])
    expect(page_end(first)).to_have_text("One more")
    numbers = first.locator(".message").evaluate_all("all => all.map(one => Number(one.dataset.seq))")
    assert numbers == list(range(numbers[0], 703)), numbers


def page_end(page):
    return page.locator(".message-body").last


def a_store_that_was_restored_is_loaded_afresh(world):
    sockets = []

    def listen(socket):
        sockets.append(socket)
        socket.connect_to_server()

    page = world.open(world.person("olga").state)
    page.route_web_socket("**/api/ws", listen)
    page.goto("/")
    here = world.conversation(page, "Restored", [("user", "Before")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    expect(log(page)).to_contain_text("Before")
    problem = {"error": {"type": "x", "code": "resync", "message": "Load afresh.", "param": None, "request_id": "x"}}
    page.route(CHANGES, lambda route: route.fulfill(status=410, json=problem))
    with page.expect_response(re.compile(rf"/conversations/{here}\?limit=50")):
        sockets[-1].send(f'{{"type":"resync","conversation_id":"{here}","reason":"ahead"}}')
    expect(log(page)).to_contain_text("Before")


def a_socket_that_has_gone_silent_is_replaced(world):
    sockets, silent, pings, pongs = [], [], [], []

    def listen(socket):
        sockets.append(socket)
        server = socket.connect_to_server()

        def ask(text):
            server.send(text)
            if "ping" in text:
                pings.append(text)

        def pass_on(text):
            # No pong either: as if the network had swallowed both ends' goodbye.
            if socket in silent:
                return
            socket.send(text)
            if "pong" in text:
                pongs.append(text)

        socket.on_message(ask)
        server.on_message(pass_on)

    page = world.open(world.person("olga").state)
    page.route_web_socket("**/api/ws", listen)
    page.clock.install()
    page.goto("/")
    expect_in_step(page)
    here = world.conversation(page, "Silence", [("user", "Before")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    expect(log(page)).to_contain_text("Before")
    number = len(sockets)
    page.clock.run_for(20_000)
    # Whatever came meanwhile puts the question off.
    wait_until(page, lambda: pings or page.clock.run_for(1_000))
    wait_until(page, lambda: pongs)
    page.clock.run_for(9_000)
    assert len(sockets) == number, "a socket that answers was replaced"
    silent.append(sockets[-1])
    world.call(page, "post", f"/conversations/{here}/messages", {"role": "user", "content": "Into the silence"})
    # 25 seconds after the pong it is asked again, and 8 after that given up; the next one has 8 to open.
    page.clock.run_for(25_000)
    expect(log(page)).to_contain_text("Into the silence")
    assert len(sockets) == number + 1, len(sockets)


def a_message_that_the_network_swallowed_is_sent_again(world):
    """No answer comes, and no error either; what tells of it is the socket, which has to be replaced as well."""
    sockets, swallowed = [], []

    def listen(socket):
        sockets.append(socket)
        socket.connect_to_server()

    page = world.open(world.person("olga").state)
    page.route_web_socket("**/api/ws", listen)
    page.route(CHAT, lambda route: route.continue_() if swallowed else swallowed.append(route))
    page.goto("/")
    here = world.conversation(page, "Swallowed", [("user", "Before")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    with page.expect_request(CHAT):
        send(page, "Is anybody there?")
    send(page, "And now?")
    sockets[-1].close()
    expect(answers(page)).to_have_count(2)
    expect_answered(page)
    said = [one["content"] for one in world.messages(page, here) if one["role"] == "user"]
    assert said == ["Before", "Is anybody there?", "And now?"], said


def an_answer_whose_stream_falls_silent_holds_nobody_up(world):
    """The socket has all of it: with that it is over, for the next message as well."""
    silent = []

    def fall_silent(route):
        if not silent:
            silent.append(route)
            route.fetch()
        else:
            route.continue_()

    first, _, here = two_tabs(world, "olga", "Half heard")
    first.route(CHAT, fall_silent)
    send(first, "Does this end?")
    expect_answered(first)
    say(first, "And does this?")
    said = [one["content"] for one in world.messages(first, here) if one["role"] == "user"]
    assert said == ["The beginning", "Does this end?", "And does this?"], said


def a_computer_that_slept_asks_at_once(world):
    """Nothing tells a page of it: not even its timers, which stood still as well. Only the clock goes on."""
    sockets, silent = [], []

    def listen(socket):
        sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda text: None if socket in silent else socket.send(text))

    page = world.open(world.person("olga").state)
    page.route_web_socket("**/api/ws", listen)
    page.clock.install()
    page.goto("/")
    here = world.conversation(page, "Asleep", [("user", "Before")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    # What isn't loaded by then would be there without a socket.
    expect(log(page)).to_contain_text("Before")
    number = len(sockets)
    silent.append(sockets[-1])
    world.call(page, "post", f"/conversations/{here}/messages", {"role": "user", "content": "While it slept"})
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 3_600_000; }")
    # 5 seconds until it looks at the clock, and 8 for an answer; without that it would be 25 and 8.
    page.clock.run_for(14_000)
    expect(log(page)).to_contain_text("While it slept")
    assert len(sockets) == number + 1, len(sockets)


def a_frozen_tab_goes_on_where_it_was(world):
    page = world.page_of("olga")
    here = world.conversation(page, "Frozen", [("user", "Before")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    composer(page).fill("half a thought")
    client = page.context.new_cdp_session(page)
    client.send("Page.setWebLifecycleState", {"state": "frozen"})
    append(world, page, here, ["While it was frozen"])
    client.send("Page.setWebLifecycleState", {"state": "active"})
    expect(page.locator(".message-body")).to_have_text(["Before", "While it was frozen"])
    expect_in_step(page)
    expect(composer(page)).to_have_value("half a thought")


def a_page_of_another_origin_gets_no_socket(world):
    """With the cookie: the port is nothing to a cookie, so this page's socket brings it along."""
    page = world.page_of("olga")
    expect_in_step(page)
    with foreign_page() as address:
        stranger = page.context.new_page()
        stranger.goto(address)
        refused = stranger.evaluate(TRY_SOCKET, f"{world.origin.replace('http', 'ws')}/api/ws")
    assert refused == {"opened": False, "code": 1006, "heard": []}, refused
    own = page.evaluate(TRY_SOCKET, f"{world.origin.replace('http', 'ws')}/api/ws")
    assert own["opened"] and own["heard"] == ["ready"], own


# Until it is closed, or has heard something.
TRY_SOCKET = """url => new Promise((done) => {
    const socket = new WebSocket(url);
    const seen = { opened: false, code: null, heard: [] };
    socket.onopen = () => { seen.opened = true; };
    socket.onmessage = ({ data }) => { seen.heard.push(JSON.parse(data).type); done(seen); };
    socket.onclose = ({ code }) => { seen.code = code; done(seen); };
})"""


@contextmanager
def foreign_page():
    class Blank(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title>")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def compressed_sockets_work(world):
    """This server was started with `http.ws_deflate` on."""
    first, second, _ = two_tabs(world, "olga", "Compressed")
    extensions = first.evaluate(EXTENSIONS)
    assert extensions.startswith("permessage-deflate"), extensions
    text = "The same again. " * 200
    world.upstream.slowly(text, 0)
    say(first, "Something that is worth it")
    expect_answered(second)
    expect(answers(second).last.locator(".message-body")).to_have_text(text)


EXTENSIONS = """() => new Promise((done) => {
    const socket = new WebSocket("/api/ws");
    socket.onmessage = () => { done(socket.extensions); socket.close(); };
})"""


CHECKS = [
    a_server_that_starts_again_is_found_again,
    one_may_try_at_once,
    what_happens_while_one_is_offline_comes_afterwards,
    what_was_deleted_while_one_was_offline_goes,
    who_is_hundreds_of_changes_behind_catches_up,
    who_is_further_behind_begins_with_the_newest,
    a_store_that_was_restored_is_loaded_afresh,
    a_socket_that_has_gone_silent_is_replaced,
    a_message_that_the_network_swallowed_is_sent_again,
    an_answer_whose_stream_falls_silent_holds_nobody_up,
    a_computer_that_slept_asks_at_once,
    a_frozen_tab_goes_on_where_it_was,
    a_page_of_another_origin_gets_no_socket,
    compressed_sockets_work,
]
