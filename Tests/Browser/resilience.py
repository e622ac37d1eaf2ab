"""Broken connections, and sessions that end: nothing typed is lost, nothing is sent twice."""

import re

from playwright.sync_api import expect

from composer import kept_as
from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_session_ended, expect_sign_in, expect_title, log,
    new_conversation, say, send, sign_in, sign_in_again, sign_out,
)

CHAT = "**/api/chat"


def a_message_that_did_not_leave_is_sent_again(world):
    page = world.page_of("cleo")
    new_conversation(page)
    page.route(CHAT, lambda route: route.abort())
    send(page, "Through the storm")
    expect(log(page)).to_contain_text("Not sent")
    page.unroute(CHAT)
    # By itself.
    expect_answered(page)
    expect(log(page)).not_to_contain_text("Not sent")
    expect_stored(world, page, 2)


def lose_the_answer(route):
    route.fetch()
    route.abort()


def a_message_whose_answer_got_lost_is_not_doubled(world):
    page = world.open(world.person("cleo").state)
    page.route_web_socket("**/api/ws", lambda socket: socket.close())
    page.goto("/")
    new_conversation(page)
    page.route(CHAT, lose_the_answer)
    send(page, "Heard but not answered")
    expect(log(page)).to_contain_text("Not sent")
    page.unroute(CHAT)
    expect_answered(page)
    expect(page.locator(".message-user")).to_have_count(1)
    expect_stored(world, page, 2)


def a_message_whose_answer_got_lost_is_known_by_its_event(world):
    page = world.page_of("cleo")
    new_conversation(page)
    page.route(CHAT, lose_the_answer)
    send(page, "Heard, and seen on the socket")
    expect_answered(page)
    expect(log(page)).not_to_contain_text("Not sent")
    assert len(conversation_id(page)) == 36, page.url
    expect(page.locator(".message-user")).to_have_count(1)
    expect_stored(world, page, 2)


def an_unsent_message_can_be_edited(world):
    page = world.page_of("cleo")
    new_conversation(page)
    page.route(CHAT, lambda route: route.abort())
    send(page, "With a typo")
    page.get_by_role("button", name="edit", exact=True).click()
    expect(composer(page)).to_have_value("With a typo")
    expect(page.locator(".message-user")).to_have_count(0)


def a_stream_that_breaks_is_resumed(world):
    page = world.open(world.person("cleo").state)
    # Who has all of it from the socket soon gives the stream up.
    page.route_web_socket("**/api/ws", lambda socket: socket.close())
    page.goto("/")
    new_conversation(page)

    def cut(route):
        answer = route.fetch()
        frames = answer.text().split("\n\n")
        route.fulfill(response=answer, body="\n\n".join(frames[:8]) + "\n\n" + frames[8][:5])

    page.route(CHAT, cut)
    with page.expect_request("**/api/chat/*/stream") as resumed:
        send(page, "One two three four five six seven eight nine ten")
    assert resumed.value.headers.get("last-event-id"), "it didn't say how far it had come"
    expect_answered(page)
    expect(answers(page)).to_have_count(1)
    here = conversation_id(page)
    stored = world.call(page, "get", f"/conversations/{here}")["messages"][-1]["content"]
    page.wait_for_function(SAME_LETTERS, arg=re.sub(r"[\s`]", "", stored))


# The page has elements where the text has Markdown's marks and line breaks.
SAME_LETTERS = r"""stored => {
    const [body] = [...document.querySelectorAll(".message-assistant .message-body")].slice(-1);
    return body.textContent.replace(/[\s`]/g, "") === stored;
}"""


def a_session_that_ran_out_keeps_what_was_typed(world):
    email = world.person("eve").email
    page = world.page_of("eve")
    say(page, "Something to hide")
    address = page.url
    # Kept at the server by now: else that would be what meets the end of the session.
    with kept_as(page, "and something half written"):
        composer(page).fill("and something half written")
    # As if it had run out: the server has not ended it, so it tells nobody.
    page.context.clear_cookies()
    page.get_by_role("button", name="Rename this conversation").click()
    page.get_by_role("textbox", name="Title").fill("Too late")
    page.keyboard.press("Enter")
    expect_session_ended(page)
    expect(page.get_by_label("E-mail")).to_have_value(email)
    sign_in_again(page)
    # What had met the end of the session is done now.
    expect_title(page, "Too late")
    expect(page).to_have_url(address)
    expect(composer(page)).to_have_value("and something half written")
    expect(log(page)).to_contain_text("Something to hide")


def a_message_that_met_the_end_of_the_session_is_kept(world):
    email = world.person("eve").email
    page = world.open()
    page.goto("/")
    sign_in(page, email)
    new_conversation(page)

    def run_out(route):
        page.context.clear_cookies()
        route.continue_()

    # Not before that: anything else that the page asks for would meet it first.
    page.route(CHAT, run_out, times=1)
    send(page, "Too late by a second")
    expect_session_ended(page)
    sign_in_again(page)
    expect(log(page)).to_contain_text("Too late by a second")
    expect_answered(page)
    expect_stored(world, page, 2)


def signing_out_in_one_tab_wipes_the_other(world):
    email = world.person("eve").email
    first = world.open()
    first.goto("/")
    sign_in(first, email)
    say(first, "Seen in two tabs")
    second = first.context.new_page()
    second.goto(first.url)
    expect(log(second)).to_contain_text("Seen in two tabs")
    with second.expect_response(lambda answer: answer.url.endswith("/draft") and answer.request.method == "PUT"):
        composer(second).fill("typed in two tabs")
    sign_out(first)
    expect_sign_in(second)
    for page in (first, second):
        assert "two tabs" not in page.content() and email not in page.content()
    sign_in(first, email)
    # It was kept for the same person, and nowhere in the browser.
    expect(composer(second)).to_have_value("typed in two tabs")


def expect_stored(world, page, number):
    messages = world.call(page, "get", f"/conversations/{conversation_id(page)}")["messages"]
    assert len(messages) == number, f"{len(messages)} messages are stored"


CHECKS = [
    a_message_that_did_not_leave_is_sent_again,
    a_message_whose_answer_got_lost_is_not_doubled,
    a_message_whose_answer_got_lost_is_known_by_its_event,
    an_unsent_message_can_be_edited,
    a_stream_that_breaks_is_resumed,
    a_session_that_ran_out_keeps_what_was_typed,
    a_message_that_met_the_end_of_the_session_is_kept,
    signing_out_in_one_tab_wipes_the_other,
]
