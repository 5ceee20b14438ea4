// What a function app is told: no key is among it. After all apps, for each knows where the others are.

@description('The function app.')
param appName string

@description('Its public URL.')
param url string

@description('Channels that it serves; none: all.')
param channels string[]

@description('Where the channels of all apps are called: NAME=URL, with spaces between.')
param channelUrls string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Host name of the Service Bus namespace.')
param busHost string

@description('Storage account of leases and packages.')
param hostStorageName string

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

var authority = '${environment().authentication.loginEndpoint}${tenant().tenantId}'

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
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
      CHANNELS: join(channels, ' ')
      CHANNEL_URLS: channelUrls
      // What anybody sends is held in memory before we see it: no more than the largest upload that we take.
      FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '26000000'
      KEY_VAULT_URI: vaultUri
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio'
      OTEL_TRACES_SAMPLER_ARG: traceSampling == 100 ? '1' : '0.${padLeft(traceSampling, 2, '0')}'
      PUBLIC_BASE_URL: url
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
