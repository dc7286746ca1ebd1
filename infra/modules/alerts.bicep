// What somebody is told about by mail. The rules read usher's log lines, which arrive on every plan and in every cloud.

param name string
param location string
param tags object
param workspaceId string
param mailTo array
@allowed([1, 2, 3, 4, 5, 6, 12])
param noGoodRunHours int

var failedRuns = 'AppTraces | where Message has "partner failed" or Message has "the directory could not be read"'
var rules = [
  { key: 'run-failed', title: 'A run failed', severity: 2, window: 'PT1H', every: 'PT15M', operator: 'GreaterThan', threshold: 0, query: failedRuns }
  {
    key: 'no-good-run'
    title: 'No good run for ${noGoodRunHours} hours'
    severity: 1
    window: 'PT${noGoodRunHours}H'
    every: 'PT1H'
    operator: 'LessThan'
    threshold: 1
    query: '''
      let failed = AppTraces | where Message has "partner failed" | project Run = extract(@"run\.id=(\S+)", 1, Message);
      AppTraces | where Message has "run ended" and not(Message matches regex "held=(MinimumPeople|VerifiedDomain|StateMissing|Circuit)")
      | extend Run = extract(@"run\.id=(\S+)", 1, Message) | where Run !in (failed)
    '''
  }
  {
    key: 'plan-held'
    title: 'A plan waits for approval'
    severity: 3
    window: 'PT6H'
    every: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
    query: 'AppTraces | where Message has "run ended" and Message has "held=" and not(Message has "held=Circuit")'
  }
  { key: 'poison', title: 'Work was given up', severity: 1, window: 'PT15M', every: 'PT15M', operator: 'GreaterThan', threshold: 0, query: 'AppTraces | where Message has "work was given up after too many tries"' }
  { key: 'permission-lost', title: 'A permission is missing', severity: 1, window: 'PT1H', every: 'PT15M', operator: 'GreaterThan', threshold: 0, query: 'AppTraces | where Message has "permission-missing"' }
  // Refusals in one hour: more than now and then, which is how Graph's limits work.
  { key: 'throttled', title: 'Graph throttles for long', severity: 3, window: 'PT1H', every: 'PT15M', operator: 'GreaterThan', threshold: 200, query: 'AppTraces | where Message has "graph.status=429"' }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'usher'
    enabled: true
    emailReceivers: [for (address, i) in mailTo: { name: 'mail-${i}', emailAddress: address, useCommonAlertSchema: true }]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: 'alert-${name}-${rule.key}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'usher: ${rule.title}'
    severity: rule.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: rule.every
    windowSize: rule.window
    criteria: {
      allOf: [
        {
          query: rule.query
          timeAggregation: 'Count'
          operator: rule.operator
          threshold: rule.threshold
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [people.id] }
    autoMitigate: true
    // The table does not exist before the first line arrives.
    skipQueryValidation: true
  }
}]
