param webhookUrl string // wants: webhookUrl is not @secure()
@secure()
param token string

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: 'a'
}

output a string = token // wants: an output holds a secret
output b string = insights.properties.ConnectionString // wants: an output holds a secret
output c string = webhookUrl
output d object = listKeys('a', '2025-01-01') // wants: keys are not read here; wants: an output holds a secret
