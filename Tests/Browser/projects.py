"""Projects: choosing one, making one, who is in it and may do what, moving conversations, and the end of it."""

import json

from playwright.sync_api import expect

from parley_page import (
    answers, composer, conversation_id, expect_answered, expect_in_step, expect_title, log, new_conversation, row, rows, say, send,
)
from sidebar import choose, menu_of


def chooser(page):
    return page.get_by_label("Project", exact=True)


def dialog(page, name):
    return page.get_by_role("dialog", name=name)


def open_settings(page, name):
    # As in sidebar.menu_of.
    expect(log(page)).to_be_visible()
    chooser(page).select_option(name)
    page.get_by_role("button", name="Projects and archive").click()
    page.get_by_role("menuitem", name="Project settings").click()
    expect(dialog(page, name)).to_be_visible()
    return dialog(page, name)


def member(box, email):
    return box.get_by_role("listitem").filter(has_text=email)


def a_project_is_made_and_shared(world):
    first, second = world.page_of("abel"), world.page_of("berta")
    email = world.person("berta").email
    expect_in_step(second)
    expect(chooser(second)).to_have_count(0)
    expect(composer(first)).to_be_focused()
    first.get_by_role("button", name="Projects and archive").click()
    first.get_by_role("menuitem", name="New project").click()
    box = dialog(first, "New project")
    box.get_by_label("Name").fill("Greenhouse")
    box.get_by_label("Persona").fill("not a name!")
    box.get_by_role("button", name="Create project").click()
    # What is wrong is told where it is.
    expect(box.get_by_role("alert")).to_be_visible()
    expect(box.get_by_label("Persona")).to_have_attribute("aria-invalid", "true")
    expect(box.get_by_label("Persona")).to_be_focused()
    box.get_by_label("Persona").fill("ai_pm")
    box.get_by_role("button", name="Create project").click()
    box = dialog(first, "Greenhouse")
    field = box.get_by_label("Add somebody by e-mail address")
    expect(field).to_be_focused()
    field.fill("nobody")
    field.press("Enter")
    expect(box.get_by_role("alert")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill(email)
    box.get_by_label("Role of the new member").select_option("Viewer")
    expect(box).to_contain_text("Viewers read, and change nothing.")
    field.press("Enter")
    expect(member(box, email)).to_be_visible()
    # The last owner stays one.
    expect(member(box, world.person("abel").email).get_by_role("button")).to_have_count(0)
    box.get_by_role("button", name="Close").click()
    # Whoever makes one goes on in it; whoever is added sees it at once.
    expect(chooser(first).locator("option:checked")).to_have_text("Greenhouse")
    expect(chooser(second).locator("option", has_text="Greenhouse")).to_have_count(1)
    stored = next(one for one in world.call(first, "get", "/projects")["projects"] if one["name"] == "Greenhouse")
    assert stored["persona"] == "ai_pm"
    assert {one["email"]: one["role"] for one in stored["members"]} == {
        world.person("abel").email: "owner", email: "viewer",
    }


def what_is_begun_goes_to_the_project_that_is_chosen(world):
    page = world.page_of("cora")
    project = world.project(page, "Orchard")
    world.conversation(page, "At home", [("user", "Hello")])
    page.goto("/")
    expect(rows(page)).to_have_count(1)
    chooser(page).select_option("Orchard")
    expect(page.get_by_text("Your conversations will appear here.")).to_be_visible()
    new_conversation(page)
    say(page, "Under the trees")
    made = world.call(page, "get", f"/conversations/{conversation_id(page)}")
    assert made["project_id"] == project, made
    expect(rows(page)).to_have_count(1)
    chooser(page).select_option("Personal")
    expect(rows(page)).to_contain_text(["At home"])
    chooser(page).select_option("All conversations")
    expect(rows(page)).to_have_count(2)


def a_conversation_is_moved_to_a_project(world):
    first, second = world.page_of("dirk"), world.page_of("edda")
    world.project(first, "Harbour", "edda")
    world.conversation(first, "Set sail", [("user", "Hello")])
    first.goto("/")
    expect_in_step(second)
    # Where it could go is known with the projects.
    expect(chooser(first)).to_be_visible()
    menu = menu_of(first, "Set sail")
    menu.get_by_role("menuitem", name="Move to a project").click()
    expect(first.get_by_role("menuitem")).to_have_text(["Harbour"])
    expect(first.get_by_role("menuitem", name="Harbour")).to_be_focused()
    first.keyboard.press("Enter")
    expect(row(second, "Set sail")).to_have_count(1)
    chooser(first).select_option("Harbour")
    expect(row(first, "Set sail")).to_have_count(1)


def who_only_reads_is_offered_nothing_else(world):
    first, second = world.page_of("fred"), world.page_of("gesa")
    project = world.project(first, "Archive of the town", "gesa")
    email = world.person("gesa").email
    world.call(first, "put", f"/projects/{project}/members/{email}", {"role": "viewer"})
    world.call(first, "post", "/conversations", {"title": "To be read", "project_id": project})
    world.conversation(second, "One's own", [("user", "Hello")])
    second.goto("/")
    expect_in_step(second)
    row(second, "To be read").hover()
    expect(row(second, "To be read").get_by_role("button")).to_have_count(0)
    row(second, "To be read").get_by_role("link").click()
    expect_title(second, "To be read")
    expect(second.get_by_role("button", name="Rename this conversation")).to_be_hidden()
    row(second, "One's own").hover()
    expect(row(second, "One's own").get_by_role("button")).to_have_count(2)
    # Nor can one's own be moved there.
    menu = menu_of(second, "One's own")
    expect(menu.get_by_role("menuitem", name="Rename")).to_be_focused()
    expect(menu.get_by_role("menuitem", name="Move")).to_have_count(0)
    second.keyboard.press("Escape")
    box = open_settings(second, "Archive of the town")
    expect(box).to_contain_text("You are a viewer of this project")
    expect(box.get_by_role("textbox")).to_have_count(0)
    expect(box.get_by_role("combobox")).to_have_count(0)
    expect(box.get_by_text("Delete this project")).to_have_count(0)
    box.get_by_role("button", name="Close").click()
    expect(second.get_by_role("button", name="New conversation")).to_be_disabled()


def a_name_keeps_its_direction(world):
    page = world.page_of("mirjam")
    project = world.project(page, "(שלום!)", "noam")
    here = world.call(page, "post", "/conversations", {"title": "מה שלומך?", "project_id": project})["id"]
    page.goto(f"/c/{here}")
    expect_title(page, "מה שלומך?")
    expect(page.get_by_role("heading", level=1)).to_have_css("direction", "rtl")
    expect(page.locator(".bar-project")).to_have_text("(שלום!) · 2 members")
    # What is said of the project stands behind all of its name, in the page's own direction.
    expect(page.locator(".bar-project")).to_have_css("direction", "ltr")
    expect(page.locator(".bar-project bdi")).to_have_text("(שלום!)")
    expect(page.locator(".bar-project bdi")).to_have_css("direction", "rtl")


def who_renames_is_offered_nothing_else_meanwhile(world):
    page = world.page_of("quirin")
    here = world.conversation(page, "Named before", [("user", "Hello")])
    page.goto(f"/c/{here}")
    expect_in_step(page)
    button = page.get_by_role("button", name="Rename this conversation")
    button.click()
    expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    world.call(page, "patch", f"/conversations/{here}", {"title": "Named meanwhile"})
    expect_title(page, "Named meanwhile")
    expect(button).to_be_hidden()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def a_role_that_changed_is_found_out(world):
    first, second = world.page_of("otto"), world.page_of("petra")
    project = world.project(first, "Bridge", "petra")
    ids = {}
    for title in ("Piers", "Arches"):
        made = world.call(first, "post", "/conversations", {"title": title, "project_id": project})
        ids[title] = made["id"]
        world.call(first, "post", f"/conversations/{made['id']}/messages", {"role": "user", "content": f"About {title}"})

    def set_role(role):
        world.call(first, "put", f"/projects/{project}/members/{world.person('petra').email}", {"role": role})

    second.goto(f"/c/{ids['Piers']}")
    expect_in_step(second)
    expect(log(second)).to_contain_text("About Piers")
    note = second.get_by_text("You may read here, but not write.")
    # As where the server lets somebody tell for a while that they are typing, since it has just looked whether they may.
    second.evaluate(TELLING_OF_NO_TYPING)
    # Nor is it told by what is kept of a draft, which is refused as well, where one types slowly.
    second.route("**/draft", lambda route: route.abort() if route.request.method == "PUT" else route.continue_())
    set_role("viewer")
    held = []
    second.route("**/api/chat", lambda route: held.append(route))
    with second.expect_request("**/api/chat"):
        send(second, "How deep?")
    composer(second).fill("And how wide")
    while not held:
        second.evaluate("1")
    held.pop().continue_()
    second.unroute("**/api/chat")
    expect(note).to_be_visible()
    # Neither what was sent nor what was begun is lost.
    expect(log(second)).to_contain_text("How deep?")
    expect(composer(second)).to_have_value("And how wide")
    expect(composer(second)).to_have_attribute("readonly", "")
    expect(second.get_by_role("button", name="Send")).to_be_hidden()
    expect(second.get_by_role("button", name="Rename this conversation")).to_be_hidden()
    set_role("editor")
    second.evaluate("performance.now = ((now) => () => now() + 60_000)(performance.now.bind(performance))")
    row(second, "Arches").get_by_role("link").click()
    expect_title(second, "Arches")
    expect(note).to_be_hidden()
    expect(composer(second)).to_be_editable()
    row(second, "Piers").get_by_role("link").click()
    expect(composer(second)).to_have_value("And how wide")
    log(second).get_by_role("button", name="Try again").click()
    expect_answered(second)
    expect(answers(second).last).to_contain_text("How deep?")
    # With nothing begun, there is only the note.
    composer(second).fill("")
    set_role("viewer")
    send(second, "How long?")
    expect(note).to_be_visible()
    expect(composer(second)).to_be_hidden()
    expect(log(second)).to_contain_text("How long?")
    # Who types is told at once, where the server had no reason before to let them.
    set_role("editor")
    third = world.page_of("petra", f"/c/{ids['Arches']}")
    expect_title(third, "Arches")
    expect_in_step(third)
    # By then the page has read what roles there are.
    expect(third.locator(".bar-project")).to_have_text("Bridge · 2 members")
    set_role("viewer")
    composer(third).fill("Why")
    expect(third.get_by_text("You may read here, but not write.")).to_be_visible()
    expect(composer(third)).to_have_value("Why")


TELLING_OF_NO_TYPING = """() => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (text) { if (!text.includes('"typing"')) send.call(this, text); };
}"""


def roles_change_and_people_go(world):
    first, second = world.page_of("hanno"), world.page_of("ilse")
    world.project(first, "Workshop", "ilse")
    first.goto("/")
    email = world.person("ilse").email
    box = open_settings(first, "Workshop")
    box.get_by_label(f"Role of {email}").select_option("Owner")
    # With two owners, either may go.
    expect(box.get_by_role("button", name="Leave")).to_be_visible()
    box.get_by_label(f"Role of {email}").select_option("Viewer")
    expect(box.get_by_role("button", name="Leave")).to_have_count(0)
    box.get_by_label("Name").fill("Workshop and yard")
    box.get_by_role("button", name="Save").click()
    expect(chooser(first).locator("option:checked")).to_have_text("Workshop and yard")
    second.reload()
    box = open_settings(second, "Workshop and yard")
    box.get_by_role("button", name="Leave").click()
    expect(box).to_have_count(0)
    expect(chooser(second)).to_be_hidden()
    box = open_settings(first, "Workshop and yard")
    expect(member(box, email)).to_have_count(0)


def who_is_removed_loses_the_project_from_the_screen(world):
    first, second = world.page_of("jost"), world.page_of("kaja")
    expect(composer(second)).to_be_visible()
    project = world.project(first, "Secret garden", "kaja")
    world.call(first, "post", "/conversations", {"title": "Roses", "project_id": project})
    first.goto("/")
    expect_in_step(second)
    expect(row(second, "Roses")).to_have_count(1)
    chooser(second).select_option("Secret garden")
    box = open_settings(first, "Secret garden")
    box.get_by_role("button", name=f"Remove {world.person('kaja').email}").click()
    expect(row(second, "Roses")).to_have_count(0)
    expect(chooser(second)).to_be_hidden()
    assert "Secret garden" not in second.content()


def a_project_keeps_conversations_for_some_days(world):
    page, member = world.page_of("mona"), world.page_of("nora")
    attic = world.project(page, "Attic", "nora")
    beans = [{"type": "user", "content": "When do I sow beans?", "createdAt": "2023-06-11T07:30:00Z"}]
    world.call(page, "post", "/import?format=localstorage", {"chat_messages_garden": json.dumps(beans)})
    world.conversation(page, "Of today", [("user", "Hello")])
    page.goto("/")
    expect_in_step(page)
    row(page, "sow beans").get_by_role("link").click()
    expect(log(page)).to_contain_text("sow beans")
    box = open_settings(page, "Personal")
    days = box.get_by_label("Keep conversations for (days)")
    for wrong in ("0", "1.5", "36501"):
        days.fill(wrong)
        box.get_by_role("button", name="Save").click()
        expect(box.get_by_role("alert")).to_contain_text("Enter a whole number from 1 to 36,500, or nothing.")
        expect(days).to_have_attribute("aria-invalid", "true")
        expect(days).to_be_focused()
    days.fill("400")
    days.press("Enter")
    question = dialog(page, "Keep conversations for 400 days only?")
    expect(question).to_contain_text("hidden from all members at once")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_have_count(0)
    assert kept(world, page, "Personal") is None
    box.get_by_role("button", name="Save").click()
    question.get_by_role("button", name="Hide and delete them").click()
    expect(box).to_have_count(0)
    # What is hidden at once is gone from the screen at once.
    expect(rows(page)).to_contain_text(["Of today"])
    expect(log(page)).not_to_contain_text("sow beans")
    expect(page.get_by_text("Conversations are kept for 400 days after their last change")).to_be_visible()
    # Fewer days are asked about; more, or all, are not.
    for text, is_asked, then in (("500", False, 500), ("30", True, 30), ("", False, None)):
        box = open_settings(page, "Personal")
        box.get_by_label("Keep conversations for (days)").fill(text)
        box.get_by_role("button", name="Save").click()
        if is_asked:
            dialog(page, "Keep conversations for 30 days only?").get_by_role("button", name="Hide and delete them").click()
        expect(box).to_have_count(0)
        assert kept(world, page, "Personal") == then
    expect(page.get_by_text("Conversations are kept")).to_be_hidden()
    # The others are told, too.
    world.call(page, "patch", f"/projects/{attic}", {"retention_days": 90})
    member.reload()
    box = open_settings(member, "Attic")
    expect(box).to_contain_text("Conversations are kept for 90 days after their last change")
    expect(box.get_by_role("spinbutton")).to_have_count(0)
    expect(member.locator(".sidebar")).to_contain_text("Conversations are kept for 90 days after their last change")


def kept(world, page, name):
    """For how many days that project keeps conversations, as the store has it."""
    all_of_them = world.call(page, "get", "/projects")["projects"]
    return next(one.get("retention_days") for one in all_of_them if one["name"] == name)


def a_project_is_deleted_by_typing_its_name(world):
    page = world.page_of("lars")
    project = world.project(page, "Sandcastle")
    world.call(page, "post", "/conversations", {"title": "Towers", "project_id": project})
    page.goto("/")
    box = open_settings(page, "Sandcastle")
    box.get_by_text("Delete this project").click()
    button = box.get_by_role("button", name="Delete for good")
    expect(button).to_be_disabled()
    box.get_by_label("Type “Sandcastle” to confirm").fill("Sandcastl")
    expect(button).to_be_disabled()
    box.get_by_label("Type “Sandcastle” to confirm").fill("Sandcastle")
    button.click()
    expect(box).to_have_count(0)
    expect(chooser(page)).to_be_hidden()
    expect(row(page, "Towers")).to_have_count(0)
    assert [one["name"] for one in world.call(page, "get", "/projects")["projects"] if not one["personal"]] == []


CHECKS = [
    a_project_is_made_and_shared,
    what_is_begun_goes_to_the_project_that_is_chosen,
    a_conversation_is_moved_to_a_project,
    who_only_reads_is_offered_nothing_else,
    a_name_keeps_its_direction,
    who_renames_is_offered_nothing_else_meanwhile,
    a_role_that_changed_is_found_out,
    roles_change_and_people_go,
    who_is_removed_loses_the_project_from_the_screen,
    a_project_keeps_conversations_for_some_days,
    a_project_is_deleted_by_typing_its_name,
]
