"""By keyboard alone: every shortcut of the list, the menus, the dialogs, and where the focus is afterwards."""

from playwright.sync_api import expect

from parley_page import (
    account_menu, composer, expect_answered, expect_title, log, new_conversation, row, say, wait_until,
)
from world import PHONE


def leave_the_field(page):
    page.evaluate("document.activeElement.blur()")


def the_list_of_shortcuts_is_shown_by_a_question_mark(world):
    page = world.page_of("kit")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("?")
    expect(composer(page)).to_have_value("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    composer(page).fill("")
    leave_the_field(page)
    page.keyboard.press("?")
    shown = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shown).to_be_visible()
    expected = page.evaluate("async () => (await import('/assets/shortcuts.js')).shortcuts.length")
    expect(shown.locator("dt")).to_have_count(expected)
    # While it is open, no shortcut reaches what is behind it.
    page.keyboard.press("c")
    expect(composer(page)).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)


def single_keys_can_be_turned_off(world):
    page = world.page_of("kit")
    expect(composer(page)).to_be_visible()
    leave_the_field(page)
    page.keyboard.press("c")
    expect(composer(page)).to_be_focused()
    leave_the_field(page)
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Shortcuts of a single key").uncheck()
    page.keyboard.press("Escape")
    leave_the_field(page)
    for key in ("?", "c"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(composer(page)).not_to_be_focused()
    page.keyboard.press("Shift+Escape")
    expect(composer(page)).to_be_focused()


def one_moves_between_conversations_by_keys(world):
    page = world.page_of("kit")
    expect(composer(page)).to_be_visible()
    for title in ("Oldest", "Middle", "Newest"):
        world.conversation(page, title, [("user", f"In {title}"), ("assistant", f"An answer in {title}")])
        expect(row(page, title)).to_have_count(1)
    row(page, "Newest").get_by_role("link").click()
    expect_title(page, "Newest")
    page.keyboard.press("Alt+ArrowDown")
    expect_title(page, "Middle")
    expect(page.locator("#announcer")).to_have_text("Middle")
    page.keyboard.press("Alt+ArrowDown")
    expect_title(page, "Oldest")
    page.keyboard.press("Alt+ArrowUp")
    expect_title(page, "Middle")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Control+Shift+C")
    expect(page.get_by_text("The last answer is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "An answer in Middle"
    page.keyboard.press("Control+Shift+O")
    expect_title(page, "New conversation")
    expect(composer(page)).to_be_focused()


def the_account_menu_works_by_keys(world):
    page = world.page_of("kit")
    button = page.get_by_role("button", name="Account:")
    expect(composer(page)).to_be_focused()
    button.focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("menu", name="Account")
    first = menu.get_by_role("menuitemradio").first
    expect(first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(menu.get_by_role("menuitem").last).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(first).to_be_focused()
    page.keyboard.press("h")
    expect(menu.get_by_role("menuitem", name="Help")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    expect(menu.get_by_role("menuitemradio").first).to_be_focused()
    page.keyboard.press("h")
    page.keyboard.press("Enter")
    expect_title(page, "Help")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", name="What this browser keeps")).to_be_visible()
    page.go_back()
    expect(composer(page)).to_be_visible()


def a_menu_stays_open_while_the_conversation_comes(world):
    page = world.page_of("kit", "/help")
    here = world.conversation(page, "Slow to come", [("user", "Hello")])
    held = []
    page.route(f"**/api/conversations/{here}?*", lambda route: held.append(route))
    page.goto(f"/c/{here}")
    first = account_menu(page).get_by_role("menuitemradio").first
    expect(first).to_be_focused()
    wait_until(page, lambda: held)
    held.pop().continue_()
    expect(log(page)).to_contain_text("Hello")
    expect(first).to_be_focused()


def the_drawer_opens_and_closes_by_keys(world):
    page = world.page_of("kit", viewport=PHONE)
    expect(composer(page)).to_be_visible()
    page.keyboard.press("Control+Shift+S")
    expect(page.locator(".sidebar.is-open")).to_be_visible()
    menu = account_menu(page)
    # The first Escape is the menu's, the second the drawer's.
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(page.locator(".sidebar.is-open")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".sidebar.is-open")).to_have_count(0)
    page.keyboard.press("Control+Shift+S")
    page.keyboard.press("Control+Shift+S")
    expect(page.locator(".sidebar.is-open")).to_have_count(0)


def the_focus_is_always_to_be_seen(world):
    """Every stop of the Tab key shows an outline or the like, is within the window, and covered by nothing."""
    page = world.page_of("kit")
    say(page, "Something to walk through")
    expect_answered(page)
    seen, hidden = [], []
    composer(page).focus()
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            break
        seen.append(stop["name"])
        if not stop["marked"] or not stop["free"]:
            hidden.append(stop)
    assert len(seen) > 5, seen
    assert not hidden, hidden


FOCUS = """() => {
    const one = document.activeElement;
    if (one === document.body) return null;
    const style = getComputedStyle(one);
    const { left, top, right, bottom } = one.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const above = document.elementFromPoint(Math.min(Math.max(x, 1), innerWidth - 1), Math.min(Math.max(y, 1), innerHeight - 1));
    return {
        name: (one.getAttribute("aria-label") ?? one.textContent).trim().slice(0, 40),
        marked: parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none"
            || Boolean(one.closest(":focus-within")) && one.matches("textarea, input"),
        free: one.contains(above) || above?.contains(one) === true && above.matches("form, label, div"),
    };
}"""


CHECKS = [
    the_list_of_shortcuts_is_shown_by_a_question_mark,
    single_keys_can_be_turned_off,
    one_moves_between_conversations_by_keys,
    the_account_menu_works_by_keys,
    a_menu_stays_open_while_the_conversation_comes,
    the_drawer_opens_and_closes_by_keys,
    the_focus_is_always_to_be_seen,
]
