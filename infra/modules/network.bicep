// A virtual network: one subnet for the apps' calls, one for private endpoints.
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('Address space; the subnets are its first two /24.')
@minLength(9)
param prefix string

// The subnets are part of the network: as resources of their own, deploying again could take them away.
resource network 'Microsoft.Network/virtualNetworks@2024-07-01' = {
  name: '${place.names.network}${place.token}'
  location: place.location
  tags: place.tags
  properties: {
    addressSpace: { addressPrefixes: [prefix] }
    subnets: [
      {
        name: 'apps'
        properties: {
          addressPrefix: cidrSubnet(prefix, 24, 0)
          delegations: [
            {
              name: 'flex'
              properties: { serviceName: 'Microsoft.App/environments' }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(prefix, 24, 1)
          defaultOutboundAccess: false
        }
      }
    ]
  }
}

resource appsSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-07-01' existing = {
  parent: network
  name: 'apps'
}

resource endpointsSubnet 'Microsoft.Network/virtualNetworks/subnets@2024-07-01' existing = {
  parent: network
  name: 'endpoints'
}

output networkId string = network.id
output appsSubnetId string = appsSubnet.id
output endpointsSubnetId string = endpointsSubnet.id
