"""What the checks share: the browser, the server's address, and the people who use them."""

from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from playwright.sync_api import Error, expect

from server import Server, Upstream

PASSWORD = "a long enough password"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
WAIT_MILLISECONDS = 15_000

expect.set_options(timeout=WAIT_MILLISECONDS)


@dataclass
class Person:
    """Someone with an account, and the cookies of a session of theirs."""

    email: str
    name: str
    state: dict


class OneBrowser:
    """
    The browser of the checks; another one from time to time, so that a check doesn't depend on all before it. Its pages
    are so many times slower than the processor is.
    """

    def __init__(self, launch, slowness=1):
        self._launch = launch
        self._slowness = slowness
        self._browser = launch()

    def renew(self):
        self.close()
        self._browser = self._launch()

    def close(self):
        self._browser.close()

    @property
    def contexts(self):
        return self._browser.contexts

    def new_context(self, **options):
        context = self._browser.new_context(**options)
        if self._slowness != 1:
            context.on("page", self._slow_down)
        return context

    def _slow_down(self, page):
        with suppress(Error):  # It may be closed already.
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": self._slowness})


class World:
    def __init__(self, browser: OneBrowser, server: Server, artifacts: Path, upstream: Upstream | None = None):
        self.browser = browser
        self.server = server
        self.upstream = upstream
        self.origin = server.origin
        self.artifacts = artifacts
        self.complaints = []
        self.dialogs = []
        self._numbers = count(1)
        # The people of a check are its own: what one does to somebody, another knows nothing of.
        self.cast = None
        self._people = {}

    def begin(self, cast):
        """Another check: the server runs, the model has nothing left to say, and nobody has an account yet."""
        self.cast = cast
        self.server.revive()
        if self.upstream:
            self.upstream.forget()

    def open(self, state=None, viewport=DESKTOP, **options):
        """A page in a browser context of its own, with everything it complains about noted."""
        context = self.browser.new_context(viewport=viewport, storage_state=state, base_url=self.origin, **options)
        context.set_default_timeout(WAIT_MILLISECONDS)
        context.on("page", self._listen)
        return context.new_page()

    def person(self, name):
        """The person of that name, with an account from the first time they are asked for."""
        if (self.cast, name) not in self._people:
            context = self.browser.new_context(base_url=self.origin)
            fields = {"email": self.new_email(name.split()[0]), "name": name.title(), "password": PASSWORD}
            self.call(context, "post", "/auth/register", fields)
            self._people[self.cast, name] = Person(fields["email"], fields["name"], context.storage_state())
            context.close()
        return self._people[self.cast, name]

    def page_of(self, name, path="/", **options):
        """A page in which that person is signed in."""
        page = self.open(self.person(name).state, **options)
        page.goto(path)
        return page

    def call(self, context, method, path, body=None):
        """A call to the API with the cookies of a context, or of a page's, as the page itself would make it."""
        url, headers = f"{self.origin}/api{path}", {"Origin": self.origin}
        answer = getattr(context.request, method)(url, data=body, headers=headers)
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()}"
        return answer.json()

    def conversation(self, page, title, messages):
        """A conversation of the person signed in there, with these messages (role, content); its id."""
        made = self.call(page, "post", "/conversations", {"title": title})
        entries = [{"role": role, "content": content} for role, content in messages]
        for start in range(0, len(entries), 100):
            self.call(page, "post", f"/conversations/{made['id']}/messages", {"messages": entries[start:start + 100]})
        return made["id"]

    def project(self, page, name, *members):
        """A project of the person signed in there, with others as editors; its id."""
        made = self.call(page, "post", "/projects", {"name": name})
        for member in members:
            path = f"/projects/{made['id']}/members/{self.person(member).email}"
            self.call(page, "put", path, {"role": "editor"})
        return made["id"]

    def messages(self, page, conversation):
        """The newest messages, as the store has them."""
        return self.call(page, "get", f"/conversations/{conversation}?limit=100")["messages"]

    def new_email(self, name):
        return f"{name}.{next(self._numbers)}@example.org"

    def _listen(self, page):
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("dialog", self._dismiss)

    def _note(self, message):
        # An answer that isn't 2xx is no fault of the page: being asked who is signed in, the server says 401. Nor is a
        # server that can't be reached.
        if message.type == "error" and not message.text.startswith(("Failed to load resource", "WebSocket connection")):
            self.complaints.append(message.text)

    def _dismiss(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()
