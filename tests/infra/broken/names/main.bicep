param unused string = ''
output a string = nowhere.id
