// The application permissions of Microsoft Graph for usher's identity, by name. Apart from main.bicep, because granting them takes
// a Privileged Role Administrator. `usher grant apply` does the same, from the configuration, in every cloud.

extension microsoftGraphV1

targetScope = 'resourceGroup'

@description('Name of the user-assigned identity.')
param identityName string
@description('Only reads and invites: whatever changes or takes away is refused by Graph.')
param invitingOnly bool = false
@description('The configuration names `invite.groups`.')
param joinsGroups bool = false
@description('The configuration uses `inactive`.')
param readsSignIns bool = false
@description('The configuration has `[partner.sync]` with `watch`.')
param watchesSync bool = false

var always = [
  'GroupMember.Read.All'
  'Organization.Read.All'
  'Policy.Read.All'
  'RoleManagement.Read.Directory'
  'User.Invite.All'
  'User.Read.All'
]
var lifecycle = invitingOnly ? [] : ['User.ReadWrite.All']
var groups = !invitingOnly && joinsGroups ? ['GroupMember.ReadWrite.All'] : []
var signIns = !invitingOnly && readsSignIns ? ['AuditLog.Read.All'] : []
var sync = watchesSync ? ['Application.Read.All', 'ProvisioningLog.Read.All', 'Synchronization.Read.All'] : []

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = {
  appId: '00000003-0000-0000-c000-000000000000'
}

// A name that this cloud does not offer fails here, rather than being left out in silence.
resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [for name in concat(always, lifecycle, groups, signIns, sync): {
  principalId: identity.properties.principalId
  resourceId: graph.id
  appRoleId: first(filter(graph.appRoles, role => role.value == name))!.id
}]
