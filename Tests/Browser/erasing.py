"""Deleting one's account: what is said before, and that nothing is left of it afterwards, here and in other tabs."""

from playwright.sync_api import expect

from parley_page import choose, composer, expect_in_step, expect_sign_in, log
from world import PASSWORD

MENU = "Delete my account…"


def dialog(page):
    return page.get_by_role("dialog", name="Delete your account?")


def it_is_asked_for_and_can_be_left(world):
    page = world.page_of("edda")
    expect(composer(page)).to_be_visible()
    choose(page, MENU)
    expect(dialog(page)).to_contain_text("stays there")
    password = dialog(page).get_by_label("Your password")
    expect(password).to_be_focused()
    action = dialog(page).get_by_role("button", name="Delete for good")
    expect(action).to_be_disabled()
    password.fill("not the password")
    action.click()
    # What is wrong is told where it is.
    expect(dialog(page).get_by_role("alert")).to_be_visible()
    expect(password).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Escape")
    expect(dialog(page)).to_have_count(0)
    page.reload()
    expect(composer(page)).to_be_visible()
    choose(page, MENU)
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(dialog(page)).to_have_count(0)


def the_account_goes_with_all_that_is_its_own(world):
    page = world.page_of("frida")
    email = world.person("frida").email
    here = world.conversation(page, "Last words", [("user", "A pelican in the fog")])
    page.goto(f"/c/{here}")
    expect(log(page)).to_contain_text("A pelican in the fog")
    second = page.context.new_page()
    second.goto(f"/c/{here}")
    expect_in_step(second)
    choose(page, MENU)
    dialog(page).get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    for each in (page, second):
        expect_sign_in(each)
        expect(each.locator("body")).not_to_contain_text("pelican")
    expect(page.get_by_role("alert")).to_contain_text("Your account was deleted.")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")


CHECKS = [it_is_asked_for_and_can_be_left, the_account_goes_with_all_that_is_its_own]
