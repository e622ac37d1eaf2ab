"""What is done with conversations: renaming, deleting, switching, stopping, and going far back."""

import re

from playwright.sync_api import expect

from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_title, log, new_conversation, row, rows, say, send,
)
from world import PHONE

OLDER = re.compile(r"/messages\?.*before_seq=")


def the_title_is_renamed_in_place(world):
    page = world.page_of("cleo")
    say(page, "First words")
    page.get_by_role("button", name="Rename this conversation").click()
    page.get_by_role("textbox", name="Title").fill("A better title")
    page.keyboard.press("Enter")
    expect_title(page, "A better title")
    expect(row(page, "A better title")).to_have_count(1)
    page.reload()
    expect_title(page, "A better title")


def a_row_of_the_sidebar_is_renamed_in_place(world):
    page = world.page_of("cleo")
    row(page, "A better title").hover()
    row(page, "A better title").get_by_role("button", name="Rename").click()
    field = page.get_by_role("textbox", name="Title")
    field.fill("Thrown away")
    field.press("Escape")
    expect(row(page, "A better title")).to_have_count(1)
    row(page, "A better title").hover()
    row(page, "A better title").get_by_role("button", name="Rename").click()
    field.fill("The best title")
    field.press("Enter")
    expect(row(page, "The best title")).to_have_count(1)
    expect_title(page, "The best title")


def one_switches_between_conversations(world):
    page = world.page_of("cleo")
    new_conversation(page)
    say(page, "In the second one")
    second = conversation_id(page)
    composer(page).fill("half a thought")
    row(page, "The best title").get_by_role("link").click()
    expect_title(page, "The best title")
    expect(log(page)).to_contain_text("First words")
    expect(log(page)).not_to_contain_text("In the second one")
    expect(page.locator("[aria-current=page]")).to_contain_text("The best title")
    expect(composer(page)).to_have_value("")
    page.go_back()
    page.wait_for_url(f"**/c/{second}")
    expect(log(page)).to_contain_text("In the second one")
    expect(composer(page)).to_have_value("half a thought")


def deleting_asks_first(world):
    page = world.page_of("cleo")
    new_conversation(page)
    say(page, "To be deleted")
    gone = conversation_id(page)
    page.get_by_role("button", name="Delete this conversation").click()
    dialog = page.get_by_role("dialog", name="Delete this conversation?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(row(page, "To be deleted")).to_have_count(1)
    page.get_by_role("button", name="Delete this conversation").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(row(page, "To be deleted")).to_have_count(0)
    expect(log(page)).not_to_contain_text("To be deleted")
    page.goto(f"/c/{gone}")
    expect(page.get_by_role("heading", name="There is no such conversation")).to_be_visible()


def an_answer_is_stopped(world):
    page = world.page_of("cleo")
    new_conversation(page)
    send(page, " ".join(f"part{number}" for number in range(1, 201)))
    expect(answers(page).last).to_contain_text("part2")
    page.get_by_role("button", name="Stop the answer").click()
    expect_answered(page)
    expect(answers(page).last).to_contain_text("Stopped.")
    expect(answers(page).last).not_to_contain_text("part200")
    say(page, "And on it goes")


def an_answer_goes_on_while_one_is_elsewhere(world):
    page = world.page_of("cleo")
    new_conversation(page)
    send(page, " ".join(f"step{number}" for number in range(1, 41)))
    expect(answers(page).last).to_contain_text("step2")
    here = conversation_id(page)
    row(page, "The best title").get_by_role("link").click()
    expect_title(page, "The best title")
    page.locator(f"a[href='/c/{here}']").click()
    expect_answered(page)
    expect(answers(page)).to_have_count(1)
    expect(answers(page).last).to_contain_text("step39 step40")


def older_messages_are_loaded_upwards_without_a_jump(world):
    page = world.page_of("cleo")
    messages = [("user" if number % 2 else "assistant", f"Message number {number}") for number in range(1, 151)]
    page.goto(f"/c/{world.conversation(page, 'A long one', messages)}")
    expect(log(page).get_by_text("Message number 150", exact=True)).to_be_in_viewport()
    first = page.locator("[data-seq='101']")
    expect(first).to_be_attached()
    expect(page.locator("[data-seq='100']")).to_have_count(0)
    held = []
    page.route(OLDER, lambda route: held.append(route))
    # In one step, so that nothing can have been loaded before the place is known.
    before = log(page).evaluate(
        """log => {
          log.scrollTop = 300;
          return log.querySelector("[data-seq='101']").getBoundingClientRect().y;
        }"""
    )
    page.get_by_text("Loading…").wait_for(state="visible")
    assert abs(first.bounding_box()["y"] - before) < 2, "what one was reading has moved while more was fetched"
    held[0].continue_()
    page.unroute(OLDER)
    expect(page.locator("[data-seq='51']")).to_be_attached()
    assert abs(first.bounding_box()["y"] - before) < 2, "what one was reading has moved"
    expect(page.locator("[data-seq='1']")).to_have_count(0)
    log(page).evaluate("log => { log.scrollTop = 0; }")
    expect(page.locator("[data-seq='1']")).to_be_attached()
    shown = page.locator(".message").evaluate_all("all => all.map(one => Number(one.dataset.seq))")
    assert shown == list(range(1, 151)), shown


def the_sidebar_loads_more_as_one_scrolls(world):
    page = world.page_of("dora")
    titles = [f"Conversation {number}" for number in range(1, 58)]
    for title in titles:
        world.conversation(page, title, [("user", "Hello")])
    page.goto("/")
    expect(rows(page).first).to_contain_text("Conversation 57")
    page.locator(".sidebar-list").evaluate("list => list.scrollTo(0, list.scrollHeight)")
    expect(rows(page)).to_have_count(len(titles))
    shown = page.locator(".row-title").all_text_contents()
    assert shown == titles[::-1], shown


def on_a_phone_the_sidebar_is_a_drawer(world):
    page = world.page_of("cleo", viewport=PHONE, has_touch=True, is_mobile=True)
    expect(log(page)).to_be_visible()
    expect(page.get_by_role("button", name="Sign out")).not_to_be_visible()
    page.get_by_role("button", name="Conversations").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    row(page, "The best title").get_by_role("link").click()
    expect_title(page, "The best title")
    expect(page.get_by_role("button", name="Sign out")).not_to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"], f"the page is {width} pixels wide"


def unfinished_answers_say_what_happened(world):
    page = world.page_of("cleo")
    here = world.conversation(page, "Troubles", [("assistant", "one"), ("assistant", "two"), ("assistant", "three")])

    def with_troubles(route):
        answer = route.fetch()
        body = answer.json()
        body["messages"][0].update(status="failed", metadata={"error": "The model is overloaded."})
        body["messages"][1].update(status="interrupted")
        body["messages"][2].update(status="deleted", content="")
        route.fulfill(response=answer, json=body)

    page.route(re.compile(f"/api/conversations/{here}"), with_troubles)
    page.goto(f"/c/{here}")
    expect(answers(page).nth(0)).to_contain_text("The answer failed. The model is overloaded.")
    expect(answers(page).nth(1)).to_contain_text("The answer was interrupted")
    expect(answers(page).nth(2)).to_contain_text("This message was deleted.")


CHECKS = [
    the_title_is_renamed_in_place,
    a_row_of_the_sidebar_is_renamed_in_place,
    one_switches_between_conversations,
    deleting_asks_first,
    an_answer_is_stopped,
    an_answer_goes_on_while_one_is_elsewhere,
    older_messages_are_loaded_upwards_without_a_jump,
    the_sidebar_loads_more_as_one_scrolls,
    on_a_phone_the_sidebar_is_a_drawer,
    unfinished_answers_say_what_happened,
]
