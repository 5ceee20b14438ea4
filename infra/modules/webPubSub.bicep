// WebSockets for chat clients. It answers the internet, for that is where the clients are.
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('Units, each with 1,000 connections; 0: the free tier.')
@minValue(0)
@maxValue(100)
param units int

resource webPubSub 'Microsoft.SignalRService/webPubSub@2024-03-01' = {
  name: '${place.names.webPubSub}${place.token}'
  location: place.location
  tags: place.tags
  sku: units == 0 ? { name: 'Free_F1', tier: 'Free', capacity: 1 } : { name: 'Standard_S1', tier: 'Standard', capacity: units }
  properties: {
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
  }
}

output name string = webPubSub.name
output endpoint string = 'https://${webPubSub.properties.hostName}'
