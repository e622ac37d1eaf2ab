"""What answers hold besides their text: sources, instructions and how sure they are, tool calls, and failures."""

import json

from playwright.sync_api import expect

from parley_page import answers, expect_answered, expect_in_step, new_conversation, send
from tools import message, tool
from world import PHONE

CONTEXTS = [
    {"title": "Tides", "text": "Twice a day the water comes.", "source": "https://example.org/tides", "score": 0.91},
    {"title": "Moons", "text": "There is one.", "source": "javascript:window.canary=1"},
]


def ask(world, page, answer, **more):
    new_conversation(page)
    world.upstream.answer(answer, **more)
    send(page, "What do you know?")
    expect_answered(page)


def sources_open_beside_the_answer(world):
    page = world.page_of("ruth")
    ask(world, page, "The sea rises [1], drawn by the moon [2]. Not a source: [7], `[1]`.", contexts=CONTEXTS)
    reply = answers(page).last
    expect(reply.get_by_role("group", name="2 sources").get_by_role("button")).to_have_text(["1", "2"])
    expect(reply.locator(".citation")).to_have_text(["1", "2"])
    expect(reply.locator(".message-body")).to_contain_text("[7]")
    expect(reply.locator("code")).to_have_text("[1]")
    reply.locator(".citation").nth(1).click()
    panel = page.get_by_role("region", name="2 sources")
    expect(panel.get_by_role("listitem").nth(1)).to_be_focused()
    expect(panel).to_contain_text("Twice a day the water comes.")
    expect(panel).to_contain_text("Relevance 0.91")
    links = panel.get_by_role("link")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://example.org/tides")
    assert "noopener" in links.get_attribute("rel")
    beside, text = panel.bounding_box(), reply.locator(".message-body").bounding_box()
    assert text["x"] + text["width"] <= beside["x"], "the sources lie over the answer"
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(reply.locator(".citation").nth(1)).to_be_focused()
    page.reload()
    reply.get_by_role("button", name="Source 1: Tides").last.click()
    expect(panel).to_be_visible()
    page.set_viewport_size(PHONE)
    expect(panel).to_have_css("position", "fixed")
    sheet = panel.bounding_box()
    assert sheet["width"] == PHONE["width"] and sheet["y"] + sheet["height"] == PHONE["height"], sheet
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_have_count(0)


def explained(
    confidence, explanation="The **button** will be blue.", instruction="Set the colour in base.css.\nThen test it.",
):
    return json.dumps({"user_explanation": explanation, "technical_instruction": instruction, "confidence": confidence})


def in_two_parts(world, name):
    """A person's page with a conversation in which answers are in two parts."""
    page = world.page_of(name)
    project = world.call(page, "post", "/projects", {"name": "Explained", "persona": "ai_pm"})["id"]
    here = world.call(page, "post", "/conversations", {"title": "Colours", "project_id": project})["id"]
    page.goto(f"/c/{here}")
    expect_in_step(page)
    return page, here


def instruction_of(reply):
    return reply.get_by_role("region", name="Technical instruction")


def an_explained_answer_shows_its_parts_and_whether_to_check_it(world):
    page, _ = in_two_parts(world, "ruth")
    for confidence, percent, isDoubtful in ((0.55, "55 % sure", True), (0.7, "70 % sure", False), (0.93, "93 % sure", False)):
        world.upstream.answer(explained(confidence))
        send(page, f"Make it blue, {percent}")
        reply = answers(page).last
        expect(reply).to_contain_text(percent)
        expect_answered(page)
        expect(reply.locator(".message-body")).to_have_text("The button will be blue.")
        expect(reply.locator(".message-body strong")).to_have_text("button")
        instruction = instruction_of(reply)
        expect(instruction).to_contain_text("Then test it.")
        expect(reply.get_by_text("Needs checking")).to_have_count(1 if isDoubtful else 0)
        assert abs(float(reply.get_by_role("meter").get_attribute("value")) - confidence) < 0.001
    instruction.get_by_role("button", name="Copy").click()
    expect(instruction.get_by_role("button", name="Copied")).to_be_visible()


def into_the_instruction(answer):
    """After how many of the model's pieces (parley-upstream) an answer is in the middle of its instruction."""
    length, count = 0, 0
    while length < answer.index("Then test"):
        length += 1 + (count * count + 3) % 6
        count += 1
    return count


def an_instruction_is_there_while_it_is_written(world):
    page, _ = in_two_parts(world, "ruth")
    answer = explained(0.9)
    world.upstream.hold(answer, into_the_instruction(answer))
    send(page, "Make it blue")
    reply = answers(page).last
    expect(instruction_of(reply)).to_contain_text("Set the colour in base.css.")
    expect(instruction_of(reply)).not_to_contain_text("test it.")
    expect(reply).to_have_attribute("data-status", "streaming")
    expect(reply.locator(".message-body")).to_have_text("The button will be blue.")
    instruction_of(reply).get_by_role("button", name="Copy").focus()
    world.upstream.release()
    expect_answered(page)
    expect(instruction_of(reply)).to_contain_text("Then test it.")
    expect(instruction_of(reply)).to_have_count(1)
    expect(reply).to_contain_text("90 % sure")
    # It is still the same one.
    expect(instruction_of(reply).get_by_role("button", name="Copy")).to_be_focused()


def an_instruction_that_was_cut_off_stays(world):
    page, _ = in_two_parts(world, "ruth")
    answer = explained(0.9)
    world.upstream.hold(answer, into_the_instruction(answer))
    send(page, "Make it blue, or not")
    reply = answers(page).last
    expect(reply).to_have_attribute("data-status", "streaming")
    expect(instruction_of(reply)).to_contain_text("Set the colour in base.css.")
    page.get_by_role("button", name="Stop the answer").click()
    expect(reply).to_contain_text("Stopped.")
    expect(instruction_of(reply)).to_contain_text("Set the colour in base.css.")
    world.upstream.release()
    world.upstream.answer(answer, after=into_the_instruction(answer), then="malformed")
    send(page, "Make it blue after all")
    expect(answers(page).last).to_have_attribute("data-status", "failed")
    page.reload()
    for reply in (answers(page).first, answers(page).last):
        expect(instruction_of(reply)).to_contain_text("Set the colour in base.css.")
        expect(reply.locator(".message-body")).to_have_text("The button will be blue.")


def an_earlier_version_stands_without_what_belongs_to_the_present_one(world):
    page, here = in_two_parts(world, "ruth")
    world.upstream.answer(explained(0.9, "The sea rises [1].", "Build a dam."), contexts=CONTEXTS[:1])
    send(page, "What does the sea do?")
    expect_answered(page)
    world.upstream.answer(explained(0.5, "The sea rises [1].\n\nIt falls [2].", "Build a boat."), contexts=CONTEXTS)
    tool(page, 2, "Write a new answer")
    reply = message(page, 2)
    expect(instruction_of(reply)).to_contain_text("Build a boat.")
    expect(reply).to_contain_text("50 % sure")
    expect(reply.locator(".citation")).to_have_text(["1", "2"])
    reply.get_by_role("button", name="Previous version").click()
    expect(reply.get_by_role("group", name="Versions")).to_contain_text("1/2")
    expect(reply.locator(".message-body")).to_have_text("The sea rises [1].")
    expect(instruction_of(reply)).to_contain_text("Build a dam.")
    expect(reply.locator(".citation, .sources, .confidence")).to_have_count(0)
    stored = world.messages(page, here)[1]["id"]
    world.call(page, "put", f"/conversations/{here}/messages/{stored}/reactions/👍")
    expect(reply.locator(".reaction")).to_have_count(1)
    expect(reply.get_by_role("group", name="Versions")).to_contain_text("1/2")
    expect(reply.locator(".message-body")).to_have_text("The sea rises [1].")
    reply.get_by_role("button", name="Next version").click()
    expect(instruction_of(reply)).to_contain_text("Build a boat.")
    expect(reply.locator(".citation")).to_have_text(["1", "2"])
    expect(reply.get_by_role("group", name="2 sources")).to_be_visible()
    expect(reply).to_contain_text("50 % sure")
    names = "all => all.map(one => one.className)"
    assert reply.locator(".message-after > *").evaluate_all(names) == ["instruction", "confidence", "sources", "versions"]


def an_earlier_version_goes_with_its_message(world):
    page = world.page_of("ruth")
    here = world.conversation(page, "Soon gone", [("user", "Is it?"), ("assistant", "The first marigold")])
    stored = world.messages(page, here)[1]["id"]
    path = f"/conversations/{here}/messages/{stored}"
    world.call(page, "patch", path, {"content": "The second one"})
    page.goto(f"/c/{here}")
    expect_in_step(page)
    reply = message(page, 2)
    reply.get_by_role("button", name="Previous version").click()
    expect(reply.locator(".message-body")).to_have_text("The first marigold")
    world.call(page, "delete", path)
    expect(reply).to_contain_text("This message was deleted.")
    expect(reply).not_to_contain_text("marigold")


def what_an_older_app_wanted_checked_is_marked(world):
    page = world.page_of("ruth")
    here = world.conversation(page, "From an older app", [("user", "Is it safe?")])
    for required, content in ((True, "Perhaps."), (False, "Surely.")):
        body = {"role": "assistant", "content": content, "metadata": {"verification_required": required}}
        world.call(page, "post", f"/conversations/{here}/messages", body)
    page.goto(f"/c/{here}")
    expect(message(page, 2).get_by_text("Needs checking")).to_be_visible()
    expect(message(page, 3)).to_contain_text("Surely.")
    expect(page.get_by_text("Needs checking")).to_have_count(1)


def a_failed_answer_says_why_and_is_tried_again(world):
    page = world.page_of("ruth")
    new_conversation(page)
    world.upstream.answer("Half of", after=1, then="malformed")
    send(page, "Will it work?")
    reply = answers(page).last
    expect(reply).to_have_attribute("data-status", "failed")
    expect(reply.locator(".message-note")).to_contain_text("The answer failed.")
    world.upstream.answer("It worked.")
    reply.get_by_role("button", name="Try again").click()
    expect(reply.locator(".message-body")).to_have_text("It worked.")
    expect_answered(page)
    expect(reply.get_by_role("button", name="Try again")).to_have_count(0)


PARTS = [
    {"type": "reasoning", "text": "Let me think."},
    {"type": "tool_call", "id": "a", "name": "search_messages", "arguments": "{\"query\":\"tides\"}"},
    {"type": "tool_result", "tool_call_id": "a", "name": "search_messages", "content": "Nothing."},
    {"type": "hologram", "depth": 3},
    {"type": "image", "url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="},
    {"type": "image", "url": "https://example.org/pixel.png"},
]


def what_an_answer_was_made_with_is_told_quietly(world):
    page = world.page_of("ruth")
    here = world.conversation(page, "Parts", [("user", "Look it up")])
    body = {"role": "assistant", "content": "There is nothing.", "parts": PARTS}
    world.call(page, "post", f"/conversations/{here}/messages", body)
    outside = []
    page.on("request", lambda request: "example.org" in request.url and outside.append(request.url))
    page.goto(f"/c/{here}")
    reply = answers(page).last
    expect(reply.locator("summary")).to_have_text(
        ["Reasoning", "Used search_messages", "Something of the kind “hologram”"]
    )
    expect(reply.get_by_text("Nothing.", exact=True)).not_to_be_visible()
    reply.get_by_text("Used search_messages").click()
    expect(reply.get_by_text("Nothing.", exact=True)).to_be_visible()
    expect(reply.locator("img")).to_have_count(1)
    expect(reply.get_by_role("link", name="Image")).to_have_attribute("href", "https://example.org/pixel.png")
    assert not outside, outside


CHECKS = [
    sources_open_beside_the_answer,
    an_explained_answer_shows_its_parts_and_whether_to_check_it,
    an_instruction_is_there_while_it_is_written,
    an_instruction_that_was_cut_off_stays,
    an_earlier_version_stands_without_what_belongs_to_the_present_one,
    an_earlier_version_goes_with_its_message,
    what_an_older_app_wanted_checked_is_marked,
    a_failed_answer_says_why_and_is_tried_again,
    what_an_answer_was_made_with_is_told_quietly,
]
