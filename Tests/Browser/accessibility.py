"""For everyone: axe-core, contrast, targets, narrow and wide windows, wide spacing, no motion, few colours, either direction."""

import re
from itertools import product
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from parley_page import answers, log, send
from views import GERMAN_VIEWS, MAIN_VIEWS, PERSON, VIEWS, drawer, empty, open_rich
from world import DESKTOP, PASSWORD, PHONE

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Those that go by colours: all that a dark view can have against it and the same one in light can't.
RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1920, "height": 1080}
TOUCH = {"has_touch": True, "is_mobile": True}
SIZES = {"desktop": (DESKTOP, {}), "phone": (PHONE, TOUCH)}
CSS = Path(__file__).parents[2] / "Sources/ParleyWeb/Public"


def opened(world, viewport=DESKTOP, **options):
    # Each in a session of its own: a view may end it.
    page = world.open(viewport=viewport, **options)
    world.call(page, "post", "/auth/login", {"email": world.person(PERSON).email, "password": PASSWORD})
    return page


class Survey:
    """What is found on all views, each of which is opened once at each size for all that is looked at there."""

    _of = {}

    def __init__(self, world):
        self.found = {"axe": [], "targets": [], "width": [], "spacing": []}
        self._world = world
        self._axe = Axe()
        self._count = 0
        for view in VIEWS:
            more = [wide, turned] if view in MAIN_VIEWS else []
            self._look(view, "desktop", [light, dark, *more, spaced], DESKTOP)
            self._look(view, "phone", [light, dark, *more[1:]], NARROW, **TOUCH)
        for view in GERMAN_VIEWS:
            self._look(view, "desktop", [light, spaced], DESKTOP, locale="de-DE")
            self._look(view, "phone", [light], NARROW, **TOUCH, locale="de-DE")
        print(f"# {len(VIEWS) + len(GERMAN_VIEWS)} views were looked at, in {self._count} ways together", flush=True)

    @classmethod
    def of(cls, world):
        if world not in cls._of:
            cls._of[world] = cls(world)
        return cls._of[world].found

    def _look(self, view, size, ways, viewport, **options):
        """Opens a view once, and looks at it in several ways, one after the other: each stays for the next."""
        page = opened(self._world, viewport, reduced_motion="reduce", color_scheme="light", **options)
        name = f"{view.__name__}-{size}"
        try:
            view(self._world, page)
            for way in ways:
                name = f"{view.__name__}-{size}-{way.__name__}"
                way(page)
                page.screenshot(path=self._world.artifacts / f"view-{name}.png")
                self._count += 1
                for kind, problems in self._problems(page, way):
                    self.found[kind] += [f"{name}: {each}" for each in problems]
        except Exception as error:  # The other views are looked at as well.
            self.found["axe"].append(f"{name}: {' '.join(str(error).split())[:200]}")
        finally:
            page.context.close()

    def _problems(self, page, way):
        if way == spaced:
            yield "spacing", page.evaluate(CUT_OFF)
            return
        rules = RULES_OF_COLOUR if way == dark else RULES
        yield "axe", map(told, self._axe.run(page, options={"runOnly": rules}).response["violations"])
        if way == dark:
            return
        yield "targets", page.evaluate(SMALL_TARGETS)
        yield "width", page.evaluate(TOO_WIDE, page.viewport_size["width"])


# The ways in which a view is looked at.


def light(page):
    page.emulate_media(color_scheme="light")


def dark(page):
    page.emulate_media(color_scheme="dark")


def wide(page):
    page.set_viewport_size(WIDE)


def turned(page):
    page.evaluate("document.documentElement.dir = 'rtl'")


def spaced(page):
    page.evaluate(SPACING)


def expect_none(problems):
    assert not problems, f"{len(problems)} problems\n" + "\n".join(problems)


def no_view_breaks_a_rule_of_axe(world):
    """In light and dark, on a desktop and on a phone; the main ones in either direction, and some in German."""
    expect_none(Survey.of(world)["axe"])


def targets_are_large_enough(world):
    """24 by 24 pixels at least, but for links within a text."""
    expect_none(Survey.of(world)["targets"])


def no_view_is_wider_than_its_window(world):
    """Of 320 pixels and more, in either direction."""
    expect_none(Survey.of(world)["width"])


def wide_spacing_of_text_cuts_nothing_off(world):
    """WCAG 1.4.12. Titles that end in an ellipsis have their whole text in the conversation."""
    expect_none(Survey.of(world)["spacing"])


def told(violation):
    nodes = violation["nodes"][:3]
    return f"{violation['id']}: {[(node['html'][:140], node['failureSummary'][:200]) for node in nodes]}"


SMALL_TARGETS = """() => [...document.querySelectorAll("button, a[href], input:enabled, select, textarea, summary")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
    .filter((one) => !one.closest("[inert]"))
    .filter((one) => !one.matches(".skip-link, .link, p a, li a:not(.row-link), td a, blockquote a"))
    .map((one) => [(one.closest("label") ?? one).getBoundingClientRect(), one])
    .filter(([{ width, height }]) => width && (width < 24 || height < 24))
    .map(([{ width, height }, one]) => `${width}x${height} ${one.outerHTML.slice(0, 120)}`)"""

# What scrolls by itself, such as a table or code, may be wider.
TOO_WIDE = """(width) => {
    const scrolls = (one) => one && one !== document.body && (
        ["auto", "scroll"].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth
            && one.matches("pre, table, figure, [class*=table], [class*=code]")
        || scrolls(one.parentElement));
    return [...document.querySelectorAll("body *")]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }))
        .filter((one) => !one.closest(".visually-hidden, .sidebar:not(.is-open), svg"))
        .filter((one) => getComputedStyle(one).clipPath === "none")
        .filter((one) => {
            const { left, right } = one.getBoundingClientRect();
            return (right > width + 1 || left < -1) && !scrolls(one);
        })
        .map((one) => one.outerHTML.slice(0, 120));
}"""

SPACING = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* {
        line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
    }
    p { margin-bottom: 2em !important; }`);
    document.adoptedStyleSheets.push(sheet);
}"""


CUT_OFF = """() => [...document.querySelectorAll("button, h1, h2, label, p, dt, dd, kbd")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".visually-hidden"))
    .filter((one) => {
        const { overflowX, overflowY, textOverflow } = getComputedStyle(one);
        if (textOverflow === "ellipsis") return false;
        const cuts = (overflow) => overflow === "hidden" || overflow === "clip";
        return cuts(overflowX) && one.scrollWidth > one.clientWidth + 1
            || cuts(overflowY) && one.scrollHeight > one.clientHeight + 1;
    })
    .map((one) => one.outerHTML.slice(0, 120))"""


# What stands on what. Texts need 4.5:1, edges of controls and the outline of the focus 3:1 (WCAG 2.2, 1.4.3, 1.4.11).
SURFACES = ["paper", "panel", "raised"]
TEXTS = [("ink", each) for each in [*SURFACES, "hover", "accent-soft", "danger-soft"]] + [
    *(("ink-soft", each) for each in [*SURFACES, "hover", "accent-soft"]),
    *(("accent", each) for each in [*SURFACES]),
    *(("danger", each) for each in SURFACES),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-danger", "danger"), ("paper", "ink"),
]
EDGES = [(one, each) for one in ("edge", "accent") for each in SURFACES] + [
    ("accent", "hover"), ("accent", "accent-soft"),
]


def colours_differ_enough(world):
    base = (CSS / "base.css").read_text()
    found = re.findall(r"--([a-z-]+): light-dark\((#\w+), (#\w+)\)", base)
    colours = {name: pair for name, *pair in found}
    weak = []
    for (pairs, least), theme in product(((TEXTS, 4.5), (EDGES, 3.0)), (0, 1)):
        for front, back in pairs:
            ratio = contrast(colours[front][theme], colours[back][theme])
            if ratio < least:
                weak.append(f"{front} on {back}, {('light', 'dark')[theme]}: {ratio:.2f}")
    assert not weak, weak


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def colours_come_from_one_place(world):
    """So that the check above is about all of them."""
    for file in CSS.glob("*.css"):
        text = file.read_text()
        if file.name == "base.css":
            text = text.partition("\n}\n")[2]
        found = re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", text)
        assert not found, f"{file.name}: {found}"


def who_wants_no_motion_gets_none(world):
    page = opened(world, reduced_motion="reduce")
    open_rich(world, page)
    page.get_by_role("button", name="Delete this conversation").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


def with_few_colours_everything_has_edges(world):
    page = opened(world, forced_colors="active")
    open_rich(world, page)
    page.screenshot(path=world.artifacts / "forced-colors.png")
    bare = page.evaluate(BARE)
    assert not bare, bare


BARE = """() => [...document.querySelectorAll("button")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !one.matches(".link"))
    .filter((one) => parseFloat(getComputedStyle(one).borderTopWidth) === 0)
    .map((one) => one.outerHTML.slice(0, 120))"""


def right_to_left_nothing_overlaps(world):
    """The whole page turned around, and text of either direction in it."""
    for name, (viewport, options) in SIZES.items():
        page = opened(world, viewport, reduced_motion="reduce", **options)
        messages = [("user", "مرحبا بالعالم، كيف الحال؟"), ("assistant", "שלום! **Parley** עובד.")]
        here = world.conversation(page, "מה שלומך היום", messages)
        page.goto(f"/c/{here}")
        expect(answers(page)).to_contain_text("שלום")
        expect(answers(page).locator(".message-body p")).to_have_css("direction", "rtl")
        # On a page that isn't turned around, either, a title's punctuation stands at its end.
        expect(page.get_by_role("heading", level=1)).to_have_css("direction", "rtl")
        page.evaluate("document.documentElement.dir = 'rtl'")
        page.screenshot(path=world.artifacts / f"rtl-{name}.png")
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        if name == "desktop":
            sidebar, main = page.locator(".sidebar").bounding_box(), page.locator("#main").bounding_box()
            assert sidebar["x"] >= main["x"] + main["width"] - 1, (sidebar, main)
        else:
            drawer(page)
            sidebar = page.locator(".sidebar").bounding_box()
            assert abs(sidebar["x"] + sidebar["width"] - viewport["width"]) < 1, sidebar
        page.context.close()


def a_streaming_answer_is_busy_until_it_is_finished(world):
    page = opened(world)
    empty(world, page)
    expect(log(page)).to_have_attribute("role", "log")
    send(page, " ".join(f"word{number}" for number in range(1, 120)))
    expect(answers(page).last).to_have_attribute("aria-busy", "true")
    expect(answers(page).last).to_have_attribute("aria-busy", "false")
    expect(page.locator("#announcer")).to_contain_text("The answer is complete")


def a_dialog_gives_the_focus_back(world):
    page = opened(world)
    open_rich(world, page)
    button = page.get_by_role("button", name="Delete this conversation")
    button.click()
    expect(page.get_by_role("dialog").locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


CHECKS = [
    no_view_breaks_a_rule_of_axe,
    colours_differ_enough,
    colours_come_from_one_place,
    targets_are_large_enough,
    no_view_is_wider_than_its_window,
    wide_spacing_of_text_cuts_nothing_off,
    who_wants_no_motion_gets_none,
    with_few_colours_everything_has_edges,
    right_to_left_nothing_overlaps,
    a_streaming_answer_is_busy_until_it_is_finished,
    a_dialog_gives_the_focus_back,
]
