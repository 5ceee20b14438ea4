// Private endpoints of what the apps call, each with its DNS zone.
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('The virtual network.')
param networkId string

@description('Its subnet for endpoints.')
param subnetId string

@description('Storage account of leases and packages.')
param hostStorageId string

@description('Storage account of tables and media.')
param dataStorageId string

@description('Key Vault.')
param vaultId string

@description('Service Bus namespace; empty: it has none, for its tier is Standard.')
param namespaceId string

var suffix = environment().suffixes.storage
var storageEndpoints = [
  { name: 'host-blob', service: hostStorageId, part: 'blob', zone: 'privatelink.blob.${suffix}' }
  { name: 'host-queue', service: hostStorageId, part: 'queue', zone: 'privatelink.queue.${suffix}' }
  { name: 'host-table', service: hostStorageId, part: 'table', zone: 'privatelink.table.${suffix}' }
  { name: 'data-blob', service: dataStorageId, part: 'blob', zone: 'privatelink.blob.${suffix}' }
  { name: 'data-table', service: dataStorageId, part: 'table', zone: 'privatelink.table.${suffix}' }
]
var vaultEndpoints = [
  { name: 'vault', service: vaultId, part: 'vault', zone: 'privatelink.vaultcore.azure.net' }
]
var busEndpoints = empty(namespaceId)
  ? []
  : [{ name: 'bus', service: namespaceId, part: 'namespace', zone: 'privatelink.servicebus.windows.net' }]
var endpoints = concat(storageEndpoints, vaultEndpoints, busEndpoints)
var zones = union(map(endpoints, item => item.zone), [])

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for name in zones: {
  name: name
  location: 'global'
  tags: place.tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (name, i) in zones: {
  parent: zone[i]
  name: place.token
  location: 'global'
  tags: place.tags
  properties: {
    registrationEnabled: false
    virtualNetwork: { id: networkId }
  }
}]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [for item in endpoints: {
  name: '${place.names.privateEndpoint}${item.name}-${place.token}'
  location: place.location
  tags: place.tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: item.name
        properties: { privateLinkServiceId: item.service, groupIds: [item.part] }
      }
    ]
  }
}]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [for (item, i) in endpoints: {
  parent: endpoint[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: item.part
        properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', item.zone) }
      }
    ]
  }
  dependsOn: [zone]
}]
