"""The browser test: python3 Tests/Browser/run.py --binary PATH [--upstream PATH] [--artifacts DIR]. See README.md."""

import argparse
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import sync_playwright

import accessibility
import composer
import conversation
import conversations
import editing
import erasing
import keyboard
import languages
import live
import losses
import markdown
import operators
import pictures
import projects
import rescue
import resilience
import safety
import search
import session
import sidebar
import sources
import speed
import streams
import tools
from checks import Checks
from server import Server, Upstream
from story import Story
from world import OneBrowser, World


def main():
    parser = argparse.ArgumentParser(description="Parley's web app in a real browser over the real server.")
    parser.add_argument("--binary", required=True, help="the parley executable")
    parser.add_argument("--upstream", type=Path, help="the parley-upstream executable (beside the other)")
    parser.add_argument("--assets", type=Path, help="a folder with the web app's files, in place of those in the executable")
    parser.add_argument("--only", default="", help="run the checks whose name holds this")
    parser.add_argument("--artifacts", type=Path, help="where pictures go (a temporary directory)")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser (%(default)s)")
    parser.add_argument(
        "--slowness", type=float, default=1, help="how many times slower pages run: finds checks that count on speed"
    )
    options = parser.parse_args()
    artifacts = options.artifacts or Path(tempfile.mkdtemp(prefix="parley-pictures-"))
    artifacts.mkdir(parents=True, exist_ok=True)

    upstream_binary = options.upstream or Path(options.binary).with_name("parley-upstream")
    assets = ("--http-assets", str(options.assets.resolve())) if options.assets else ()
    with (
        sync_playwright() as playwright,
        closing(Upstream(upstream_binary)) as upstream,
        closing(Server(options.binary, *assets)) as server,
        closing(Server(options.binary, *slow_settings(upstream), *assets)) as slow_server,
        closing(Server(options.binary, *slow_settings(upstream), "--operators", operators.OPERATOR, *assets)) as operated,
    ):
        for each in (server, slow_server, operated):
            each.wait_until_ready()
        # In a container there are no privileges to build Chromium's sandbox with.
        browser = OneBrowser(
            lambda: playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"]),
            options.slowness,
        )
        world = World(browser, server, artifacts)
        slow_world = World(browser, slow_server, artifacts, upstream)
        checks = Checks(browser, artifacts, only=options.only)
        run(checks, world, slow_world, World(browser, operated, artifacts, upstream))
        browser.close()
        return 0 if checks.finish() else 1


def slow_settings(upstream):
    """What the checks of long answers are run with; their sockets are compressed, too."""
    model = "--model-url", upstream.url, "--model-name", "upstream", "--model-titles", "off", "--model-extensions", "on"
    return *model, "--http-ws-deflate", "on"


def run(checks, world, slow_world, operated_world):
    story = Story(world)
    checks.run_together(story.checks())
    reading = (composer, conversations, conversation, tools, resilience, session, live, sidebar, search, projects)
    reading += (editing, erasing)
    for check in safety.CHECKS[:-1]:
        checks.run(check, world)
    for module in reading + (keyboard, languages, rescue, accessibility, pictures, speed):
        for check in module.CHECKS:
            checks.run(check, world)
    checks.run(safety.the_page_has_nothing_to_complain_about, world)
    answering = composer.SLOW_CHECKS + streams.CHECKS + conversation.SLOW_CHECKS + sources.CHECKS
    answering += losses.CHECKS + markdown.CHECKS + speed.SLOW_CHECKS
    answering += tools.SLOW_CHECKS
    for check in answering + [safety.the_page_has_nothing_to_complain_about]:
        checks.run(check, slow_world)

    for check in operators.CHECKS:
        checks.run(check, operated_world)

    def the_server_stops_when_it_is_told_to(one):
        code = one.server.stop()
        assert code == 0, f"exit code {code}:\n{one.server.log()}"

    for one in (world, slow_world, operated_world):
        checks.run(the_server_stops_when_it_is_told_to, one)


if __name__ == "__main__":
    sys.exit(main())
