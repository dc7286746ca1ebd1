// wants: there is no resource vault Microsoft.KeyVault/vaults; wants: there is no resource lock
resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: name
}
