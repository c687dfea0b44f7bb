#!/bin/sh
# Installs missing dependencies. Prints nothing if nothing is missing.
#
#   scripts/setup.sh run     dependencies of `make run`
#   scripts/setup.sh test    dependencies of `make run` and `make test`
#   scripts/setup.sh bench   dependencies of `make run` and `make bench`
#
# On Debian and Ubuntu it installs with apt (as root, or with sudo). On other systems it prints the required command and
# fails. It never starts a service, because Mercer runs its own PostgreSQL server.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf 'setup: %s\n' "$@" >&2
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# --- Detection of missing dependencies -------------------------------------------------------

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
    # The build uses these two commands, in this order, to find the library.
    pkg-config --exists libpq 2>/dev/null || { has pg_config && [ -e "$(pg_config --includedir)/libpq-fe.h" ]; }
}

has_c_compiler() {
    # Debian's gcc does not include the headers of the C library.
    has cc && { [ "$(uname)" != Linux ] || echo '#include <stdlib.h>' | cc -E - >/dev/null 2>&1; }
}

missing_for_run() {
    # With DATABASE_URL, no local server is required.
    [ -n "${DATABASE_URL:-}" ] || has_server || echo server
    missing_to_build
    has curl || echo curl
    # Only required for several instances.
    has redis-server || echo redis
    # Stops PostgreSQL if Mercer crashes. Without it, the next start stops the old server.
    [ "$(uname)" != Linux ] || has setpriv || echo setpriv
}

missing_for_test() {
    # Also with DATABASE_URL, because the tests cover the embedded server.
    (unset DATABASE_URL && missing_for_run)
    # The tests execute the examples of docs/, which use curl and TypeScript.
    has bash || echo bash
    has node || echo node
    has npm || echo npm
    python3 -c 'import ensurepip' 2>/dev/null || echo venv
}

missing_for_bench() {
    # Also with DATABASE_URL, because the benchmarks use the embedded server.
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

# --- Package names ---------------------------------------------------------------------------

# Prints the packages of a dependency for a package manager.
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
    for dependency in $missing; do
        packages "$1" "$dependency"
    done | tr '\n' ' '
}

# --- Installation ----------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Server packages start their service. This policy prevents it, unless the system already has a policy.
POLICY=/usr/sbin/policy-rc.d

forbid_service_starts() {
    [ ! -e "$POLICY" ] || return 0
    # Also after an interruption: if the file remained, no package could start a service.
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
        echo "setup: apt-get update failed; continuing with the existing package lists" >&2
    # A machine that has just started can still hold the dpkg lock for its own updates.
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 install $list >&2 </dev/null ||
        fail "apt-get could not install: $list" "See its message above, install the packages manually and start again."
}

install_or_explain() {
    if has apt-get; then
        install_with_apt
    elif has dnf; then
        fail "dependencies are missing. Install them and start again:" "  sudo dnf install $(all_packages dnf)"
    elif has pacman; then
        fail "dependencies are missing. Install them and start again:" "  sudo pacman -S --needed $(all_packages pacman)"
    elif [ "$(uname)" = Darwin ]; then
        explain_for_mac
    else
        fail "dependencies are missing. Install them and start again (with Debian's package names):" "  $(all_packages apt)"
    fi
}

explain_for_mac() {
    case " $missing " in
        *compiler*) fail "there is no C compiler. Install it and start again:" "  xcode-select --install" ;;
    esac
    has brew || fail "dependencies are missing. Install Homebrew, then:" "  brew install $(all_packages brew)"
    # Homebrew does not add these two to PATH.
    fail "dependencies are missing. Install them, set these variables, and start again:" \
        "  brew install $(all_packages brew)" \
        '  export PG_BIN_DIR="$(brew --prefix postgresql@17)/bin"' \
        '  export PKG_CONFIG_PATH="$(brew --prefix libpq)/lib/pkgconfig"'
}

require_rust() {
    has cargo || fail "Rust (cargo) is missing." \
        "Install Rust 1.95 or newer with rustup (https://www.rust-lang.org/tools/install)." \
        "If it is already installed, add it to PATH:  . \"\$HOME/.cargo/env\""
    [ "$1" = test ] || return 0
    cargo fmt --version >/dev/null 2>&1 && cargo clippy --version >/dev/null 2>&1 && return 0
    has rustup && rustup component add rustfmt clippy >&2 && return 0
    fail "rustfmt or clippy is missing. Install them:  rustup component add rustfmt clippy"
}

# --- Tools from cargo, pip and npm ---------------------------------------------------------------

# The default profile would optimize for minutes, but the tool runs for only a second.
require_cargo_deny() {
    cargo deny --version >/dev/null 2>&1 && return 0
    echo "setup: building cargo-deny (about a minute)" >&2
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo install --quiet --locked cargo-deny@0.20.2 >&2 ||
        fail "cargo-deny could not be built. See the message above, or run:  cargo install --locked cargo-deny"
}

# Installs into .venv, which contains a copy of the requirements. Changed requirements are installed again.
require_python_tools() {
    list=tests/openapi/requirements.txt
    [ -x .venv/bin/python ] && cmp -s "$list" .venv/requirements.txt && return 0
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "The tests require Python 3.11 or newer."
    echo "setup: installing the OpenAPI tools into .venv" >&2
    python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check -r "$list" >&2 ||
        fail "pip could not install $list. See its message above and start again."
    cp "$list" .venv/requirements.txt
}

# Installs the npm packages of a folder next to its package.json, which pins their versions.
require_npm_packages() {
    folder=$1 purpose=$2
    node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' ||
        fail "The tests require Node 18 or newer."
    cmp -s "$folder/package.json" "$folder/node_modules/package.json" && return 0
    echo "setup: installing $purpose" >&2
    npm install --prefix "$folder" --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error >&2 ||
        fail "npm could not install $purpose. See its message above and start again."
    cp "$folder/package.json" "$folder/node_modules/package.json"
}

require_node_tools() {
    require_npm_packages tests/house/documentation/typescript "TypeScript for the examples of docs/"
    require_npm_packages tests/clients "the generators of typed clients"
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
[ "$1" != test ] || require_node_tools
