"""Long answers of a model's server that stops where it is told to: seen from several tabs, in the middle."""

import json

from playwright.sync_api import expect

from live import two_people, two_tabs
from losses import LONG_WAIT, offline
from parley_page import (
    answers, connection, expect_answered, expect_in_step, expect_same_text, send, shown,
)

# Without Markdown's marks, so that what is shown is what is stored.
TEXT = " ".join(f"word{number}" for number in range(1, 400))


def ask_and_hold(world, page, after=40):
    """Asks; the answer stops in the middle. Returns what there is of it then."""
    world.upstream.hold(TEXT, after)
    send(page, "Tell me all of it")
    part = TEXT[:sum(1 + (number * number + 3) % 6 for number in range(after))]
    expect(answers(page).last).to_have_attribute("data-status", "streaming")
    expect_same_text(page, part)
    return part


def finish(world, *pages):
    world.upstream.release()
    for page in pages:
        expect_answered(page)
        expect_same_text(page, TEXT)


def both_tabs_see_an_answer_grow(world):
    first, second, here = two_tabs(world, "ann")
    part = ask_and_hold(world, first)
    for page in (first, second):
        expect_same_text(page, part)
        expect(page.get_by_role("button", name="Stop the answer")).to_be_enabled()
    finish(world, first, second)
    assert shown(first) == shown(second) == [message["id"] for message in world.messages(first, here)]


def a_tab_that_is_opened_or_reloaded_in_the_middle_has_it_all(world):
    first, second, _ = two_tabs(world, "ann")
    part = ask_and_hold(world, first)
    third = first.context.new_page()
    third.goto(first.url)
    first.reload()
    second.reload()
    for page in (first, second, third):
        expect_same_text(page, part)
    finish(world, first, second, third)


def an_answer_that_runs_while_tabs_come_and_go_is_whole(world):
    first, second, _ = two_tabs(world, "ann")
    world.upstream.slowly(TEXT, 5)
    send(first, "Tell me all of it")
    expect(answers(second).last).to_contain_text("word5")
    second.reload()
    expect(answers(second).last).to_contain_text("word40")
    first.reload()
    expect(answers(first).last).to_contain_text("word80")
    second.reload()
    for page in (first, second):
        expect_answered(page)
        expect_same_text(page, TEXT)


def another_tab_stops_an_answer(world):
    first, second, _ = two_tabs(world, "ann")
    part = ask_and_hold(world, first)
    second.get_by_role("button", name="Stop the answer").click()
    for page in (first, second):
        expect(answers(page).last).to_contain_text("Stopped.")
        expect_answered(page)
        expect_same_text(page, part)
    world.upstream.release()


def another_person_sees_an_answer_grow_and_may_stop_it(world):
    first, second, _ = two_people(world, "ben", "cora")
    part = ask_and_hold(world, first)
    expect_same_text(second, part)
    second.get_by_role("button", name="Stop the answer").click()
    expect(answers(first).last).to_contain_text("Stopped.")
    world.upstream.release()


def expect_able_to_follow(*pages):
    """They have what reads a stream, which they ask for as soon as an answer is under way."""
    for page in pages:
        page.wait_for_function("performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/sse.js'))")


def an_answer_whose_server_died_shows_what_there_was(world):
    first, second, here = two_tabs(world, "ann")
    part = ask_and_hold(world, first)
    expect_able_to_follow(first, second)
    world.server.kill()
    for page in (first, second):
        expect(connection(page)).to_contain_text("Connection lost")
        expect_same_text(page, part)
    world.server.start()
    world.server.wait_until_ready()
    world.upstream.release()
    for page in (first, second):
        expect(answers(page).last).to_have_attribute("data-status", "interrupted", timeout=LONG_WAIT)
        expect_in_step(page)
        expect_same_text(page, part)
        expect(answers(page).last).to_contain_text("The answer was interrupted")
        expect(connection(page)).to_be_empty()
        expect(page.get_by_role("button", name="Send")).to_be_visible()
    assert shown(first) == shown(second) == [message["id"] for message in world.messages(first, here)]


def an_answer_is_whole_after_the_network_was_gone(world):
    first, second, _ = two_tabs(world, "ann")
    world.upstream.slowly(TEXT, 5)
    send(first, "Tell me all of it")
    expect(answers(second).last).to_contain_text("word5")
    expect_able_to_follow(first, second)
    with offline(first, second):
        pass
    for page in (first, second):
        expect_answered(page)
        expect_same_text(page, TEXT)
        expect_in_step(page)


def without_sockets_an_answer_is_read_by_itself(world):
    page = world.open(world.person("dan").state)
    page.route_web_socket("**/api/ws", lambda socket: socket.close())
    page.goto("/")
    part = ask_and_hold(world, page)
    with page.expect_request("**/api/chat/*/stream"):
        page.reload()
    expect_same_text(page, part)
    finish(world, page)


def pieces_that_get_lost_are_asked_for(world):
    """What a fault between instances may do: the socket keeps silent about some of what happens."""
    lost = []

    def lose(socket):
        server = socket.connect_to_server()

        def pass_on(text):
            event = json.loads(text)
            if event["type"] == "conversation_updated" or event.get("index", 1) % 3 == 0:
                lost.append(event["type"])
            else:
                socket.send(text)

        server.on_message(pass_on)

    first, second, here = two_tabs(world, "ann")
    second.route_web_socket("**/api/ws", lose)
    second.reload()
    expect_in_step(second)
    part = ask_and_hold(world, first)
    expect_same_text(second, part)
    world.call(first, "patch", f"/conversations/{here}", {"title": "Never told of"})
    finish(world, first, second)
    assert set(lost) == {"conversation_updated", "message_delta"}, lost
    expect(second.get_by_role("heading", level=1)).to_have_text("Never told of")


CHECKS = [
    both_tabs_see_an_answer_grow,
    a_tab_that_is_opened_or_reloaded_in_the_middle_has_it_all,
    an_answer_that_runs_while_tabs_come_and_go_is_whole,
    another_tab_stops_an_answer,
    another_person_sees_an_answer_grow_and_may_stop_it,
    an_answer_whose_server_died_shows_what_there_was,
    an_answer_is_whole_after_the_network_was_gone,
    without_sockets_an_answer_is_read_by_itself,
    pieces_that_get_lost_are_asked_for,
]
