"""The sidebar: groups by day, many conversations, what is unread, pinned, archived, deleted, and reached by keys."""

import re
import sqlite3
import uuid
from datetime import datetime, timedelta, timezone

from playwright.sync_api import expect

from parley_page import (
    composer, expect_in_step, expect_title, log, new_conversation, row, rows,
)
from world import PHONE

ACTIVE = re.compile("is-active")
UNREAD = re.compile("is-unread")


def headings(page):
    return page.get_by_role("navigation", name="Conversations").get_by_role("heading", level=2)


def menu_of(page, title):
    # A conversation that comes takes the focus to where one writes, and a menu without it closes.
    expect(log(page)).to_be_visible()
    row(page, title).hover()
    row(page, title).get_by_role("button", name=f"More for “{title}”").click()
    return page.get_by_role("menu", name=f"More for “{title}”")


def choose(page, title, item):
    menu_of(page, title).get_by_role("menuitem", name=item).click()


def delete(page, title):
    choose(page, title, "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(page, title)).to_have_count(0)


def undo(page):
    return page.get_by_role("status").get_by_role("button", name="Undo")


def conversations_are_grouped_by_day(world):
    now = datetime.now(timezone.utc)
    times = {
        "Said just now": now, "Said on the day before": now - timedelta(days=1),
        "Said long ago": datetime(2024, 5, 17, 12, tzinfo=timezone.utc),
        "Said longer ago": datetime(2024, 3, 2, 12, tzinfo=timezone.utc),
    }
    page = world.open(world.person("pia").state, timezone_id="UTC")
    page.clock.install(time=now.replace(hour=12, minute=0))
    for title in times:
        world.conversation(page, title, [("user", "Hello")])
    set_times(world, times)
    page.goto("/")
    expect(headings(page)).to_have_text(["Today", "Yesterday", "May 2024", "March 2024"])
    order = page.locator(".sidebar-list li").evaluate_all(
        "all => all.map(one => one.querySelector('h2, .row-title').textContent)"
    )
    titles = list(times)
    assert order == [
        "Today", titles[0], "Yesterday", titles[1], "May 2024", titles[2], "March 2024", titles[3],
    ], order
    # What is pinned stands on top, however old it is, and has its place again afterwards.
    choose(page, "Said longer ago", "Pin")
    expect(headings(page).first).to_have_text("Pinned")
    expect(rows(page).first).to_contain_text("Said longer ago")
    page.reload()
    expect(rows(page).first).to_contain_text("Said longer ago")
    choose(page, "Said longer ago", "Unpin")
    expect(headings(page).first).to_have_text("Today")


def a_day_that_begins_is_noticed(world):
    page = world.open(world.person("pelle").state, timezone_id="UTC")
    now = datetime.now(timezone.utc).replace(microsecond=0)
    page.clock.install(time=now.replace(hour=23, minute=58))
    world.conversation(page, "Late at night", [("user", "Hello")])
    set_times(world, {"Late at night": now.replace(hour=23, minute=50)})
    page.goto("/")
    expect(headings(page)).to_have_text(["Today"])
    expect(row(page, "Late at night").locator("time")).to_have_text("8 min")
    page.clock.run_for(60_000)
    expect(row(page, "Late at night").locator("time")).to_have_text("9 min")
    page.clock.run_for(120_000)
    expect(headings(page)).to_have_text(["Yesterday"])


def set_times(world, times):
    """Gives conversations the time at which something happened in them last: nobody can wait that long."""
    with sqlite3.connect(world.server.database, timeout=30) as store:
        for title, time in times.items():
            microseconds = int(time.timestamp() * 1_000_000)
            store.execute("UPDATE conversation SET updated_at = ? WHERE title = ?", (microseconds, title))


def a_conversation_is_pinned_and_archived(world):
    page = world.page_of("quinn")
    other = page.context.new_page()
    for number in (1, 2, 3):
        world.conversation(page, f"Number {number}", [("user", "Hello")])
    for one in (page, other):
        one.goto("/")
        expect(rows(one)).to_have_count(3)
        expect_in_step(one)
    page.bring_to_front()
    choose(page, "Number 1", "Pin")
    for one in (page, other):
        expect(rows(one).first).to_contain_text("Number 1")
        expect(headings(one)).to_have_text(["Pinned", "Today"])
    choose(page, "Number 2", "Archive")
    for one in (page, other):
        expect(row(one, "Number 2")).to_have_count(0)
    page.get_by_role("button", name="Projects and archive").click()
    page.get_by_role("menuitem", name="Show the archive").click()
    expect(rows(page)).to_have_count(1)
    expect(rows(page)).to_contain_text("Number 2")
    choose(page, "Number 2", "Take out of the archive")
    expect(page.get_by_text("Nothing is archived.")).to_be_visible()
    expect(row(other, "Number 2")).to_have_count(1)
    page.get_by_role("button", name="Leave the archive").click()
    expect(rows(page)).to_have_count(3)


def what_is_deleted_can_be_brought_back(world):
    page = world.page_of("ruth")
    asked = []
    page.on("request", lambda request: request.method == "DELETE" and asked.append(request.url))
    here = world.conversation(page, "Dear to me", [("user", "parsley")])
    world.conversation(page, "Another", [("user", "Hello")])
    page.goto(f"/c/{here}")
    expect_title(page, "Dear to me")
    before = world.call(page, "get", f"/conversations/{here}")
    delete(page, "Dear to me")
    # As long as one points at it, it stays.
    undo(page).hover()
    expect_title(page, "Another")
    undo(page).click()
    expect(row(page, "Dear to me")).to_have_count(1)
    expect_title(page, "Dear to me")
    expect(undo(page)).to_have_count(0)
    assert not asked, asked
    assert world.call(page, "get", f"/conversations/{here}") == before


def what_is_not_brought_back_is_deleted_after_a_while(world):
    page = world.page_of("ruth")
    page.clock.install()
    gone = world.conversation(page, "Of no use", [("user", "Hello")])
    page.goto("/")
    expect(row(page, "Of no use")).to_have_count(1)
    delete(page, "Of no use")
    # As long as one points at it, it stays.
    undo(page).hover()
    with page.expect_response(lambda answer: answer.request.method == "DELETE" and gone in answer.url):
        page.mouse.move(600, 600)
        page.clock.run_for(7_500)
    expect(undo(page)).to_have_count(0)
    expect_missing(world, page, gone)


def what_is_deleted_is_gone_with_the_page(world):
    page, other = world.page_of("ruth"), world.page_of("ruth")
    gone = world.conversation(page, "Closed behind it", [("user", "Hello")])
    expect(row(other, "Closed behind it")).to_have_count(1)
    expect(row(page, "Closed behind it")).to_have_count(1)
    delete(page, "Closed behind it")
    expect(undo(page)).to_be_visible()
    page.close(run_before_unload=True)
    expect(row(other, "Closed behind it")).to_have_count(0)
    expect_missing(world, other, gone)


def what_cannot_be_deleted_comes_back(world):
    page = world.page_of("ruth")
    world.conversation(page, "Here to stay", [("user", "Hello")])
    expect(row(page, "Here to stay")).to_have_count(1)
    broken = {"status": 500, "json": {"error": {"code": "internal", "message": "Out of order."}}}
    page.route(re.compile("/api/conversations/"), lambda route: (
        route.fulfill(**broken) if route.request.method == "DELETE" else route.continue_()
    ))
    delete(page, "Here to stay")
    page.get_by_role("status").get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_contain_text("“Here to stay” couldn’t be deleted.")
    expect(row(page, "Here to stay")).to_have_count(1)


def expect_missing(world, page, conversation):
    answer = page.context.request.get(f"{world.origin}/api/conversations/{conversation}")
    assert answer.status == 404, answer.status


def what_is_unread_has_a_dot(world):
    first, second = world.page_of("sven"), world.page_of("tilda")
    # Who has a conversation when the page comes is led into it, and has read it.
    for page in (first, second):
        expect(composer(page)).to_be_visible()
    project = world.project(first, "Between us", "tilda")
    here = world.call(first, "post", "/conversations", {"title": "For both", "project_id": project})["id"]
    append = lambda text: world.call(
        first, "post", f"/conversations/{here}/messages", {"role": "user", "content": text}
    )
    append("One")
    # Somebody else's that one has never opened.
    expect(row(second, "For both")).to_have_class(UNREAD)
    # One's own words are no news.
    expect(row(first, "For both")).not_to_have_class(UNREAD)
    third = second.context.new_page()
    third.goto("/?")
    expect_in_step(third)
    expect(row(third, "For both").get_by_text("Unread")).to_be_attached()
    second.goto(f"/c/{here}")
    expect_title(second, "For both")
    expect(row(second, "For both")).not_to_have_class(UNREAD)
    # Read on one screen, it is read on the others.
    if third.url.endswith(here):
        new_conversation(third)
    expect(row(third, "For both")).not_to_have_class(UNREAD)
    new_conversation(third)
    new_conversation(second)
    append("Two")
    for page in (second, third):
        expect(row(page, "For both")).to_have_class(UNREAD)
    second.reload()
    new_conversation(second)
    row(second, "For both").get_by_role("link").click()
    for page in (second, third):
        expect(row(page, "For both")).not_to_have_class(UNREAD)


def news_out_of_sight_stays_unread(world):
    first, second = world.page_of("sven"), world.page_of("tilda")
    project = world.project(first, "Between us again", "tilda")
    here = world.call(first, "post", "/conversations", {"title": "Long", "project_id": project})["id"]
    entries = [{"role": "user", "content": f"Number {number}\n" * 4} for number in range(1, 31)]
    world.call(first, "post", f"/conversations/{here}/messages", {"messages": entries})
    second.goto(f"/c/{here}")
    expect_title(second, "Long")
    expect(row(second, "Long")).not_to_have_class(UNREAD)
    log(second).evaluate("log => log.scrollTo(0, 0)")
    expect(second.get_by_role("button", name="To the newest message")).to_be_visible()
    world.call(first, "post", f"/conversations/{here}/messages", {"role": "user", "content": "At the end"})
    expect(row(second, "Long")).to_have_class(UNREAD)
    log(second).evaluate("log => log.scrollTo(0, log.scrollHeight)")
    expect(row(second, "Long")).not_to_have_class(UNREAD)


def rows_and_menus_are_reached_by_keys(world):
    page = world.page_of("uma")
    for number in range(1, 41):
        world.conversation(page, f"Number {number:02}", [("user", "Hello")])
    page.goto("/")
    expect(rows(page).first).to_contain_text("Number 40")
    link = lambda number: row(page, f"Number {number:02}").get_by_role("link")
    # Opened, a conversation takes the focus to where one writes.
    expect(composer(page)).to_be_focused()
    link(40).focus()
    keys = page.keyboard
    keys.press("ArrowDown")
    expect(link(39)).to_be_focused()
    keys.press("End")
    expect(link(1)).to_be_focused()
    expect(link(1)).to_be_in_viewport()
    keys.press("ArrowUp")
    expect(link(2)).to_be_focused()
    # The row with the focus stays, though it is far out of sight.
    page.locator(".sidebar-list").evaluate("list => list.scrollTo(0, 0)")
    expect(row(page, "Number 40")).to_be_in_viewport()
    expect(link(2)).to_be_focused()
    keys.press("Home")
    expect(link(40)).to_be_focused()
    # Only one row is on the Tab key's way, with its two buttons.
    assert page.locator(".sidebar-list a[tabindex='0']").count() == 1
    keys.press("Tab")
    expect(page.get_by_role("button", name="Rename “Number 40”")).to_be_focused()
    keys.press("Tab")
    more = page.get_by_role("button", name="More for “Number 40”")
    expect(more).to_be_focused()
    keys.press("Enter")
    item = lambda name: page.get_by_role("menuitem", name=name)
    expect(item("Rename")).to_be_focused()
    keys.press("ArrowUp")
    expect(item("Delete")).to_be_focused()
    keys.press("Home")
    expect(item("Rename")).to_be_focused()
    keys.press("a")
    expect(item("Archive")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(more).to_be_focused()
    keys.press("Enter")
    expect(item("Rename")).to_be_focused()
    keys.press("Enter")
    field = page.get_by_role("textbox", name="Title")
    expect(field).to_be_focused()
    keys.type("By keys")
    keys.press("Enter")
    expect(row(page, "By keys")).to_have_count(1)
    # Who deletes a row is on the one in its place then.
    link(39).focus()
    keys.press("Delete")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Tab")
    keys.press("Enter")
    expect(row(page, "Number 39")).to_have_count(0)
    expect(link(38)).to_be_focused()


def on_a_touch_screen_the_menu_is_in_sight(world):
    page = world.page_of("ulla", viewport=PHONE, has_touch=True, is_mobile=True)
    world.conversation(page, "By touch", [("user", "Hello")])
    world.conversation(page, "Above it", [("user", "Hello")])
    page.get_by_role("button", name="Conversations").click()
    more = page.get_by_role("button", name="More for “By touch”")
    expect(more).to_be_visible()
    box = more.bounding_box()
    assert box["width"] >= 44 and box["height"] >= 44, box
    more.tap()
    page.get_by_role("menuitem", name="Pin").tap()
    expect(rows(page).first).to_contain_text("By touch")
    expect(headings(page).first).to_have_text("Pinned")


MANY = 10_000


def ten_thousand_conversations_stay_smooth(world):
    page = world.open(world.person("vera").state)
    told = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: told.append(frame)))
    first = world.conversation(page, "Number 0", [("user", "Hello")])
    fill(world, first)
    page.goto("/")
    expect(rows(page).first).to_contain_text("Number 0")
    # Whenever the socket opens, the list is read anew, and only its beginning.
    expect_in_step(page)
    page.evaluate(WATCH_TASKS)
    result = page.evaluate(SCROLL_TO_THE_END)
    print(f"# {result}", flush=True)
    assert result["most"] < 60, f"{result['most']} rows were in the page at once"
    expect(row(page, f"Number {MANY}")).to_be_in_viewport()
    assert page.locator(".sidebar-list li").count() < 80
    assert page.locator(".sidebar-list").evaluate("list => list.scrollHeight") > MANY * 60
    # Somewhere in the middle nothing moves when something happens further up.
    page.locator(".sidebar-list").evaluate("list => list.scrollTo(0, list.scrollHeight / 2)")
    expect(row(page, f"Number {MANY}")).to_have_count(0)
    page.evaluate(NEXT_FRAME)
    middle = rows(page).nth(10)
    title = middle.locator(".row-title").text_content()
    before = row(page, title).bounding_box()["y"]
    expect_in_step(page)
    tracing = page.context.new_cdp_session(page)
    tracing.send("Performance.enable")
    spent, known = task_seconds(tracing), len(told)
    for number in range(20):
        world.call(page, "patch", f"/conversations/{first}", {"title": f"Number 0, {number} times"})
    world.call(page, "patch", f"/conversations/{numbered(first, 9_000)}", {"title": "Up from below"})
    while len(told) < known + 21:
        page.evaluate(NEXT_FRAME)
    page.evaluate(NEXT_FRAME)
    spent = (task_seconds(tracing) - spent) * 1000 / 21
    print(f"# {spent:.1f} ms of all the page's work for each event", flush=True)
    after = row(page, title).bounding_box()["y"]
    assert abs(after - before) < 2, f"what one looked at has moved from {before} to {after}"
    page.locator(".sidebar-list").evaluate("list => list.scrollTo(0, 0)")
    expect(rows(page).first).to_contain_text("Up from below")
    expect(rows(page).nth(1)).to_contain_text("Number 0, 19 times")


def task_seconds(tracing):
    """How long the page's main thread has been at work, with style, layout and paint."""
    metrics = tracing.send("Performance.getMetrics")["metrics"]
    return next(one["value"] for one in metrics if one["name"] == "TaskDuration")


def numbered(first, number):
    """The id of the one that comes so many after the first."""
    return str(uuid.UUID(int=uuid.UUID(first).int + number))


def fill(world, first):
    """So many conversations, straight into the store: what the first has, with other ids, titles and times."""
    with sqlite3.connect(world.server.database, timeout=30) as store:
        columns = [name for _, name, *_ in store.execute("PRAGMA table_info(conversation)")]
        own = store.execute("SELECT * FROM conversation WHERE id = ?", [uuid.UUID(first).bytes]).fetchone()
        values = dict(zip(columns, own))
        values["updated_at"] -= 1_000_000
        places = ", ".join("?" for _ in columns)
        key = values["key"]
        for number in range(1, MANY + 1):
            values["key"] = key + 1_000_000 + number
            values["id"] = uuid.UUID(numbered(first, number)).bytes
            values["title"] = f"Number {number}"
            values["updated_at"] -= 600_000_000
            store.execute(f"INSERT INTO conversation VALUES ({places})", [values[name] for name in columns])


WATCH_TASKS = """() => {
    window.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((one) => Math.round(one.duration))))
        .observe({ type: "longtask" });
}"""

NEXT_FRAME = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))"

SCROLL_TO_THE_END = """async () => {
    const list = document.querySelector(".sidebar-list");
    const isLoading = () => list.querySelector(".rows-foot [role=status]") !== null;
    const frames = [];
    let most = 0;
    let last = performance.now();
    let still = 0;
    while (still < 120) {
        const before = list.scrollTop;
        list.scrollTop += 900;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
        most = Math.max(most, list.querySelectorAll(".row").length);
        still = list.scrollTop === before && !isLoading() ? still + 1 : 0;
    }
    frames.sort((one, other) => one - other);
    const at = (part) => Math.round(frames[Math.floor(frames.length * part)] * 10) / 10;
    const { longTasks } = window;
    return { most, frames: frames.length, median: at(0.5), p95: at(0.95), p99: at(0.99), longTasks };
}"""


CHECKS = [
    conversations_are_grouped_by_day,
    a_day_that_begins_is_noticed,
    a_conversation_is_pinned_and_archived,
    what_is_deleted_can_be_brought_back,
    what_is_not_brought_back_is_deleted_after_a_while,
    what_is_deleted_is_gone_with_the_page,
    what_cannot_be_deleted_comes_back,
    what_is_unread_has_a_dot,
    news_out_of_sight_stays_unread,
    rows_and_menus_are_reached_by_keys,
    on_a_touch_screen_the_menu_is_in_sight,
    ten_thousand_conversations_stay_smooth,
]
