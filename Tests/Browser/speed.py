"""How fast the page is there, and how free it stays while an answer comes: figures to read, and what has to hold for them.

The figures depend on the machine and on what else it does, so that none of them is a condition.
"""

from playwright.sync_api import expect

from parley_page import answers, composer, expect_answered, new_conversation, send

PARAGRAPH = "A **sentence** with `code` and [a link](https://example.org/), and then some more words to read.\n\n"
TABLE = "| One | Two |\n| --- | --- |\n" + "| cell | cell |\n" * 20 + "\n"
CODE = "```swift\n" + "let value = try await store.read(id) // as it is\n" * 40 + "```\n\n"


def the_page_is_painted_at_once(world):
    """From the third time on, when the server's and the browser's caches are warm, as they are for who lives in it."""
    page = world.page_of("speedy")
    expect(composer(page)).to_be_visible()
    figures = []
    for _ in range(5):
        page.reload()
        expect(composer(page)).to_be_visible()
        # What is laid out needn't be painted yet.
        page.wait_for_function("performance.getEntriesByName('first-paint').length > 0")
        figures.append(page.evaluate(PAINTS))
    first, loaded, requests = (sorted(each)[len(each) // 2] for each in zip(*figures))
    print(f"# first paint after {first:.0f} ms, all {requests} files after {loaded:.0f} ms", flush=True)
    # What is needed for the first view is asked for at once, not one after the other as each names the next.
    late = page.evaluate(CHAIN)
    assert not late, f"found only when others had been read: {late}"


PAINTS = """() => [
    performance.getEntriesByType("paint").find(({ name }) => name === "first-paint").startTime,
    performance.getEntriesByType("resource").filter(({ name }) => name.includes("/assets/")).at(-1).responseEnd,
    performance.getEntriesByType("resource").filter(({ name }) => name.includes("/assets/")).length,
]"""

# Modules that the page itself doesn't name: the browser knows of them only when what imports them has come. The words of
# the language are the exception, as which they are is for a script to say.
CHAIN = """() => {
    const named = new Set([...document.querySelectorAll("link[href], script[src]")].map((one) => one.href ?? one.src));
    return performance.getEntriesByType("resource")
        .filter(({ name, initiatorType }) => name.endsWith(".js") && !named.has(name) && !/strings[.]/.test(name))
        .map(({ name }) => name);
}"""


def nothing_stalls_while_an_answer_comes(world):
    page = world.page_of("speedy")
    expect(composer(page)).to_be_visible()
    new_conversation(page)
    answer = (PARAGRAPH * 6 + TABLE + CODE) * 4
    world.upstream.slowly(answer, 2)
    client = page.context.new_cdp_session(page)
    events = []
    client.on("Tracing.dataCollected", lambda part: events.extend(part["value"]))
    done = []
    client.on("Tracing.tracingComplete", lambda _: done.append(True))
    config = {"includedCategories": ["devtools.timeline", "toplevel"]}
    client.send("Tracing.start", {"traceConfig": config, "transferMode": "ReportEvents"})
    send(page, "Tell me all of it")
    expect(answers(page).last).to_have_attribute("data-status", "streaming")
    expect(answers(page).last).to_have_attribute("data-status", "delivered", timeout=120_000)
    expect_answered(page)
    client.send("Tracing.end")
    while not done:
        page.evaluate("0")
    tasks = main_thread_tasks(events)
    for kind, times in zip(("by the clock", "of the processor's time"), zip(*tasks)):
        longest = [round(each, 1) for each in sorted(times, reverse=True)[:3]]
        print(
            f"# {len(answer)} characters streamed: {len(times)} tasks, longest {longest} ms {kind}, "
            f"{sum(each > 50 for each in times)} over 50 ms", flush=True,
        )
    assert tasks, "the trace holds no task"
    stored = world.messages(page, page.url.rsplit("/", 1)[1])[-1]
    assert stored["content"] == answer


def main_thread_tasks(events):
    """How long each task of the page's own thread took, in milliseconds: by the clock, and of the processor's time.

    They differ where others want the processor, too.
    """
    names = {
        (event["pid"], event["tid"]) for event in events
        if event["name"] == "FunctionCall" or event["name"] == "EvaluateScript"
    }
    return [
        (event["dur"] / 1000, event.get("tdur", 0) / 1000) for event in events
        if event["name"] in ("RunTask", "ThreadControllerImpl::RunTask") and "dur" in event
        and (event["pid"], event["tid"]) in names
    ]


CHECKS = [the_page_is_painted_at_once]
SLOW_CHECKS = [nothing_stalls_while_an_answer_comes]
