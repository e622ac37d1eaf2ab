"""The browser test: python3 Tests/Browser/run.py --binary PATH [--upstream PATH] [--artifacts DIR]. See README.md."""

import argparse
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from playwright.sync_api import sync_playwright

import conversations
import live
import losses
import pictures
import resilience
import safety
import streams
from checks import Checks
from server import Server, Upstream
from story import Story
from world import World


def main():
    parser = argparse.ArgumentParser(description="Parley's web app in a real browser over the real server.")
    parser.add_argument("--binary", required=True, help="the parley executable")
    parser.add_argument("--upstream", type=Path, help="the parley-upstream executable (beside the other)")
    parser.add_argument("--only", default="", help="run the checks whose name holds this")
    parser.add_argument("--artifacts", type=Path, help="where pictures go (a temporary directory)")
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="the browser (%(default)s)")
    options = parser.parse_args()
    artifacts = options.artifacts or Path(tempfile.mkdtemp(prefix="parley-pictures-"))
    artifacts.mkdir(parents=True, exist_ok=True)

    upstream_binary = options.upstream or Path(options.binary).with_name("parley-upstream")
    with (
        sync_playwright() as playwright,
        closing(Upstream(upstream_binary)) as upstream,
        closing(Server(options.binary)) as server,
        closing(Server(options.binary, *slow_settings(upstream))) as slow_server,
    ):
        for each in (server, slow_server):
            each.wait_until_ready()
        # In a container there are no privileges to build Chromium's sandbox with.
        browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
        world = World(browser, server, artifacts)
        slow_world = World(browser, slow_server, artifacts, upstream)
        checks = Checks(browser, artifacts, only=options.only)
        run(checks, world, slow_world)
        browser.close()
        return 0 if checks.finish() else 1


def slow_settings(upstream):
    """What the checks of long answers are run with; their sockets are compressed, too."""
    return "--model-url", upstream.url, "--model-name", "upstream", "--model-titles", "off", "--http-ws-deflate", "on"


def run(checks, world, slow_world):
    story = Story(world)
    checks.run_together(story.checks())
    for check in conversations.CHECKS + resilience.CHECKS + live.CHECKS + pictures.CHECKS + safety.CHECKS:
        checks.run(check, world)
    for check in streams.CHECKS + losses.CHECKS + [safety.the_page_has_nothing_to_complain_about]:
        checks.run(check, slow_world)

    def the_server_stops_when_it_is_told_to(one):
        code = one.server.stop()
        assert code == 0, f"exit code {code}:\n{one.server.log()}"

    for one in (world, slow_world):
        checks.run(the_server_stops_when_it_is_told_to, one)


if __name__ == "__main__":
    sys.exit(main())
