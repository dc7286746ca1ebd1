resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: 'a'
  location: 'x'
  properties: { httpOnly: true }
}
