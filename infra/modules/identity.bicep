// Who a function app is. It is there before the app, so that its roles are too.
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('The function app\'s short name.')
param app string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: '${place.names.identity}${app}-${place.token}'
  location: place.location
  tags: place.tags
}

output id string = identity.id
output clientId string = identity.properties.clientId
output principalId string = identity.properties.principalId
