#!/usr/bin/env bash
# Deploys usher into one resource group: infrastructure, package, availability test, smoke test. Needs az, signed in to the right
# cloud and subscription. azure.yaml's hooks and both pipelines call this, and nothing else.
#
#   infra/deploy.sh --group NAME --cloud global|us-gov|us-gov-dod|china [--package ZIP] [--apply] [--what-if | --rollback]
#
# Without --apply the app starts in plan mode, which writes nothing to the directory. --what-if only shows what would change.
set -euo pipefail
shopt -s inherit_errexit

refuse() {
    echo "$1" >&2
    echo "usage: infra/deploy.sh --group NAME --cloud global|us-gov|us-gov-dod|china [--package ZIP] [--apply] [--what-if | --rollback]" >&2
    exit 2
}

group="" cloud="" package="" what_if="" rollback="" mode=plan
while [ $# -gt 0 ]; do
    case "$1" in
        --group | --cloud | --package)
            [ $# -gt 1 ] || refuse "$1 needs a value"
            declare "${1#--}=$2"
            shift
            ;;
        --apply) mode=apply ;;
        --what-if) what_if=yes ;;
        --rollback) rollback=yes ;;
        *) refuse "unknown: $1" ;;
    esac
    shift
done
[ -n "$group" ] || refuse "--group is missing"
case "$cloud" in
    global) signed_in=AzureCloud places='["us-va-ash-azr","emea-nl-ams-azr"]' ;;
    us-gov | us-gov-dod) signed_in=AzureUSGovernment places='["usgov-va-azr","usgov-phx-azr"]' ;;
    china) signed_in=AzureChinaCloud places='["mc-cne-azr","mc-cnn-azr"]' ;;
    *) refuse "--cloud is missing or unknown" ;;
esac
if [ -n "$package" ]; then
    [ -f "$package" ] || refuse "no such file: $package"
    package="$(realpath "$package")"
fi
cd "$(dirname "$0")/.."
[ "$(az cloud show --query name --output tsv)" = "$signed_in" ] ||
    refuse "az is set to another cloud: az cloud set --name $signed_in, then az login"
export USHER_DEPLOY_MODE="$mode"
if [ -n "${USHER_WEBHOOK_URL:-}" ]; then export USHER_USE_WEBHOOK=true; fi
parameters="infra/env/$cloud.bicepparam"

if [ -n "$what_if" ]; then
    exec az deployment group what-if --resource-group "$group" --parameters "$parameters"
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

output() { az deployment group show --resource-group "$group" --name usher --query "properties.outputs.$1.value" --output tsv; }

release() { az storage blob "$1" --auth-mode login --account-name "$storage" --only-show-errors "${@:2}"; }

publish() {
    az functionapp deployment source config-zip --resource-group "$group" --name "$app" --src "$1" --output none
}

# `status` answers with success only if the configuration is usable and the state can be read.
smoke() {
    local key
    # It opens every function, so it stays in this process.
    key="$(az functionapp keys list --resource-group "$group" --name "$app" --query functionKeys.default --output tsv)"
    for _ in $(seq 30); do
        # The key goes by standard input, so that no list of processes shows it.
        if printf 'header = "x-functions-key: %s"\n' "$key" |
            curl --silent --fail --max-time 30 --output /dev/null --config - "https://$host/api/status"; then
            echo "smoke test: status answers"
            return 0
        fi
        sleep 10
    done
    echo "smoke test: status does not answer" >&2
    return 1
}

if [ -z "$rollback" ]; then
    az deployment group create --resource-group "$group" --name usher --parameters "$parameters" --output none
fi
app="$(output appName)"
host="$(output appHost)"
storage="$(output storageName)"
insights="$(output insightsName)"

# A reference to the vault is looked up when the app starts, and else once a day.
if [ -n "${USHER_WEBHOOK_URL:-}" ]; then az functionapp restart --resource-group "$group" --name "$app" --output none; fi

if [ -n "$rollback" ]; then
    # The newest release is the one that runs; the one before it is the way back.
    previous="$(release list --container-name releases --query 'sort_by([], &properties.lastModified)[-2].name' --output tsv)"
    [ -n "$previous" ] || { echo "there is no earlier release" >&2; exit 1; }
    release download --container-name releases --name "$previous" --file "$work/package.zip" --output none
    publish "$work/package.zip"
    smoke
    echo "back at $previous"
    exit 0
fi
if [ -z "$package" ]; then
    echo "infrastructure is there; no --package, so the app was left as it is"
    exit 0
fi

publish "$package"
if ! smoke; then
    # The newest release is the last package that answered; this one never became a release.
    good="$(release list --container-name releases --query 'sort_by([], &properties.lastModified)[-1].name' --output tsv)"
    if [ -n "$good" ]; then
        release download --container-name releases --name "$good" --file "$work/package.zip" --output none
        publish "$work/package.zip"
        echo "put back $good" >&2
    fi
    exit 1
fi
release upload --container-name releases --file "$package" --name "$(date -u +%Y%m%dT%H%M%SZ).zip" --output none

# A key of its own that opens `run` alone, for the availability test. It goes by a file that only this account can read.
az functionapp function keys set --resource-group "$group" --name "$app" --function-name run --key-name availability --output none
umask 077
az functionapp function keys list --resource-group "$group" --name "$app" --function-name run \
    --query '{runKey: {value: availability}}' --output json > "$work/values.json"
printf '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentParameters.json#", "contentVersion": "1.0.0.0", "parameters": %s}\n' \
    "$(cat "$work/values.json")" > "$work/parameters.json"
az deployment group create --resource-group "$group" --name usher-availability --template-file infra/availability.bicep \
    --parameters "@$work/parameters.json" insightsName="$insights" appHost="$host" places="$places" --output none
echo "deployed in $mode mode: https://$host"
