// Either may be what is deployed.
resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = { // wants: properties.features.disableLocalAuth is nothing
  properties: { features: open ? {} : { disableLocalAuth: true } }
}
