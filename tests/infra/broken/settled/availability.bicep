resource test 'Microsoft.Insights/webtests@2022-06-15' = { // wants: properties.Enabled is nothing, not true
  properties: {
    Frequency: 900 // wants: properties.Frequency is 900, not 300
    Request: {
      RequestUrl: 'https://${appHost}/api/plans' // wants: not 'https://${appHost}/api/run'
      HttpVerb: 'GET' // wants: properties.Request.HttpVerb is 'GET', not 'POST'
      RequestBody: base64('{"job": "reconcile"}') // wants: not base64('{"job": "overdue"}')
    }
  }
}
