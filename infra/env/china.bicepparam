// China, operated by 21Vianet. Flex Consumption is not known to be offered.
// Application Insights is documented to take Entra tokens in the commercial cloud alone.

using '../main.bicep'

param hosting = 'dedicated'
param entraOnlyIngestion = false
param mode = readEnvironmentVariable('USHER_DEPLOY_MODE', 'plan')
param webhookUrl = readEnvironmentVariable('USHER_WEBHOOK_URL', '')
param useWebhook = bool(readEnvironmentVariable('USHER_USE_WEBHOOK', 'false'))
param authClientId = readEnvironmentVariable('USHER_AUTH_CLIENT_ID', '')
param deployerPrincipalId = readEnvironmentVariable('USHER_DEPLOYER_ID', '')
param privateNetworking = bool(readEnvironmentVariable('USHER_PRIVATE_NETWORKING', 'false'))
param alertMail = empty(readEnvironmentVariable('USHER_ALERT_MAIL', '')) ? [] : split(readEnvironmentVariable('USHER_ALERT_MAIL', ''), ',')
param storageSku = 'Standard_GRS'
