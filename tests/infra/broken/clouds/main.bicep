var blobs = 'https://a.blob.core.windows.net/' // wants: an address of one cloud
var graph = 'https://graph.microsoft.us/' // wants: an address of one cloud
output o array = [blobs, graph]
