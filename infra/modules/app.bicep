// A function app on Flex Consumption, and its settings: no key is among them.
import { appOption, placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('What the app serves, and how large it gets.')
param app appOption

@description('Python of the app.')
param pythonVersion string

@description('The app\'s identity.')
param identityId string

@description('Its client id.')
param identityClientId string

@description('Host name of the Service Bus namespace.')
param busHost string

@description('Storage account of leases and packages.')
param hostStorageName string

@description('Container of the app\'s package.')
param packageContainer string

@description('Table Storage of the service.')
param tablesEndpoint string

@description('Blob Storage of the service.')
param blobsEndpoint string

@description('Key Vault.')
param vaultUri string

@description('Connection string of Application Insights; with local authentication off it opens nothing.')
param insightsConnection string

@description('Of a hundred traces, so many are kept.')
@minValue(1)
@maxValue(100)
param traceSampling int

@description('Web PubSub; empty: chat clients poll.')
param pushEndpoint string

@description('Application id of the desk API: whom the agents\' tokens are for.')
param deskApplicationId string

@description('Subnet through which the app calls; empty: none.')
param subnetId string

var authority = '${environment().authentication.loginEndpoint}${tenant().tenantId}'

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

resource settings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: site
  name: 'appsettings'
  properties: union(
    {
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
      AUTH_AUDIENCE: deskApplicationId
      AUTH_ISSUER: '${authority}/v2.0'
      AUTH_JWKS_URL: '${authority}/discovery/v2.0/keys'
      AZURE_CLIENT_ID: identityClientId
      AzureWebJobsStorage__blobServiceUri: hostStorage.properties.primaryEndpoints.blob
      AzureWebJobsStorage__clientId: identityClientId
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__queueServiceUri: hostStorage.properties.primaryEndpoints.queue
      AzureWebJobsStorage__tableServiceUri: hostStorage.properties.primaryEndpoints.table
      BLOBS_ENDPOINT: blobsEndpoint
      CHANNELS: join(app.channels, ' ')
      KEY_VAULT_URI: vaultUri
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio'
      OTEL_TRACES_SAMPLER_ARG: traceSampling == 100 ? '1' : '0.${padLeft(traceSampling, 2, '0')}'
      PUBLIC_BASE_URL: app.?publicBaseUrl ?? 'https://${site.properties.defaultHostName}'
      // The worker then hands us the host's span, and the host does not send our logs a second time.
      PYTHON_ENABLE_OPENTELEMETRY: 'true'
      ServiceBusConnection__clientId: identityClientId
      ServiceBusConnection__credential: 'managedidentity'
      ServiceBusConnection__fullyQualifiedNamespace: busHost
      TABLES_ENDPOINT: tablesEndpoint
    },
    empty(pushEndpoint) ? {} : { WEBPUBSUB_ENDPOINT: pushEndpoint }
  )
}

// Publishing goes by Entra ID, never by a user name and password.
resource publishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = [for name in ['ftp', 'scm']: {
  parent: site
  name: name
  properties: { allow: false }
}]

output name string = site.name
output url string = app.?publicBaseUrl ?? 'https://${site.properties.defaultHostName}'
