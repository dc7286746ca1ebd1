// wants: there is no resource scm Microsoft.Web/sites/basicPublishingCredentialsPolicies
resource app 'Microsoft.Web/sites@2024-11-01' = {
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    httpsOnly: !flex // wants: properties.httpsOnly is !flex, not true
    keyVaultReferenceIdentity: 'SystemAssigned' // wants: properties.keyVaultReferenceIdentity is 'SystemAssigned', not identityId
  }
}

resource auth 'Microsoft.Web/sites/config@2024-11-01' = if (!empty(authClientId)) { // wants: if is (!empty(authClientId)), not nothing
  parent: app
  properties: {
    platform: { enabled: true } // wants: properties.platform.enabled is true, not !empty(authClientId)
    globalValidation: { requireAuthentication: true } // wants: properties.globalValidation.requireAuthentication is true, not false
  }
}

resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: true } // wants: properties.allow is true, not false
}
