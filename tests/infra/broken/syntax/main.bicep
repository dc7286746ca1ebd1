param a string = { 
