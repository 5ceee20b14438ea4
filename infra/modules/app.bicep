// A function app on Flex Consumption. What it is told, settings.bicep tells it.
import { appOption, placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('What the app serves, and how large it gets.')
param app appOption

@description('Python of the app.')
param pythonVersion string

@description('The app\'s identity.')
param identityId string

@description('Storage account of leases and packages.')
param hostStorageName string

@description('Container of the app\'s package.')
param packageContainer string

@description('Subnet through which the app calls; empty: none.')
param subnetId string

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: '${place.names.plan}${app.name}-${place.token}'
  location: place.location
  tags: place.tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource site 'Microsoft.Web/sites@2025-03-01' = {
  name: '${place.names.functionApp}${app.name}-${place.token}'
  location: place.location
  tags: union(place.tags, { 'azd-service-name': app.name })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: pythonVersion }
      scaleAndConcurrency: {
        instanceMemoryMB: app.instanceMemoryMB
        maximumInstanceCount: app.maximumInstanceCount
        alwaysReady: app.alwaysReady > 0 ? [{ name: 'http', instanceCount: app.alwaysReady }] : []
        triggers: { http: { perInstanceConcurrency: app.httpConcurrency } }
      }
    }
  }
}

// Publishing goes by Entra ID, never by a user name and password.
resource publishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = [for name in ['ftp', 'scm']: {
  parent: site
  name: name
  properties: { allow: false }
}]

output name string = site.name
output url string = app.?publicBaseUrl ?? 'https://${site.properties.defaultHostName}'
