// The whole service in one resource group, as `azd up` deploys it. docs/deploy.md tells what to know before.
targetScope = 'subscription'

import { appOption, eventAccount } from 'types.bicep'

@description('Name of the azd environment; part of the resource group\'s name.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of everything; one that offers Flex Consumption.')
@minLength(1)
param location string

@description('Who deploys: gets the apps\' data roles, to work with the same resources. Empty: nobody.')
param principalId string = ''

@description('What kind of principal that is: a pipeline is a ServicePrincipal.')
@allowed(['User', 'ServicePrincipal'])
param principalType string = 'User'

@description('The function apps. Each channel belongs to exactly one.')
@minLength(1)
@maxLength(20)
param apps appOption[] = [
  {
    name: 'api'
    channels: []
    instanceMemoryMB: 2048
    maximumInstanceCount: 40
    httpConcurrency: 32
    alwaysReady: 1
  }
]

@description('Python of the apps.')
@allowed(['3.11', '3.12', '3.13'])
param pythonVersion string = '3.12'

@description('Service Bus: Standard, or Premium for steady latency and private endpoints.')
@allowed(['Standard', 'Premium'])
param serviceBusSku string = 'Standard'

@description('Messaging units of Premium.')
@allowed([1, 2, 4, 8, 16])
param serviceBusCapacity int = 1

@description('Let apps manage the namespace: scaling then goes by the queues\' lengths instead of step by step.')
param scaleByQueueLength bool = false

@description('How many copies of the data are kept, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('Days until attachments move to cool storage; 0: never.')
@minValue(0)
@maxValue(3650)
param mediaCoolAfterDays int = 30

@description('Days until attachments are deleted; 0: never.')
@minValue(0)
@maxValue(3650)
param mediaDeleteAfterDays int = 0

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('GB of logs taken a day; after it nothing is logged, and no alert on logs fires, until the next day. -1: no limit.')
@minValue(-1)
@maxValue(1000)
param logDailyGigabytes int = 5

@description('Of a hundred traces, so many are kept. Figures and logs are kept whole.')
@minValue(1)
@maxValue(100)
param traceSampling int = 100

@description('Application (client) id of the desk API in Entra ID: whom the agents\' tokens are for.')
@minLength(36)
@maxLength(36)
param deskApplicationId string

@description('Where alerts are sent; empty: they are only shown in the portal.')
param alertEmail string = ''

@description('A virtual network with private endpoints: storage, vault and (Premium) Service Bus then refuse the internet.')
param networkEnabled bool = false

@description('Address space of the network: a /22 or larger.')
@minLength(9)
param networkPrefix string = '10.80.0.0/22'

@description('Azure Web PubSub: WebSockets for chat clients; without it they poll.')
param webPubSubEnabled bool = false

@description('Units of Web PubSub: each takes 1,000 connections. 0: the free tier with 20.')
@allowed([0, 1, 2, 5, 10, 20, 50, 100])
param webPubSubUnits int = 1

@description('Resource id of Azure Communication Services; empty: no event subscriptions.')
param communicationServicesId string = ''

@description('The accounts whose events are subscribed to.')
@maxLength(100)
param eventAccounts eventAccount[] = []

@description('Application in Entra ID for whose tokens Event Grid asks, to prove itself to the webhooks.')
param eventGridApplicationId string = ''

@description('Whether the apps\' code is there: event subscriptions and push events need an app that answers.')
param deployed bool = false

var names = loadJsonContent('abbreviations.json')
var place = {
  location: location
  token: toLower(uniqueString(subscription().id, environmentName, location))
  tags: { 'azd-env-name': environmentName }
  names: names
}

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: '${names.resourceGroup}${environmentName}'
  location: location
  tags: place.tags
}

module service 'modules/service.bicep' = {
  scope: group
  params: {
    place: place
    principalId: principalId
    principalType: principalType
    apps: apps
    pythonVersion: pythonVersion
    serviceBusSku: serviceBusSku
    serviceBusCapacity: serviceBusCapacity
    scaleByQueueLength: scaleByQueueLength
    storageRedundancy: storageRedundancy
    mediaCoolAfterDays: mediaCoolAfterDays
    mediaDeleteAfterDays: mediaDeleteAfterDays
    logRetentionDays: logRetentionDays
    logDailyGigabytes: logDailyGigabytes
    traceSampling: traceSampling
    deskApplicationId: deskApplicationId
    alertEmail: alertEmail
    networkEnabled: networkEnabled
    networkPrefix: networkPrefix
    webPubSubEnabled: webPubSubEnabled
    webPubSubUnits: webPubSubUnits
    communicationServicesId: communicationServicesId
    eventAccounts: eventAccounts
    eventGridApplicationId: eventGridApplicationId
    deployed: deployed
  }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_KEY_VAULT_NAME string = service.outputs.vaultName
output AZURE_TABLES_ENDPOINT string = service.outputs.tablesEndpoint
output MONIKANAVA_APPS array = service.outputs.apps
