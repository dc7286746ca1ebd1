#!/usr/bin/env bash
# Makes the package: infra/package.sh CONFIG ZIP. A static binary with host.json, the configuration and each function.json.
# Needs Rust with the target x86_64-unknown-linux-musl, a C compiler for it, and zip; must run on Linux, which keeps the executable bit.
set -euo pipefail
config="$(realpath "$1")" zip="$(realpath -m "$2")"
cd "$(dirname "$0")/.."
cargo build --release --locked --package usher --target x86_64-unknown-linux-musl
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
install -m 0755 "${CARGO_TARGET_DIR:-target}/x86_64-unknown-linux-musl/release/usher" "$work/usher"
install -m 0644 host.json "$work/host.json"
install -m 0644 "$config" "$work/usher.toml"
for file in functions/*/function.json; do
    install -D -m 0644 "$file" "$work/$(basename "$(dirname "$file")")/function.json"
done
# A configuration that cannot be used is found here, not after the deployment.
USHER_CONFIG="$work/usher.toml" "$work/usher" check-config
rm -f "$zip"
(cd "$work" && zip -q -X -r "$zip" .)
