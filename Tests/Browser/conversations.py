"""What is done with conversations: renaming, deleting, switching, stopping, and going far back."""

import re

from playwright.sync_api import expect

from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_title, log, new_conversation, read_all, row, rows, say,
    send,
)
from world import PHONE

OLDER = re.compile(r"/messages\?.*after_seq=")


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
    page.goto(f"/c/{world.conversation(page, 'A better title', [('user', 'First words')])}")
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
    world.conversation(page, "The best title", [("user", "First words")])
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
    # It stays as long as one points at it.
    close = page.get_by_role("status").get_by_role("button", name="Close")
    close.hover()
    expect(row(page, "To be deleted")).to_have_count(0)
    expect(log(page)).not_to_contain_text("To be deleted")
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        close.click()
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
    world.conversation(page, "The best title", [("user", "First words")])
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
    messages = [("user" if number % 2 else "assistant", f"Message number {number}") for number in range(1, 251)]
    held = []
    page.route(OLDER, lambda route: held.append(route))
    page.goto(f"/c/{world.conversation(page, 'A long one', messages)}")
    expect(log(page).get_by_text("Message number 250", exact=True)).to_be_in_viewport()
    # The newest page reaches up to 201.
    log(page).evaluate(SHOW, 201)
    expect(page.locator("[data-hole='200']")).to_be_attached()
    first = page.locator("[data-seq='201']")
    before = first.bounding_box()["y"]
    held[0].continue_()
    page.unroute(OLDER)
    expect(page.locator("[data-seq='200']")).to_be_attached()
    assert abs(first.bounding_box()["y"] - before) < 2, "what one was reading has moved"
    expect(page.locator("[data-seq='1']")).to_have_count(0)
    assert read_all(page) == [text for _, text in messages]


# Brings a message from what is drawn, or near it, to the window's upper edge.
SHOW = """async (log, seq) => {
  for (let round = 0; round < 100; round += 1) {
    const row = log.querySelector(`[data-seq="${seq}"], [data-hole="${seq}"]`);
    const wanted = row ? row.getBoundingClientRect().top - log.getBoundingClientRect().top : -300;
    if (row && Math.abs(wanted) < 2) return;
    log.scrollTop += wanted;
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
  }
}"""


def the_sidebar_loads_more_as_one_scrolls(world):
    page = world.page_of("dora")
    titles = [f"Conversation {number:03}" for number in range(1, 141)]
    for title in titles:
        world.conversation(page, title, [("user", "Hello")])
    page.add_init_script(TOLD_LATE)
    page.goto("/")
    expect(rows(page).first).to_contain_text("Conversation 140")
    seen = set()
    while "Conversation 001" not in seen:
        shown = page.locator(".row-title").all_text_contents()
        assert shown == sorted(shown, reverse=True), shown
        assert len(shown) < 50, f"{len(shown)} rows are in the page"
        seen.update(shown)
        last = row(page, shown[-1])
        last.scroll_into_view_if_needed()
        if shown[-1] != "Conversation 001":
            expect(last.locator("~ .row").first).to_be_attached()
    assert seen == set(titles), set(titles) - seen


# A busy page is told of several changes at once: first that the end was out of sight.
TOLD_LATE = """
  window.IntersectionObserver = class extends IntersectionObserver {
    constructor(take, options) {
      super((told, observer) => take([{ ...told[0], isIntersecting: false }, ...told], observer), options);
    }
  };
"""


def on_a_phone_the_sidebar_is_a_drawer(world):
    page = world.page_of("cleo", viewport=PHONE, has_touch=True, is_mobile=True)
    world.conversation(page, "The best title", [("user", "First words")])
    page.goto(f"/c/{world.conversation(page, 'Another one', [('user', 'Second words')])}")
    expect(log(page)).to_be_visible()
    expect(page.get_by_role("button", name="Account:")).not_to_be_visible()
    page.get_by_role("button", name="Conversations").click()
    expect(page.get_by_role("button", name="Account:")).to_be_visible()
    row(page, "The best title").get_by_role("link").click()
    expect_title(page, "The best title")
    expect(page.get_by_role("button", name="Account:")).not_to_be_visible()
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

    page.route(re.compile(rf"/api/conversations/{here}\?limit=50"), with_troubles)
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
