"""The composer: nothing typed is ever lost, nothing is sent twice, and what there is to choose can be chosen."""

import json
import urllib.request
from contextlib import closing

from playwright.sync_api import expect

from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_in_step, log, new_conversation, row, say, send,
)
from server import Server
from world import PHONE, World

CHAT = "**/api/chat"
DRAFTS = "**/draft"


def unsent(page):
    return page.locator(".message-unsent")


def draft(world, page, conversation):
    return world.call(page, "get", f"/conversations/{conversation}/draft")["text"]


def kept(page):
    """What the server has been told to keep, once it has said so."""
    return page.expect_response(lambda answer: answer.url.endswith("/draft") and answer.request.method == "PUT")


def kept_as(page, text):
    return page.expect_response(lambda answer: answer.request.method == "PUT" and answer.request.post_data_json == {"text": text})


def looked_up(page, conversation=""):
    ending = f"{conversation}/draft"
    return page.expect_response(lambda answer: answer.url.endswith(ending) and answer.request.method == "GET")


def type_and_keep(page, text):
    with kept(page):
        composer(page).fill(text)


def to_front(page):
    """As if one came back to this tab from another."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def to_this_window(page):
    """As if one came back to it from another that stands beside it."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def open_on_two_devices(world, title):
    """Both have looked for a draft, found none, and stay in sight; and the conversation's id."""
    first, second = world.page_of("vera"), world.page_of("vera")
    here = world.conversation(first, title, [("user", "Hello")])
    for page in (first, second):
        page.clock.install()
        # With a socket that opens later it would be looked up again.
        page.goto("/help")
        expect_in_step(page)
        with looked_up(page, here) as answer:
            page.locator(f"a[href='/c/{here}']").click()
        answer.value.finished()
        expect(composer(page)).to_have_value("")
    return first, second, here


def texts(world, page, conversation, role="user"):
    return [one["content"] for one in world.messages(page, conversation) if one["role"] == role]


def a_draft_is_the_same_on_two_devices(world):
    first, second, here = open_on_two_devices(world, "On two devices")
    type_and_keep(first, "begun on the laptop")
    to_front(second)
    expect(composer(second)).to_have_value("begun on the laptop")
    type_and_keep(second, "begun on the laptop, ended on the phone")
    to_front(first)
    expect(composer(first)).to_have_value("begun on the laptop, ended on the phone")
    # What is being typed here isn't taken away by what is there.
    with kept(first):
        with looked_up(first):
            composer(first).press_sequentially("!")
            to_front(first)
        expect(composer(first)).to_have_value("begun on the laptop, ended on the phone!")
        composer(first).blur()
    assert draft(world, first, here).endswith("phone!")
    composer(first).press("Enter")
    expect_answered(first)
    to_front(second)
    expect(composer(second)).to_have_value("")
    # Another message takes away the draft at the server, and not what was typed here.
    type_and_keep(second, "still to be said")
    world.call(first, "post", f"/conversations/{here}/messages", {"role": "user", "content": "Said by a program"})
    with kept(second):
        to_front(second)
    expect(composer(second)).to_have_value("still to be said")
    assert draft(world, second, here) == "still to be said"


def what_is_typed_on_two_devices_is_kept_from_both(world):
    first, second, here = open_on_two_devices(world, "On both devices")
    type_and_keep(first, "from the laptop")
    second.clock.fast_forward(10_000)
    composer(second).press_sequentially("from the phone")
    expect(composer(second)).to_have_value("from the laptop\n\nfrom the phone")
    # One types on where one was.
    for _ in "the phone":
        composer(second).press("ArrowLeft")
    both = "from the laptop\n\nfrom my own the phone"
    with kept_as(second, both):
        composer(second).press_sequentially("my own ")
    expect(composer(second)).to_have_value(both)
    to_this_window(first)
    expect(composer(first)).to_have_value(both)
    # Whoever goes on without a look wipes nothing, either.
    first.clock.fast_forward(10_000)
    type_and_keep(second, f"{both}, twice")
    with kept_as(first, f"{both}, twice\n\n{both}!"):
        composer(first).press_sequentially("!")
    assert draft(world, first, here) == f"{both}, twice\n\n{both}!"


def what_somebody_wrote_over_unseen_comes_back(world):
    first, _, here = open_on_two_devices(world, "Written over")
    type_and_keep(first, "typed by hand")
    world.call(first, "put", f"/conversations/{here}/draft", {"text": "written by a program"})
    both = "written by a program\n\ntyped by hand"
    with kept_as(first, both):
        to_front(first)
    expect(composer(first)).to_have_value(both)
    # What was made from it takes its place.
    world.call(first, "put", f"/conversations/{here}/draft", {"text": "Written by a program\n\ntyped by hand"})
    to_front(first)
    expect(composer(first)).to_have_value("Written by a program\n\ntyped by hand")


def what_was_sent_from_another_device_does_not_come_back(world):
    first, second, here = open_on_two_devices(world, "Sent from elsewhere")
    type_and_keep(first, "said once")
    to_this_window(second)
    expect(composer(second)).to_have_value("said once")
    composer(second).press("Enter")
    expect_answered(second)
    type_and_keep(second, "something new")
    to_this_window(first)
    expect(composer(first)).to_have_value("something new")
    with kept(second):
        composer(second).fill("")
        composer(second).blur()
    to_this_window(first)
    expect(composer(first)).to_have_value("")
    assert draft(world, first, here) == ""


def a_word_that_is_being_composed_is_left_alone(world):
    first, second, here = open_on_two_devices(world, "In another script")
    type_and_keep(first, "from the laptop")
    second.clock.fast_forward(10_000)
    composer(second).focus()
    hands = second.context.new_cdp_session(second)
    with looked_up(second) as answer:
        hands.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    answer.value.finished()
    expect(composer(second)).to_have_value("に")
    with kept_as(second, "from the laptop\n\n日本"):
        hands.send("Input.insertText", {"text": "日本"})
    expect(composer(second)).to_have_value("from the laptop\n\n日本")


def a_draft_survives_a_reload_and_is_kept_when_the_page_goes(world):
    page = world.page_of("vera")
    here = world.conversation(page, "Reloaded", [("user", "Hello")])
    page.goto(f"/c/{here}")
    type_and_keep(page, "not sent yet")
    page.reload()
    expect(composer(page)).to_have_value("not sent yet")
    # Whoever leaves all the same, before it was kept: it goes to the server with the page.
    page.remove_listener("dialog", world._dismiss)
    page.on("dialog", lambda dialog: dialog.accept())
    composer(page).fill("not sent yet, and more")
    page.goto("/help")
    page.goto(f"/c/{here}")
    expect(composer(page)).to_have_value("not sent yet, and more")


def drafts_are_not_mixed(world):
    page = world.page_of("vera")
    one = world.conversation(page, "The first place", [("user", "One")])
    two = world.conversation(page, "The second place", [("user", "Two")])
    page.goto(f"/c/{one}")
    first, second, third = (f"belongs to {place}" for place in ("the first", "the second", "none"))
    with kept_as(page, first), kept_as(page, second), kept_as(page, third):
        composer(page).fill(first)
        row(page, "The second place").get_by_role("link").click()
        expect(log(page)).to_contain_text("Two")
        expect(composer(page)).to_have_value("")
        composer(page).fill(second)
        new_conversation(page)
        expect(composer(page)).to_have_value("")
        composer(page).fill(third)
    row(page, "The first place").get_by_role("link").click()
    expect(composer(page)).to_have_value("belongs to the first")
    row(page, "The second place").get_by_role("link").click()
    expect(composer(page)).to_have_value("belongs to the second")
    page.reload()
    expect(composer(page)).to_have_value("belongs to the second")
    assert draft(world, page, one) == "belongs to the first"
    assert draft(world, page, "new") == "belongs to none"
    new_conversation(page)
    expect(composer(page)).to_have_value("belongs to none")
    send(page, "now it is one")
    expect_answered(page)
    assert draft(world, page, "new") == "" and draft(world, page, conversation_id(page)) == ""


def a_late_draft_does_not_come_back(world):
    page = world.page_of("vera")
    here = world.conversation(page, "A slow line", [("user", "Hello")])
    page.goto(f"/c/{here}")
    expect(composer(page)).to_have_value("")
    held = []
    page.route(DRAFTS, lambda route: held.append(route) if route.request.method == "PUT" and not held else route.continue_())
    with page.expect_request(lambda request: request.url.endswith("/draft") and request.method == "PUT"):
        composer(page).fill("sent while it was being kept")
        composer(page).blur()
    composer(page).press("Enter")
    expect_answered(page)
    # It reaches the server only now, behind the message.
    emptied = lambda answer: answer.request.method == "PUT" and answer.request.post_data_json == {"text": ""}
    with page.expect_response(emptied):
        held[0].continue_()
    expect(composer(page)).to_have_value("")
    page.reload()
    expect(log(page)).to_contain_text("sent while it was being kept")
    expect(composer(page)).to_have_value("")
    assert draft(world, page, here) == ""


def closing_the_page_asks_first_while_something_is_unsent(world):
    page = world.page_of("vera")
    here = world.conversation(page, "A warning", [("user", "Hello")])
    page.goto(f"/c/{here}")
    expect(composer(page)).to_have_value("")
    page.route(DRAFTS, lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    composer(page).press_sequentially("unsaved")
    world.dialogs.clear()
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    expect(composer(page)).to_have_value("unsaved")
    with kept(page):
        page.unroute(DRAFTS)
        composer(page).blur()
    page.close(run_before_unload=True)
    if not page.is_closed():
        page.wait_for_event("close")
    assert len(world.dialogs) == 1, "it asked again, though everything was kept"
    world.dialogs.clear()


def messages_written_offline_go_out_once_and_in_order(world):
    page = world.page_of("wanda")
    new_conversation(page)
    say(page, "While there is a line")
    expect_in_step(page)
    here = conversation_id(page)
    page.context.set_offline(True)
    for text in ("First without a line", "Second without a line"):
        send(page, text)
    expect(composer(page)).to_have_value("")
    expect(unsent(page)).to_have_count(2)
    for number in (0, 1):
        expect(unsent(page).nth(number)).to_contain_text("Not sent yet. It goes out when the connection is back.")
    page.screenshot(path=world.artifacts / "composer-offline.png")
    with page.expect_event("dialog"):
        page.close(run_before_unload=True)
    world.dialogs.clear()
    page.context.set_offline(False)
    expect(unsent(page)).to_have_count(0)
    expect(answers(page)).to_have_count(3)
    expect_answered(page)
    assert texts(world, page, here) == ["While there is a line", "First without a line", "Second without a line"]
    roles = [one["role"] for one in world.messages(page, here)]
    assert roles == ["user", "assistant"] * 3, roles
    assert draft(world, page, here) == ""


def a_message_written_while_the_server_was_away_goes_out_by_itself(world):
    page = world.page_of("wanda")
    new_conversation(page)
    say(page, "Before the fall")
    here = conversation_id(page)
    world.server.kill()
    send(page, "During the fall")
    expect(unsent(page)).to_contain_text("Not sent yet")
    world.server.start()
    world.server.wait_until_ready()
    expect(unsent(page)).to_have_count(0, timeout=30_000)
    expect_answered(page)
    assert texts(world, page, here) == ["Before the fall", "During the fall"]


def conversations_wait_independently(world):
    page = world.page_of("wanda")
    places = [world.conversation(page, f"Waiting place {number}", [("user", "Hello")]) for number in (1, 2)]
    page.goto(f"/c/{places[0]}")
    page.route(CHAT, lambda route: route.abort())
    for number in (1, 2):
        row(page, f"Waiting place {number}").get_by_role("link").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Waiting place {number}")
        send(page, f"Waits in {number}")
        expect(unsent(page)).to_contain_text("Not sent yet")
    page.unroute(CHAT)
    # The one that is not on the screen goes out all the same.
    for number, place in enumerate(places, 1):
        row(page, f"Waiting place {number}").get_by_role("link").click()
        expect(log(page)).to_contain_text(f"Waits in {number}")
        expect(unsent(page)).to_have_count(0)
        expect_answered(page)
        assert texts(world, page, place) == ["Hello", f"Waits in {number}"]


def a_refused_message_stays_with_the_reason(world):
    page = world.page_of("wanda")
    new_conversation(page)
    envelope = {"error": {"type": "invalid_request", "code": "invalid_request", "message": "This is not liked.", "param": None}}
    page.route(CHAT, lambda route: route.fulfill(status=400, json=envelope))
    for text in ("Refused", "Refused, too"):
        send(page, text)
    expect(unsent(page)).to_contain_text(["Not sent: "] * 2)
    page.unroute(CHAT)
    unsent(page).last.get_by_role("button", name="discard").click()
    expect(unsent(page)).to_have_count(1)
    unsent(page).get_by_role("button", name="Try again").click()
    expect_answered(page)
    expect(unsent(page)).to_have_count(0)
    assert texts(world, page, conversation_id(page)) == ["Refused"]


def what_is_too_long_is_said_before_it_is_sent(world):
    page = world.page_of("xenia")
    new_conversation(page)
    composer(page).fill("ü" * 40_000)
    expect(page.get_by_text("This is too long for a message, by 14,464 bytes.")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    composer(page).press("Enter")
    expect(unsent(page)).to_have_count(0)
    assert len(composer(page).input_value()) == 40_000
    # As somebody who pastes a book: the page takes it, and goes on.
    composer(page).fill("a book " * 200_000)
    expect(page.get_by_text("This is too long for a message")).to_be_visible()
    composer(page).fill("short again")
    expect(page.get_by_text("This is too long")).to_have_count(0)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def enter_sends_and_composing_a_word_does_not(world):
    page = world.page_of("wanda")
    new_conversation(page)
    composer(page).fill("first line")
    composer(page).press("Shift+Enter")
    composer(page).press_sequentially("second line")
    for options in ({"isComposing": True}, {"keyCode": 229}):
        init = {"key": "Enter", "bubbles": True, "cancelable": True, **options}
        composer(page).evaluate("(field, init) => field.dispatchEvent(new KeyboardEvent('keydown', init))", init)
    expect(unsent(page)).to_have_count(0)
    expect(composer(page)).to_have_value("first line\nsecond line")
    composer(page).press("Enter")
    expect_answered(page)
    assert texts(world, page, conversation_id(page)) == ["first line\nsecond line"]


def the_composer_grows_up_to_a_point(world):
    page = world.page_of("ursula")
    new_conversation(page)
    heights = []
    for lines in (1, 5, 100, 300):
        composer(page).fill("\n".join(["a line"] * lines))
        heights.append(composer(page).bounding_box()["height"])
    assert heights[0] < heights[1] < heights[2], heights
    assert heights[2] == heights[3] <= 0.41 * page.viewport_size["height"], heights


def readers_see_a_note_in_place_of_the_composer(world):
    owner, reader = world.page_of("wanda"), world.page_of("xaver")
    project = world.project(owner, "Read only")
    member = f"/projects/{project}/members/{world.person('xaver').email}"
    world.call(owner, "put", member, {"role": "viewer"})
    made = world.call(owner, "post", "/conversations", {"title": "To be read", "project_id": project})
    world.call(owner, "post", f"/conversations/{made['id']}/messages", {"role": "user", "content": "Read me"})
    reader.goto(f"/c/{made['id']}")
    expect(log(reader)).to_contain_text("Read me")
    expect(reader.get_by_text("You may read here, but not write.")).to_be_visible()
    expect(composer(reader)).to_be_hidden()
    world.call(owner, "put", member, {"role": "editor"})
    to_front(reader)
    expect(composer(reader)).to_be_visible()


def a_message_waits_for_the_answer_before_it(world):
    page = world.page_of("yann")
    new_conversation(page)
    world.upstream.hold("One two three four five six seven eight", after=3)
    send(page, "A long question")
    expect(answers(page).last).to_contain_text("One two")
    for text in ("And another", "And one that is not wanted"):
        send(page, text)
    expect(unsent(page)).to_have_count(2)
    expect(unsent(page).first).to_contain_text("Goes out when the answer is done.")
    expect(page.get_by_role("button", name="Stop the answer")).to_be_enabled()
    page.screenshot(path=world.artifacts / "composer-queue.png")
    unsent(page).last.get_by_role("button", name="discard").click()
    expect(unsent(page)).to_have_count(1)
    world.upstream.release()
    expect(answers(page)).to_have_count(2)
    expect_answered(page)
    expect(unsent(page)).to_have_count(0)
    assert texts(world, page, conversation_id(page)) == ["A long question", "And another"]


def what_waits_is_found_again_after_a_crash(world):
    page = world.page_of("yann")
    new_conversation(page)
    world.upstream.hold("One two three four five six seven eight", after=3)
    send(page, "Before the crash")
    expect(answers(page).last).to_contain_text("One two")
    here = conversation_id(page)
    with kept_as(page, "Waiting at the crash"):
        send(page, "Waiting at the crash")
    page.close()
    world.upstream.release()
    again = world.page_of("yann", f"/c/{here}")
    expect(composer(again)).to_have_value("Waiting at the crash")
    with kept(again):
        composer(again).fill("")


def model_and_filters_are_chosen(world):
    command = world.server._command
    assets = command[command.index("--http-assets"):][:2] if "--http-assets" in command else []
    settings = [
        "--model-url", world.upstream.url, "--model-name", "small", "--model-names", "small,large,enormous",
        "--model-titles", "off", "--model-extensions", "on", "--model-filters", "source=wiki|mail,year=2025|2026",
    ]
    with closing(Server(command[0], *settings, *assets)) as server:
        server.wait_until_ready()
        here = World(world.browser, server, world.artifacts, world.upstream)
        page = here.page_of("zoe")
        new_conversation(page)
        send(page, "As usual")
        expect_answered(page)
        page.get_by_role("button", name="Model and filters").click()
        menu = page.get_by_role("dialog", name="Model and filters")
        expect(menu).to_be_visible()
        menu.get_by_label("large").check()
        menu.get_by_label("source").select_option("mail")
        page.screenshot(path=world.artifacts / "composer-choice.png")
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(page.get_by_role("button", name="Model and filters: large · mail")).to_be_visible()
        say(page, "Chosen")
        page.set_viewport_size(PHONE)
        page.get_by_role("button", name="Model and filters").click()
        page.screenshot(path=world.artifacts / "composer-choice-phone.png")
        page.keyboard.press("Escape")
        asked = {one["body"]["messages"][-1]["content"]: one["body"] for one in requests(world.upstream)}
        assert asked["As usual"]["model"] == "small" and "filters" not in asked["As usual"]
        assert asked["Chosen"]["model"] == "large" and asked["Chosen"]["filters"] == {"source": "mail"}
        page.context.close()


def without_a_choice_there_is_no_menu(world):
    page = world.page_of("wanda")
    new_conversation(page)
    expect(page.get_by_role("button", name="Model and filters")).to_have_count(0)
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not [name for name in loaded if "choice-menu" in name], loaded


def requests(upstream):
    with urllib.request.urlopen(upstream.url.removesuffix("/v1") + "/control/log", timeout=10) as answer:
        return json.loads(answer.read())["requests"]


CHECKS = [
    a_draft_is_the_same_on_two_devices,
    what_is_typed_on_two_devices_is_kept_from_both,
    what_somebody_wrote_over_unseen_comes_back,
    what_was_sent_from_another_device_does_not_come_back,
    a_word_that_is_being_composed_is_left_alone,
    a_draft_survives_a_reload_and_is_kept_when_the_page_goes,
    drafts_are_not_mixed,
    a_late_draft_does_not_come_back,
    closing_the_page_asks_first_while_something_is_unsent,
    messages_written_offline_go_out_once_and_in_order,
    a_message_written_while_the_server_was_away_goes_out_by_itself,
    conversations_wait_independently,
    a_refused_message_stays_with_the_reason,
    what_is_too_long_is_said_before_it_is_sent,
    enter_sends_and_composing_a_word_does_not,
    the_composer_grows_up_to_a_point,
    readers_see_a_note_in_place_of_the_composer,
    without_a_choice_there_is_no_menu,
]

SLOW_CHECKS = [a_message_waits_for_the_answer_before_it, what_waits_is_found_again_after_a_crash, model_and_filters_are_chosen]
