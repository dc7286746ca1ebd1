resource s 'Microsoft.Storage/storageAccounts@2025-01-01' = { // wants: CKV_AZURE_3 ; wants: CKV_AZURE_44 
  name: 'stusher'
  location: 'x'
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: { minimumTlsVersion: 'TLS1_0', supportsHttpsTrafficOnly: false }
}
