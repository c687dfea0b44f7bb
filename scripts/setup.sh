#!/bin/sh
# Installs what Mercer needs and this machine lacks. Silent when nothing is missing.
#
#   scripts/setup.sh run     what `make run` needs
#   scripts/setup.sh test    that, and what `make test` needs
#   scripts/setup.sh bench   what `make run` and `make bench` need
#
# On Debian and Ubuntu it installs through apt (as root, or with sudo). Elsewhere it prints the
# command that does, and fails. It never starts a service: Mercer runs its own PostgreSQL.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# --- What is missing -------------------------------------------------------------------------

has_server() {
    for dir in "${PG_BIN_DIR:-/usr/lib/postgresql}" /usr/lib/postgresql/*/bin; do
        [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && return 0
    done
    has initdb && has postgres
}

has_pgbench() {
    for dir in "${PG_BIN_DIR:-/usr/lib/postgresql}" /usr/lib/postgresql/*/bin; do
        [ -x "$dir/pgbench" ] && return 0
    done
    has pgbench
}

has_libpq() {
    # The build asks these two, in this order, for the library to link.
    pkg-config --exists libpq 2>/dev/null || { has pg_config && [ -e "$(pg_config --includedir)/libpq-fe.h" ]; }
}

has_c_compiler() {
    # Debian's gcc comes without the C library's headers.
    has cc && { [ "$(uname)" != Linux ] || echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1; }
}

missing_for_run() {
    # A server elsewhere is as good as one of our own.
    [ -n "${DATABASE_URL:-}" ] || has_server || echo server
    missing_to_build
    has curl || echo curl
    # Serves several instances; one alone does without.
    has redis-server || echo redis
    # Ties the server's life to ours; without it, the next start tidies up.
    [ "$(uname)" != Linux ] || has setpriv || echo setpriv
}

missing_for_test() {
    # Also with DATABASE_URL: the private server is among what is tested.
    (unset DATABASE_URL && missing_for_run)
    # They run the examples of docs/, as their readers do; these ask with curl, or are TypeScript.
    has bash || echo bash
    has node || echo node
    has npm || echo npm
    python3 -c 'import ensurepip' 2>/dev/null || echo venv
}

missing_for_bench() {
    # Also with DATABASE_URL: the private server is what is measured.
    (unset DATABASE_URL && missing_for_run)
    has wrk || echo wrk
    has_pgbench || echo pgbench
}

missing_to_build() {
    has_libpq || echo libpq
    has_c_compiler || echo compiler
    has make || echo make
    has pkg-config || echo pkg-config
}

# --- What it is called -----------------------------------------------------------------------

# Prints the packages of one need, in the words of one package manager.
packages() {
    case "$1:$2" in
        apt:server | apt:pgbench) echo postgresql ;;
        apt:libpq) echo libpq-dev ;;
        apt:compiler) echo gcc libc6-dev ;;
        apt:redis) echo redis-server ;;
        apt:venv) echo python3 python3-venv ;;
        apt:node | dnf:node | pacman:node) echo nodejs ;;
        dnf:npm) echo nodejs-npm ;;
        dnf:server) echo postgresql-server ;;
        dnf:pgbench) echo postgresql-contrib ;;
        dnf:libpq) echo libpq-devel ;;
        dnf:pkg-config) echo pkgconf-pkg-config ;;
        dnf:redis) echo valkey-compat-redis ;;
        pacman:server | pacman:pgbench) echo postgresql ;;
        pacman:libpq) echo postgresql-libs ;;
        pacman:pkg-config) echo pkgconf ;;
        pacman:venv) echo python ;;
        brew:server | brew:pgbench) echo postgresql@17 ;;
        brew:libpq) echo libpq ;;
        brew:pkg-config) echo pkgconf ;;
        brew:venv) echo python ;;
        brew:npm) echo node ;;
        *:compiler) echo gcc ;;
        *:venv) echo python3 ;;
        *:setpriv) echo util-linux ;;
        *) echo "$2" ;;
    esac
}

all_packages() {
    for need in $missing; do
        packages "$1" "$need"
    done | tr '\n' ' '
}

# --- Installing ------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The packages of servers start them: keep them from it, unless the system has its own rule.
POLICY=/usr/sbin/policy-rc.d

forbid_service_starts() {
    [ ! -e "$POLICY" ] || return 0
    # Also when we are interrupted: with this file left behind, no package could start a service.
    trap 'as_root rm -f "$POLICY"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null
    as_root chmod 755 "$POLICY"
}

install_with_apt() {
    list=$(all_packages apt)
    [ "$(id -u)" = 0 ] || has sudo || fail "missing: $list" "Install it as root: apt-get install $list"

    echo "setup: installing $list" >&2
    forbid_service_starts
    as_root apt-get -qq -o Acquire::Retries=3 update ||
        echo "setup: apt-get update failed; trying with the package lists at hand" >&2
    # A machine that has just started may still be busy with its own updates.
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 install $list >&2 </dev/null ||
        fail "apt-get could not install: $list" "See its message above, install it by hand and start again."
}

install_or_explain() {
    if has apt-get; then
        install_with_apt
    elif has dnf; then
        fail "something is missing. Install it and start again:" "  sudo dnf install $(all_packages dnf)"
    elif has pacman; then
        fail "something is missing. Install it and start again:" "  sudo pacman -S --needed $(all_packages pacman)"
    elif [ "$(uname)" = Darwin ]; then
        explain_for_mac
    else
        fail "something is missing. Install it and start again (the names are Debian's):" "  $(all_packages apt)"
    fi
}

explain_for_mac() {
    case " $missing " in
        *compiler*) fail "no C compiler. Install it and start again:" "  xcode-select --install" ;;
    esac
    has brew || fail "something is missing. Install Homebrew, then:" "  brew install $(all_packages brew)"
    # Homebrew keeps these two out of PATH.
    fail "something is missing. Install it, tell where it is, and start again:" \
        "  brew install $(all_packages brew)" \
        '  export PG_BIN_DIR="$(brew --prefix postgresql@17)/bin"' \
        '  export PKG_CONFIG_PATH="$(brew --prefix libpq)/lib/pkgconfig"'
}

require_rust() {
    has cargo || fail "there is no Rust (cargo) here." \
        "Install Rust 1.95 or newer with rustup (https://www.rust-lang.org/tools/install)." \
        "If it is installed already, put it on PATH:  . \"\$HOME/.cargo/env\""
    [ "$1" = test ] || return 0
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return 0
    has rustup && rustup component add rustfmt clippy >&2 && return 0
    fail "rustfmt or clippy is missing. Install them:  rustup component add rustfmt clippy"
}

# --- What cargo, pip and npm install -----------------------------------------------------------

# Its own profile optimises for minutes what then runs for a second.
require_cargo_deny() {
    cargo deny --version >/dev/null 2>&1 && return 0
    echo "setup: building cargo-deny, about a minute" >&2
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo install --quiet --locked cargo-deny@0.20.2 >&2 ||
        fail "cargo-deny could not be built. See the message above; by hand:  cargo install --locked cargo-deny"
}

# In .venv, which keeps the list that it was made from: another list is installed over it.
require_python_tools() {
    list=tests/openapi/requirements.txt
    [ -x .venv/bin/python ] && cmp -s "$list" .venv/requirements.txt && return 0
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed for the tests."
    echo "setup: installing what checks the contract into .venv" >&2
    python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check -r "$list" >&2 ||
        fail "pip could not install $list. See its message above and start again."
    cp "$list" .venv/requirements.txt
}

# Beside the file that names the one version, which is all there is to lock: it depends on nothing.
require_typescript() {
    folder=tests/house/documentation/typescript
    node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' ||
        fail "Node 18 or newer is needed for the tests."
    cmp -s "$folder/package.json" "$folder/node_modules/package.json" && return 0
    echo "setup: installing TypeScript, which checks the examples of docs/" >&2
    npm install --prefix "$folder" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
        fail "npm could not install TypeScript. See its message above and start again."
    cp "$folder/package.json" "$folder/node_modules/package.json"
}

case "${1:-}" in
    run) missing=$(missing_for_run | tr '\n' ' ') ;;
    test) missing=$(missing_for_test | tr '\n' ' ') ;;
    bench) missing=$(missing_for_bench | tr '\n' ' ') ;;
    *) fail "usage: scripts/setup.sh run|test|bench" ;;
esac
[ -z "$missing" ] || install_or_explain
require_rust "$1"
[ "$1" = run ] || { require_cargo_deny && require_python_tools; }
[ "$1" != test ] || require_typescript
