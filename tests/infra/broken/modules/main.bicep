module a 'a.bicep' = {
  name: 'a'
  params: { wrong: 1 }
}
