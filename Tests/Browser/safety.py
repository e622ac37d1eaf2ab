"""What nobody may be able to do to the page, what everybody must be able to do with it, and what it may weigh."""

from playwright.sync_api import expect

from parley_page import (
    answers, composer, expect_answered, expect_sign_in, expect_title, log, new_conversation, row, send,
)
from world import PASSWORD

HEAVIEST_PAGE_BYTES = 150_000

CANARIES = [
    "<script>window.canary = 1</script>",
    "<img src=x onerror='window.canary = 1'>",
    "<svg onload='window.canary = 1'>",
    "[click](javascript:window.canary=1)",
    "[click](JaVaScRiPt:window.canary=1)",
    "[click](data:text/html,<script>window.canary=1</script>)",
    "[good](https://example.org/\"onmouseover=\"window.canary=1)",
    "![pixel](https://example.org/pixel.png)",
    "```\"><script>window.canary = 1</script>\ncode\n```",
]


def hostile_text_does_nothing(world):
    page = world.page_of("cleo")
    new_conversation(page)
    text = "\n\n".join(CANARIES)
    send(page, text)
    expect_answered(page)
    here = page.url
    page.get_by_role("button", name="Rename this conversation").click()
    page.get_by_role("textbox", name="Title").fill(CANARIES[1])
    page.keyboard.press("Enter")
    expect_title(page, CANARIES[1])
    expect_harmless(page)
    stored = [("assistant", text), ("system", text), ("tool", text)]
    page.goto(f"/c/{world.conversation(page, CANARIES[0], stored)}")
    expect_title(page, CANARIES[0])
    expect(answers(page)).to_have_count(1)
    expect_harmless(page)
    page.goto(here)
    expect_title(page, CANARIES[1])
    expect_harmless(page)


def expect_harmless(page):
    assert page.evaluate("window.canary") is None, "a script of a message ran"
    assert page.locator("#app :is(img, script, iframe, object, svg[onload])").count() == 0
    for protocol, rel, names in page.locator("#app .message a").evaluate_all(LINKS):
        assert protocol in ("https:", "http:", "mailto:"), protocol
        assert "noopener" in rel, rel
        assert sorted(names) == ["href", "rel", "target"], names


LINKS = "all => all.map(one => [one.protocol, one.rel, one.getAttributeNames()])"


MARKDOWN = """# Title

Some **bold** and `code`.

1. one
2. two
   - nested

```swift
let x = 1
```

[a link](https://example.org/)"""


def markdown_becomes_elements(world):
    page = world.page_of("cleo")
    page.goto(f"/c/{world.conversation(page, 'Rich', [('assistant', MARKDOWN)])}")
    body = answers(page).locator(".message-body")
    expect(body.get_by_role("heading", name="Title")).to_be_visible()
    expect(body.locator("strong")).to_have_text("bold")
    expect(body.locator("p code")).to_have_text("code")
    expect(body.locator("ol > li")).to_have_count(2)
    expect(body.locator("ol ul > li")).to_have_text("nested")
    expect(body.locator("pre")).to_have_text("let x = 1")
    expect(body.get_by_role("link", name="a link")).to_have_attribute("href", "https://example.org/")
    body.get_by_role("button", name="Copy").click()
    expect(body.get_by_role("button", name="Copied")).to_be_visible()


def everything_works_by_keyboard(world):
    page = world.open()
    page.goto("/")
    expect_sign_in(page)
    keys = Keyboard(page)
    keys.press_until("Create an account", "Tab", "Enter")
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    expect(page.get_by_label("Name")).to_be_focused()
    for text in ("Kay", world.new_email("kay"), PASSWORD):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("Only keys")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two lines")
    page.keyboard.press("Enter")
    expect(log(page)).to_contain_text("two lines")
    expect_answered(page)
    keys.press_until("Rename this conversation", "Shift+Tab", "Enter")
    page.keyboard.type("Named by keys")
    page.keyboard.press("Enter")
    expect_title(page, "Named by keys")
    expect(page.get_by_role("button", name="Rename this conversation")).to_be_focused()
    keys.press_until("New conversation", "Shift+Tab", "Enter")
    expect_title(page, "New conversation")
    expect(composer(page)).to_be_focused()
    keys.press_until("Named by keys", "Shift+Tab", "Enter", part=True)
    expect_title(page, "Named by keys")
    keys.press_until("Delete this conversation", "Shift+Tab", "Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete this conversation")).to_be_focused()
    page.keyboard.press("Enter")
    keys.press_until("Delete", "Tab", "Enter")
    expect(row(page, "Named by keys")).to_have_count(0)
    keys.press_until("Account: ", "Shift+Tab", "Enter", part=True)
    expect(page.get_by_role("menu", name="Account")).to_be_visible()
    keys.press_until("Sign out", "ArrowDown", "Enter")
    expect_sign_in(page)


class Keyboard:
    """Walks through the page from one control to the next."""

    def __init__(self, page):
        self._page = page

    def press_until(self, name, key, then, part=False, most=40):
        """Presses `key` until the control of that name has the focus, and then the other key."""
        for _ in range(most):
            self._page.keyboard.press(key)
            focused = self._page.evaluate(FOCUSED)
            if focused == name or part and focused.startswith(name):
                return self._page.keyboard.press(then)
        raise AssertionError(f"{key} never came to {name}")


FOCUSED = """() => (document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim()"""


def the_page_is_light(world):
    page = world.open(world.person("cleo").state)
    world.conversation(page, "With an answer", [("user", "Hello"), ("assistant", "| a | b |\n|---|---|\n| c | d |")])
    responses = []
    page.on("response", lambda response: responses.append(response))
    with page.expect_websocket():  # The last that the page asks for before it is as people see it.
        page.goto("/")
    expect(log(page).get_by_role("table")).to_be_visible()
    expect(composer(page)).to_be_visible()
    # The bodies are asked for afterwards: whoever asks for one while another is on its way stops the page's events.
    sizes = {response.url: len(response.body()) for response in responses if "/api/" not in response.url}
    total = sum(sizes.values())
    print(f"# {total} bytes in {len(sizes)} files", flush=True)
    assert total < HEAVIEST_PAGE_BYTES, sizes
    assert all(url.startswith(world.origin) for url in sizes), sizes


def the_page_has_nothing_to_complain_about(world):
    """Over the whole run: no error in the console, no uncaught exception, no dialog, nothing that the CSP refused."""
    assert not world.complaints, world.complaints
    assert not world.dialogs, world.dialogs


CHECKS = [
    hostile_text_does_nothing,
    markdown_becomes_elements,
    everything_works_by_keyboard,
    the_page_is_light,
    the_page_has_nothing_to_complain_about,
]
