"""The operator's page: what it tells is what was done, and for everybody else there is no such page."""

import math
import random
import re
import sqlite3
import time
import uuid
from itertools import product

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from accessibility import CUT_OFF, RULES, SIZES, SMALL_TARGETS, SPACING, TOO_WIDE, told
from languages import COMPARE
from parley_page import account_menu, composer, expect_in_step
from world import DESKTOP, PASSWORD, PHONE

OPERATOR = "grace@operators.example"
DAY = 86_400_000_000


def operator_page(world, path="/operator", **options):
    """A page in which the one is signed in whom the configuration calls an operator."""
    page = world.open(**options)
    fields = {"email": OPERATOR, "password": PASSWORD, "name": "Grace"}
    made = page.context.request.post(f"{world.origin}/api/auth/register", data=fields, headers={"Origin": world.origin})
    if not made.ok:
        made = page.context.request.post(f"{world.origin}/api/auth/login", data=fields, headers={"Origin": world.origin})
    assert made.json().get("operator") is True, made.text()
    page.goto(path)
    return page


def figure(page, name, of="usage"):
    return page.locator(f'.operator-{of} [data-figure="{name}"] .tile-value')


def card(page, name):
    return page.locator(f'[data-chart="{name}"]')


def settled(page):
    """The figures are there, and none of others are on their way."""
    expect(page.locator(".operator-usage .tiles")).to_be_visible()
    expect(page.locator(".operator-usage[aria-busy]")).to_have_count(0)


def newest_row(page, name):
    """Today's numbers in the table below a drawing, by column."""
    table = card(page, name).locator("table")
    columns = table.locator("thead th").all_text_contents()
    cells = table.locator("tbody tr").first.locator("th, td").all_text_contents()
    return dict(zip(columns, cells))


def turn(world, page, text):
    """A turn by the API; its status."""
    answer = page.context.request.post(
        f"{world.origin}/api/chat", data={"message": text}, headers={"Origin": world.origin},
    )
    return answer.status


def the_operators_figures_are_those_of_what_was_done(world):
    worker = world.page_of("ida")
    other = world.page_of("joan")
    desk = operator_page(world)
    before = world.call(desk, "get", "/operator/usage?days=7")["days"][-1]
    world.conversation(worker, "Kittiwakes", [("user", "one"), ("assistant", "two"), ("user", "three")])
    world.conversation(other, "Others", [("user", "four"), ("tool", "five")])
    assert turn(world, worker, "Say something") == 200
    world.upstream.refuse()
    assert turn(world, worker, "Fail") == 502
    # What has become of a reply is noted down behind its answer.
    desk.wait_for_function(REPLIES_TOLD, arg=before["replies"] + 2)

    after = world.call(desk, "get", "/operator/usage?days=7")
    today = after["days"][-1]
    done = {key: today[key] - before[key] for key in ("conversations", "replies", "failed")}
    assert done == {"conversations": 4, "replies": 2, "failed": 1}, done
    written = {role: today["messages"][role] - before["messages"][role] for role in today["messages"]}
    assert written == {"user": 5, "assistant": 3, "system": 0, "tool": 1}, written
    assert today["people"] >= 2 and today["completion_tokens"] > before["completion_tokens"]

    desk.reload()
    settled(desk)
    desk.get_by_role("radio", name="7 days").check()
    settled(desk)
    total = after["total"]
    messages = sum(total["messages"].values())
    for name, value in (
        ("messages", messages), ("people", total["people"]), ("conversations", total["conversations"]),
        ("replies", total["replies"]), ("failed", total["failed"]),
    ):
        expect(figure(desk, name)).to_have_text(str(value))
    row = newest_row(desk, "messages")
    assert row["People"] == str(today["messages"]["user"]) and row["Assistants"] == str(today["messages"]["assistant"]), row
    assert row["Total"] == str(sum(today["messages"].values())), row
    assert newest_row(desk, "failed")["Failed"] == str(today["failed"])
    models = desk.locator(".card-models tbody tr")
    expect(models).to_have_count(len(total["models"]))
    expect(models.first.locator("th")).to_have_text(total["models"][0].get("model", "Unknown model"))
    expect(models.first.locator("td").first).to_have_text(str(total["models"][0]["replies"]))

    text = desk.locator("main").inner_text()
    for secret in ("Kittiwakes", "Say something", "@", "Grace"):
        assert secret not in text, f"{secret} is on the operator's page"


REPLIES_TOLD = """async (least) => {
    const answer = await fetch("/api/operator/usage?days=7");
    return (await answer.json()).days.at(-1).replies >= least;
}"""


def each_days_numbers_can_be_had_by_the_keyboard_and_by_the_mouse(world):
    world.conversation(world.page_of("ida"), "Keys", [("user", "one")])
    desk = operator_page(world)
    settled(desk)
    today = world.call(desk, "get", "/operator/usage?days=30")["days"][-1]
    slider = desk.get_by_role("slider", name="Messages: day")
    # Drawn, it shows no reading at first.
    expect(card(desk, "messages").locator("svg.chart-svg")).to_be_visible()
    slider.focus()
    desk.keyboard.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("People 0, Assistants 0"))
    desk.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"People {today['messages']['user']},"))
    reading = card(desk, "messages").locator(".reading")
    expect(reading).to_be_visible()
    expect(reading).to_contain_text(str(today["messages"]["user"]))
    desk.keyboard.press("Tab")
    expect(reading).to_be_hidden()
    box = card(desk, "messages").locator(".plot").bounding_box()
    desk.mouse.move(box["x"] + box["width"] - 6, box["y"] + 60)
    expect(reading).to_contain_text(str(today["messages"]["user"]))
    desk.mouse.move(box["x"] + 60, box["y"] + 60)
    expect(reading.locator("b").first).to_have_text("0")
    for name in ("messages", "people"):
        expect(card(desk, name).get_by_role("img")).to_have_attribute("aria-label", re.compile(r"Most: \d"))


def how_the_instance_is_doing_is_asked_for_again_while_it_is_seen(world):
    desk = operator_page(world)
    settled(desk)
    # It was asked for before its own socket was open, or while another was: then it takes until the next time.
    expect(figure(desk, "connections", of="now")).to_have_text("1", timeout=30_000)
    expect(card(desk, "store").locator("tbody tr").first).to_be_visible()
    instance = world.call(desk, "get", "/operator/now")
    expect(desk.locator(".now-about")).to_contain_text(instance["instance"])
    second = operator_page(world)
    settled(second)
    expect_in_step(second)
    # The server tells of both; the first page learns of it by itself.
    with desk.expect_request("**/api/operator/now", timeout=30_000) as asked:
        pass
    assert asked.value.response().json()["live"]["sockets"] >= 2
    expect(figure(desk, "connections", of="now")).to_have_text("2")


def the_page_stands_in_the_menu_of_operators_only(world):
    name = "Operator’s page"
    desk = operator_page(world, "/")
    # What comes takes the focus, and a menu without it closes.
    expect(composer(desk)).to_be_focused()
    account_menu(desk).get_by_role("menuitem", name=name).click()
    expect(desk).to_have_url(re.compile("/operator$"))
    settled(desk)
    other = world.page_of("ida")
    expect(composer(other)).to_be_focused()
    menu = account_menu(other)
    expect(menu.get_by_role("menuitem", name="Help")).to_be_visible()
    expect(menu.get_by_role("menuitem", name=name)).to_have_count(0)


def whoever_is_no_operator_finds_nothing(world):
    page = world.page_of("ida", "/operator")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert not [url for url in asked if "/api/operator" in url]
    for path in ("usage", "now", "usage?days=0"):
        answer = page.context.request.get(f"{world.origin}/api/operator/{path}")
        unknown = page.context.request.get(f"{world.origin}/api/operator/nothing")
        without = [re.sub('"request_id":"[^"]*"', "", each.text()) for each in (answer, unknown)]
        assert answer.status == 404 and without[0] == without[1], path
    page.get_by_role("button", name="To your conversations").click()
    expect(page).not_to_have_url(re.compile("operator"))


def the_operators_page_is_for_everyone(world):
    """What axe-core finds, targets, a narrow window, wide spacing; with nothing to show yet or with weeks of it."""
    problems = []
    for (size, (viewport, options)), scheme in product(SIZES.items(), ("light", "dark")):
        page = operator_page(world, viewport=viewport, color_scheme=scheme, reduced_motion="reduce", **options)
        settled(page)
        # What stands around it is looked at on every other view.
        found = Axe().run(page, context="main", options={"runOnly": RULES}).response["violations"]
        problems += [f"{size}, {scheme}: {told(each)}" for each in found]
        problems += page.evaluate(SMALL_TARGETS)
        page.context.close()
    narrow = operator_page(world, viewport={"width": 320, "height": 640})
    settled(narrow)
    problems += narrow.evaluate(TOO_WIDE, narrow.viewport_size["width"])
    spaced = operator_page(world)
    settled(spaced)
    spaced.evaluate(SPACING)
    problems += spaced.evaluate(CUT_OFF)
    assert not problems, "\n".join(problems)


def the_operators_page_speaks_german(world):
    page = operator_page(world, locale="de-DE")
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Betrieb")
    expect(page.get_by_role("radio", name="90 Tage")).to_be_attached()
    differences = page.evaluate(COMPARE, "operator-strings")
    assert not differences, differences


def pictures_of_the_operators_page(world):
    desk = operator_page(world)
    fill(world)
    for scheme in ("light", "dark"):
        for name, viewport, options in (
            ("desktop", DESKTOP, {}), ("wide", {"width": 1720, "height": 1000}, {}),
            ("phone", PHONE, {"has_touch": True, "is_mobile": True}),
        ):
            page = operator_page(world, viewport=viewport, color_scheme=scheme, **options)
            settled(page)
            expect(card(page, "latency").locator("svg.chart-svg")).to_be_visible()
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= viewport["width"], f"{name}: the page is {width} wide"
            page.screenshot(path=world.artifacts / f"operator-{name}-{scheme}.png", animations="disabled")
            # All of it, in a window as high as it is.
            height = page.evaluate("document.querySelector('.operator-page').scrollHeight") + 80
            page.set_viewport_size({"width": viewport["width"], "height": height})
            page.screenshot(path=world.artifacts / f"operator-{name}-{scheme}-whole.png", animations="disabled")
            page.context.close()
    desk.context.close()


def fill(world):
    """Weeks of a team's work, straight into the file: no API can write yesterday's messages."""
    dice = random.Random(7)
    now = int(time.time() * 1e6)
    with sqlite3.connect(world.server.database, timeout=30) as file:
        project = file.execute("SELECT id FROM project LIMIT 1").fetchone()[0]
        for ago in range(75):
            date = now - ago * DAY
            weekday = time.gmtime(date / 1e6).tm_wday
            busy = max(1, round((9 if weekday < 5 else 2) * (1.4 - ago / 90) * dice.uniform(0.7, 1.3)))
            for _ in range(busy):
                at = date - dice.randrange(DAY // 3)
                conversation, author = uuid.uuid4().bytes, f"p{dice.randrange(14)}@example.org"
                file.execute(
                    "INSERT INTO conversation (id, project_id, owner, status, is_pinned, message_count, revision, created_at,"
                    " updated_at, title_is_given, title) VALUES (?, ?, ?, 'active', 0, 8, 9, ?, ?, 1, 'Talk')",
                    (conversation, project, author, at, at),
                )
                for seq in range(1, 9):
                    role = "user" if seq % 2 else "assistant"
                    file.execute(
                        "INSERT INTO message (conversation_id, id, seq, revision, role, author, status, is_edited, created_at,"
                        " updated_at, content_at, fence, content) VALUES (?, ?, ?, ?, ?, ?, 'delivered', 0, ?, ?, ?, 0, 'x')",
                        (conversation, uuid.uuid4().bytes, seq, seq + 1, role, author if seq % 2 else None, at, at, at),
                    )
                    if role == "assistant":
                        reply(file, dice, conversation, author, at)


def reply(file, dice, conversation, author, at):
    model, speed = dice.choice([("llama3.3-70b", 8.3), ("llama3.3-70b", 8.3), ("qwen3-32b", 7.7), ("gemma-3-4b", 6.6)])
    status = dice.choices(["delivered", "failed", "interrupted"], [96, 3, 1])[0]
    file.execute(
        "INSERT INTO query_log (time, email, conversation_id, message_id, model, latency_ms, prompt_tokens,"
        " completion_tokens, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (at, author, conversation, uuid.uuid4().bytes, model, round(math.exp(dice.gauss(speed, 0.5))),
         dice.randrange(300, 5000), dice.randrange(60, 900), status),
    )


CHECKS = [
    the_operators_figures_are_those_of_what_was_done,
    each_days_numbers_can_be_had_by_the_keyboard_and_by_the_mouse,
    how_the_instance_is_doing_is_asked_for_again_while_it_is_seen,
    the_page_stands_in_the_menu_of_operators_only,
    whoever_is_no_operator_finds_nothing,
    the_operators_page_speaks_german,
    the_operators_page_is_for_everyone,
    pictures_of_the_operators_page,
]
