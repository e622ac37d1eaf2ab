"""The interface's words: the same in every language, nowhere but in their file, and shown in the one that is chosen."""

import re
from pathlib import Path

from playwright.sync_api import expect

from parley_page import account_menu, composer, expect_title

PUBLIC = Path(__file__).parents[2] / "Sources/ParleyWeb/Public"

# Names of keys, and of what is called the same everywhere.
NO_WORDS = {
    "Parley", "Enter", "Escape", "Tab", "Home", "End", "Shift", "Backspace", "Delete", "English", "Deutsch", "Mod", "Alt",
    "Content", "Accept", "Key",
}


def the_languages_have_the_same_words(world):
    page = world.open()
    page.goto("/")
    families = sorted(file.name.removesuffix(".en.js") for file in PUBLIC.glob("*strings*.en.js"))
    assert "strings" in families
    for family in families:
        differences = page.evaluate(COMPARE, family)
        assert not differences, f"{family}: {differences}"


# The shape of both: the same names, the same kinds, functions of as many values, lists as long.
COMPARE = """async (family) => {
    const [en, de] = await Promise.all(["en", "de"].map(async (tag) =>
        (await import(`/assets/${family}.${tag}.js`)).default));
    const found = [];
    const compare = (one, other, path) => {
        if (typeof one !== typeof other) return found.push(`${path}: ${typeof one}, ${typeof other}`);
        if (typeof one === "function" && one.length !== other.length) found.push(`${path}: other values`);
        if (typeof one === "string" && Boolean(one.trim()) !== Boolean(other.trim())) found.push(`${path}: empty`);
        if (typeof one !== "object") return;
        for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
            compare(one[key], other[key], `${path}.${key}`);
        }
    };
    compare(en, de, "");
    return found;
}"""


def no_module_holds_words_of_the_interface(world):
    """Whatever looks like a sentence, or like a name that people read, stands in the files of words."""
    found = {}
    for file in sorted(PUBLIC.glob("*.js")):
        if "strings" in file.name:
            continue
        words = [text for text in literals(file.read_text()) if is_wording(text)]
        if words:
            found[file.name] = words
    assert not found, "\n".join(f"{name}: {words}" for name, words in found.items())


TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""", re.DOTALL,
)


def literals(source):
    """The texts of a module's strings; of a template, what stands between its values."""
    for match in TOKEN.finditer(source):
        token = match[0]
        if token[0] in "\"'":
            yield token[1:-1]
        elif token[0] == "`":
            yield from re.split(r"\$\{[^}]*\}", token[1:-1])


def is_wording(text):
    start = re.match(r"[^A-Za-zÄÖÜ]*([A-ZÄÖÜ][a-zäöüß’']+)(?=$|[ ,.:;!?…“”])", text)
    if start and start[1] not in NO_WORDS:
        return True
    # Small words between others: " or ", " sends, ".
    return bool(re.fullmatch(r" [a-zäöü]+[,;]? |[a-zäöü]+ [a-zäöü]+ [a-zäöü ]+[.,…]", text))


def the_app_speaks_german(world):
    page = world.open(locale="de-DE")
    page.goto("/")
    expect(page.get_by_role("heading", name="Willkommen zurück")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_label("E-Mail").fill("niemand@example.org")
    page.get_by_label("Passwort", exact=True).fill("not the password")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert").first).to_have_text("E-Mail-Adresse oder Passwort stimmt nicht.")
    page = world.open(world.person("greta").state, locale="de-DE")
    page.goto("/help")
    expect_title(page, "Hilfe")
    page.get_by_role("button", name="Konto:").click()
    expect(page.get_by_role("menuitem", name="Abmelden")).to_be_visible()


def the_language_is_chosen_in_the_menu(world):
    page = world.page_of("greta")
    expect(composer(page)).to_be_visible()
    page.evaluate("window.before = true")
    account_menu(page).get_by_role("menuitemradio", name="Deutsch").click()
    page.wait_for_function("window.before === undefined")
    # Who writes begins there, and so the menu is opened after that.
    expect(page.locator("#composer")).to_be_focused()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_role("button", name="Konto:").click()
    page.get_by_role("menuitemradio", name="English").click()
    expect(page.get_by_role("button", name="Account:")).to_be_visible()


def dates_are_written_as_the_language_writes_them(world):
    text = "2024-03-01T12:00:00.000Z"
    shown = []
    for locale in ("en-US", "de-DE", "fr-FR"):
        page = world.open(locale=locale)
        page.goto("/")
        shown.append(page.evaluate("async (text) => (await import('/assets/time.js')).shortTime(text)", text))
    assert shown == ["Mar 1, 2024", "1. März 2024", "Mar 1, 2024"], shown


CHECKS = [
    the_languages_have_the_same_words,
    no_module_holds_words_of_the_interface,
    the_app_speaks_german,
    the_language_is_chosen_in_the_menu,
    dates_are_written_as_the_language_writes_them,
]
