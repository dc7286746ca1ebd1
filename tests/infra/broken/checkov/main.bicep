resource s 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: 'a'
  location: 'x'
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: { minimumTlsVersion: 'TLS1_0', supportsHttpsTrafficOnly: false }
}
