"""Two pictures to show, of a conversation such as people have."""

from playwright.sync_api import expect

from parley_page import answers
from world import DESKTOP, PHONE

OTHERS = [
    ("Names for the new printer", "Gutenberg it is, then."),
    ("Tides, twice a day", "The Earth turns below two bulges of water, one on either side."),
    ("Soup for Sunday", "White beans, basil, and patience."),
    ("Release notes for 1.2", "Shorter: what changed, who notices, what to do."),
]

QUESTION = "We have chats in three places. How do we move them into one, without losing any?"

ANSWER = """Copy first, compare, and switch off last. Nothing gets lost if every step can be repeated.

1. **Take stock.** List each place and count its messages.
2. **Import twice.** With stable ids an import is *idempotent*: the second run must add nothing.
3. **Compare** the counts, then a few messages picked at random.

> A copy that nobody has read back is a hope, not a backup.

The comparison fits into a few lines:

```swift
let before = try await legacy.count()
let after = try await parley.count(project: team)
precondition(before == after, "some are missing")
```

Keep the old places readable for a month. Then delete them."""


def pictures_for_the_desktop_and_the_phone(world):
    for name, viewport, options in (("desktop", DESKTOP, {}), ("phone", PHONE, {"has_touch": True, "is_mobile": True})):
        page = world.page_of("ada lovelace", viewport=viewport, **options)
        for title, answer in [] if name == "phone" else OTHERS:
            world.conversation(page, title, [("user", title), ("assistant", answer)])
        if name == "desktop":
            world.conversation(page, "Moving our chats into one place", [("user", QUESTION), ("assistant", ANSWER)])
        page.goto("/")
        expect(answers(page)).to_contain_text("Then delete them.")
        page.screenshot(path=world.artifacts / f"{name}.png", animations="disabled")


CHECKS = [pictures_for_the_desktop_and_the_phone]
