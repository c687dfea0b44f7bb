#!/bin/sh
# Sends valid and invalid requests to a separate demo shop: as a guest, a customer, a staff member and a superuser.
# Fails if a response violates the OpenAPI document. schemathesis.toml configures the checks.
#
#   FUZZ_SECONDS=45   duration for each of the four callers
#   FUZZ_SEED=1       seed of the generated requests
#   MERCER=…          absolute path of a program to test; by default, cargo builds and runs it
#
# Arguments are passed to schemathesis. The reports and the log of the shop are written to target/fuzz/.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
reports=$root/target/fuzz
schemathesis=$root/.venv/bin/schemathesis
[ -x "$schemathesis" ] || { echo "fuzz: schemathesis is missing; make setup installs it" >&2; exit 1; }

# Removes settings of this shell, so that the test cannot use the database of a real shop.
for setting in $(sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example); do
    [ "$setting" = PG_BIN_DIR ] || unset "$setting"
done

# A directory outside the repository, so that Mercer reads no .env file. PostgreSQL can run as another user, which needs
# access to the directory.
work=$(mktemp -d)
chmod 755 "$work"
server=
clean_up() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

mkdir -p "$reports"
cp tests/openapi/schemathesis.toml tests/openapi/hooks.py tests/openapi/people.yaml "$work"
cd "$work"

port=$("$root/.venv/bin/python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
shop=http://127.0.0.1:$port
export MERCER_BIND="127.0.0.1:$port" MERCER_PUBLIC_URL="$shop" MERCER_DATA_DIR="$work/var" \
    LOG_FILE="$reports/shop.log" RUST_LOG=warn
: >"$LOG_FILE"
# Many requests sign in: use fast password hashes, no rate limits, and tokens that are valid until the end of the run.
export BCRYPT_COST=4 THROTTLING=off ACCESS_TOKEN_SECONDS=3600

mercer() {
    # shellcheck disable=SC2086 # MERCER contains a command with its arguments
    exec ${MERCER:-cargo run --quiet --manifest-path "$root/Cargo.toml" --} "$@"
}

mercer serve --demo >start 2>&1 &
server=$!
until curl --fail --silent --output /dev/null "$shop/health/ready"; do
    kill -0 "$server" 2>/dev/null || { cat start "$LOG_FILE" >&2; echo "fuzz: the shop did not start" >&2; exit 1; }
    sleep 0.2
done
echo mercer-demo | (mercer user create --email neighbour@example.com) >/dev/null

failed=
for who in anonymous customer staff superuser; do
    report=$reports/$who.txt
    if FUZZ_AS=$who "$schemathesis" run "$shop/api/schema/" --no-color \
        --seed "${FUZZ_SEED:-1}" --max-time "${FUZZ_SECONDS:-45}" "$@" >"$report" 2>&1; then
        verdict=passed
    else
        verdict=failed failed="$failed $who"
        cat "$report" >&2
    fi
    echo "fuzz: $who $verdict: $(sed -n 's/^  \([0-9]* generated.*\)/\1/p' "$report")"
done

[ -z "$failed" ] || { tail "$LOG_FILE" >&2; echo "fuzz: failed as$failed; see target/fuzz/" >&2; exit 1; }
