"""Every view of the app, for checks that hold everywhere: a line for each, and a function that brings a page there."""

from playwright.sync_api import expect

from parley_page import (
    account_menu, answers, composer, expect_session_ended, log, rows,
)

PERSON = "vera van der berg"

ANSWER = """# What to do

1. **Take stock** of `each` place.
2. Import twice.

| Place | Messages |
| --- | ---: |
| One | 12 |
| Two | 340 |

- [x] done
- [ ] not yet

> A quotation, with [a link](https://example.org/).

```swift
let before = try await legacy.count() // all of them
```
"""


def rich_conversation(world, page):
    here = world.conversation(
        page, "A conversation with everything in it", [("user", "What now?"), ("assistant", ANSWER), ("tool", "Found")],
    )
    for role, content in (("assistant", "It failed half way"), ("user", "مرحبا بالعالم, and more"), ("system", "Be brief")):
        world.call(page, "post", f"/conversations/{here}/messages", {"role": role, "content": content})
    message = world.messages(page, here)[0]["id"]
    world.call(page, "put", f"/conversations/{here}/messages/{message}/reactions/👍")
    return here


def open_rich(world, page):
    page.goto(f"/c/{rich_conversation(world, page)}")
    expect(answers(page).first).to_contain_text("Take stock")


def sign_in(world, page):
    page.context.clear_cookies()
    page.goto("/")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def register(world, page):
    sign_in(world, page)
    page.get_by_role("button", name="Create an account").click()
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("[aria-invalid]")).to_have_count(1)


def empty(world, page):
    # What another view has left unsent would come back.
    world.call(page, "put", "/conversations/new/draft", {"text": ""})
    page.goto("/")
    expect(composer(page)).to_be_visible()
    page.keyboard.press("Control+Shift+O")
    expect(page.get_by_role("heading", name="New conversation")).to_be_visible()


def conversation(world, page):
    open_rich(world, page)


def streaming(world, page):
    empty(world, page)
    composer(page).fill(" ".join(f"word{number}" for number in range(1, 200)))
    # On a phone, Enter starts a new line.
    page.get_by_role("button", name="Send").click()
    expect(answers(page).last).to_have_attribute("data-status", "streaming")


def missing(world, page):
    page.goto("/c/018f0000-0000-7000-8000-00000000dead")
    expect(page.get_by_role("heading", name="There is no such conversation")).to_be_visible()


def account(world, page):
    open_rich(world, page)
    drawer(page)
    account_menu(page)


def the_drawer(world, page):
    open_rich(world, page)
    drawer(page)


def drawer(page):
    if page.viewport_size["width"] < 768:
        page.keyboard.press("Control+Shift+S")
        expect(page.locator(".sidebar.is-open")).to_be_visible()


def shortcuts(world, page):
    empty(world, page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def help_page(world, page):
    page.goto("/help")
    expect(page.get_by_role("heading", name="Help")).to_be_visible()


def session_ended(world, page):
    open_rich(world, page)
    page.context.clear_cookies()
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect_session_ended(page)


def renaming(world, page):
    open_rich(world, page)
    page.get_by_role("button", name="Rename this conversation").click()
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()


def deleting(world, page):
    open_rich(world, page)
    page.get_by_role("button", name="Delete this conversation").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def erasing(world, page):
    account(world, page)
    page.get_by_role("menuitem", name="Delete my account…").click()
    expect(page.get_by_role("dialog", name="Delete your account?")).to_be_visible()


def offline(world, page):
    open_rich(world, page)
    page.context.set_offline(True)
    # A socket that says nothing is waited for, for eight seconds at least.
    expect(page.locator(".connection")).to_contain_text("You are offline", timeout=30_000)


def rescue(world, page):
    """What an older web app left: some of it imported, some of it put aside and still there."""
    leave_behind(page)
    page.goto("/rescue")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="What became of it")).to_be_visible()


def rescue_banner(world, page):
    leave_behind(page)
    empty(world, page)
    expect(page.get_by_role("button", name="Have a look")).to_be_visible()


def leave_behind(page):
    page.goto("/health/live")
    messages = """[{"type":"user","content":"When do I sow beans?","createdAt":"2023-06-11T07:30:00Z"},{"type":"king"}]"""
    page.evaluate("(text) => localStorage.setItem('chat_messages_garden', text)", messages)


def searching(world, page):
    open_rich(world, page)
    drawer(page)
    page.get_by_role("searchbox", name="Search conversations").fill("Take")
    expect(page.locator("mark").first).to_be_visible()


def nothing_found(world, page):
    open_rich(world, page)
    drawer(page)
    page.get_by_role("searchbox", name="Search conversations").fill("zyzzyva")
    expect(page.get_by_text("Nothing was found").first).to_be_visible()


def row_menu(world, page):
    open_rich(world, page)
    drawer(page)
    rows(page).first.hover()
    page.get_by_role("button", name="More for").first.click()
    expect(page.get_by_role("menu")).to_be_visible()


def project_dialog(world, page):
    name = f"A project of {PERSON}"
    if name not in [each["name"] for each in world.call(page, "get", "/projects")["projects"]]:
        world.project(page, name, "somebody else")
    page.goto("/")
    expect(composer(page)).to_be_visible()
    drawer(page)
    page.get_by_role("combobox", name="Project").select_option(label=name)
    page.get_by_role("button", name="Projects and archive").click()
    page.get_by_role("menuitem", name="Project settings").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_role("combobox").first).to_be_visible()


def archive(world, page):
    open_rich(world, page)
    drawer(page)
    page.get_by_role("button", name="Projects and archive").click()
    page.get_by_role("menuitem", name="Show the archive").click()
    expect(page.get_by_text("Archived").first).to_be_visible()


def open_explained(world, page):
    here = world.conversation(page, "With sources", [("user", "Why?")])
    body = {
        "role": "assistant", "content": "Since the sea rises [1].", "confidence": 0.5,
        "contexts": [{"title": "Tides", "text": "Twice a day.", "source": "https://example.org/", "score": 0.9}],
        "ai_response": {"user_explanation": "Since the sea rises [1].", "technical_instruction": "Wait.", "confidence": 0.5},
        "parts": [
            {"type": "tool_call", "id": "a", "name": "search_messages", "arguments": "{}"},
            {"type": "tool_result", "tool_call_id": "a", "name": "search_messages", "content": "Nothing."},
        ],
    }
    world.call(page, "post", f"/conversations/{here}/messages", body)
    page.goto(f"/c/{here}")
    expect(page.get_by_text("Needs checking")).to_be_visible()
    expect(page.locator(".citation")).to_have_count(1)


def sources(world, page):
    open_explained(world, page)
    page.locator("summary").click()
    page.locator(".citation").click()
    expect(page.get_by_role("region", name="1 source")).to_be_visible()


def message_tools(world, page):
    open_explained(world, page)
    page.locator("[data-seq='2'] .message-more").focus()
    page.get_by_role("toolbar").get_by_role("button", name="React").click()
    expect(page.get_by_role("dialog", name="React")).to_be_visible()


def editing(world, page):
    open_explained(world, page)
    page.locator("[data-seq='1'] .message-more").focus()
    page.get_by_role("toolbar").get_by_role("button", name="Edit").click()
    expect(page.get_by_role("textbox", name="Edit", exact=True)).to_be_focused()


def details(world, page):
    open_explained(world, page)
    page.locator("[data-seq='2'] .message-more").focus()
    page.get_by_role("toolbar").get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Details").click()
    expect(page.get_by_role("dialog", name="Details")).to_be_visible()


def keeping(world, page):
    """The question before a project keeps conversations for fewer days."""
    project_dialog(world, page)
    page.get_by_label("Keep conversations for (days)").fill("30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog", name="Keep conversations for 30 days only?")).to_be_visible()


def choosing(world, page):
    options = {
        "models": [{"id": "small"}, {"id": "large"}], "default_model": "small",
        "filters": [{"name": "source", "values": ["wiki", "mail"]}],
    }
    page.route("**/api/chat/options", lambda route: route.fulfill(json=options))
    empty(world, page)
    page.get_by_role("button", name="Model and filters").click()
    expect(page.get_by_role("dialog", name="Model and filters")).to_be_visible()


def message_menu(world, page):
    open_explained(world, page)
    page.locator("[data-seq='2'] .message-more").focus()
    page.get_by_role("toolbar").get_by_role("button", name="More").click()
    expect(page.get_by_role("menu")).to_be_visible()


def deleting_message(world, page):
    message_menu(world, page)
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete this message?")).to_be_visible()


def unsent(world, page):
    """One message that was refused, and one that waits for the server."""
    empty(world, page)
    answers = [lambda route: route.fulfill(status=422, json={"error": {"message": "No."}})]
    page.route("**/api/chat", lambda route: answers.pop()(route) if answers else route.abort())
    for text, note in (("Refused", "Not sent: No."), ("Waiting", "Not sent yet.")):
        composer(page).fill(text)
        page.get_by_role("button", name="Send").click()
        expect(page.locator(".message-unsent").filter(has_text=text)).to_contain_text(note)


def versions(world, page):
    """An earlier text of a message, above one that was deleted."""
    here = world.conversation(page, "Said otherwise", [("user", "One?"), ("assistant", "Two."), ("user", "Gone")])
    _, answer, last = world.messages(page, here)
    world.call(page, "patch", f"/conversations/{here}/messages/{answer['id']}", {"content": "Three."})
    world.call(page, "delete", f"/conversations/{here}/messages/{last['id']}")
    page.goto(f"/c/{here}")
    page.get_by_role("button", name="Previous version").click()
    expect(page.get_by_text("It can only be read")).to_be_visible()
    expect(page.get_by_text("This message was deleted.")).to_be_visible()


def forked(world, page):
    made = world.call(page, "post", f"/conversations/{rich_conversation(world, page)}/fork", {"seq": 2})
    page.goto(f"/c/{made['id']}")
    expect(page.get_by_text("Forked from")).to_be_visible()


def rescue_leaving(world, page):
    rescue_banner(world, page)
    drawer(page)
    account_menu(page).get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def undo(world, page):
    deleting(world, page)
    here = page.url
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    # As long as one is there, it stays; and what is open next takes the focus.
    page.get_by_role("button", name="Undo").hover()
    page.wait_for_url(lambda url: url != here)
    expect(log(page)).to_be_visible()
    page.get_by_role("button", name="Undo").focus()
    expect(page.locator(".notice-undo")).to_be_visible()


def reading(world, page):
    """A conversation in which one only reads, with what was begun as one still wrote there."""
    owner = world.open(world.person("somebody else").state)
    project = world.project(owner, "Looked at", PERSON)
    here = world.call(owner, "post", "/conversations", {"title": "Read only", "project_id": project})["id"]
    world.call(owner, "post", f"/conversations/{here}/messages", {"role": "user", "content": "One"})
    world.call(page, "put", f"/conversations/{here}/draft", {"text": "Two, or"})
    world.call(owner, "put", f"/projects/{project}/members/{world.person(PERSON).email}", {"role": "viewer"})
    owner.context.close()
    page.goto(f"/c/{here}")
    expect(page.get_by_text("You may read here, but not write.")).to_be_visible()
    expect(composer(page)).to_have_value("Two, or")


VIEWS = [
    sign_in, register, empty, conversation, streaming, missing, account, the_drawer, shortcuts, help_page, session_ended,
    renaming, deleting, erasing, offline, rescue, rescue_banner, searching, nothing_found, row_menu, project_dialog, archive,
    sources, message_tools, editing, details, keeping, choosing, message_menu, deleting_message, unsent, versions, forked,
    rescue_leaving, undo, reading,
]

# Those that people see most: also in a wide window and in the other direction.
MAIN_VIEWS = [empty, conversation, the_drawer, searching, project_dialog, sources, account]


def in_german(world, page):
    open_rich(world, page)
    drawer(page)
    page.get_by_role("button", name="Konto:").click()
    expect(page.get_by_role("menuitem", name="Abmelden")).to_be_visible()


def in_german_signed_out(world, page):
    page.context.clear_cookies()
    page.goto("/")
    page.get_by_role("button", name="Konto anlegen").click()
    page.get_by_role("button", name="Konto anlegen").click()
    expect(page.locator("[aria-invalid]")).to_have_count(1)


def in_german_searching(world, page):
    open_rich(world, page)
    drawer(page)
    page.get_by_role("searchbox").fill("Take")
    expect(page.locator("mark").first).to_be_visible()


def in_german_project(world, page):
    page.goto("/")
    expect(page.locator("#composer")).to_be_visible()
    drawer(page)
    page.get_by_role("button", name="Projekte und Archiv").click()
    page.get_by_role("menuitem", name="Neues Projekt").click()
    expect(page.get_by_role("dialog", name="Neues Projekt")).to_be_visible()


def in_german_help(world, page):
    page.goto("/help")
    expect(page.get_by_role("heading", level=1, name="Hilfe")).to_be_visible()


GERMAN_VIEWS = [in_german, in_german_signed_out, in_german_searching, in_german_project, in_german_help]

