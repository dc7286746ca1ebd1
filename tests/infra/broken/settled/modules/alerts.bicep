resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = { // wants: for is nothing, not rule in rules
  properties: { enabled: false, actions: { actionGroups: [] } } // wants: properties.enabled is false; wants: properties.actions.actionGroups is [], not [people.id]
}
