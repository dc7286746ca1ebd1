// wants: no module alerts modules/alerts.bicep; wants: no module vault modules/vault.bicep; wants: no module monitoring modules/monitoring.bicep; wants: no module network modules/network.bicep; wants: no env/us-gov-dod
param mode string = 'apply' // wants: value is 'apply', not 'plan'
param deleteLock bool // wants: value is bool, not true

module storage 'modules/storage.bicep' = { // wants: params.deleteLock is nothing
  params: { private: privateNetworking }
}

module access 'modules/access.bicep' = if (mode == 'apply') { // wants: if is (mode == 'apply'), not nothing
  params: {
    identityId: identity.outputs.id
    principalId: deployerPrincipalId // wants: params.principalId is deployerPrincipalId
    storageName: storage.outputs.name
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    deployerPrincipalId: deployerPrincipalId
  }
}

module app 'modules/app.bicep' = [for i in range(0, 2): { // wants: for is i in range(0, 2), not nothing
  params: { identityId: identity.outputs.id }
}]
