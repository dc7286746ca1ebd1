// What somebody is told about by mail: usher's log lines, which arrive on every plan and in every cloud, and the availability
// test.

param name string
param location string
param tags object
param workspaceId string
param mailTo array
@allowed([1, 2, 3, 4, 5, 6, 24])
param noGoodRunHours int

// A line comes by Application Insights, by the diagnostic setting, or by both, so it may count twice.
var log = 'union isfuzzy=true (AppTraces | project TimeGenerated, Message), (FunctionAppLogs | project TimeGenerated, Message)'

// Each query is one test of single lines, so that a test can hold it against the lines that usher writes.
var rules = [
  {
    key: 'run-failed'
    title: 'A run failed'
    severity: 2
    window: 'PT1H'
    every: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    from: log
    test: 'Message contains "partner failed" or Message contains "the directory could not be read"'
  }
  {
    key: 'no-good-run'
    title: 'No good run for ${noGoodRunHours} hours'
    severity: 1
    window: noGoodRunHours == 24 ? 'P1D' : 'PT${noGoodRunHours}H'
    every: 'PT1H'
    operator: 'LessThan'
    threshold: 1
    from: log
    test: 'Message contains "run ended" and Message contains "good=true"'
  }
  {
    key: 'plan-held'
    title: 'A guard holds what a person has to look at'
    severity: 3
    window: 'PT6H'
    every: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
    from: log
    test: 'Message contains "run ended" and Message contains "held=" and not(Message contains "held=circuit")'
  }
  {
    key: 'poison'
    title: 'Work was given up'
    severity: 1
    window: 'PT15M'
    every: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    from: log
    test: 'Message contains "work was given up after too many tries"'
  }
  {
    key: 'permission-lost'
    title: 'A permission is missing'
    severity: 1
    window: 'PT1H'
    every: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    from: log
    test: 'Message contains "permission-missing"'
  }
  {
    key: 'throttled'
    title: 'Graph throttles for long'
    severity: 3
    window: 'PT1H'
    every: 'PT15M'
    operator: 'GreaterThan'
    // Answers in one hour: more than now and then, which is how Graph's limits work. usher waits after each as Graph asks, so
    // that even in a lasting storm there are few; and each may count twice.
    threshold: 20
    from: log
    test: 'Message contains "graph.status=429"'
  }
  {
    key: 'unavailable'
    title: 'The availability test fails'
    severity: 2
    window: 'PT1H'
    every: 'PT15M'
    operator: 'GreaterThan'
    threshold: 2
    from: 'AppAvailabilityResults'
    test: 'Success == false'
  }
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
          query: '${rule.from} | where ${rule.test}'
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
