#!/bin/sh
# Asks a demo shop of its own what the contract allows, and much that it does not, as nobody, as a customer,
# as staff and as the superuser. Fails when an answer breaks the contract, as schemathesis.toml understands it.
#
#   FUZZ_SECONDS=45   for each of the four
#   FUZZ_SEED=1       other seeds ask other questions
#   MERCER=…          a program to start, with an absolute path; otherwise cargo runs it
#
# Arguments go to schemathesis. What was asked and answered in vain is left in target/fuzz/, with the shop's own log.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
reports=$root/target/fuzz
schemathesis=$root/.venv/bin/schemathesis
[ -x "$schemathesis" ] || { echo "fuzz: schemathesis is missing; make setup installs it" >&2; exit 1; }

# The settings of a real shop, if this shell has any, must not reach this one: least of all its database.
for setting in $(sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example); do
    [ "$setting" = PG_BIN_DIR ] || unset "$setting"
done

# Outside the repository, where no .env is found. PostgreSQL may run as another user, who has to get in.
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
# Signing in is much of what is asked: cheap hashes, no throttle, and tokens that outlive the run.
export BCRYPT_COST=4 THROTTLING=off ACCESS_TOKEN_SECONDS=3600

mercer() {
    # shellcheck disable=SC2086 # a command with its arguments
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
        verdict=well
    else
        verdict=badly failed="$failed $who"
        cat "$report" >&2
    fi
    echo "fuzz: $who fared $verdict: $(sed -n 's/^  \([0-9]* generated.*\)/\1/p' "$report")"
done

[ -z "$failed" ] || { tail "$LOG_FILE" >&2; echo "fuzz: failed as$failed; see target/fuzz/" >&2; exit 1; }
