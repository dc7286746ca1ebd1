// The availability test: calls `run` with `overdue` every five minutes, which also starts what a frozen timer missed. Deployed
// after the package, with a key that opens `run` alone; whoever may read the test can read that key.

param name string = 'usher'
param location string = resourceGroup().location
param tags object = {}
param insightsName string
param appHost string
@secure()
param runKey string
@description('Ids of the places that call; they differ by cloud.')
param places array

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'overdue-${name}'
  location: location
  tags: union(tags, { 'hidden-link:${insights.id}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'overdue-${name}'
    Name: 'usher: overdue'
    Kind: 'standard'
    Enabled: true
    Frequency: 300
    Timeout: 60
    RetryEnabled: true
    Locations: [for place in places: { Id: place }]
    Request: {
      RequestUrl: 'https://${appHost}/api/run'
      HttpVerb: 'POST'
      Headers: [
        { key: 'x-functions-key', value: runKey }
        { key: 'Content-Type', value: 'application/json' }
      ]
      RequestBody: base64('{"job": "overdue"}')
    }
    // Both 200 and 202 are good; 0 stands for any status below 400.
    ValidationRules: { ExpectedHttpStatusCode: 0, SSLCheck: true, SSLCertRemainingLifetimeCheck: 7 }
  }
}
