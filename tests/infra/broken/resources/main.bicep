resource misspelt 'Microsoft.Web/sites@2024-11-01' = {
  name: 'a'
  location: 'x'
  properties: { httpOnly: true } // wants: no property httpOnly
}

resource inAChoice 'Microsoft.Web/sites@2024-11-01' = {
  name: 'a'
  location: 'x'
  properties: {
    functionAppConfig: true ? {
      runtimes: { name: 'custom' } // wants: no property runtimes
    } : null
  }
}

resource readOnly 'Microsoft.Web/sites@2024-11-01' = {
  name: 'a'
  location: 'x'
  properties: { defaultHostName: 'a' } // wants: defaultHostName is read-only
}

resource noSuchVersion 'Microsoft.Web/sites@2019-01-01' = { // wants: no checked version 2019-01-01
  name: 'a'
  location: 'x'
  properties: {}
}

resource noSuchType 'Microsoft.Web/websites@2024-11-01' = { // wants: Microsoft.Web/websites
  name: 'a'
}

resource withoutPlace 'Microsoft.KeyVault/vaults@2024-11-01' = { // wants: location is missing
  name: 'a'
  properties: {
    tenantId: 'b'
    sku: { family: 'A', name: 'cheap' } // wants: name is none of
  }
}

resource byHand 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'a'
  properties: { level: 'Locked', note: '' } // wants: level is none of; wants: no property note
}

resource incomplete 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'a'
  location: 'global'
  properties: { enabled: true } // wants: groupShortName is missing
}
