module misspelt 'a.bicep' = { // wants: a.bicep has no parameter wrong; wants: a.bicep needs the parameter right
  name: 'misspelt'
  params: { wrong: 1 }
}

module missing 'b.bicep' = { // wants: there is no
  name: 'missing'
}
