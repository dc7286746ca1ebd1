param a string = { // wants: not Bicep
