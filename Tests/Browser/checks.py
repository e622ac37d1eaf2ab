"""Running checks: each is a named function, and each says in one line how it went."""

import time
import traceback


class Checks:
    """With `only`, those whose name, behind their module's and a dot, holds it."""

    def __init__(self, browser, artifacts, only=""):
        self._browser = browser
        self._artifacts = artifacts
        self._only = only.replace(" ", "_")
        self._module = None
        self._passed = 0
        self._failed = 0

    def run(self, check, *arguments):
        """A check by itself. The first of a module has a fresh browser."""
        if self._only in f"{check.__module__}.{check.__name__}":
            if check.__module__ != self._module:
                self._browser.renew()
                self._module = check.__module__
            for world in arguments:
                world.cast = check.__module__
            self._run(check, *arguments)
            self._close_pages()

    def run_together(self, checks):
        """Checks that follow one another in the same pages: all, or none of them."""
        if any(self._only in f"{check.__module__}.{check.__name__}" for check in checks):
            for check in checks:
                self._run(check)
        self._close_pages()

    def finish(self):
        """Prints the sum; true when nothing failed."""
        print(f"{self._passed} passed, {self._failed} failed", flush=True)
        return self._failed == 0 and self._passed > 0

    def _run(self, check, *arguments):
        name = check.__name__.replace("_", " ")
        begun = time.monotonic()
        try:
            check(*arguments)
        except Exception as error:  # Whatever goes wrong in a check is its failure, and the others go on.
            self._failed += 1
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            print(f"not ok - {name}: {reason}", flush=True)
            traceback.print_exc()
            self._picture(check.__name__)
        else:
            self._passed += 1
            print(f"ok - {name} ({time.monotonic() - begun:.0f} s)", flush=True)

    def _close_pages(self):
        # Pages of one check must not disturb, or slow down, those of the next.
        for context in self._browser.contexts:
            context.close()

    def _picture(self, name):
        pages = [page for context in self._browser.contexts for page in context.pages]
        for number, page in enumerate(pages):
            try:
                page.screenshot(path=self._artifacts / f"failed-{name}-{number}.png", timeout=5000)
            except Exception as error:  # A picture is a help, not the matter.
                print(f"# no picture: {error}", flush=True)
