var url = 'https://a.blob.core.windows.net/'
output o string = url
