// A cloud that the table does not name.
param hosting = 'flex' // wants: value is 'flex', not 'dedicated'
param mode = readEnvironmentVariable('USHER_DEPLOY_MODE', 'plan')
