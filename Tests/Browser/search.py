"""Searching as one types: titles and messages, what was found marked, and the way to it."""

import re

from playwright.sync_api import expect

from conversations import TOLD_LATE
from parley_page import composer, expect_title, log, rows
from world import PHONE

SEARCH = re.compile(r"/api/search\?")


def field(page):
    return page.get_by_role("searchbox", name="Search conversations and messages")


def results(page):
    return page.get_by_role("region", name="Search results")


def part(page, heading):
    return results(page).locator("section").filter(has=page.get_by_role("heading", name=heading))


def a_library(world, name):
    page = world.page_of(name)
    if not world.call(page, "get", "/conversations")["conversations"]:
        world.conversation(page, "Crème brûlée for eight", [("user", "How long?"), ("assistant", "Forty minutes.")])
        messages = [("user" if number % 2 else "assistant", f"Line {number}") for number in range(1, 120)]
        messages[20] = ("user", "Where did the PLATYPUS go, and did the platypuses follow?")
        world.conversation(page, "Animals", messages)
        world.conversation(page, "東京の夏", [("user", "It is hot in 東京 now.")])
        page.reload()
    expect(rows(page)).to_have_count(3)
    return page


def titles_are_found_as_one_types(world):
    page = a_library(world, "wanda")
    field(page).press_sequentially("creme bru")
    link = part(page, "Conversations").get_by_role("link")
    expect(link).to_have_count(1)
    expect(link.locator("mark")).to_have_text(["Crème", "brû"])
    expect(rows(page).first).to_be_hidden()
    expect(part(page, "Messages")).to_be_hidden()
    link.click()
    expect_title(page, "Crème brûlée for eight")
    # What was found stays, so that one can look at the next of it.
    expect(link).to_be_visible()
    page.get_by_role("button", name="Clear the search").click()
    expect(results(page)).to_have_count(0)
    expect(rows(page)).to_have_count(3)
    expect(field(page)).to_be_focused()


def a_message_is_found_and_gone_to(world):
    page = a_library(world, "wanda")
    field(page).press_sequentially("platypus")
    link = part(page, "Messages").get_by_role("link")
    expect(link).to_have_count(1)
    expect(link).to_contain_text("Animals")
    expect(link.locator("mark")).to_have_text(["PLATYPUS", "platypus"])
    link.click()
    expect(page).to_have_url(re.compile(r"/c/[^/#]+#21$"))
    expect_title(page, "Animals")


def what_is_marked_is_what_the_server_finds(world):
    page = a_library(world, "wanda")
    for query, marked in (
        ("東京", ["東京"]), ('"the platypus"', ["the PLATYPUS"]), ("follow plat", ["PLAT", "plat", "follow"]),
        ("plat* follow", ["PLAT", "plat", "follow"]),
    ):
        field(page).fill(query)
        link = part(page, "Messages").get_by_role("link")
        expect(link).to_have_count(1)
        expect(link.locator("mark")).to_have_text(marked)
    field(page).fill("latypus")
    expect(results(page)).to_contain_text("Nothing was found for “latypus”.")
    expect(results(page).get_by_role("link")).to_have_count(0)


def one_gets_to_results_by_keys(world):
    page = a_library(world, "wanda")
    expect(composer(page)).to_be_focused()
    field(page).focus()
    keys = page.keyboard
    keys.type("line 1")
    links = part(page, "Messages").get_by_role("link")
    # What was found for its beginning may stand there before, and goes with the focus.
    expect(links.first.locator("mark")).to_have_text(["Line", re.compile("^1")])
    keys.press("ArrowDown")
    expect(links.first).to_be_focused()
    keys.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    expect(field(page)).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Escape")
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("")
    expect(rows(page)).to_have_count(3)
    # Enter opens the first, though it isn't known yet.
    keys.type("東京の")
    keys.press("Enter")
    expect_title(page, "東京の夏")


def results_come_page_by_page(world):
    page = world.page_of("xenia")
    world.conversation(page, "Much of it", [("user", f"wheat number {number}") for number in range(1, 101)])
    page.add_init_script(TOLD_LATE)
    page.goto("/")
    field(page).fill("wheat")
    links = part(page, "Messages").get_by_role("link")
    expect(links).to_have_count(30)
    expect(results(page).get_by_role("status")).to_have_text("The first 30 results")
    while links.count() < 100:
        before = links.count()
        links.last.scroll_into_view_if_needed()
        expect(links.nth(before)).to_be_attached()
    expect(results(page).get_by_role("status")).to_have_text("100 results")
    shown = links.locator(".result-text").all_text_contents()
    assert len(set(shown)) == 100, shown


def hold_back(page, query):
    """From now on what is asked for with that query waits; what it is that waits."""
    held = []
    page.route(SEARCH, lambda route: held.append(route) if f"q={query}&" in route.request.url else route.continue_())
    return held


def let_go(page, held):
    # The page tells of a request before it can be held.
    while not held:
        page.evaluate("1")
    held.pop().continue_()


def look_for(page, query, *keys):
    """Types it, presses the keys, and waits until the server is asked."""
    with page.expect_request(lambda request: SEARCH.search(request.url) and f"q={query}&" in request.url):
        field(page).fill(query)
        for key in keys:
            page.keyboard.press(key)


def enter_opens_what_the_present_query_finds(world):
    page = a_library(world, "wanda")
    held = hold_back(page, "platypus")
    field(page).fill("forty")
    expect(part(page, "Messages").get_by_role("link")).to_contain_text("Forty minutes")
    look_for(page, "platypus", "Enter")
    let_go(page, held)
    expect(page).to_have_url(re.compile(r"/c/[^/#]+#21$"))
    expect_title(page, "Animals")
    # Nor is anything opened for those who have gone on meanwhile, to other words or to another place.
    look_for(page, "forty")
    expect(part(page, "Messages").get_by_role("link")).to_contain_text("Forty minutes")
    look_for(page, "platypus", "Enter")
    look_for(page, "forty")
    expect(results(page).get_by_role("status")).to_have_text("1 result")
    expect_title(page, "Animals")
    look_for(page, "creme", "Enter")
    expect_title(page, "Crème brûlée for eight")
    held.clear()
    look_for(page, "platypus", "Enter")
    composer(page).focus()
    let_go(page, held)
    expect(part(page, "Messages").get_by_role("link")).to_contain_text("PLATYPUS")
    expect_title(page, "Crème brûlée for eight")


def the_next_page_is_of_the_present_query(world):
    page = world.page_of("ulla")
    world.conversation(page, "Two grains", [("user", f"{name} {number}") for name in ("barley", "millet") for number in range(40)])
    page.goto("/")
    field(page).fill("barley")
    links = part(page, "Messages").get_by_role("link")
    expect(links).to_have_count(30)
    held = hold_back(page, "millet")
    look_for(page, "millet")
    links.last.scroll_into_view_if_needed()
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate("() => new Promise((done) => requestIdleCallback(done))")
    assert len(held) <= 1, [route.request.url for route in held]
    let_go(page, held)
    page.unroute(SEARCH)
    expect(links.first).to_contain_text("millet")
    links.last.scroll_into_view_if_needed()
    expect(links).to_have_count(40)
    assert all("millet" in text for text in links.all_inner_texts()), links.all_inner_texts()


def what_comes_late_is_not_shown(world):
    page = a_library(world, "wanda")
    held, gone = [], []
    page.on("requestfailed", lambda request: gone.append(request))
    page.route(SEARCH, lambda route: held.append(route) if "q=platypus" in route.request.url else route.continue_())
    with page.expect_request(lambda request: SEARCH.search(request.url) and "q=platypus" in request.url):
        field(page).fill("platypus")
    with page.expect_event("requestfailed", lambda request: SEARCH.search(request.url)):
        field(page).fill("forty")
    link = part(page, "Messages").get_by_role("link")
    expect(link).to_contain_text("Forty minutes")
    # Nobody waits for it any more, and if it comes, nobody is told.
    assert len(held) == 1 and held[0].request in gone, (held, gone)
    expect(link).to_have_count(1)
    page.unroute(SEARCH)


def a_search_stays_in_the_project(world):
    page = world.page_of("yara")
    project = world.project(page, "Bakery")
    world.conversation(page, "Rye at home", [("user", "rye")])
    world.call(page, "post", "/conversations", {"title": "Rye for sale", "project_id": project})
    page.goto("/")
    field(page).fill("rye")
    expect(part(page, "Conversations").get_by_role("link")).to_have_count(2)
    page.get_by_label("Project", exact=True).select_option("Bakery")
    expect(part(page, "Conversations").get_by_role("link")).to_have_count(1)
    expect(part(page, "Conversations")).to_contain_text("Rye for sale")
    expect(part(page, "Messages")).to_be_hidden()


def a_search_that_fails_can_be_tried_again(world):
    page = a_library(world, "wanda")
    page.route(SEARCH, lambda route: route.abort())
    field(page).fill("platypus")
    again = results(page).get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    page.unroute(SEARCH)
    again.click()
    expect(part(page, "Messages").get_by_role("link")).to_have_count(1)


def hostile_results_do_nothing(world):
    page = world.page_of("zoe")
    text = "<img src=x onerror='window.canary = 1'> canary"
    world.conversation(page, text, [("user", text)])
    page.goto("/")
    expect_title(page, text)
    field(page).fill("canary")
    expect(results(page).get_by_role("link")).to_have_count(2)
    assert page.evaluate("window.canary") is None
    assert results(page).locator("img").count() == 0


def on_a_phone_one_searches_in_the_drawer(world):
    page = world.page_of("wanda", viewport=PHONE, has_touch=True, is_mobile=True)
    world.conversation(page, "Animals", [("user", "Tell me of the platypus")])
    page.get_by_role("button", name="Conversations").click()
    field(page).fill("platypus")
    part(page, "Messages").get_by_role("link").tap()
    expect_title(page, "Animals")
    expect(field(page)).to_be_hidden()
    expect(log(page)).to_be_visible()


CHECKS = [
    titles_are_found_as_one_types,
    a_message_is_found_and_gone_to,
    what_is_marked_is_what_the_server_finds,
    one_gets_to_results_by_keys,
    results_come_page_by_page,
    enter_opens_what_the_present_query_finds,
    the_next_page_is_of_the_present_query,
    what_comes_late_is_not_shown,
    a_search_stays_in_the_project,
    a_search_that_fails_can_be_tried_again,
    hostile_results_do_nothing,
    on_a_phone_one_searches_in_the_drawer,
]
