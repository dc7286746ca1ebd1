output o object = { // wants: not Bicep
  a: 'b'
