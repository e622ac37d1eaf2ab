"""What an older web app left in a browser's localStorage: found, imported, deleted, and never left behind."""

import json
import re

from playwright.sync_api import expect

from parley_page import (
    choose, composer, expect_in_step, expect_session_ended, expect_sign_in, expect_title, log, row, session_dialog, sign_in,
    sign_in_again,
)
from safety import Keyboard
from session import the_session_runs_out
from world import DESKTOP, PHONE

BOILER = [
    {"id": "m1", "sessionId": "s1", "userId": "u-7", "type": "user", "content": "Why is the boiler cold?",
     "status": "sent", "createdAt": "2023-05-01T09:00:00Z", "reactions": []},
    {"id": "m2", "sessionId": "s1", "type": "ai", "content": "There is **air** in it. Bleed it at V2.",
     "metadata": {"confidence": 0.9, "processingTime": 1840, "model": "gull-2"}, "createdAt": "2023-05-01T09:00:02Z"},
]
GARDEN = [
    {"id": "g1", "type": "user", "content": "When do I sow beans?", "createdAt": "2023-06-11T07:30:00Z"},
    {"id": "g2", "type": "ai", "content": "After the last frost.", "createdAt": "2023-06-11T07:30:05Z"},
]
SHOWN = [{"role": "user", "content": BOILER[0]["content"]}, {"role": "assistant", "content": BOILER[1]["content"]}]
HOSTILE = "<img src=x onerror='window.canary = 1'>"


def leftovers(**more):
    """A browser's storage as the older app leaves it."""
    session = {"id": "s1", "projectId": "p9", "title": "The boiler", "createdAt": "2023-05-01T08:59:00Z"}
    return {
        "chat-messages": json.dumps(SHOWN),
        "chat-contexts": json.dumps([{"title": "Manual", "text": "V2 is the bleed valve."}]),
        "currentChatSession": json.dumps(session),
        "chat_messages_s1": json.dumps(BOILER),
        "chat_messages_s2": json.dumps(GARDEN),
        "theme": "dark",
        **more,
    }


def with_leftovers(world, name, path="/", storage=None, **options):
    """A page of that person's in a browser with such a storage; put there once, before they come."""
    page = world.open(world.person(name).state, **options)
    page.goto("/health/live")
    put(page, storage or leftovers())
    page.goto(path)
    return page


def put(page, storage):
    page.evaluate("all => Object.entries(all).forEach((entry) => localStorage.setItem(...entry))", storage)


def keys(page):
    return sorted(page.evaluate("Object.keys(localStorage)"))


def banner(page):
    return page.locator(".rescue-banner")


def expect_ready(page):
    """Nothing is on its way any more that would take the focus, and a menu with it."""
    expect(composer(page)).to_be_focused()
    expect(banner(page)).to_be_visible()


def sessions(page):
    return page.locator(".rescue-list > li")


def counts(page):
    return page.locator(".rescue-account").first.locator(".rescue-counts li")


def conversations(world, page):
    return world.call(page, "get", "/conversations?limit=100")["conversations"]


def what_was_left_is_found_and_imported(world):
    page = with_leftovers(world, "rita salvage")
    expect(composer(page)).to_be_visible()
    expect_in_step(page)
    expect(banner(page)).to_contain_text("An older chat app left messages")
    banner(page).get_by_role("button", name="Have a look").click()
    expect(page.get_by_role("heading", name="Left in this browser")).to_be_visible()
    expect(banner(page)).to_have_count(0)
    expect(page.locator(".rescue-intro")).to_contain_text("whoever used it")
    expect(sessions(page)).to_have_count(2)
    boiler = sessions(page).filter(has_text="The boiler")
    expect(boiler).to_contain_text("2 messages")
    expect(boiler).to_contain_text("Why is the boiler cold?")
    expect(boiler).to_contain_text("2023")
    page.get_by_role("button", name="Import 2 into my conversations").click()
    expect(page.get_by_role("heading", name="What became of it")).to_be_focused()
    expect(counts(page)).to_have_text(["6 imported", "2 stood twice"])
    assert keys(page) == ["theme"], keys(page)
    expect(row(page, "The boiler")).to_be_visible()
    page.get_by_role("link", name="The boiler").last.click()
    expect_title(page, "The boiler")
    expect(log(page)).to_contain_text("Bleed it at V2.")
    stored = world.messages(page, page.url.rsplit("/", 1)[1])
    assert [one["created_at"] for one in stored] == ["2023-05-01T09:00:00.000Z", "2023-05-01T09:00:02.000Z"], stored
    assert stored[1]["contexts"] == [{"title": "Manual", "text": "V2 is the bleed valve."}], stored[1]
    assert "author" not in stored[0], "nobody knows who wrote it"
    page.goto("/rescue")
    expect(page.get_by_role("heading", name="Nothing is left")).to_be_visible()


def the_same_again_adds_nothing(world):
    """As after an import whose answer was lost: the keys are still there."""
    page = with_leftovers(world, "ida salvage", "/rescue")
    page.route("**/api/import?*", lambda route: (route.fetch(), route.abort()))
    page.get_by_role("button", name="Import 2 into").click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was removed")).to_be_visible()
    assert len(keys(page)) == 6, keys(page)
    before = conversations(world, page)
    assert len(before) == 2, before
    page.unroute("**/api/import?*")
    page.get_by_role("button", name="Import 2 into").click()
    expect(counts(page)).to_have_text(["6 there already", "2 stood twice"])
    assert conversations(world, page) == before
    assert keys(page) == ["theme"], keys(page)


def what_cannot_be_imported_stays_until_it_is_deleted(world):
    broken = [GARDEN[0], {"type": "king", "content": "Who am I?"}]
    storage = leftovers(chat_messages_s2=json.dumps(broken), chat_messages_s3="[{\"type\":\"user\"")
    page = with_leftovers(world, "quinn salvage", "/rescue", storage)
    expect(sessions(page).filter(has_text="Some of it can’t be read")).to_have_count(2)
    page.get_by_role("button", name="Import 3 into").click()
    expect(counts(page)).to_have_text(["5 imported", "2 stood twice", "2 put aside"])
    table = page.get_by_role("table")
    expect(table.get_by_role("row").filter(has_text="chat_messages_s2 [1]")).to_contain_text("who spoke")
    expect(table.get_by_role("row").filter(has_text="chat_messages_s3")).to_contain_text("broken")
    assert keys(page) == ["chat_messages_s2", "chat_messages_s3", "theme"], keys(page)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the account").click()
    account = json.loads(saved.value.path().read_text())
    assert account["quarantined"] == 2 and account["found"] == len(account["items"]), account
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save a copy").click()
    assert json.loads(saved.value.path().read_text())["chat_messages_s3"] == storage["chat_messages_s3"]
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert len(keys(page)) == 3, keys(page)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(sessions(page)).to_have_count(0)
    assert keys(page) == ["theme"], keys(page)


def one_session_can_be_chosen(world):
    page = with_leftovers(world, "olga salvage", "/rescue")
    page.get_by_role("checkbox", name="The boiler").uncheck()
    page.get_by_role("button", name="Import 1 into").click()
    expect(counts(page)).to_have_text(["2 imported"])
    assert [one["title"] for one in conversations(world, page)] == ["When do I sow beans?"]
    expect(sessions(page)).to_have_count(1)
    assert "chat_messages_s1" in keys(page) and "chat_messages_s2" not in keys(page), keys(page)


def another_person_sees_what_is_left_and_nothing_of_the_others(world):
    page = with_leftovers(world, "otto salvage", "/rescue")
    page.get_by_role("checkbox", name="The boiler").uncheck()
    page.get_by_role("button", name="Import 1 into").click()
    expect(counts(page)).to_have_text(["2 imported"])
    mine = page.get_by_role("link", name="When do I sow beans?").last.get_attribute("href")
    # The session ends by itself; whoever signs out is asked, and leaves nothing.
    page.context.clear_cookies()
    page.goto("/")
    expect_sign_in(page)
    sign_in(page, world.person("pia salvage").email)
    banner(page).get_by_role("button", name="Have a look").click()
    expect(sessions(page)).to_have_count(1)
    expect(sessions(page)).to_contain_text("The boiler")
    expect(page.locator(".rescue")).not_to_contain_text("beans")
    assert conversations(world, page) == []
    assert page.context.request.get(f"{world.origin}/api{mine.replace('/c/', '/conversations/')}").status == 404


def signing_out_leaves_nothing_behind(world):
    page = with_leftovers(world, "lea salvage")
    page.evaluate("localStorage.setItem('parley-theme', 'dark')")
    expect_ready(page)
    sign_out = lambda: choose(page, "Sign out")
    sign_out()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Messages of an older app are still here")
    dialog.get_by_role("button", name="Cancel").click()
    expect(composer(page)).to_be_visible()
    sign_out()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert len(keys(page)) == 7, keys(page)
    sign_out()
    dialog.get_by_role("button", name="Look at them first").click()
    expect(sessions(page)).to_have_count(2)
    sign_out()
    with page.expect_response("**/auth/logout"):
        dialog.get_by_role("button", name="Delete and sign out").click()
    expect_sign_in(page)
    page.wait_for_function("localStorage.getItem('parley-theme') === 'dark'")
    assert keys(page) == ["parley-theme", "theme"], keys(page)


def a_session_that_ran_out_takes_nothing_unasked(world):
    page = with_leftovers(world, "una salvage")
    expect(banner(page)).to_be_visible()
    logouts = []
    page.on("request", lambda request: request.url.endswith("/auth/logout") and logouts.append(request))
    the_session_runs_out(page)
    expect_session_ended(page)
    page.keyboard.press("Escape")
    expect(session_dialog(page).get_by_role("alert").first).to_contain_text("an older app left in this browser")
    page.keyboard.press("Escape")
    sign_in_again(page)
    assert not logouts and len(keys(page)) == 6, (logouts, keys(page))
    the_session_runs_out(page)
    expect_session_ended(page)
    session_dialog(page).get_by_role("button", name="Sign in as someone else").click()
    with page.expect_response("**/auth/logout"):
        session_dialog(page).get_by_role("button", name="Leave, and lose it").click()
    expect_sign_in(page)
    page.wait_for_function("localStorage.length === 1")
    assert keys(page) == ["theme"], keys(page)


def whoever_deletes_the_account_is_told_of_them(world):
    page = with_leftovers(world, "vic salvage")
    expect_ready(page)
    choose(page, "Delete my account…")
    dialog = page.get_by_role("dialog", name="Delete your account?")
    expect(dialog).to_contain_text("So do the messages that an older app left in this browser")
    expect(dialog).to_have_accessible_description(re.compile("an older app left"))
    page.keyboard.press("Escape")
    page.evaluate("localStorage.clear()")
    choose(page, "Delete my account…")
    expect(dialog).to_be_visible()
    expect(dialog).not_to_contain_text("an older app")


def hostile_leftovers_do_nothing(world):
    session = json.dumps({"id": HOSTILE, "title": HOSTILE})
    messages = json.dumps([{"type": "user", "content": HOSTILE}, {"type": HOSTILE, "content": HOSTILE}])
    storage = {"currentChatSession": session, f"chat_messages_{HOSTILE}": messages, "chat_messages_x": messages}
    page = with_leftovers(world, "hal salvage", "/rescue", storage)
    expect(sessions(page)).to_have_count(2)
    page.get_by_role("button", name="Import 2 into").click()
    expect(page.get_by_role("heading", name="What became of it")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text(HOSTILE)
    assert page.evaluate("window.canary") is None
    assert page.locator("#app :is(img, script, iframe)").count() == 0


def it_is_done_by_keyboard(world):
    page = with_leftovers(world, "kai salvage")
    expect_ready(page)
    walk = Keyboard(page)
    page.evaluate("document.activeElement.blur()")
    walk.press_until("Have a look", "Tab", "Enter")
    expect(page.get_by_role("heading", name="Left in this browser")).to_be_visible()
    walk.press_until("Import 2 into my conversations", "Tab", "Enter", most=60)
    expect(page.get_by_role("heading", name="What became of it")).to_be_focused()
    walk.press_until("The boiler", "Tab", "Enter")
    expect_title(page, "The boiler")


def its_words_are_there_in_german(world):
    page = with_leftovers(world, "greta salvage", "/rescue", locale="de-DE")
    expect(page.get_by_role("heading", name="In diesem Browser zurückgelassen")).to_be_visible()
    expect(sessions(page).first).to_contain_text("2 Nachrichten")
    names = """async () => {
        const keys = (value) => value && typeof value === "object"
            ? Object.entries(value).map(([key, inner]) => [key, keys(inner)]) : typeof value;
        const all = await Promise.all(["en", "de"].map((tag) => import(`/assets/rescue-strings.${tag}.js`)));
        return all.map((one) => JSON.stringify(keys(one.default)));
    }"""
    english, german = page.evaluate(names)
    assert english == german, (english, german)


def pictures_of_the_rescue(world):
    odd = leftovers(chat_messages_s3=json.dumps([{"type": "king", "content": "Who am I?"}]))
    looks = (("desktop", DESKTOP, {}), ("phone", PHONE, {"has_touch": True, "is_mobile": True}))
    for name, viewport, options in looks:
        for scheme in ("light", "dark"):
            who = f"paul salvage {name} {scheme}"
            page = with_leftovers(world, who, "/", odd, viewport=viewport, color_scheme=scheme, **options)
            picture = lambda what: page.screenshot(
                path=world.artifacts / f"rescue-{what}-{name}-{scheme}.png", animations="disabled",
            )
            expect(composer(page)).to_be_visible()
            expect(banner(page)).to_be_visible()
            picture("banner")
            banner(page).get_by_role("button", name="Have a look").click()
            expect(sessions(page)).to_have_count(3)
            assert not overflows(page), "it is wider than the window"
            picture("found")
            page.get_by_role("button", name="Import 3 into").click()
            expect(page.get_by_role("heading", name="What became of it")).to_be_visible()
            assert not overflows(page), "it is wider than the window"
            picture("account")
            if name == "desktop":
                choose(page, "Sign out")
                expect(page.get_by_role("dialog")).to_be_visible()
                picture("leaving")
            page.context.close()


def overflows(page):
    return page.evaluate("document.scrollingElement.scrollWidth > innerWidth")


CHECKS = [
    what_was_left_is_found_and_imported,
    the_same_again_adds_nothing,
    what_cannot_be_imported_stays_until_it_is_deleted,
    one_session_can_be_chosen,
    another_person_sees_what_is_left_and_nothing_of_the_others,
    signing_out_leaves_nothing_behind,
    a_session_that_ran_out_takes_nothing_unasked,
    whoever_deletes_the_account_is_told_of_them,
    hostile_leftovers_do_nothing,
    it_is_done_by_keyboard,
    its_words_are_there_in_german,
    pictures_of_the_rescue,
]
