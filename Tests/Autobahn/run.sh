#!/usr/bin/env bash
# Autobahn's WebSocket test suite against websocket-echo, that is, against the handlers of WebSocketWire.
# Usage: Tests/Autobahn/run.sh [CASE...], such as 6.4.* 12.1.1; by default all that a server is asked for.
# Exit status 0: no case failed. The report is .build/autobahn/report/index.html.
# WSTEST=path names an installed wstest; else one is installed in .build/autobahn, for which PYTHON27 or python2.7 must
# be there: the suite has never left Python 2. CONFIGURATION=release measures what ships.
set -euo pipefail
cd "$(dirname "$0")/../.."

out=$PWD/.build/autobahn
configuration=${CONFIGURATION:-debug}
cases=("$@")
if [[ ${#cases[@]} -eq 0 ]]; then cases=("1.*" "2.*" "3.*" "4.*" "5.*" "6.*" "7.*" "9.*" "10.*" "12.*" "13.*"); fi

install_suite() {
    local python=${PYTHON27:-python2.7}
    wstest=$out/venv/bin/wstest
    if [[ -x $wstest ]]; then return; fi
    if ! "$python" --version >/dev/null 2>&1; then
        echo "autobahn: there is no Python 2.7; name one in PYTHON27, or an installed wstest in WSTEST" >&2
        exit 1
    fi
    # The last version of virtualenv that makes environments of Python 2.7.
    python3 -m venv "$out/virtualenv"
    "$out/virtualenv/bin/python" -m pip install --quiet --disable-pip-version-check "virtualenv==20.21.1"
    "$out/virtualenv/bin/python" -m virtualenv --quiet --python="$python" "$out/venv"
    "$out/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r Tests/Autobahn/requirements.txt
}

mkdir -p "$out"
wstest=${WSTEST:-}
if [[ -z $wstest ]]; then install_suite; fi

swift build -c "$configuration" --product websocket-echo
rm -rf "$out/report" "$out/port"

"$(swift build -c "$configuration" --show-bin-path)/websocket-echo" 0 >"$out/port" &
echo_pid=$!
trap 'kill "$echo_pid" 2>/dev/null || true' EXIT
# The server writes its port when it listens.
for _ in $(seq 100); do
    if [[ -s $out/port ]]; then break; fi
    sleep 0.1
done

python3 - "$out" "$(cat "$out/port")" "${cases[@]}" <<'PYTHON'
import json, sys
out, port, cases = sys.argv[1], sys.argv[2], sys.argv[3:]
spec = {
    "outdir": out + "/report",
    "servers": [{"agent": "WebSocketWire", "url": "ws://127.0.0.1:" + port}],
    "cases": cases,
    "exclude-cases": [],
    "exclude-agent-cases": {},
}
json.dump(spec, open(out + "/spec.json", "w"))
PYTHON

(cd "$out" && "$wstest" --mode fuzzingclient --spec spec.json) >"$out/log" 2>&1 || { tail -20 "$out/log" >&2; exit 1; }
python3 Tests/Autobahn/verdict.py "$out/report/index.json"
