#!/usr/bin/env bash
# Deploys usher into one resource group: infrastructure, package, availability test, smoke test. Needs az, signed in to the right
# cloud and subscription. azure.yaml's hooks and both pipelines call this, and nothing else.
#
#   infra/deploy.sh --group NAME --cloud global|us-gov|us-gov-dod|china [--package ZIP] [--plan | --apply] [--what-if | --rollback]
#
# An app begins in plan mode, which writes nothing to the directory. One that is in apply mode is deployed only with --apply or
# --plan said. --what-if only shows what would change.
set -euo pipefail
shopt -s inherit_errexit

refuse() {
    echo "$1" >&2
    echo "usage: infra/deploy.sh --group NAME --cloud global|us-gov|us-gov-dod|china [--package ZIP] [--plan | --apply] [--what-if | --rollback]" >&2
    exit 2
}

group="" cloud="" package="" what_if="" rollback="" mode=""
while [ $# -gt 0 ]; do
    case "$1" in
        --group | --cloud | --package)
            [ $# -gt 1 ] || refuse "$1 needs a value"
            declare "${1#--}=$2"
            shift
            ;;
        --apply | --plan)
            [ -z "$mode" ] || [ "$mode" = "${1#--}" ] || refuse "--apply and --plan exclude each other"
            mode="${1#--}"
            ;;
        --what-if) what_if=yes ;;
        --rollback) rollback=yes ;;
        *) refuse "unknown: $1" ;;
    esac
    shift
done
[ -n "$group" ] || refuse "--group is missing"
[ -z "$what_if" ] || [ -z "$rollback" ] || refuse "--what-if and --rollback exclude each other"
case "$cloud" in
    global) signed_in=AzureCloud places='["us-va-ash-azr","emea-nl-ams-azr"]' ;;
    us-gov | us-gov-dod) signed_in=AzureUSGovernment places='["usgov-va-azr","usgov-phx-azr"]' ;;
    china) signed_in=AzureChinaCloud places='["mc-cne-azr","mc-cnn-azr"]' ;;
    *) refuse "--cloud is missing or unknown" ;;
esac
if [ -n "$package" ]; then
    [ -f "$package" ] || refuse "no such file: $package"
    package="$(realpath "$package")"
    # Without it the package would run, and could not be kept.
    [ -n "${USHER_DEPLOYER_ID:-}" ] ||
        refuse "USHER_DEPLOYER_ID is missing: the object id of who deploys, who keeps packages in the container releases. Of yourself: az ad signed-in-user show --query id --output tsv"
fi
cd "$(dirname "$0")/.."
[ "$(az cloud show --query name --output tsv)" = "$signed_in" ] ||
    refuse "az is set to another cloud: az cloud set --name $signed_in, then az login"

# A mode that nobody said must not change what runs: neither stop an app that works, nor show that in what-if.
modes_of_apps() {
    local apps one
    apps="$(az functionapp list --resource-group "$group" --query "[?starts_with(name, 'func-')].name" --output tsv)" || return 1
    for one in $apps; do
        az functionapp config appsettings list --resource-group "$group" --name "$one" \
            --query "[?name=='USHER_MODE'].value" --output tsv || return 1
    done
}
if [ -z "$mode" ] && [ -z "$rollback" ]; then
    modes="$(modes_of_apps)" ||
        refuse "which mode the app is in cannot be read: say --apply or --plan"
    case " $(echo "$modes" | tr '\r\n' '  ') " in
        *" apply "*) refuse "the app is in apply mode: say --apply for it to go on, or --plan for it to stop writing to the directory" ;;
    esac
    mode=plan
fi
export USHER_DEPLOY_MODE="$mode"
if [ -n "${USHER_WEBHOOK_URL:-}" ]; then export USHER_USE_WEBHOOK=true; fi
parameters="infra/env/$cloud.bicepparam"

if [ -n "$what_if" ]; then
    exec az deployment group what-if --resource-group "$group" --parameters "$parameters"
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

output() { az deployment group show --resource-group "$group" --name usher --query "properties.outputs.$1.value" --output tsv; }

release() { az storage blob "$1" --auth-mode login --account-name "$storage" --container-name releases --only-show-errors "${@:2}"; }

# Names of releases begin with their time, so that they stand in this order.
names_of_releases() { release list --query 'sort_by([], &name)[].name' --output tsv; }

publish() {
    az functionapp deployment source config-zip --resource-group "$group" --name "$app" --src "$1" --output none || {
        echo "az says that publishing failed; the package may have gone live all the same" >&2
        return 1
    }
}

publish_release() {
    release download --name "$1" --file "$work/package.zip" --output none && publish "$work/package.zip" && smoke
}

# `status` answers with success only if the configuration is usable and the state can be read. Three times in a row, because the
# process before this one may answer first.
smoke() {
    local key="" in_a_row=0
    for _ in $(seq 30); do
        # It opens every function, so it stays in this process. Right after publishing the host often has no keys yet.
        [ -n "$key" ] || key="$(az functionapp keys list --resource-group "$group" --name "$app" --query functionKeys.default --output tsv)" || key=""
        # The key goes by standard input, so that no list of processes shows it.
        if [ -n "$key" ] && printf 'header = "x-functions-key: %s"\n' "$key" |
            curl --silent --fail --max-time 30 --output /dev/null --config - "https://$host/api/status"; then
            in_a_row=$((in_a_row + 1))
            if [ "$in_a_row" -eq 3 ]; then
                echo "smoke test: status answers"
                return 0
            fi
        else
            in_a_row=0
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

# The platform keeps what a reference to the vault led to, and looks again once a day, or when it is told to.
if [ -n "${USHER_WEBHOOK_URL:-}" ] && [ -z "$rollback" ]; then
    id="$(az functionapp show --resource-group "$group" --name "$app" --query id --output tsv)"
    az rest --method post --url "$id/config/configreferences/appsettings/refresh?api-version=2022-03-01" --output none ||
        echo "the platform was not made to look the webhook's URL up anew; it does so within a day" >&2
    az functionapp restart --resource-group "$group" --name "$app" --output none
fi

if [ -n "$rollback" ]; then
    # The newest release is the one that runs; the one before it is the way back.
    names="$(names_of_releases)"
    newest="$(tail -n 1 <<< "$names")"
    previous="$(tail -n 2 <<< "$names" | head -n 1)"
    [ "$previous" != "$newest" ] || { echo "there is no earlier release" >&2; exit 1; }
    if ! publish_release "$previous"; then
        # It may be live all the same, such as one that refuses the state that the newer one wrote.
        if publish_release "$newest"; then
            echo "$previous does not answer; put back $newest" >&2
        else
            echo "$previous does not answer, and $newest, which was published in its place, neither" >&2
        fi
        exit 1
    fi
    # What was left behind must be nobody's way back.
    release delete --name "$newest" --output none ||
        { echo "back at $previous, but $newest could not be deleted: delete it, or it counts as what runs" >&2; exit 1; }
    echo "back at $previous; $newest is no release any more"
    exit 0
fi
if [ -z "$package" ]; then
    echo "infrastructure is there, in $mode mode; no --package, so what the app runs was left as it is"
    exit 0
fi

hash="$(sha256sum "$package" | head -c 16)"
if ! { publish "$package" && smoke; }; then
    # The newest release is the last package that answered; this one never became a release.
    good="$(names_of_releases | tail -n 1)"
    if [ -z "$good" ]; then
        echo "there is no release to put back: the app is left with this package" >&2
    elif publish_release "$good"; then
        echo "put back $good" >&2
    else
        echo "$good was published in its place, and does not answer either" >&2
    fi
    exit 1
fi
# The same package again is no way back from itself.
newest="$(names_of_releases | tail -n 1)"
case "$newest" in
    *"-$hash.zip") ;;
    *) release upload --file "$package" --name "$(date -u +%Y%m%dT%H%M%SZ)-$hash.zip" --output none ;;
esac

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
