"""What infra/ holds whatever else changes: what the documentation promises of it, as a table, and the check that reads it."""

import re

from rules import ROLES, at, files, tree
from syntax import properties, text, walk

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
NOTHING = "nothing"
LOCK = "resource lock Microsoft.Authorization/locks"
PASSWORDS = "Microsoft.Web/sites/basicPublishingCredentialsPolicies"
PRIVATE = {
    "properties.publicNetworkAccess": "private ? 'Disabled' : 'Enabled'",
    "properties.networkAcls.defaultAction": "private ? 'Deny' : 'Allow'",
}
MODE = {"param mode": {"value": "readEnvironmentVariable('USHER_DEPLOY_MODE', 'plan')"}}
ELSEWHERE = MODE | {"param hosting": {"value": "'dedicated'"}}


def named(role):
    return {"value": f"'{ROLES[role]}'"}


def assigned(scope, principal, role):
    role = f"subscriptionResourceId('Microsoft.Authorization/roleDefinitions', {role})"
    return {"scope": scope, "properties.principalId": principal, "properties.roleDefinitionId": role}


def lock(scope):
    return {"if": "(deleteLock)", "scope": scope, "properties.level": "'CanNotDelete'"}


# File, declaration, path of a property below it, and the expression that stands there. `value` is what a parameter or variable is
# given; `if` and `for` are what a declaration stands in, which is nothing where its row has neither.
SETTLED = {
    "main.bicep": {
        "param mode": {"value": "'plan'"},
        "param deleteLock": {"value": "true"},
        "module storage modules/storage.bicep": {"params.deleteLock": "deleteLock", "params.private": "privateNetworking"},
        "module vault modules/vault.bicep": {"params.deleteLock": "deleteLock", "params.private": "privateNetworking"},
        "module access modules/access.bicep": {
            "params.identityId": "identity.outputs.id",
            "params.principalId": "identity.outputs.principalId",
            "params.storageName": "storage.outputs.name",
            "params.vaultName": "vault.outputs.name",
            "params.insightsName": "monitoring.outputs.insightsName",
            "params.deployerPrincipalId": "deployerPrincipalId",
        },
        "module network modules/network.bicep": {"if": "(privateNetworking)"},
        "module app modules/app.bicep": {"params.identityId": "identity.outputs.id"},
    },
    "env/global.bicepparam": MODE | {"param hosting": {"value": "'flex'"}},
    "env/us-gov.bicepparam": ELSEWHERE,
    "env/us-gov-dod.bicepparam": ELSEWHERE,
    "env/china.bicepparam": ELSEWHERE,
    "modules/storage.bicep": {
        "resource account Microsoft.Storage/storageAccounts": PRIVATE | {
            "properties.allowSharedKeyAccess": "false",
            "properties.allowBlobPublicAccess": "false",
            "properties.minimumTlsVersion": "'TLS1_2'",
        },
        "resource blobs Microsoft.Storage/storageAccounts/blobServices": {
            "properties.deleteRetentionPolicy.enabled": "true",
            "properties.containerDeleteRetentionPolicy.enabled": "true",
        },
        "var queueNames": {"value": "['usher-work', 'usher-work-poison']"},
        "var containerNames": {"value": "['usher-state', 'deployments', 'releases']"},
        LOCK: lock("account"),
    },
    "modules/vault.bicep": {
        "resource vault Microsoft.KeyVault/vaults": PRIVATE | {
            "properties.enableRbacAuthorization": "true",
            "properties.enableSoftDelete": "true",
            "properties.enablePurgeProtection": "true",
        },
        LOCK: lock("vault"),
    },
    "modules/monitoring.bicep": {
        "resource workspace Microsoft.OperationalInsights/workspaces": {"properties.features.disableLocalAuth": "true"},
    },
    "modules/app.bicep": {
        "resource app Microsoft.Web/sites": {
            "identity.type": "'UserAssigned'",
            "properties.httpsOnly": "true",
            "properties.keyVaultReferenceIdentity": "identityId",
        },
        "resource auth Microsoft.Web/sites/config": {
            "properties.platform.enabled": "!empty(authClientId)",
            "properties.globalValidation.requireAuthentication": "false",
        },
        f"resource ftp {PASSWORDS}": {"parent": "app", "name": "'ftp'", "properties.allow": "false"},
        f"resource scm {PASSWORDS}": {"parent": "app", "name": "'scm'", "properties.allow": "false"},
    },
    "modules/access.bicep": {
        "var storageRoles": {name: f"'{ROLES[name]}'" for name in ROLES if name in (
            "Storage Blob Data Owner", "Storage Queue Data Contributor", "Storage Table Data Contributor"
        )},
        "var blobDataContributor": named("Storage Blob Data Contributor"),
        "var metricsPublisher": named("Monitoring Metrics Publisher"),
        "var secretsUser": named("Key Vault Secrets User"),
        "resource storage Microsoft.Storage/storageAccounts existing": {"name": "storageName"},
        "resource releases containers existing": {"name": "'releases'"},
        "resource vault Microsoft.KeyVault/vaults existing": {"name": "vaultName"},
        "resource insights Microsoft.Insights/components existing": {"name": "insightsName"},
        f"resource onStorage {ASSIGNMENTS}": {"for": "role in items(storageRoles)"} | assigned("storage", "principalId", "role.value"),
        f"resource onVault {ASSIGNMENTS}": assigned("vault", "principalId", "secretsUser"),
        f"resource onInsights {ASSIGNMENTS}": assigned("insights", "principalId", "metricsPublisher"),
        f"resource onReleases {ASSIGNMENTS}": {"if": "(!empty(deployerPrincipalId))"}
        | assigned("storage::blobs::releases", "deployerPrincipalId", "blobDataContributor"),
    },
    "modules/alerts.bicep": {
        "resource alerts Microsoft.Insights/scheduledQueryRules": {
            "for": "rule in rules",
            "properties.enabled": "true",
            "properties.actions.actionGroups": "[people.id]",
        },
    },
    "availability.bicep": {
        "resource test Microsoft.Insights/webtests": {
            "properties.Enabled": "true",
            "properties.Frequency": "300",
            "properties.Request.RequestUrl": "'https://${appHost}/api/run'",
            "properties.Request.HttpVerb": "'POST'",
            "properties.Request.RequestBody": """base64('{"job": "overdue"}')""",
        },
    },
}


def settled(folder):
    """The table holds; main.bicep uses every module, each by the name of its file; nobody has a role that is not in the table."""
    used = {f"module {path.stem} modules/{path.name}": {} for path in files(folder / "modules")}
    paths = {path.relative_to(folder).as_posix(): path for path in files(folder)}
    # A file that is missing has no line.
    for name in SETTLED.keys() - paths.keys():
        yield f"{folder}/main.bicep:1: there is no {name}"
    for name, path in paths.items():
        # A new cloud is like all but the global one.
        rows = SETTLED.get(name, ELSEWHERE if path.suffix == ".bicepparam" else {})
        rows = used | rows if name == "main.bicep" else rows
        there = {heading(node): node for node in walk(tree(path)[0]) if heading(node)}
        for what in rows.keys() - there.keys():
            yield f"{path}:1: there is no {what}"
        for what, node in there.items():
            if what in rows:
                yield from held(path, node, rows[what])
            elif ASSIGNMENTS.lower() in what.lower():
                yield f"{at(path, node)}: the table has no {what}"


def heading(node):
    """What a declaration is called in the table: `param a`, `var a`, `module a file`, `resource a type`, or the last `existing`."""
    if node.type.endswith("_declaration"):
        words = re.match(r"(\w+ \w+)(?: '([^'@]+)[^']*')?( existing)?", text(node))
        return " ".join(word.strip() for word in words.groups() if word)


def held(path, node, wanted):
    """A declaration is what its row says, and stands in no other condition or loop."""
    given = {key: (value, part) for key, value, part in flat(node.named_children[-1])}
    for key, value in ({"if": NOTHING, "for": NOTHING} | wanted).items():
        found, part = given.get(key, (NOTHING, node))
        if found != value:
            yield f"{at(path, part)}: {key} is {found}, not {value}"


def flat(node, path=""):
    """Path, expression and node of each property below an object, and of each condition and loop around it."""
    kind, _, statement = node.type.partition("_")
    if statement == "statement":
        *head, inner = node.named_children
        yield f"{path}.{kind}".lstrip("."), " in ".join(map(text, head)), node
        yield from flat(inner, path)
    elif kind == "object":
        for name, value, _ in properties(node):
            yield from flat(value, f"{path}.{name}".lstrip("."))
    else:
        yield path or "value", " ".join(text(node).split()), node
