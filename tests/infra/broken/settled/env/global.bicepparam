param hosting = 'dedicated' // wants: value is 'dedicated', not 'flex'
param mode = readEnvironmentVariable('USHER_DEPLOY_MODE', 'apply') // wants: not readEnvironmentVariable('USHER_DEPLOY_MODE', 'plan')
