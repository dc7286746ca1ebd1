// Where logs and telemetry go: a Log Analytics workspace and Application Insights, which takes nothing without an Entra token
// where that is offered.

param name string
param location string
param tags object
@minValue(30)
@maxValue(730)
param retentionDays int
@description('Whether Application Insights takes only Entra tokens.')
param entraOnlyIngestion bool

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${name}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { disableLocalAuth: true, enableLogAccessUsingOnlyResourcePermissions: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${name}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: entraOnlyIngestion
  }
}

output workspaceId string = workspace.id
output insightsName string = insights.name
