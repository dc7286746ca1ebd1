param unused string = '' // wants: parameter unused is not used
var alone = 1 // wants: variable alone is not used
output a string = nowhere.id // wants: nowhere is not declared
