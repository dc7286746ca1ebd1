var storageRoles = {
  'Storage Blob Data Owner': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // wants: Storage Blob Data Owner is 'ba92f5b4-
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var secretsUser = '3913510d-42f4-4e42-8a64-420c390055eb' // wants: value is '3913510d-42f4-4e42-8a64-420c390055eb', not '4633458b-

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName

  resource blobs 'blobServices' existing = {
    resource releases 'containers' existing = {
      name: 'usher-state' // wants: name is 'usher-state', not 'releases'
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource onStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in items(otherRoles): { // wants: for is role in items(otherRoles)
  scope: storage
  properties: {
    principalId: principalId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.value)
  }
}]

resource onVault 'Microsoft.Authorization/roleAssignments@2022-04-01' = { // wants: scope is nothing, not vault
  properties: {
    principalId: principalId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

resource onInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault // wants: scope is vault, not insights
  properties: {
    principalId: deployerPrincipalId // wants: properties.principalId is deployerPrincipalId, not principalId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

resource onReleases 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  scope: storage::blobs::releases
  properties: {
    principalId: deployerPrincipalId
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser) // wants: not subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource more 'Microsoft.Authorization/roleAssignments@2022-04-01' = { // wants: the table has no resource more
  scope: storage
  properties: { principalId: deployerPrincipalId, roleDefinitionId: storageRoles['Storage Blob Data Owner'] }
}
