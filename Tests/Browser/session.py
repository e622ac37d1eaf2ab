"""Sessions that end: what was open goes on where it was, or nothing of it is left, in this tab and in all others."""

import re

from playwright.sync_api import expect

from parley_page import (
    account_menu, composer, connection, expect_answered, expect_in_step, expect_session_ended, expect_sign_in,
    expect_title, log, new_conversation, say, send, session_dialog, sign_in, sign_in_again, sign_out, sign_up,
)
from world import DESKTOP, PASSWORD, PHONE

CANARY = "quetzalcoatl"
LOGOUT = "**/api/auth/logout"


def the_session_runs_out(page):
    """As if it had: the server has not ended it, so it tells nobody, and the page finds out by what it asks for."""
    page.context.clear_cookies()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def everything_is_where_it_was_after_signing_in_again(world):
    person = world.person("nora")
    page = world.page_of("nora")
    here = world.conversation(page, "Long", [("user", f"Number {number}") for number in range(1, 61)])
    page.goto(f"/c/{here}")
    expect(log(page)).to_contain_text("Number 60")
    composer(page).fill("half a thought")
    log(page).evaluate("log => log.scrollTo(0, log.scrollHeight / 2)")
    place = log(page).evaluate(PLACE)
    assert place > 0
    composer(page).focus()
    the_session_runs_out(page)
    expect_session_ended(page)
    expect(page.get_by_label("E-mail")).to_have_value(person.email)
    expect(page.get_by_label("E-mail")).not_to_be_editable()
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    expect(session_dialog(page)).to_contain_text("wrong")
    page.get_by_label("Password", exact=True).fill("")
    sign_in_again(page)
    expect(composer(page)).to_have_value("half a thought")
    expect(composer(page)).to_be_focused()
    assert abs(log(page).evaluate("log => log.scrollTop") - place) < 2
    expect_in_step(page)
    page.keyboard.press("End")
    page.keyboard.type(", and the rest")
    page.keyboard.press("Enter")
    expect(log(page)).to_contain_text("half a thought, and the rest")


# Where one is in the log, when all that one sees of it has been drawn and measured.
PLACE = """async (log) => {
    const frame = () => new Promise(requestAnimationFrame);
    for (let before = null; ; ) {
        await frame();
        await frame();
        if (log.getAttribute("aria-busy") !== "true" && log.scrollTop === before) return before;
        before = log.scrollTop;
    }
}"""


def another_tab_that_signs_in_again_is_enough(world):
    page = world.page_of("nora")
    second = page.context.new_page()
    second.goto("/")
    for each in (page, second):
        expect_in_step(each)
    for each in (page, second):
        the_session_runs_out(each)
        expect(session_dialog(each)).to_be_visible()
    sign_in_again(page)
    expect(session_dialog(second)).to_have_count(0)
    expect_in_step(second)


def what_happened_meanwhile_comes_when_one_is_back(world):
    other = world.page_of("nora")
    page = world.open(world.person("nora").state)
    here = world.conversation(other, "Meanwhile", [("user", "Before")])
    page.goto(f"/c/{here}")
    expect(log(page)).to_contain_text("Before")
    the_session_runs_out(page)
    expect_session_ended(page)
    world.call(other, "post", f"/conversations/{here}/messages", {"role": "user", "content": "While it was covered"})
    sign_in_again(page)
    expect(page.locator(".message-body")).to_have_text(["Before", "While it was covered"])


def on_a_phone_the_open_drawer_is_hidden_as_well(world):
    page = world.page_of("nora", viewport=PHONE)
    page.get_by_role("button", name="Conversations").click()
    expect(page.locator(".sidebar.is-open")).to_be_visible()
    the_session_runs_out(page)
    expect_session_ended(page)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate("document.querySelector('.sidebar').checkVisibility({ visibilityProperty: true })") is False


def leaving_instead_warns_and_wipes(world):
    page = world.page_of("nora")
    new_conversation(page)
    composer(page).fill(f"{CANARY} unsent")
    the_session_runs_out(page)
    expect_session_ended(page)
    page.keyboard.press("Escape")
    expect(session_dialog(page)).to_contain_text("would be lost")
    # Its answer empties the browser's storage, and isn't to come behind the next one's sign-up.
    with page.expect_response(LOGOUT):
        page.get_by_role("button", name="Leave, and lose it").click()
    expect_sign_in(page)
    expect_nothing_of(page, CANARY, world.person("nora").email)
    sign_up(page, world.new_email("next"), "Next")
    expect(composer(page)).to_have_value("")
    expect_nothing_of(page, CANARY, world.person("nora").email)


def escape_leaves_where_nothing_is_lost(world):
    page = world.page_of("nora")
    expect(composer(page)).to_be_visible()
    the_session_runs_out(page)
    expect_session_ended(page)
    page.keyboard.press("Escape")
    expect_sign_in(page)
    expect_nothing_of(page, world.person("nora").email)


def someone_else_in_another_tab_sees_nothing_of_the_first(world):
    """Two people on one browser, in two tabs, while the first one's page is covered."""
    page = world.page_of("nora")
    say(page, f"{CANARY} is mine")
    first = world.person("nora").email
    second = page.context.new_page()
    the_session_runs_out(page)
    expect_session_ended(page)
    second.goto("/")
    expect_sign_in(second)
    email = world.new_email("zoe")
    sign_up(second, email, "Zoe")
    expect(page.get_by_role("button", name="Account: Zoe")).to_be_visible()
    assert page.url == f"{world.origin}/" or "/c/" not in page.url, page.url
    expect_nothing_of(page, CANARY, first)
    say(second, "From Zoe")
    expect(page.get_by_role("navigation", name="Conversations")).to_contain_text("From Zoe")
    sign_out(second)
    expect_sign_in(page)
    expect_nothing_of(page, "Zoe", email)


def the_cookie_of_someone_else_wipes_before_it_shows(world):
    """As if the tab had slept while all that happened: it hears of it from the server only."""
    page, oscar = world.page_of("nora"), world.person("oscar")
    say(page, f"{CANARY} again")
    # In the place of the other, so that nothing is asked without any: that would cover the page.
    page.context.add_cookies(oscar.state["cookies"])
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("button", name="Account: Oscar")).to_be_visible()
    expect(composer(page)).to_be_visible()
    expect_nothing_of(page, CANARY, world.person("nora").email)
    assert page.url == f"{world.origin}/" or page.evaluate("history.state?.isNew"), page.url


def signing_out_offline_says_what_holds(world):
    page = world.open()
    page.goto("/")
    email = world.new_email("fay")
    sign_up(page, email, "Fay")
    say(page, f"{CANARY} offline")
    page.route(LOGOUT, lambda route: route.abort())
    account_menu(page).get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("heading", name="Signed out on this page only")).to_be_visible()
    expect_nothing_of(page, CANARY, email)
    page.unroute(LOGOUT)
    with page.expect_response(LOGOUT):
        page.evaluate("dispatchEvent(new Event('online'))")
    expect_sign_in(page)
    page.reload()
    expect_sign_in(page)


def what_one_likes_stays_when_one_signs_out(world):
    page = world.page_of("quinn")
    # What comes takes the focus, and a menu without it closes.
    expect(composer(page)).to_be_focused()
    menu = account_menu(page)
    menu.get_by_role("menuitemradio", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Account:")).to_be_focused()
    # The answer empties the storage, and what one likes is put back behind it.
    with page.expect_response(LOGOUT):
        sign_out(page)
    page.wait_for_function("localStorage.getItem('parley-theme') === 'dark'")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("Object.keys(localStorage)") == ["parley-theme"]


def nothing_of_a_person_is_left_in_memory(world):
    """The heap, the page, the history, and every storage, when all that can go has been collected."""
    page = world.open()
    page.goto("/")
    email = world.new_email("heap")
    sign_up(page, email, "Heaphestion")
    say(page, f"{CANARY} **bold** `code` in the heap")
    new_conversation(page)
    composer(page).fill(f"{CANARY} never sent")
    page.get_by_role("link", name=re.compile(CANARY)).first.click()
    expect(log(page)).to_contain_text("in the heap")
    account_menu(page)
    page.keyboard.press("Escape")
    client = page.context.new_cdp_session(page)
    canaries = [CANARY, email, "Heaphestion"]
    assert in_heap(client, CANARY), "the canary is not even there while it has to be"
    sign_out(page)
    expect_nothing_of(page, *canaries)
    assert page.evaluate("history.state") is None
    assert page.title() == "Parley"
    left = [canary for canary in canaries if in_heap(client, canary)]
    assert not left, f"{left} in the heap"


def in_heap(client, text):
    """Whether some string of the page's heap holds it."""
    chunks = []

    def note(event):
        chunks.append(event["chunk"])

    client.send("HeapProfiler.enable")
    client.send("HeapProfiler.collectGarbage")
    client.on("HeapProfiler.addHeapSnapshotChunk", note)
    client.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    client.remove_listener("HeapProfiler.addHeapSnapshotChunk", note)
    return text in "".join(chunks)


def the_back_button_after_signing_out_shows_nothing(world):
    page = world.page_of("nora")
    say(page, f"{CANARY} one page back")
    address = page.url
    page.goto("about:blank")
    other = world.open(world.person("nora").state)
    other.goto("/")
    page.context.clear_cookies()
    page.go_back()
    expect_sign_in(page)
    expect_nothing_of(page, CANARY)
    page.goto(address)
    expect_sign_in(page)
    expect_nothing_of(page, CANARY)


def expect_nothing_of(page, *canaries):
    whole = page.content() + page.title() + page.url
    fields = page.locator("input, textarea").evaluate_all("all => all.map(one => one.value)")
    stored = page.evaluate(STORED)
    for canary in canaries:
        assert canary not in whole, f"{canary} is in the page"
        assert not any(canary in value for value in fields), f"{canary} is in a field"
        assert canary not in stored, f"{canary} is stored: {stored}"


STORED = """async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, await indexedDB.databases(), await caches.keys(), document.cookie,
    history.state,
])"""


CHECKS = [
    everything_is_where_it_was_after_signing_in_again,
    another_tab_that_signs_in_again_is_enough,
    what_happened_meanwhile_comes_when_one_is_back,
    on_a_phone_the_open_drawer_is_hidden_as_well,
    leaving_instead_warns_and_wipes,
    escape_leaves_where_nothing_is_lost,
    someone_else_in_another_tab_sees_nothing_of_the_first,
    the_cookie_of_someone_else_wipes_before_it_shows,
    signing_out_offline_says_what_holds,
    what_one_likes_stays_when_one_signs_out,
    nothing_of_a_person_is_left_in_memory,
    the_back_button_after_signing_out_shows_nothing,
]
