module misspelt 'a.bicep' = { // wants: a.bicep has no parameter wrong; wants: a.bicep needs the parameter right
  name: 'misspelt'
  params: { wrong: 1 }
}

module missing 'b.bicep' = { // wants: there is no
  name: 'missing'
}

module good 'a.bicep' = if (misspelt.outputs.o == 1) {
  name: 'good'
  params: { right: misspelt.outputs.p } // wants: misspelt has no output p
}

module several 'a.bicep' = [for i in range(0, 2): {
  name: 'several-${i}'
  params: { right: good!.outputs.q } // wants: good has no output q
}]

output o int = several[0].outputs.o + several[0].outputs.r // wants: several has no output r
output p int = missing.outputs.s
