"""The browser test: python3 Tests/Browser/run.py --binary PATH [--artifacts DIR]. See README.md."""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import conversations
import pictures
import resilience
import safety
from checks import Checks
from server import Server
from story import Story
from world import World


def main():
    parser = argparse.ArgumentParser(description="Parley's web app in a real browser over the real server.")
    parser.add_argument("--binary", required=True, help="the parley executable")
    parser.add_argument("--artifacts", type=Path, help="where pictures go (a temporary directory)")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser (%(default)s)")
    options = parser.parse_args()
    artifacts = options.artifacts or Path(tempfile.mkdtemp(prefix="parley-pictures-"))
    artifacts.mkdir(parents=True, exist_ok=True)

    server = Server(options.binary)
    try:
        server.wait_until_ready()
        return 0 if run(server, options.chromium, artifacts) else 1
    finally:
        server.close()


def run(server, chromium, artifacts):
    with sync_playwright() as playwright:
        # In a container there are no privileges to build Chromium's sandbox with.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        world = World(browser, server.origin, artifacts)
        checks = Checks(world)
        for check in Story(world).checks():
            checks.run(check)
        checks.close_pages()
        for check in conversations.CHECKS + resilience.CHECKS + pictures.CHECKS + safety.CHECKS:
            checks.run(check, world)
            checks.close_pages()
        browser.close()

        def the_server_stops_when_it_is_told_to():
            code = server.stop()
            assert code == 0, f"exit code {code}:\n{server.log()}"

        checks.run(the_server_stops_when_it_is_told_to)
        return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
