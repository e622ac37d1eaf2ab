"""What is done with single messages: copied, reacted to, edited, answered anew, forked, deleted, looked into."""

import re
from contextlib import closing

from playwright.sync_api import expect

from composer import requests
from live import two_tabs
from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_in_step, expect_title, log, new_conversation, say,
)
from search import let_go
from server import Server
from world import PHONE, World


def message(page, seq):
    return page.locator(f".message[data-seq='{seq}']")


def tools(page):
    return page.get_by_role("toolbar")


def tool(page, seq, name):
    """Goes to a message and presses one of its buttons."""
    message(page, seq).hover()
    expect(message(page, seq).get_by_role("toolbar")).to_be_visible()
    tools(page).get_by_role("button", name=name).click()


def more(page, seq, name):
    tool(page, seq, "More")
    page.get_by_role("menuitem", name=name).click()


def asked(world, name, *questions):
    """A person's page with a new conversation in which they have asked this; and its id."""
    page = world.page_of(name)
    new_conversation(page)
    for question in questions:
        say(page, question)
    return page, conversation_id(page)


def a_message_is_copied_as_it_was_written(world):
    page = world.page_of("tess")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    source = "Some **bold** words\n\n- and a list"
    page.goto(f"/c/{world.conversation(page, 'Copied', [('assistant', source)])}")
    tool(page, 1, "Copy")
    expect(tools(page).get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == source


def reactions_are_switched_on_and_off_and_seen_in_the_other_tab(world):
    first, second, _ = two_tabs(world, "tess", "Reacted to")
    tool(first, 1, "React")
    expect(first.get_by_role("button", name="React with 👍")).to_be_focused()
    first.keyboard.press("ArrowRight")
    first.keyboard.press("ArrowLeft")
    expect(first.get_by_role("button", name="React with 👍")).to_be_focused()
    first.keyboard.press("Enter")
    for page in (first, second):
        mine = message(page, 1).get_by_role("button", name="👍")
        expect(mine).to_have_attribute("aria-pressed", "true")
        expect(mine).to_have_attribute("title", world.person("tess").email)
    mine.click()
    for page in (first, second):
        expect(page.locator(".reaction")).to_have_count(0)


def the_last_question_is_edited_and_answered_anew(world):
    page, here = asked(world, "tess", "What is one?", "What is two?")
    tool(page, 3, "Edit")
    field = page.get_by_role("textbox", name="Edit", exact=True)
    expect(field).to_have_value("What is two?")
    expect(message(page, 3)).to_contain_text("The answer will be written anew.")
    field.press("Escape")
    expect(message(page, 3)).to_contain_text("What is two?")
    tool(page, 3, "Edit")
    field.fill("What is three?")
    field.press("Control+Enter")
    expect(message(page, 4)).to_contain_text("You said: What is three?")
    expect_answered(page)
    expect(message(page, 3)).to_contain_text("edited")
    stored = world.messages(page, here)
    assert [one["content"] for one in stored if one["role"] == "user"] == ["What is one?", "What is three?"]
    assert len(stored) == 4, stored


def an_earlier_question_is_edited_in_a_fork(world):
    page, here = asked(world, "tess", "What is one?", "What is two?")
    tool(page, 3, "Edit")
    page.get_by_role("textbox", name="Edit", exact=True).press("Escape")
    tool(page, 1, "Edit")
    expect(message(page, 1)).to_contain_text("goes on in a new conversation")
    page.get_by_role("button", name="Cancel").click()
    say(page, "What is three?")
    tool(page, 3, "Edit")
    expect(message(page, 3)).to_contain_text("goes on in a new conversation")
    page.get_by_role("textbox", name="Edit", exact=True).fill("What is four?")
    page.get_by_role("button", name="Send again", exact=True).click()
    page.wait_for_url(lambda url: here not in url)
    expect(message(page, 4)).to_contain_text("You said: What is four?")
    expect_answered(page)
    expect(page.locator(".log-origin")).to_contain_text("Forked from")
    texts = [one["content"] for one in world.messages(page, here) if one["role"] == "user"]
    assert texts == ["What is one?", "What is two?", "What is three?"], texts
    page.locator(".log-origin a").click()
    page.wait_for_url(f"**/c/{here}#2")
    expect(message(page, 6)).to_contain_text("What is three?")


def what_somebody_else_changed_meanwhile_is_not_written_over(world):
    page, here = asked(world, "tess", "Typed by me")
    mine = world.messages(page, here)[0]["id"]
    tool(page, 1, "Edit")
    field = page.get_by_role("textbox", name="Edit", exact=True)
    field.fill("Typed for long")
    world.call(page, "patch", f"/conversations/{here}/messages/{mine}", {"content": "Changed by a program"})
    expect(message(page, 1).locator(".message-body")).to_have_text("Changed by a program")
    page.get_by_role("button", name="Send again", exact=True).click()
    expect(message(page, 1).get_by_role("alert")).to_contain_text("Changed by a program")
    expect(field).to_have_value("Typed for long")
    page.get_by_role("button", name="Send again", exact=True).click()
    expect(message(page, 2)).to_contain_text("You said: Typed for long")


def an_answer_is_written_anew_and_its_versions_are_paged_through(world):
    page, here = asked(world, "tess", "Say something")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reply = world.messages(page, here)[1]["id"]
    world.call(page, "patch", f"/conversations/{here}/messages/{reply}", {"content": "Another one"})
    expect(message(page, 2)).to_contain_text("Another one")
    tool(page, 2, "Write a new answer")
    expect(message(page, 2).locator(".message-body")).to_contain_text("You said")
    expect_answered(page)
    expect(message(page, 2).get_by_role("group", name="Versions")).to_contain_text("3/3")
    previous = message(page, 2).get_by_role("button", name="Previous version")
    previous.click()
    expect(message(page, 2).get_by_role("group", name="Versions")).to_contain_text("2/3")
    expect(message(page, 2).locator(".message-body")).to_have_text("Another one")
    expect(message(page, 2)).to_contain_text("It can only be read")
    tool(page, 2, "Copy")
    expect(tools(page).get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "Another one"
    previous.click()
    expect(message(page, 2).locator(".message-body")).to_contain_text("You said: Say something")
    expect(previous).to_be_disabled()
    for _ in range(2):
        message(page, 2).get_by_role("button", name="Next version").click()
    expect(message(page, 2).get_by_role("group", name="Versions")).to_contain_text("3/3")
    expect(message(page, 2)).not_to_contain_text("It can only be read")


def one_forks_from_a_message_and_is_led_there(world):
    page, here = asked(world, "tess", "What is one?", "What is two?")
    more(page, 2, "Fork from here")
    page.wait_for_url(lambda url: here not in url)
    expect(page.locator(".log-origin")).to_contain_text("Forked from")
    expect(page.locator(".message")).to_have_count(2)


def deleting_a_message_asks_first(world):
    first, second, _ = two_tabs(world, "tess", "Partly deleted", [("user", "marigold"), ("assistant", "Yes")])
    more(first, 1, "Delete")
    dialog = first.get_by_role("dialog", name="Delete this message?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(message(first, 1)).to_contain_text("marigold")
    more(first, 1, "Delete")
    dialog.get_by_role("button", name="Delete").click()
    for page in (first, second):
        expect(message(page, 1)).to_contain_text("This message was deleted.")
        expect(message(page, 1)).not_to_contain_text("marigold")


def details_are_told_on_demand(world):
    page, here = asked(world, "tess", "How long did it take?")
    stored = world.messages(page, here)[1]
    expect(page.get_by_text(stored["id"])).to_have_count(0)
    more(page, 2, "Details")
    dialog = page.get_by_role("dialog", name="Details")
    for text in ("Tokens", "Time taken", "First words after", stored["id"], str(stored["tokens_used"]["total"])):
        expect(dialog).to_contain_text(text)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def tools_are_reached_by_the_keyboard(world):
    page, _ = asked(world, "tess", "Only keys")
    log(page).focus()
    page.keyboard.press("Tab")
    expect(message(page, 1).get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(message(page, 1).get_by_role("button", name="React")).to_be_focused()
    page.keyboard.press("Tab")
    expect(message(page, 2).get_by_role("button", name="Copy")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Fork from here")).to_be_focused()
    page.keyboard.press("Escape")
    expect(message(page, 2).get_by_role("button", name="More")).to_be_focused()


def tools_that_come_late_take_no_focus(world):
    page = world.page_of("tess")
    held = []
    page.route("**/message-tools.js", lambda route: held.append(route))
    page.goto(f"/c/{world.conversation(page, 'Late', [('user', 'One'), ('assistant', 'Two')])}")
    log(page).focus()
    with page.expect_request("**/message-tools.js"):
        page.keyboard.press("Tab")
    composer(page).focus()
    let_go(page, held)
    expect(tools(page)).to_have_count(1)
    expect(composer(page)).to_be_focused()


def a_tap_shows_the_tools_on_a_phone(world):
    page = world.page_of("tess", viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto(f"/c/{world.conversation(page, 'By hand', [('user', 'One'), ('assistant', 'Two')])}")
    expect(tools(page)).to_have_count(0)
    message(page, 2).locator(".message-body").tap()
    copy = message(page, 2).get_by_role("button", name="Copy")
    expect(copy).to_be_visible()
    size = copy.bounding_box()
    assert size["width"] >= 44 and size["height"] >= 44, size


def who_only_reads_gets_what_changes_nothing(world):
    owner, viewer = world.page_of("tess"), world.page_of("vera")
    project = world.call(owner, "post", "/projects", {"name": "Looked at"})["id"]
    email = world.person("vera").email
    world.call(owner, "put", f"/projects/{project}/members/{email}", {"role": "viewer"})
    here = world.call(owner, "post", "/conversations", {"title": "Read only", "project_id": project})["id"]
    entries = [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]
    world.call(owner, "post", f"/conversations/{here}/messages", {"messages": entries})
    viewer.goto(f"/c/{here}")
    expect_title(viewer, "Read only")
    expect(viewer.locator(".bar-project")).to_have_text("Looked at · 2 members")
    said = message(viewer, 1).locator(".message-author")
    expect(said).to_have_text(world.person("tess").email)
    expect(message(viewer, 1).locator(".avatar")).to_have_text("T")
    message(viewer, 2).hover()
    expect(tools(viewer).get_by_role("button")).to_have_count(2)
    tools(viewer).get_by_role("button", name="More").click()
    expect(viewer.get_by_role("menuitem")).to_have_text([re.compile("Details")])


def a_question_that_nobody_answered_can_be_asked_again(world):
    page = world.page_of("tess")
    page.clock.install()
    here = world.conversation(page, "Unanswered", [("user", "Is anybody there?")])
    page.goto(f"/c/{here}")
    unanswered(page, 1)
    message(page, 1).get_by_role("button", name="Try again").click()
    expect(answers(page).last).to_contain_text("You said: Is anybody there?")
    expect_answered(page)
    expect(message(page, 1)).not_to_contain_text("No answer came")
    assert len(world.messages(page, here)) == 2


def unanswered(page, seq):
    """Waits, by the page's own clock, until it says that nobody answers a message."""
    expect_in_step(page)
    page.clock.fast_forward(20_000)
    expect(message(page, seq)).to_contain_text("No answer came to this.")
    page.clock.resume()


def asked_again_without_a_connection_it_says_so(world):
    page = world.page_of("tess")
    page.clock.install()
    page.goto(f"/c/{world.conversation(page, 'Unreachable', [('user', 'Can you hear me?')])}")
    unanswered(page, 1)
    uncaught = []
    page.on("pageerror", lambda error: uncaught.append(error))
    for path in ("**/api/chat", "**/api/conversations/**"):
        page.route(path, lambda route: route.abort())
    message(page, 1).get_by_role("button", name="Try again").click()
    expect(page.locator(".notice")).to_contain_text("No new answer could be asked for.")
    page.unroute_all()
    message(page, 1).get_by_role("button", name="Try again").click()
    expect(answers(page).last).to_contain_text("You said: Can you hear me?")
    assert not uncaught, uncaught


def a_question_without_an_answer_is_answered_when_it_is_edited(world):
    page, here = asked(world, "tess", "What is five?")
    more(page, 1, "Fork from here")
    page.wait_for_url(lambda url: here not in url)
    expect(page.locator(".message")).to_have_count(1)
    tool(page, 1, "Edit")
    page.get_by_role("textbox", name="Edit", exact=True).fill("What is six?")
    page.get_by_role("button", name="Send again", exact=True).click()
    expect(message(page, 2)).to_contain_text("You said: What is six?")
    expect_answered(page)


def a_question_whose_answer_was_deleted_is_answered_when_it_is_edited(world):
    page, here = asked(world, "tess", "What is seven?")
    answer = world.messages(page, here)[1]["id"]
    world.call(page, "delete", f"/conversations/{here}/messages/{answer}")
    expect(message(page, 2)).to_contain_text("This message was deleted.")
    tool(page, 1, "Edit")
    page.get_by_role("textbox", name="Edit", exact=True).fill("What is eight?")
    page.get_by_role("button", name="Send again", exact=True).click()
    # A turn has one answer: the edited question is one of another conversation.
    page.wait_for_url(lambda url: here not in url)
    expect(message(page, 2)).to_contain_text("You said: What is eight?")
    expect_answered(page)


def what_is_chosen_holds_for_every_answer(world):
    """Written anew, to an edited question, in a fork, and at last."""
    command = world.server._command
    assets = command[command.index("--http-assets"):][:2] if "--http-assets" in command else []
    settings = [
        "--model-url", world.upstream.url, "--model-name", "small", "--model-names", "small,large", "--model-titles", "off",
        "--model-extensions", "on", "--model-filters", "source=wiki|mail",
    ]
    with closing(Server(command[0], *settings, *assets)) as server:
        server.wait_until_ready()
        here = World(world.browser, server, world.artifacts, world.upstream)
        page, first = asked(here, "tess", "As usual")
        expect(message(page, 2).locator(".message-model")).to_have_text("small")
        choose_large_and_mail(page)
        world.upstream.answer("Written anew.")
        tool(page, 2, "Write a new answer")
        expect_answer_as_chosen(page, 2, "Written anew.")
        world.upstream.answer("To the edited one.")
        tool(page, 1, "Edit")
        page.get_by_role("textbox", name="Edit", exact=True).fill("Edited")
        page.get_by_role("button", name="Send again", exact=True).click()
        expect_answer_as_chosen(page, 2, "To the edited one.")
        say(page, "One more")
        world.upstream.answer("In the fork.")
        tool(page, 1, "Edit")
        page.get_by_role("textbox", name="Edit", exact=True).fill("Forked")
        page.get_by_role("button", name="Send again", exact=True).click()
        page.wait_for_url(lambda url: first not in url)
        expect_answer_as_chosen(page, 2, "In the fork.")
        page.clock.install()
        page.goto(f"/c/{here.conversation(page, 'Unanswered', [('user', 'At last')])}")
        choose_large_and_mail(page)
        unanswered(page, 1)
        world.upstream.answer("To the one that waited.")
        message(page, 1).get_by_role("button", name="Try again").click()
        expect_answer_as_chosen(page, 2, "To the one that waited.")
        bodies = [one["body"] for one in requests(world.upstream)]
        filters = {body["messages"][-1]["content"]: body.get("filters") for body in bodies}
        for question in ("As usual", "Edited", "Forked", "At last"):
            assert filters[question] == {"source": "mail"}, (question, filters[question])
        page.context.close()


def choose_large_and_mail(page):
    page.get_by_role("button", name="Model and filters").click()
    menu = page.get_by_role("dialog", name="Model and filters")
    menu.get_by_label("large").check()
    menu.get_by_label("source").select_option("mail")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def expect_answer_as_chosen(page, seq, text):
    """It is there, and what is chosen is still shown below."""
    expect(message(page, seq).locator(".message-body")).to_have_text(text)
    expect(message(page, seq).locator(".message-model")).to_have_text("large")
    expect_answered(page)
    expect(page.get_by_role("button", name="Model and filters: large · mail")).to_be_visible()


CHECKS = [
    a_message_is_copied_as_it_was_written,
    reactions_are_switched_on_and_off_and_seen_in_the_other_tab,
    the_last_question_is_edited_and_answered_anew,
    an_earlier_question_is_edited_in_a_fork,
    what_somebody_else_changed_meanwhile_is_not_written_over,
    an_answer_is_written_anew_and_its_versions_are_paged_through,
    one_forks_from_a_message_and_is_led_there,
    deleting_a_message_asks_first,
    details_are_told_on_demand,
    tools_are_reached_by_the_keyboard,
    tools_that_come_late_take_no_focus,
    a_tap_shows_the_tools_on_a_phone,
    who_only_reads_gets_what_changes_nothing,
    a_question_that_nobody_answered_can_be_asked_again,
    asked_again_without_a_connection_it_says_so,
    a_question_without_an_answer_is_answered_when_it_is_edited,
    a_question_whose_answer_was_deleted_is_answered_when_it_is_edited,
]

SLOW_CHECKS = [what_is_chosen_holds_for_every_answer]
