// wants: there is no param mode
param hosting = 'dedicated'
