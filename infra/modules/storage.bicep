// Two storage accounts: what the hosts need (leases, packages), and what the service keeps (tables, media).
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('How many copies of what the service keeps there are.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param redundancy string

@description('Containers for the apps\' packages.')
param packages string[]

@description('Days until attachments move to cool storage; 0: never.')
@minValue(0)
@maxValue(3650)
param coolAfterDays int

@description('Days until attachments are deleted; 0: never.')
@minValue(0)
@maxValue(3650)
param deleteAfterDays int

@description('Days for which a deleted attachment can be had back. After an erasure they count too.')
@minValue(1)
@maxValue(365)
param undeleteDays int = 7

@description('Whether the internet is refused.')
param private bool

var tables = loadJsonContent('../tables.json')
var containers = ['media']
var rules = {
  accessTier: 'Hot'
  allowBlobPublicAccess: false
  allowCrossTenantReplication: false
  allowSharedKeyAccess: false
  defaultToOAuthAuthentication: true
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  networkAcls: { bypass: 'AzureServices', defaultAction: private ? 'Deny' : 'Allow' }
}
var actions = union(
  coolAfterDays > 0 ? { tierToCool: { daysAfterModificationGreaterThan: coolAfterDays } } : {},
  deleteAfterDays > 0 ? { delete: { daysAfterModificationGreaterThan: deleteAfterDays } } : {}
)

resource host 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: '${place.names.storage}${place.token}host'
  location: place.location
  tags: place.tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: rules
}

resource hostBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: host
  name: 'default'
}

resource packageContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [for name in packages: {
  parent: hostBlobs
  name: name
}]

resource data 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: '${place.names.storage}${place.token}'
  location: place.location
  tags: place.tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: rules
}

resource dataTables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: data
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for name in tables: {
  parent: dataTables
  name: name
}]

resource dataBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: data
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: undeleteDays }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [for name in containers: {
  parent: dataBlobs
  name: name
  properties: { publicAccess: 'None' }
}]

// It is always there, at times without effect: a policy that is merely not deployed any more would go on deleting.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: data
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'attachments'
          type: 'Lifecycle'
          enabled: !empty(actions)
          definition: {
            actions: { baseBlob: empty(actions) ? { tierToCool: { daysAfterModificationGreaterThan: 3650 } } : actions }
            filters: { blobTypes: ['blockBlob'], prefixMatch: map(containers, name => '${name}/') }
          }
        }
      ]
    }
  }
}

output hostId string = host.id
output hostName string = host.name
output dataId string = data.id
output dataName string = data.name
output tablesEndpoint string = data.properties.primaryEndpoints.table
output blobsEndpoint string = data.properties.primaryEndpoints.blob
