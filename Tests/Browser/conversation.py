"""Reading a conversation: long ones, from anywhere in them, with the scrollbar and the keys, while others write."""

import json
import re

from playwright.sync_api import expect

from live import two_people, two_tabs
from parley_page import answers, composer, expect_answered, expect_in_step, expect_title, log, send, wait_until

LONG = 10_000
PAGES = re.compile(r"/messages\?")


def long_one(world, page, count=LONG):
    """A conversation of so many messages of different lengths; its id."""
    messages = [
        ("user", f"Question {number}") if number % 2 else ("assistant", f"Answer {number}. " + "More of it. " * (number % 37))
        for number in range(1, count + 1)
    ]
    return world.conversation(page, "A very long one", messages)


def ten_thousand_messages_are_as_light_as_ten(world):
    page = world.page_of("nora")
    here = long_one(world, page)
    page.goto(f"/c/{here}")
    expect(page.locator(f"[data-seq='{LONG}']")).to_be_in_viewport()
    tall = log(page).evaluate("log => log.scrollHeight")
    assert tall > 500_000, f"the scrollbar spans {tall} pixels"
    held, given_up = [], []
    page.route(PAGES, lambda route: held.append(route))
    page.on("requestfailed", lambda request: given_up.append(request))
    result = measured(page, FLING)
    assert result["most"] < 150, f"{result['most']} rows were drawn at once"
    expect(log(page)).to_have_attribute("aria-busy", "true")
    # That others were given up is told a moment later.
    wait_until(page, lambda: 1 <= len([route for route in held if route.request not in given_up]) <= 2)
    # Lets go of them, too.
    page.unroute(PAGES)
    expect(log(page)).to_have_attribute("aria-busy", "false")
    expect(page.locator("[data-hole]").first).not_to_be_in_viewport()
    print(f"# {result['frames']} frames, longest task {result['longest']:.0f} ms, {len(held)} pages asked for", flush=True)
    log(page).press("Home")
    expect(page.locator("[data-seq='1']")).to_be_in_viewport()
    log(page).press("End")
    expect(page.locator(f"[data-seq='{LONG}']")).to_be_in_viewport()
    log(page).press("PageUp")
    expect(page.locator(f"[data-seq='{LONG}']")).not_to_be_in_viewport()
    log(page).press("PageDown")
    expect(page.locator(f"[data-seq='{LONG}']")).to_be_in_viewport()


def measured(page, script):
    """Runs a script over the log; its answer, with the longest task that the browser's own tracing saw, in ms."""
    browser = page.context.browser
    browser.start_tracing(page=page, categories=["devtools.timeline", "toplevel"])
    result = log(page).evaluate(script)
    events = json.loads(browser.stop_tracing())["traceEvents"]
    main = {event["tid"] for event in events if event.get("args", {}).get("name") == "CrRendererMain"}
    tasks = [
        event["dur"] / 1000
        for event in events
        if event["tid"] in main and event["name"].endswith("RunTask") and "dur" in event
    ]
    return {**result, "longest": max(tasks, default=0)}


# As one who drags the scrollbar from the end to the beginning and half the way back.
FLING = """async (log) => {
  let most = 0;
  let frames = 0;
  const from = log.scrollHeight;
  for (let round = 0; round < 150; round += 1) {
    const part = round < 100 ? 1 - round / 100 : (round - 100) / 100;
    log.scrollTop = part * from;
    await new Promise(requestAnimationFrame);
    frames += 1;
    most = Math.max(most, log.querySelectorAll(".log-row").length);
  }
  return { most, frames };
}"""


def an_address_leads_to_a_message(world):
    page = world.page_of("nora", "/help")
    here = long_one(world, page, 400)
    page.add_init_script(NOTE_MARKS)
    page.goto(f"/c/{here}#120")
    expect_in_third(page, 120)
    # Also where the conversation is open already, and to one that was fetched before.
    page.evaluate("location.hash = '#390'")
    expect_in_third(page, 390)
    page.evaluate("location.hash = '#121'")
    expect_in_third(page, 121)
    page.reload()
    expect_in_third(page, 121)
    page.goto(f"/c/{here}#4000")
    page.reload()
    expect(page.locator("[data-seq='400']")).to_be_in_viewport()


def expect_in_third(page, seq):
    page.wait_for_function("seq => window.marks?.at(-1) === seq", arg=seq)
    expect(page.locator(f"[data-seq='{seq}']")).to_be_in_viewport()
    expect(log(page)).to_have_attribute("aria-busy", "false")
    part = log(page).evaluate(PART, seq)
    assert 0.25 < part < 0.45, f"{seq} stands at {part}"
    expect(page.locator(".log-row.is-marked")).to_have_count(0)


# A mark is there for a moment only, which nobody may be looking in.
NOTE_MARKS = """
  window.marks = [];
  new MutationObserver(() => {
    const { seq, hole } = document.querySelector(".is-marked [data-seq], .is-marked[data-hole]")?.dataset ?? {};
    const marked = Number(seq ?? hole);
    if (marked && marked !== marks.at(-1)) marks.push(marked);
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
"""

PART = """(log, seq) => {
  const top = log.querySelector(`[data-seq="${seq}"]`).getBoundingClientRect().top;
  return (top - log.getBoundingClientRect().top) / log.clientHeight;
}"""


def what_one_reads_stays_while_others_change_what_is_above(world):
    messages = [("user", f"Number {number}\n" * 3) for number in range(1, 61)]
    first, second, here = two_tabs(world, "nora", "Changed above", messages)
    stored = world.messages(first, here)
    seq, before = log(second).evaluate(SCROLL_AND_READ)
    assert 15 < seq < 55, seq
    for number in (seq - 1, seq - 3, seq - 12):
        text = f"Changed {number}\n" * 8
        world.call(first, "patch", f"/conversations/{here}/messages/{stored[number - 1]['id']}", {"content": text})
    expect(second.locator(f"[data-seq='{seq - 3}']")).to_contain_text(f"Changed {seq - 3}")
    append = {"role": "user", "content": "And one at the end"}
    world.call(first, "post", f"/conversations/{here}/messages", append)
    expect(second.get_by_role("button", name="To the newest message")).to_have_class(re.compile("has-news"))
    after = log(second).evaluate(READ_AGAIN, seq)
    assert abs(after - before) < 2, "what one was reading has moved"


# Where a message stands in what is drawn next: before that it may not yet be in its place, which nobody sees.
READ_AGAIN = """async (log, seq) => {
  for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  return log.querySelector(`[data-seq="${seq}"]`).getBoundingClientRect().y;
}"""

# The first message in sight, and where it stands once all rows around it are drawn, which may take some frames.
SCROLL_AND_READ = """async (log) => {
  log.scrollTop -= 1500;
  const edge = log.getBoundingClientRect().top;
  const first = () => [...log.querySelectorAll("[data-seq]")].find((one) => one.getBoundingClientRect().bottom > edge);
  let found;
  for (let still = 0; still < 10; ) {
    await new Promise(requestAnimationFrame);
    const now = [Number(first().dataset.seq), first().getBoundingClientRect().y];
    still = String(now) === String(found) ? still + 1 : 0;
    found = now;
  }
  return found;
}"""


def a_message_with_the_focus_stays_however_far_one_scrolls(world):
    page = world.page_of("nora")
    messages = [("assistant", f"Answer {number}\n```\ncode {number}\n```") for number in range(1, 201)]
    page.goto(f"/c/{world.conversation(page, 'Focus', messages)}")
    code = page.locator("[data-seq='200'] pre")
    code.focus()
    log(page).evaluate("log => { log.scrollTop = 0; }")
    expect(page.locator("[data-seq='1']")).to_be_in_viewport()
    expect(code).to_be_focused()
    assert page.locator(".log-row").count() < 150
    expect(page.locator("[data-seq='190']")).to_have_count(0)
    composer(page).focus()
    expect(code).to_have_count(0)


def who_watches_an_answer_stays_at_its_end_unless_they_scroll_up(world):
    page = world.page_of("nora")
    page.goto(f"/c/{world.conversation(page, 'Growing', [('user', f'Number {n}') for n in range(1, 40)])}")
    expect_in_step(page)
    # The 282nd piece ends line 100.
    text = "\n\n".join(f"line {number}" for number in range(1, 301))
    world.upstream.answer(text, chunk_ms=4, after=282, hold=True)
    send(page, "Go on and on")
    expect(answers(page).last).to_have_attribute("data-status", "streaming")
    expect(answers(page).last).to_contain_text("line 100")
    # Between a line's coming and the end of the next frame it is short of the end; it must come to it all the time.
    page.wait_for_function(
        "log => log.scrollHeight - log.scrollTop - log.clientHeight < 2", arg=log(page).element_handle(), polling=20
    )
    expect(answers(page).last).to_have_attribute("data-status", "streaming")
    log(page).hover()
    page.mouse.wheel(0, -400)
    expect(page.get_by_role("button", name="To the newest message")).to_be_visible()
    page.wait_for_function(
        "log => log.scrollHeight - log.scrollTop - log.clientHeight > 398", arg=log(page).element_handle()
    )
    before = answers(page).last.bounding_box()["y"]
    world.upstream.release()
    expect(answers(page).last).to_contain_text("line 200")
    assert abs(answers(page).last.bounding_box()["y"] - before) < 2, "what one was reading has moved"
    expect_answered(page)


CHECKS = [
    ten_thousand_messages_are_as_light_as_ten,
    an_address_leads_to_a_message,
    what_one_reads_stays_while_others_change_what_is_above,
    a_message_with_the_focus_stays_however_far_one_scrolls,
]
SLOW_CHECKS = [
    who_watches_an_answer_stays_at_its_end_unless_they_scroll_up,
]
