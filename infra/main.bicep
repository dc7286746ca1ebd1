// Everything that usher runs on, in one resource group. Rights in Entra are apart, in graph-permissions.bicep; the availability
// test too, in availability.bicep, because it needs a function key, which exists only once the package is there.

targetScope = 'resourceGroup'

@description('Short name of this installation; part of every resource\'s name.')
@minLength(2)
@maxLength(12)
param name string = 'usher'
param location string = resourceGroup().location
param tags object = {}

@description('flex: Flex Consumption. dedicated: a Linux App Service plan, where Flex Consumption is not offered.')
@allowed(['flex', 'dedicated'])
param hosting string
@description('Size of the App Service plan, for dedicated.')
param dedicatedSku string = 'P0v3'
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 512

@description('plan: writes nothing to the directory. apply: does what the configuration says.')
@allowed(['plan', 'apply'])
param mode string = 'plan'
@description('When timers run, as NCRONTAB in UTC.')
param inviteSchedule string = '0 */5 * * * *'
param reconcileSchedule string = '0 17 * * * *'
param summarySchedule string = '0 0 6 * * *'

@description('URL of the Teams workflow; empty: what the vault holds stays.')
@secure()
param webhookUrl string = ''
@description('Whether the vault holds a webhook URL that usher shall use.')
param useWebhook bool = false
@description('Application id of the app registration that people sign in to who approve; empty: only `usher approve` approves.')
param authClientId string = ''
@description('Object id of the pipeline\'s identity, which keeps packages for the way back; empty: none.')
param deployerPrincipalId string = ''
@description('OTLP endpoint of a collector; empty: none.')
param collectorEndpoint string = ''

@description('Storage and vault only over private endpoints.')
param privateNetworking bool = false
@description('Addresses of the virtual network; at least a /25.')
param addressPrefix string = '10.80.0.0/24'
param storageSku string = 'Standard_ZRS'
param retentionDays int = 90
@description('Application Insights takes only Entra tokens; false where that is not offered, else nothing of the host arrives there.')
param entraOnlyIngestion bool
param alertMail array = []
// The windows that log alerts have.
@allowed([1, 2, 3, 4, 5, 6, 24])
param noGoodRunHours int = 6
@description('Storage and vault cannot be deleted by mistake.')
param deleteLock bool = true

var flex = hosting == 'flex'
var unique = uniqueString(resourceGroup().id, name)
var plainName = toLower(replace(name, '-', ''))

module identity 'modules/identity.bicep' = {
  name: 'identity'
  params: { name: 'id-${name}', location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    name: name
    location: location
    tags: tags
    retentionDays: retentionDays
    entraOnlyIngestion: entraOnlyIngestion
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: take('st${plainName}${unique}', 24)
    location: location
    tags: tags
    sku: storageSku
    private: privateNetworking
    deleteLock: deleteLock
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  params: {
    name: take('kv${plainName}${unique}', 24)
    location: location
    tags: tags
    private: privateNetworking
    deleteLock: deleteLock
    workspaceId: monitoring.outputs.workspaceId
    webhookUrl: webhookUrl
  }
}

module access 'modules/access.bicep' = {
  name: 'access'
  params: {
    identityId: identity.outputs.id
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    deployerPrincipalId: deployerPrincipalId
  }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  params: {
    name: name
    location: location
    tags: tags
    flex: flex
    addressPrefix: addressPrefix
    storageId: storage.outputs.id
    vaultId: vault.outputs.id
  }
}

module app 'modules/app.bicep' = {
  name: 'app'
  params: {
    name: 'func-${name}-${unique}'
    planName: 'plan-${name}'
    location: location
    tags: tags
    flex: flex
    dedicatedSku: dedicatedSku
    maximumInstances: maximumInstances
    instanceMemoryMB: instanceMemoryMB
    identityId: identity.outputs.id
    clientId: identity.outputs.clientId
    storageName: storage.outputs.name
    insightsName: monitoring.outputs.insightsName
    entraOnlyIngestion: entraOnlyIngestion
    workspaceId: monitoring.outputs.workspaceId
    subnetId: privateNetworking ? network!.outputs.appSubnetId : ''
    authClientId: authClientId
    settings: union({
      USHER_MODE: mode
      USHER_STATE: storage.outputs.stateUrl
      INVITE_SCHEDULE: inviteSchedule
      RECONCILE_SCHEDULE: reconcileSchedule
      SUMMARY_SCHEDULE: summarySchedule
    }, useWebhook ? { TEAMS_WEBHOOK_URL: vault.outputs.webhookReference } : {}, empty(collectorEndpoint) ? {} : {
      OTEL_EXPORTER_OTLP_ENDPOINT: collectorEndpoint
    })
  }
  // The host cannot start before it may read its storage.
  dependsOn: [access]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    name: name
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    mailTo: alertMail
    noGoodRunHours: noGoodRunHours
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  params: { location: location, tags: tags, workspaceId: monitoring.outputs.workspaceId }
}

output appName string = app.outputs.name
output appHost string = app.outputs.host
output insightsName string = monitoring.outputs.insightsName
output identityName string = identity.outputs.name
output identityPrincipalId string = identity.outputs.principalId
output storageName string = storage.outputs.name
