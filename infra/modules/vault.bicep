// The Key Vault: the webhook URL, which is a secret. The URL is written only when one is given; else what is there stays.

@minLength(3)
@maxLength(24)
param name string
param location string
param tags object
param private bool
param deleteLock bool
param workspaceId string
@secure()
param webhookUrl string

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: private ? 'Deny' : 'Allow' }
  }
}

resource webhook 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = if (!empty(webhookUrl)) {
  parent: vault
  name: 'teams-webhook-url'
  properties: {
    value: webhookUrl
    contentType: 'URL'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'to-workspace'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'AuditEvent', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  scope: vault
  name: 'keep'
  properties: { level: 'CanNotDelete', notes: 'Holds the webhook URL.' }
}

output id string = vault.id
output name string = vault.name
// Without a version, so that a new value is picked up.
output webhookReference string = '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/teams-webhook-url)'
