// Private networking: a virtual network for the app, and private endpoints for storage and vault. Requests to the app itself,
// and the app's to Graph and Teams, still go over the internet.

param name string
param location string
param tags object
param flex bool
param addressPrefix string
param storageId string
param vaultId string

var storageSuffix = environment().suffixes.storage
// Zones of private endpoints are named `vaultcore` where the vault's own address says `vault`.
var vaultSuffix = replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')
var endpoints = [
  { group: 'blob', target: storageId, zone: 'privatelink.blob.${storageSuffix}' }
  { group: 'queue', target: storageId, zone: 'privatelink.queue.${storageSuffix}' }
  { group: 'table', target: storageId, zone: 'privatelink.table.${storageSuffix}' }
  { group: 'vault', target: vaultId, zone: 'privatelink${vaultSuffix}' }
]

resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: 'vnet-${name}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          delegations: [
            {
              name: 'app'
              properties: { serviceName: flex ? 'Microsoft.App/environments' : 'Microsoft.Web/serverFarms' }
            }
          ]
        }
      }
      {
        name: 'private-endpoints'
        properties: { addressPrefix: cidrSubnet(addressPrefix, 26, 1) }
      }
    ]
  }

  resource app 'subnets' existing = {
    name: 'app'
  }

  resource inner 'subnets' existing = {
    name: 'private-endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2020-06-01' = [for endpoint in endpoints: {
  name: endpoint.zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [for (endpoint, i) in endpoints: {
  parent: zones[i]
  name: endpoint.group
  location: 'global'
  properties: { registrationEnabled: false, virtualNetwork: { id: network.id } }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-07-01' = [for endpoint in endpoints: {
  name: 'pe-${name}-${endpoint.group}'
  location: location
  tags: tags
  properties: {
    subnet: { id: network::inner.id }
    privateLinkServiceConnections: [
      {
        name: endpoint.group
        properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.group] }
      }
    ]
  }
}]

resource groups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [for (endpoint, i) in endpoints: {
  parent: privateEndpoints[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: endpoint.group, properties: { privateDnsZoneId: zones[i].id } }]
  }
}]

output appSubnetId string = network::app.id
