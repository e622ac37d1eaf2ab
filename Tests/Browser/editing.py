"""A sent message that is being typed over: what is typed there outlives its row, and isn't given up without a word."""

import re

from playwright.sync_api import expect

from composer import draft, kept
from parley_page import (
    composer, expect_answered, expect_in_step, expect_session_ended, expect_sign_in, expect_title, log, row, session_dialog,
)
from session import expect_nothing_of, in_heap, the_session_runs_out
from tools import message, tool

CANARY = "salamander"


def edit_field(page):
    return page.get_by_role("textbox", name="Edit", exact=True)


def type_over(page, seq, text):
    tool(page, seq, "Edit")
    edit_field(page).fill(text)


def long_one(world, page, title):
    return world.conversation(page, title, [("user", f"Number {number}") for number in range(1, 121)])


def an_edit_is_there_again_when_one_scrolls_back(world):
    page = world.page_of("edith")
    page.goto(f"/c/{long_one(world, page, 'Scrolled')}")
    type_over(page, 120, "Typed over")
    log(page).evaluate("log => { log.scrollTop = 0; }")
    expect(message(page, 1)).to_be_in_viewport()
    # One types there still, out of sight.
    expect(edit_field(page)).to_be_focused()
    composer(page).focus()
    expect(message(page, 120)).to_have_count(0)
    log(page).evaluate("log => { log.scrollTop = log.scrollHeight; }")
    expect(edit_field(page)).to_have_value("Typed over")
    expect(message(page, 120).locator(".message-body")).to_be_hidden()
    expect(composer(page)).to_be_focused()
    page.get_by_role("button", name="Cancel").click()
    expect(message(page, 120).locator(".message-body")).to_have_text("Number 120")
    composer(page).focus()
    log(page).evaluate("log => { log.scrollTop = 0; }")
    expect(message(page, 120)).to_have_count(0)
    log(page).evaluate("log => { log.scrollTop = log.scrollHeight; }")
    expect(message(page, 120)).to_be_in_viewport()
    expect(edit_field(page)).to_have_count(0)


def an_edit_waits_while_one_is_in_another_conversation(world):
    page = world.page_of("edith")
    world.conversation(page, "The other place", [("user", "Elsewhere")])
    here = world.conversation(page, "The edited place", [("user", "What is one?")])
    page.goto(f"/c/{here}")
    type_over(page, 1, "What is two?")
    for place, text in (("The edited place", "What is one?"), ("The other place", "Elsewhere"), ("The edited place", "What is one?")):
        row(page, place).get_by_role("link").click()
        expect_title(page, place)
        expect(log(page)).to_contain_text(text)
        if place == "The edited place":
            expect(edit_field(page)).to_have_value("What is two?")
        else:
            expect(edit_field(page)).to_have_count(0)
    # It is saved into the conversation as it is now.
    with page.expect_response(lambda answer: answer.request.method == "PATCH"):
        edit_field(page).press("Control+Enter")
    expect(edit_field(page)).to_have_count(0)
    expect(message(page, 1).locator(".message-body")).to_have_text("What is two?")
    assert world.messages(page, here)[0]["content"] == "What is two?"


def an_edit_goes_on_where_it_was_when_all_is_loaded_afresh(world):
    sockets = []

    def listen(socket):
        sockets.append(socket)
        socket.connect_to_server()

    page = world.open(world.person("edith").state)
    page.route_web_socket("**/api/ws", listen)
    page.goto("/")
    here = world.conversation(page, "Afresh", [("user", "Before")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    type_over(page, 1, "Begun, ended")
    for _ in ", ended":
        edit_field(page).press("ArrowLeft")
    problem = {"error": {"type": "x", "code": "resync", "message": "Load afresh.", "param": None, "request_id": "x"}}
    page.route(re.compile(r"/changes\?"), lambda route: route.fulfill(status=410, json=problem))
    with page.expect_response(re.compile(rf"/conversations/{here}\?limit=50")):
        sockets[-1].send(f'{{"type":"resync","conversation_id":"{here}","reason":"ahead"}}')
    expect(edit_field(page)).to_be_focused()
    page.keyboard.type(", gone on with")
    expect(edit_field(page)).to_have_value("Begun, gone on with, ended")


def closing_the_page_asks_first_while_a_message_is_typed_over(world):
    page = world.page_of("edith")
    page.goto(f"/c/{world.conversation(page, 'Closed', [('user', 'As it was')])}")
    type_over(page, 1, "As it will be")
    world.dialogs.clear()
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    expect(edit_field(page)).to_have_value("As it will be")
    edit_field(page).fill("As it was")
    page.close(run_before_unload=True)
    if not page.is_closed():
        page.wait_for_event("close")
    assert len(world.dialogs) == 1, "it asked again, though nothing was changed"
    world.dialogs.clear()


def an_edit_in_a_conversation_that_is_deleted_begins_a_new_one(world):
    page = world.page_of("edith")
    here = world.conversation(page, "Deleted meanwhile", [("user", "As it was")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    type_over(page, 1, "Too good to be lost")
    with kept(page):
        world.call(page, "delete", f"/conversations/{here}")
    expect(composer(page)).to_have_value("Too good to be lost")
    assert draft(world, page, "new") == "Too good to be lost"
    with kept(page):
        composer(page).fill("")


def leaving_when_the_session_has_ended_says_that_an_edit_would_be_lost(world):
    page = world.page_of("edith")
    page.goto(f"/c/{world.conversation(page, 'Left', [('user', 'As it was')])}")
    type_over(page, 1, f"{CANARY} typed over")
    the_session_runs_out(page)
    expect_session_ended(page)
    page.keyboard.press("Escape")
    expect(session_dialog(page)).to_contain_text("would be lost")
    page.get_by_role("button", name="Leave, and lose it").click()
    expect_sign_in(page)
    expect_nothing_of(page, CANARY)
    assert not in_heap(page.context.new_cdp_session(page), CANARY), "it is left in the heap"


CHECKS = [
    an_edit_is_there_again_when_one_scrolls_back,
    an_edit_waits_while_one_is_in_another_conversation,
    an_edit_goes_on_where_it_was_when_all_is_loaded_afresh,
    closing_the_page_asks_first_while_a_message_is_typed_over,
    an_edit_in_a_conversation_that_is_deleted_begins_a_new_one,
    leaving_when_the_session_has_ended_says_that_an_edit_would_be_lost,
]
