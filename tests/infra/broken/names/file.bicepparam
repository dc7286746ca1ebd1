using 'main.bicep'

var unused = 1 // wants: variable unused is not used
var used = 'a'
param place = used
param size = larg // wants: larg is not declared
