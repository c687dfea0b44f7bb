#!/bin/sh
# Generates typed clients from openapi/openapi.json, compiles them in strict mode, and places orders with them in a demo
# shop of its own. Fails if a generator, the compiler or a client fails.
#
#   MERCER=…   an absolute path of a program to start; otherwise cargo runs it
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
clients=$root/tests/clients
[ -d "$clients/node_modules" ] && [ -x .venv/bin/mypy ] || { echo "clients: the generators are missing; make setup installs them" >&2; exit 1; }

# The settings of this shell, such as the URL of a real database, must not reach the demo shop.
for setting in $(sed -n 's/^\([A-Z_]*\)=.*/\1/p' .env.example); do
    [ "$setting" = PG_BIN_DIR ] || unset "$setting"
done

# PostgreSQL can run as another user, which must be able to enter the folder.
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

mkdir "$work/clients"
cp "$clients"/*.ts "$clients/package.json" "$clients/tsconfig.json" "$work/clients"
ln -s "$clients/node_modules" "$work/clients/node_modules"
cd "$work/clients"
node_modules/.bin/openapi-typescript "$root/openapi/openapi.json" -o schema.d.ts >generate.log 2>&1 ||
    { cat generate.log >&2; exit 1; }
node_modules/.bin/openapi-ts -i "$root/openapi/openapi.json" -o hey -c @hey-api/client-fetch >generate.log 2>&1 ||
    { cat generate.log >&2; exit 1; }
node_modules/.bin/tsc -p .
export PATH="$root/.venv/bin:$PATH"
openapi-python-client generate --path "$root/openapi/openapi.json" --output-path python --fail-on-warning >generate.log 2>&1 ||
    { cat generate.log >&2; exit 1; }
cp "$clients/place_order.py" python/
# Only errors of the program count: one generated module does not pass mypy itself.
(cd python && mypy --strict --follow-imports=silent --no-error-summary place_order.py)

cd "$work"
port=$("$root/.venv/bin/python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
shop=http://127.0.0.1:$port
export MERCER_BIND="127.0.0.1:$port" MERCER_PUBLIC_URL="$shop" MERCER_DATA_DIR="$work/var" BCRYPT_COST=4

mercer() {
    # shellcheck disable=SC2086 # a command with its arguments
    exec ${MERCER:-cargo run --quiet --manifest-path "$root/Cargo.toml" --} "$@"
}

mercer serve --demo >start.log 2>&1 &
server=$!
until curl --fail --silent --output /dev/null "$shop/health/ready"; do
    kill -0 "$server" 2>/dev/null || { cat start.log >&2; echo "clients: the shop did not start" >&2; exit 1; }
    sleep 0.2
done
node clients/out/main.js "$shop"
"$root/.venv/bin/python" clients/python/place_order.py "$shop"
