"""Markdown as it is shown: rendered by the server, in pieces as an answer grows."""

import json

from playwright.sync_api import expect

from live import two_tabs
from parley_page import answers, expect_answered, send
from world import PHONE

EVERYTHING = """## Moving house

Some *words*, **strong** ones, ~~gone~~ ones, `code` and https://example.org/__init__.py.

| Room | Boxes | Done |
|:-----|------:|:----:|
| Kitchen | 12 | yes |
| Study with a rather long name | 140 | no |

- [x] Tell the landlord
- [ ] Pack
  - [ ] Books

```swift
/// Boxes, by room.
struct Box: Codable {
    let room = "kitchen", count = 12 // so far
}
```

```python
def pack(box: Box) -> None:
    '''Twice, if need be.'''
    print(f"{box.room}: {box.count + 0.5}")
```

> Measure the door.

![A plan](https://plans.example/house.png)

<b>not bold</b>"""

TABLE = "| a | b |\n|---|---|\n| 1 | 2 |\n"


def body(page):
    return answers(page).last.locator(".message-body")


def shown(world, page, *texts):
    """Opens a conversation of answers."""
    page.goto(f"/c/{world.conversation(page, 'Rendered', [('assistant', text) for text in texts])}")
    expect(answers(page)).to_have_count(len(texts))


def everything_is_rendered(world):
    page = world.page_of("mia")
    shown(world, page, EVERYTHING)
    here = body(page)
    expect(here.get_by_role("heading", name="Moving house", level=4)).to_be_visible()
    expect(here.get_by_role("table").get_by_role("row")).to_have_count(3)
    expect(here.get_by_role("columnheader", name="Boxes")).to_have_class("to-right")
    expect(here.get_by_role("checkbox", name="Tell the landlord")).to_be_checked()
    expect(here.get_by_role("checkbox", name="Books")).not_to_be_checked()
    for box in here.get_by_role("checkbox").all():
        expect(box).to_be_disabled()
    expect(here.locator(".hl-k").first).to_have_text("struct")
    expect(here.locator(".hl-c").first).to_have_text("/// Boxes, by room.\n")
    expect(here.get_by_role("link", name="https://example.org/__init__.py")).to_be_visible()
    expect(here.get_by_role("link", name="Image: A plan plans.example")).to_be_visible()
    expect(here).to_contain_text("<b>not bold</b>")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.screenshot(path=world.artifacts / f"markdown-{theme}.png", animations="disabled")
        answers(page).last.screenshot(path=world.artifacts / f"markdown-{theme}-whole.png", animations="disabled")
    phone = page.context.new_page()
    phone.set_viewport_size(PHONE)
    phone.goto(page.url)
    expect(answers(phone)).to_have_count(1)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    answers(phone).last.screenshot(path=world.artifacts / "markdown-phone.png", animations="disabled")


def code_can_be_copied(world):
    page = world.page_of("mia")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown(world, page, EVERYTHING)
    listing = body(page).locator("figure").last
    listing.get_by_role("button", name="Copy").click()
    expect(listing.get_by_role("button", name="Copied")).to_be_visible()
    expected = EVERYTHING.split("```python\n")[1].split("```")[0]
    assert page.evaluate("navigator.clipboard.readText()") == expected
    expect(listing.get_by_role("button", name="Copy")).to_be_visible()


GROWING = "First **paragraph** stays.\n\n" + TABLE + "\n```js\n" + "\n".join(
    f"const line{number} = {number};" for number in range(1, 200)
) + "\n```\n\nThe end, with [a link][x].\n\n[x]: https://example.org/"


def what_was_drawn_stays_while_an_answer_grows(world):
    page, _, here = two_tabs(world, "mia")
    world.upstream.slowly(GROWING, 2)
    send(page, "Go on")
    strong = body(page).locator("strong")
    expect(strong).to_have_text("paragraph")
    strong.evaluate("""one => {
        window.drawn = one;
        getSelection().selectAllChildren(one);
    }""")
    code = body(page).locator("figure code")
    # What stands before the second part can't grow any more.
    code.locator(".part").nth(1).wait_for()
    code.locator(".part").first.evaluate("one => { window.part = one; }")
    expect(code).to_contain_text("const line150 ")
    assert page.evaluate("window.part.isConnected"), "the first part of a listing that grows was drawn anew"
    expect_answered(page)
    expect(body(page).get_by_role("link", name="a link")).to_have_attribute("href", "https://example.org/")
    selected = page.evaluate("window.drawn.isConnected && getSelection().toString()")
    assert selected == "paragraph", f"of what was drawn and selected there is left: {selected}"
    assert page.evaluate("window.part.isConnected"), "the first part of a listing was drawn anew at the end"
    assert code.evaluate("one => one.textContent") == GROWING.split("```js\n")[1].split("```")[0]
    expect(body(page).get_by_role("row")).to_have_count(2)
    expect(body(page).locator(".markdown-pending")).to_have_count(0)


def without_the_server_a_text_stands_as_it_was_written(world):
    page, _, here = two_tabs(world, "mia")
    page.route("**/api/render", lambda route: route.fulfill(status=503, body="{}"))
    world.upstream.slowly("Some **bold** words.\n\n- and a list", 1)
    with page.expect_response("**/api/render"):
        send(page, "Go on")
    expect_answered(page)
    expect(body(page)).to_contain_text("Some **bold** words.")
    expect(body(page)).to_contain_text("- and a list")
    page.unroute("**/api/render")
    # Between two attempts there are fifteen seconds in the end.
    expect(body(page).locator("strong")).to_have_text("bold", timeout=30_000)
    expect(body(page).get_by_role("listitem")).to_have_text("and a list")


def a_page_of_messages_needs_no_further_call(world):
    page = world.page_of("mia")
    calls = []
    page.on("request", lambda request: calls.append(request.url) if "/api/render" in request.url else None)
    shown(world, page, "*one*", "**two**", "- three")
    expect(answers(page).locator("em")).to_have_text("one")
    expect(answers(page).locator("li")).to_have_text("three")
    assert calls == [], calls


def only_the_one_policy_makes_markup(world):
    page = world.page_of("mia")
    shown(world, page, "text")
    refused = page.evaluate("""() => {
        const attempts = [
            () => { document.createElement("div").innerHTML = "<b></b>"; },
            () => trustedTypes.createPolicy("other", { createHTML: (html) => html }),
            () => trustedTypes.createPolicy("parley-markdown", { createHTML: (html) => html }),
        ];
        return attempts.map((attempt) => { try { attempt(); return false; } catch { return true; } });
    }""")
    # That they were refused is told in the console, too.
    world.complaints[:] = [text for text in world.complaints if "TrustedHTML" not in text and "TrustedTypePolicy" not in text]
    assert refused == [True, True, True], refused


LONG = ("Some **bold** text with `code` and [a link](https://example.org/).\n\n- one\n- two\n\n" + TABLE + "\n") * 6000
LISTING = "```swift\n" + "\n".join(f'let line{number} = "{number}" // a comment' for number in range(2000)) + "\n```"


def long_answers_are_drawn(world):
    """The longest tasks are printed, and not asserted: a machine that is busy makes any task long."""
    page = world.page_of("mia")
    page.add_init_script("""
        window.tasks = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration)))
            .observe({ type: "longtask", buffered: true });
    """)
    for name, text, parts in (("300 kB", LONG[:300_000], "table"), ("2 000 lines", LISTING, ".part")):
        other = world.conversation(page, name, [("assistant", text)])
        page.goto(f"/c/{other}")
        # A debug build takes its time for a MiB.
        expect(body(page).locator(parts).last).to_be_attached(timeout=60_000)
        expect(body(page).locator(".markdown-pending")).to_have_count(0, timeout=60_000)
        print(f"# {name} at once: tasks over 50 ms {longest(page)}", flush=True)


def longest(page):
    return json.dumps(sorted((round(each) for each in page.evaluate("window.tasks.splice(0)")), reverse=True)[:5])


CHECKS = [
    everything_is_rendered,
    code_can_be_copied,
    what_was_drawn_stays_while_an_answer_grows,
    without_the_server_a_text_stands_as_it_was_written,
    a_page_of_messages_needs_no_further_call,
    long_answers_are_drawn,
    only_the_one_policy_makes_markup,
]
