// The workbook: usher's runs from its log, and its metrics where a collector forwards them to Application Insights.

param location string
param tags object
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'usher-workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'usher'
    category: 'workbook'
    sourceId: workspaceId
    version: 'Notebook/1.0'
    serializedData: loadTextContent('../workbook.json')
  }
}
