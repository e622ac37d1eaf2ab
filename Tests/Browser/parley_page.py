"""What a person does on the page, and what they see there, by the names that the page gives to it."""

import re
import time

from playwright.sync_api import expect

from world import PASSWORD, WAIT_MILLISECONDS


def composer(page):
    return page.get_by_role("textbox", name="Message", exact=True)


def rows(page):
    """Those near the window: a heading of a group is no row, and what is far away isn't in the page."""
    return page.get_by_role("navigation", name="Conversations").locator(".row")


def row(page, text):
    return rows(page).filter(has_text=text)


def log(page):
    return page.get_by_role("log", name="Messages")


def answers(page):
    return page.locator(".message-assistant")


def expect_in_step(page):
    """The socket is open: what happens is told."""
    expect(page.locator(".workspace")).to_have_attribute("data-connection", "open")


def wait_until(page, holds):
    """Waits for something that this side sees, while the page goes on."""
    deadline = time.monotonic() + WAIT_MILLISECONDS / 1000
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        page.evaluate("0")


def expect_same_text(page, content):
    """The last answer's text, as the store has it: no piece of it is missing, and none is there twice."""
    expect(answers(page).last.locator(".message-body")).to_have_text(content)


def shown(page):
    """The ids of the messages on the page, in order."""
    return page.locator(".message").evaluate_all("all => all.map(one => one.dataset.id)")


def read_all(page):
    """The texts of all messages, as one comes upon them from the end to the beginning; nothing moves meanwhile."""
    expect(log(page)).to_have_attribute("aria-busy", "false")
    # Chromium draws a tab behind another one once a second.
    page.bring_to_front()
    log(page).press("End")
    result = log(page).evaluate(READ_UPWARDS)
    assert result["moved"] == [], f"what one was reading has moved: {result['moved']}"
    assert result["most"] < 150, f"{result['most']} rows were drawn at once"
    seen = dict(result["seen"])
    assert sorted(seen) == list(range(1, len(seen) + 1)), sorted(seen)
    return [seen[seq] for seq in sorted(seen)]


READ_UPWARDS = """async (log) => {
  const seen = new Map();
  const moved = [];
  let most = 0;
  const frame = () => new Promise(requestAnimationFrame);
  // What comes and goes above the log itself is another matter.
  const top = (one) => one.getBoundingClientRect().top - log.getBoundingClientRect().top;
  const settled = async (one) => {
    for (let found = top(one); ; ) {
      await frame();
      await frame();
      if (Math.abs(top(one) - found) < 0.5) return found;
      found = top(one);
    }
  };
  const drawn = () => [...log.querySelectorAll(".message[data-seq]")];
  for (;;) {
    while (log.getAttribute("aria-busy") === "true") await frame();
    for (const one of drawn()) seen.set(Number(one.dataset.seq), one.querySelector(".message-body").textContent);
    most = Math.max(most, log.querySelectorAll(".log-row").length);
    if (log.scrollTop === 0) return { seen: [...seen], moved, most };
    const reading = drawn().find((one) => top(one) + one.offsetHeight > 0);
    const before = await settled(reading);
    const from = log.scrollTop;
    log.scrollTop -= 400;
    const expected = before + from - log.scrollTop;
    const after = await settled(reading);
    if (reading.isConnected && Math.abs(after - expected) > 1 && log.scrollTop > 0) {
      moved.push([reading.dataset.seq, expected, after]);
    }
  }
}"""


def typing(page):
    return page.locator(".typing")


def connection(page):
    return page.locator(".connection")


def sign_up(page, email, name):
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(composer(page)).to_be_visible()


def sign_in(page, email):
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(composer(page)).to_be_visible()


def account_menu(page):
    """Opens it."""
    page.get_by_role("button", name="Account:").click()
    menu = page.get_by_role("menu", name="Account")
    expect(menu).to_be_visible()
    return menu


def choose(page, name):
    """What is in the account's menu."""
    account_menu(page).get_by_role("menuitem", name=name).click()


def sign_out(page):
    choose(page, "Sign out")
    expect_sign_in(page)


def expect_sign_in(page):
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def session_dialog(page):
    return page.get_by_role("dialog", name="Your session has ended")


def expect_session_ended(page):
    """The dialog is there, and what is behind it can neither be seen nor heard."""
    expect(session_dialog(page).get_by_label("Password", exact=True)).to_be_focused()
    expect(page.locator("#app")).to_have_attribute("inert", "")
    visible = page.locator("#app *, #notices *").evaluate_all(VISIBLE)
    assert not visible, visible


VISIBLE = "all => all.filter(one => one.checkVisibility({ visibilityProperty: true })).map(one => one.outerHTML)"


def sign_in_again(page):
    """As the one who was here."""
    session_dialog(page).get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(session_dialog(page)).to_have_count(0)


def send(page, text):
    composer(page).fill(text)
    composer(page).press("Enter")


def expect_answered(page):
    """The last answer is complete, and the next message may be sent."""
    expect(answers(page).last).to_have_attribute("data-status", "delivered")
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def say(page, text):
    send(page, text)
    expect(log(page)).to_contain_text(text)
    expect_answered(page)


def new_conversation(page):
    page.get_by_role("button", name="New conversation").click()
    expect(page.get_by_role("heading", name="New conversation")).to_be_visible()


def conversation_id(page):
    page.wait_for_url(re.compile("/c/"))
    return page.url.rsplit("/", 1)[1]


def expect_title(page, title):
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
