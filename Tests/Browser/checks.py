"""Running checks: each is a named function, and each says in one line how it went."""

import time
import traceback
from pathlib import Path


class Checks:
    """
    With `only`, those whose name, behind their module's and a dot, holds it.

    What a check waits for may come too late on a busy machine: one that has waited in vain is run once more, in pages of
    its own, and is counted apart. What is wrong as soon as it is looked at, such as what the store holds, is not.
    """

    def __init__(self, browser, artifacts, only=""):
        self._browser = browser
        self._artifacts = artifacts
        self._only = only.replace(" ", "_")
        self._module = None
        self._passed = 0
        self._late = 0
        self._failed = 0

    def run(self, check, *arguments):
        """A check by itself. The first of a module has a fresh browser."""
        if self._only in f"{check.__module__}.{check.__name__}":
            if check.__module__ != self._module:
                self._browser.renew()
                self._module = check.__module__
            if not self._run(check, *arguments, is_first=True):
                self._close_pages()
                passed = self._passed
                self._run(check, *arguments)
                self._late += self._passed - passed
            self._close_pages()

    def run_together(self, checks):
        """Checks that follow one another in the same pages: all, or none of them."""
        if any(self._only in f"{check.__module__}.{check.__name__}" for check in checks):
            for check in checks:
                self._run(check)
        self._close_pages()

    def finish(self):
        """Prints the sum; true when nothing failed."""
        print(f"{self._passed} passed, {self._late} of them at their second run; {self._failed} failed", flush=True)
        return self._failed == 0 and self._passed > 0

    def _run(self, check, *arguments, is_first=False):
        """Returns whether that was all: after a first run that has waited in vain there is a second one."""
        name = check.__name__.replace("_", " ")
        begun = time.monotonic()
        try:
            for world in arguments:
                world.begin(f"{check.__module__}.{check.__name__}, {'first' if is_first else 'second'}")
            check(*arguments)
        except Exception as error:  # Whatever goes wrong in a check is its failure, and the others go on.
            is_late = is_first and waited_in_vain(error)
            self._failed += not is_late
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            print(f"{'# late' if is_late else 'not ok'} - {name}: {reason}", flush=True)
            traceback.print_exc()
            self._picture(f"{'late' if is_late else 'failed'}-{check.__name__}")
            return not is_late
        self._passed += 1
        print(f"ok - {name} ({time.monotonic() - begun:.0f} s)", flush=True)
        return True

    def _close_pages(self):
        # Pages of one check must not disturb, or slow down, those of the next.
        for context in self._browser.contexts:
            context.close()

    def _picture(self, name):
        pages = [page for context in self._browser.contexts for page in context.pages]
        for number, page in enumerate(pages):
            try:
                page.screenshot(path=self._artifacts / f"{name}-{number}.png", timeout=5000)
            except Exception as error:  # A picture is a help, not the matter.
                print(f"# no picture: {error}", flush=True)


def waited_in_vain(error):
    """Whether it comes from Playwright, which waits for what is expected, and not from a check's own look at something."""
    return "playwright" in Path(traceback.extract_tb(error.__traceback__)[-1].filename).parts
