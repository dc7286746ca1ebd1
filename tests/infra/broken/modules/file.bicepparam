using 'a.bicep' // wants: a.bicep has no parameter other; wants: a.bicep needs the parameter right

param other = 1
