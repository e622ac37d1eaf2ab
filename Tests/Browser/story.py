"""The first story: two people, one browser, one after the other."""

import re

from playwright.sync_api import expect

from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_sign_in, expect_title, log, new_conversation, row, rows,
    say, send, sign_out, sign_up,
)

SECRET = "heliotrope-4711"
# Long enough to be seen in the middle.
LONG = " ".join(f"word{number}" for number in range(1, 141))


class Story:
    """Checks that follow one another in the same browser context."""

    def __init__(self, world):
        self._world = world
        self._page = world.open()
        self._ada = world.new_email("ada")
        self._conversation = None

    def checks(self):
        return [
            self.an_account_is_made,
            self.an_answer_streams_in_pieces,
            self.a_reload_in_the_middle_of_an_answer_loses_nothing,
            self.a_reload_afterwards_shows_all_of_it,
            self.the_root_address_opens_the_most_recent,
            self.nothing_is_kept_in_the_browser,
            self.signing_out_leaves_nothing_on_the_page,
            self.the_back_button_brings_nothing_back,
            self.someone_else_sees_nothing_of_the_first,
        ]

    def an_account_is_made(self):
        self._page.goto("/")
        expect_sign_in(self._page)
        sign_up(self._page, self._ada, "Ada Lovelace")
        expect(self._page.get_by_text(self._ada)).to_be_visible()
        expect(self._page.get_by_role("heading", name=re.compile("Ada"))).to_be_visible()

    def an_answer_streams_in_pieces(self):
        self._page.evaluate(WATCH_ANSWER)
        say(self._page, f"{SECRET} is my secret")
        lengths = self._page.evaluate("window.answerLengths")
        assert len(lengths) >= 4, f"the answer was drawn in {len(lengths)} steps"
        assert lengths == sorted(lengths), f"the answer shrank: {lengths}"
        expect(answers(self._page).last).to_contain_text(SECRET)
        expect(answers(self._page).last).to_contain_text(re.compile("echo", re.IGNORECASE))
        self._conversation = conversation_id(self._page)
        expect(row(self._page, SECRET)).to_have_count(1)
        expect(row(self._page, SECRET).get_by_role("link")).to_have_attribute("aria-current", "page")

    def a_reload_in_the_middle_of_an_answer_loses_nothing(self):
        send(self._page, LONG)
        expect(answers(self._page).last).to_contain_text(re.compile(r"word\d"))
        expect(answers(self._page).last).to_have_attribute("data-status", "streaming")
        self._page.reload()
        expect(answers(self._page)).to_have_count(2)
        expect_answered(self._page)
        expect(answers(self._page).last).to_contain_text(LONG)
        self._expect_same_as_stored()

    def a_reload_afterwards_shows_all_of_it(self):
        self._page.reload()
        expect(answers(self._page)).to_have_count(2)
        expect(log(self._page)).to_contain_text(SECRET)
        self._expect_same_as_stored()
        assert self._page.url.endswith(f"/c/{self._conversation}"), self._page.url

    def the_root_address_opens_the_most_recent(self):
        new_conversation(self._page)
        say(self._page, "A later conversation")
        later = conversation_id(self._page)
        self._page.goto("/")
        self._page.wait_for_url(f"**/c/{later}")
        expect(log(self._page)).to_contain_text("A later conversation")

    def nothing_is_kept_in_the_browser(self):
        assert self._page.evaluate(STORAGE) == EMPTY_STORAGE, self._page.evaluate(STORAGE)

    def signing_out_leaves_nothing_on_the_page(self):
        row(self._page, SECRET).get_by_role("link").click()
        expect(log(self._page)).to_contain_text(SECRET)
        composer(self._page).fill(f"{SECRET} not sent")
        sign_out(self._page)
        self._expect_nothing_of_ada()
        assert self._page.url == f"{self._world.origin}/", self._page.url

    def the_back_button_brings_nothing_back(self):
        for _ in range(3):
            self._page.go_back()
            expect_sign_in(self._page)
            self._expect_nothing_of_ada()

    def someone_else_sees_nothing_of_the_first(self):
        self._page.goto("/")
        sign_up(self._page, self._world.new_email("bob"), "Bob")
        expect(self._page.get_by_text("Your conversations will appear here.")).to_be_visible()
        expect(rows(self._page)).to_have_count(0)
        assert composer(self._page).input_value() == ""
        self._expect_nothing_of_ada()
        say(self._page, "Hello from Bob")
        self._page.goto(f"/c/{self._conversation}")
        expect(self._page.get_by_role("heading", name="There is no such conversation")).to_be_visible()
        self._expect_nothing_of_ada()
        self._page.get_by_role("button", name="Start a new one").click()
        expect_title(self._page, "New conversation")

    def _expect_same_as_stored(self):
        """What is on the page is what the server has, no more and no less."""
        stored = self._world.call(self._page, "get", f"/conversations/{self._conversation}")["messages"]
        expect(self._page.locator(".message")).to_have_count(len(stored))
        shown = self._page.locator(".message").evaluate_all("all => all.map(one => one.dataset.id)")
        assert shown == [message["id"] for message in stored], f"{shown} on the page, {stored} in the store"

    def _expect_nothing_of_ada(self):
        whole = self._page.content() + self._page.title()
        fields = self._page.locator("input, textarea").evaluate_all("all => all.map(one => one.value)")
        for canary in (SECRET, self._ada, "word17", "Lovelace", "A later conversation"):
            assert canary not in whole, f"{canary} is in the page"
            assert not any(canary in value for value in fields), f"{canary} is in a field"
        assert self._page.evaluate(STORAGE) == EMPTY_STORAGE, self._page.evaluate(STORAGE)


EMPTY_STORAGE = {"local": 0, "session": 0, "databases": 0, "caches": 0, "cookies": ""}

# The session's cookie is HttpOnly, so that no script sees even that.
STORAGE = """async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    cookies: document.cookie,
})"""

# Of letters: marks of Markdown stand there only until they are rendered.
WATCH_ANSWER = r"""() => {
    window.answerLengths = [];
    new MutationObserver(() => {
        const text = document.querySelector(".message-assistant .message-body")?.textContent ?? "";
        const { length } = text.replace(/\P{L}/gu, "");
        if (length && length !== answerLengths.at(-1)) answerLengths.push(length);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
