"""What a person does on the page, and what they see there, by the names that the page gives to it."""

import re

from playwright.sync_api import expect

from world import PASSWORD


def composer(page):
    return page.get_by_role("textbox", name="Message", exact=True)


def rows(page):
    return page.get_by_role("navigation", name="Conversations").get_by_role("listitem")


def row(page, text):
    return rows(page).filter(has_text=text)


def log(page):
    return page.get_by_role("log", name="Messages")


def answers(page):
    return page.locator(".message-assistant")


def expect_in_step(page):
    """The socket is open: what happens is told."""
    expect(page.locator(".workspace")).to_have_attribute("data-connection", "open")


def expect_same_text(page, content):
    """The last answer's text, as the store has it: no piece of it is missing, and none is there twice."""
    expect(answers(page).last.locator(".message-body")).to_have_text(content)


def shown(page):
    """The ids of the messages on the page, in order."""
    return page.locator(".message").evaluate_all("all => all.map(one => one.dataset.id)")


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


def sign_out(page):
    page.get_by_role("button", name="Sign out").click()
    expect_sign_in(page)


def expect_sign_in(page):
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


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
