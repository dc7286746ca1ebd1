// wants: there is no var queueNames
var containerNames = ['usher-state', 'deployments'] // wants: value is ['usher-state', 'deployments'], not

resource account 'Microsoft.Storage/storageAccounts@2025-01-01' = { // wants: properties.minimumTlsVersion is nothing, not 'TLS1_2'
  properties: {
    allowSharedKeyAccess: true // wants: properties.allowSharedKeyAccess is true, not false
    allowBlobPublicAccess: false
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: 'Allow' } // wants: properties.networkAcls.defaultAction is 'Allow', not private ? 'Deny' : 'Allow'
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-01-01' = {
  parent: account
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 30 }
    containerDeleteRetentionPolicy: { enabled: false } // wants: properties.containerDeleteRetentionPolicy.enabled is false, not true
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (false) { // wants: if is (false), not (deleteLock)
  scope: blobs // wants: scope is blobs, not account
  properties: { level: 'ReadOnly' } // wants: properties.level is 'ReadOnly', not 'CanNotDelete'
}
