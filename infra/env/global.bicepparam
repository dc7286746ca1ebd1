// The commercial cloud, GCC included.

using '../main.bicep'

param hosting = 'flex'
param entraOnlyIngestion = true
param mode = readEnvironmentVariable('USHER_DEPLOY_MODE', 'plan')
param webhookUrl = readEnvironmentVariable('USHER_WEBHOOK_URL', '')
param useWebhook = bool(readEnvironmentVariable('USHER_USE_WEBHOOK', 'false'))
param authClientId = readEnvironmentVariable('USHER_AUTH_CLIENT_ID', '')
param deployerPrincipalId = readEnvironmentVariable('USHER_DEPLOYER_ID', '')
param privateNetworking = bool(readEnvironmentVariable('USHER_PRIVATE_NETWORKING', 'false'))
param alertMail = empty(readEnvironmentVariable('USHER_ALERT_MAIL', '')) ? [] : split(readEnvironmentVariable('USHER_ALERT_MAIL', ''), ',')
param storageSku = 'Standard_ZRS'
