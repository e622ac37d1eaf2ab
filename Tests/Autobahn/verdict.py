"""Says how Autobahn's cases went: counts, and every case that is not plainly right. Exit status 1 if one failed.

Usage: verdict.py index.json
"""

import collections
import json
import sys

# "NON-STRICT" keeps the protocol, but says so later than it could; "INFORMATIONAL" has no right or wrong.
BEHAVIOR = {"OK", "NON-STRICT", "INFORMATIONAL"}
CLOSE = {"OK", "INFORMATIONAL"}


def main(path):
    with open(path, encoding="utf-8") as file:
        agents = list(json.load(file).values())
    if len(agents) != 1 or not agents[0]:
        sys.exit("autobahn: no case ran")
    cases = agents[0]
    behavior, close, failed = collections.Counter(), collections.Counter(), 0
    slowest = sorted(cases.items(), key=lambda case: -case[1]["duration"])[:5]
    for name, case in sorted(cases.items(), key=lambda case: [int(part) for part in case[0].split(".")]):
        behavior[case["behavior"]] += 1
        close[case["behaviorClose"]] += 1
        bad = case["behavior"] not in BEHAVIOR or case["behaviorClose"] not in CLOSE
        failed += bad
        if bad or case["behavior"] == "NON-STRICT":
            print(f"{name}: {case['behavior']}, close {case['behaviorClose']}, code {case['remoteCloseCode']}")
    print("behavior:", ", ".join(f"{count} {name}" for name, count in behavior.most_common()))
    print("close:", ", ".join(f"{count} {name}" for name, count in close.most_common()))
    print("slowest:", ", ".join(f"{name} {case['duration']} ms" for name, case in slowest))
    if failed:
        sys.exit(f"autobahn: {failed} of {len(cases)} cases failed")


main(sys.argv[1])
