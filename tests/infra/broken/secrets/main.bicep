param webhookUrl string
output o string = webhookUrl
