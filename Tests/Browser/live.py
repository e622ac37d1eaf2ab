"""Two tabs of one person, and two people: what happens is on all screens, once and in order, without a reload."""

import re
from pathlib import Path

from playwright.sync_api import expect

from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_in_step, expect_session_ended, expect_sign_in,
    expect_title, log, new_conversation, read_all, row, rows, say, send, shown, sign_in, sign_in_again, typing,
    wait_until,
)

NEWS = re.compile("has-news")
FOLD_CASES = Path(__file__).with_name("fold_cases.js")
LAYOUT_CASES = Path(__file__).with_name("layout_cases.js")


def two_tabs(world, name, title="Seen twice", messages=(("user", "The beginning"),)):
    """Two tabs of one person, both with the same new conversation; and its id."""
    first = world.page_of(name)
    here = world.conversation(first, title, list(messages))
    second = first.context.new_page()
    for page in (first, second):
        page.goto(f"/c/{here}")
        expect_title(page, title)
        expect_in_step(page)
    # Most is done there, and Chromium draws a tab behind another one once a second.
    first.bring_to_front()
    return first, second, here


def two_people(world, one, other, title="Between the two of us"):
    """Two people with a project in common, each with the same conversation open; and its id."""
    first, second = world.page_of(one), world.page_of(other)
    project = world.project(first, "Shared", other)
    here = world.call(first, "post", "/conversations", {"title": title, "project_id": project})["id"]
    for page in (first, second):
        page.goto(f"/c/{here}")
        expect_title(page, title)
        expect_in_step(page)
    return first, second, here


def put_together_in_any_order_it_is_the_same(world):
    page = world.page_of("finn")
    expect_right(page, FOLD_CASES, 100)


def rows_lie_where_they_are_thought_to(world):
    expect_right(world.page_of("finn"), LAYOUT_CASES, 4000)


def expect_right(page, cases, least):
    result = page.evaluate(cases.read_text())
    print(f"# {result['count']} cases", flush=True)
    assert result["count"] > least and not result["wrong"], result["wrong"]


def a_turn_of_one_tab_is_seen_in_the_other(world):
    first, second, here = two_tabs(world, "finn")
    send(first, "What do both of us see?")
    expect(log(second)).to_contain_text("What do both of us see?")
    for page in (first, second):
        expect_answered(page)
        expect(answers(page)).to_have_count(1)
        expect(answers(page).last).to_contain_text("You said: What do both of us see?")
    stored = [message["id"] for message in world.messages(first, here)]
    assert shown(first) == shown(second) == stored, (shown(first), shown(second), stored)
    send(second, "And the other way round?")
    expect(log(first)).to_contain_text("You said: And the other way round?")
    expect_answered(first)


def what_is_done_with_conversations_is_seen_in_the_other_tabs_sidebar(world):
    first, second, here = two_tabs(world, "gina", "Up for a change")
    made = world.call(first, "post", "/conversations", {"title": "Made by a program"})["id"]
    for page in (first, second):
        expect(rows(page).first).to_contain_text("Made by a program")
    world.call(first, "post", f"/conversations/{here}/messages", {"role": "user", "content": "Up it goes"})
    expect(rows(second).first).to_contain_text("Up it goes")
    first.get_by_role("button", name="Rename this conversation").click()
    first.get_by_role("textbox", name="Title").fill("Changed over there")
    first.keyboard.press("Enter")
    expect_title(second, "Changed over there")
    expect(row(second, "Changed over there")).to_have_count(1)
    world.call(first, "patch", f"/conversations/{made}", {"pinned": True})
    expect(row(second, "Made by a program").get_by_text("Pinned")).to_be_attached()
    world.call(first, "patch", f"/conversations/{made}", {"status": "archived"})
    expect(row(second, "Made by a program")).to_have_count(0)
    world.call(first, "post", f"/conversations/{made}/messages", {"role": "user", "content": "Still archived"})
    world.call(first, "patch", f"/conversations/{made}", {"status": "active"})
    expect(row(second, "Made by a program")).to_contain_text("Still archived")
    world.call(first, "patch", f"/conversations/{made}", {"pinned": False})
    expect(row(second, "Made by a program").get_by_text("Pinned")).to_be_hidden()


def a_conversation_deleted_elsewhere_goes_from_the_screen(world):
    first, second, here = two_tabs(world, "gina", "Not for long", [("user", "swordfish")])
    composer(second).fill("half a thought")
    first.get_by_role("button", name="Delete this conversation").click()
    first.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect_title(second, "New conversation")
    expect(second.get_by_role("alert")).to_contain_text("was deleted")
    expect(row(second, "Not for long")).to_have_count(0)
    expect(composer(second)).to_have_value("half a thought")
    expect(first.get_by_role("alert")).to_have_count(0)
    for page in (first, second):
        assert "swordfish" not in page.content()


def edits_reactions_and_deletions_are_seen(world):
    messages = [("user", "one"), ("user", "two"), ("user", "three")]
    first, second, here = two_tabs(world, "gina", "Changing", messages)
    one, two, _ = world.messages(first, here)
    path = f"/conversations/{here}/messages"
    world.call(first, "patch", f"{path}/{one['id']}", {"content": "one, corrected"})
    world.call(first, "put", f"{path}/{one['id']}/reactions/👍")
    world.call(first, "delete", f"{path}/{two['id']}")
    for page in (first, second):
        expect(page.locator("[data-seq='1']")).to_contain_text("one, corrected")
        expect(page.locator("[data-seq='1']")).to_contain_text("👍")
        expect(page.locator("[data-seq='1']")).to_contain_text("edited")
        expect(page.locator("[data-seq='2']")).to_contain_text("This message was deleted.")
        expect(page.locator(".message")).to_have_count(3)
    world.call(first, "delete", f"{path}/{one['id']}/reactions/👍")
    expect(second.locator("[data-seq='1']")).not_to_contain_text("👍")


def a_hundred_fast_messages_arrive_in_order_and_once(world):
    first, second, here = two_tabs(world, "gina", "Fast")
    for number in range(1, 101):
        body = {"role": "user", "content": f"Number {number}"}
        world.call(first, "post", f"/conversations/{here}/messages", body)
    expected = ["The beginning"] + [f"Number {number}" for number in range(1, 101)]
    for page in (first, second):
        expect(page.locator(".message-body").last).to_have_text(expected[-1])
        expect(rows(page).first).to_contain_text("Number 100")
        assert read_all(page) == expected


def news_below_does_not_tear_one_away_from_what_one_reads(world):
    messages = [("user", f"Number {number}\n" * 4) for number in range(1, 31)]
    first, second, here = two_tabs(world, "gina", "Long", messages)
    log(second).evaluate("log => log.scrollTo(0, 0)")
    jump = second.get_by_role("button", name="To the newest message")
    expect(jump).to_be_visible()
    expect(jump).not_to_have_class(NEWS)
    world.call(first, "post", f"/conversations/{here}/messages", {"role": "user", "content": "At the end"})
    expect(jump).to_have_class(NEWS)
    assert log(second).evaluate("log => log.scrollTop") == 0
    newest = second.locator(".message").filter(has_text="At the end")
    expect(newest).to_have_count(0)
    expect(first.locator(".message-body").last).to_be_in_viewport()
    jump.click()
    expect(newest).to_be_in_viewport()
    expect(jump).to_be_hidden()


def another_persons_message_says_whose_it_is(world):
    first, second, _ = two_people(world, "hugo", "iris")
    say(first, "Hello Iris")
    expect(log(second)).to_contain_text("You said: Hello Iris")
    said = second.locator(".message-user").last
    expect(said.locator(".message-author")).to_have_text(world.person("hugo").email)
    expect(said.locator(".message-author")).to_be_visible()
    expect(first.locator(".message-user .message-author")).to_have_text("You")


def one_sees_that_somebody_else_is_typing(world):
    first, second, _ = two_people(world, "hugo", "iris", "Who writes")
    third = first.context.new_page()
    third.goto(first.url)
    expect_in_step(third)
    composer(first).press_sequentially("Hel")
    expect(typing(second)).to_have_text(f"{world.person('hugo').email} is typing…")
    expect(typing(third)).to_be_hidden()
    expect(typing(first)).to_be_hidden()
    send(first, "Hello")
    expect(log(second)).to_contain_text("You said: Hello")
    expect(typing(second)).to_be_hidden()
    # Who says nothing more is not waited for.
    expect_answered(second)
    composer(second).press_sequentially("Never sent")
    expect(typing(first)).to_be_visible()
    expect(typing(first)).to_be_hidden()


def typing_is_not_told_with_every_key(world):
    page = world.open(world.person("hugo").state)
    told = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda text: "typing" in text and told.append(text)))
    page.goto("/")
    expect_in_step(page)
    new_conversation(page)
    say(page, "Alone")
    page.clock.install()
    # However long it takes to type them, no time passes.
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 60"))
    for word in range(3):
        composer(page).press_sequentially("many letters")
        page.clock.fast_forward(2_600)
    composer(page).press_sequentially("x")
    wait_until(page, lambda: len(told) >= 4)
    assert len(told) == 4, told


def who_loses_a_project_loses_it_from_the_screen(world):
    first, second, here = two_people(world, "hugo", "iris", "Between us two")
    say(first, "marzipan")
    expect(log(second)).to_contain_text("marzipan")
    project = world.call(first, "get", f"/conversations/{here}")["project_id"]
    world.call(first, "delete", f"/projects/{project}/members/{world.person('iris').email}")
    expect_title(second, "New conversation")
    expect(row(second, "Between us two")).to_have_count(0)
    assert "marzipan" not in second.content()
    world.call(first, "put", f"/projects/{project}/members/{world.person('iris').email}", {"role": "editor"})
    expect(row(second, "Between us two")).to_have_count(1)


def a_conversation_that_moves_out_of_sight_goes(world):
    first, second, here = two_people(world, "hugo", "iris", "On the move")
    elsewhere = world.project(first, "Private")
    world.call(first, "patch", f"/conversations/{here}", {"project_id": elsewhere})
    expect_title(second, "New conversation")
    expect(row(second, "On the move")).to_have_count(0)
    expect_title(first, "On the move")
    project = world.project(first, "Shared again", "iris")
    world.call(first, "patch", f"/conversations/{here}", {"project_id": project})
    expect(row(second, "On the move")).to_have_count(1)


def a_title_that_somebody_else_has_given_is_not_written_over_unasked(world):
    first, second, here = two_tabs(world, "gina", "First title")
    first.get_by_role("button", name="Rename this conversation").click()
    field = first.get_by_role("textbox", name="Title")
    field.fill("Typed here")
    world.call(second, "patch", f"/conversations/{here}", {"title": "Given there"})
    expect(row(first, "Given there")).to_have_count(1)
    field.press("Enter")
    expect(first.get_by_role("alert")).to_contain_text("Meanwhile it was renamed to “Given there”.")
    expect(field).to_have_value("Typed here")
    field.press("Enter")
    expect_title(first, "Typed here")
    expect_title(second, "Typed here")


def a_title_is_saved_though_other_things_have_happened(world):
    page = world.open(world.person("gina").state)
    # Nothing is told, so that what this tab knows is old.
    page.route_web_socket("**/api/ws", lambda socket: socket.close())
    page.goto("/")
    here = world.conversation(page, "Old", [("user", "one")])
    page.goto(f"/c/{here}")
    expect_title(page, "Old")
    world.call(page, "post", f"/conversations/{here}/messages", {"role": "user", "content": "two"})
    page.get_by_role("button", name="Rename this conversation").click()
    field = page.get_by_role("textbox", name="Title")
    field.fill("New")
    with page.expect_response(lambda answer: answer.status == 409) as refused:
        field.press("Enter")
    assert refused.value.json()["error"]["code"] == "stale"
    expect_title(page, "New")
    expect(page.locator(".message-body")).to_have_text(["one", "two"])
    world.call(page, "patch", f"/conversations/{here}", {"title": "Given by a program"})
    page.get_by_role("button", name="Rename this conversation").click()
    field.fill("Typed here")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Meanwhile it was renamed to “Given by a program”.")
    field.press("Enter")
    expect_title(page, "Typed here")


def a_name_half_typed_stays_while_the_rows_move(world):
    first, second, here = two_tabs(world, "gina", "Renaming a row")
    row(first, "Renaming a row").hover()
    row(first, "Renaming a row").get_by_role("button", name="Rename").click()
    field = first.get_by_role("textbox", name="Title")
    field.press_sequentially("Half")
    others = [world.conversation(second, f"Pushing {number}", [("user", "push")]) for number in (1, 2, 3)]
    expect(rows(first).first).to_contain_text("Pushing 3")
    expect(field).to_be_focused()
    expect(field).to_have_value("Half")
    for other in others:
        world.call(second, "delete", f"/conversations/{other}")
    expect(row(first, "Pushing")).to_have_count(0)
    expect(field).to_be_focused()
    field.press_sequentially(" and whole")
    field.press("Enter")
    expect(row(second, "Half and whole")).to_have_count(1)


def signing_out_anywhere_wipes_every_screen(world):
    email = world.person("kim").email
    first, second, _ = two_tabs(world, "kim", "Only mine", [("user", "quicksilver")])
    # Not kept at the server, either.
    second.route("**/draft", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    composer(second).fill("typed quicksilver")
    # Not by the page: what tells the tabs then is the server.
    world.call(first, "post", "/auth/logout")
    for page in (first, second):
        expect_sign_in(page)
        expect(page.get_by_text("You have been signed out.")).to_be_visible()
        assert "quicksilver" not in page.content() and email not in page.content()
        assert page.url == f"{world.origin}/", page.url
    sign_in(second, email)
    expect(composer(second)).to_have_value("")


def an_expired_session_keeps_what_was_typed(world):
    sockets = []

    def listen(socket):
        sockets.append(socket)
        socket.connect_to_server()

    page = world.open(world.person("lena").state)
    page.route_web_socket("**/api/ws", listen)
    page.goto("/")
    say(page, "Something said")
    composer(page).fill("something half said")
    page.context.clear_cookies()
    sockets[-1].close(code=4502, reason="Sign in again.")
    expect_session_ended(page)
    number = len(sockets)
    sign_in_again(page)
    expect_in_step(page)
    expect(composer(page)).to_have_value("something half said")
    assert len(sockets) == number + 1, "it connected before anybody had signed in"


CHECKS = [
    put_together_in_any_order_it_is_the_same,
    rows_lie_where_they_are_thought_to,
    a_turn_of_one_tab_is_seen_in_the_other,
    what_is_done_with_conversations_is_seen_in_the_other_tabs_sidebar,
    a_conversation_deleted_elsewhere_goes_from_the_screen,
    edits_reactions_and_deletions_are_seen,
    a_hundred_fast_messages_arrive_in_order_and_once,
    news_below_does_not_tear_one_away_from_what_one_reads,
    another_persons_message_says_whose_it_is,
    one_sees_that_somebody_else_is_typing,
    typing_is_not_told_with_every_key,
    who_loses_a_project_loses_it_from_the_screen,
    a_conversation_that_moves_out_of_sight_goes,
    a_title_that_somebody_else_has_given_is_not_written_over_unasked,
    a_title_is_saved_though_other_things_have_happened,
    a_name_half_typed_stays_while_the_rows_move,
    signing_out_anywhere_wipes_every_screen,
    an_expired_session_keeps_what_was_typed,
]
