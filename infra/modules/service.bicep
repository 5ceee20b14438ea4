// What main.bicep deploys into its resource group, and what of it knows what.
import { appOption, eventAccount, placeOption } from '../types.bicep'

@description('Where everything goes, and how it is named.')
param place placeOption
@description('Who deploys; empty: nobody.')
param principalId string
@description('What kind of principal that is.')
@allowed(['User', 'ServicePrincipal'])
param principalType string
@description('The function apps.')
param apps appOption[]
@description('Python of the apps.')
param pythonVersion string
@description('Tier of Service Bus.')
@allowed(['Standard', 'Premium'])
param serviceBusSku string
@description('Messaging units of Premium.')
@minValue(1)
@maxValue(16)
param serviceBusCapacity int
@description('Whether apps manage the namespace.')
param scaleByQueueLength bool
@description('Redundancy of the data.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string
@description('Days until attachments cool; 0: never.')
@minValue(0)
@maxValue(3650)
param mediaCoolAfterDays int
@description('Days until attachments are deleted; 0: never.')
@minValue(0)
@maxValue(3650)
param mediaDeleteAfterDays int
@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int
@description('GB of logs a day; -1: no limit.')
@minValue(-1)
@maxValue(1000)
param logDailyGigabytes int
@description('Of a hundred traces, so many are kept.')
@minValue(1)
@maxValue(100)
param traceSampling int
@description('Application id of the desk API.')
param deskApplicationId string
@description('Where alerts are sent; empty: nowhere.')
param alertEmail string
@description('Whether there is a network with private endpoints.')
param networkEnabled bool
@description('Address space of the network.')
param networkPrefix string
@description('Whether there is a Web PubSub.')
param webPubSubEnabled bool
@description('Units of Web PubSub; 0: the free tier.')
@minValue(0)
@maxValue(100)
param webPubSubUnits int
@description('Resource id of Azure Communication Services; empty: none.')
param communicationServicesId string
@description('The accounts whose events are subscribed to.')
param eventAccounts eventAccount[]
@description('Application for whose tokens Event Grid asks.')
param eventGridApplicationId string
@description('Whether the apps\' code is there.')
param deployed bool

module monitoring 'monitoring.bicep' = {
  params: {
    place: place
    retentionDays: logRetentionDays
    dailyGigabytes: logDailyGigabytes
  }
}

module network 'network.bicep' = if (networkEnabled) {
  params: {
    place: place
    prefix: networkPrefix
  }
}

module messaging 'messaging.bicep' = {
  params: {
    place: place
    sku: serviceBusSku
    capacity: serviceBusCapacity
    private: networkEnabled && serviceBusSku == 'Premium'
  }
}

module storage 'storage.bicep' = {
  params: {
    place: place
    redundancy: storageRedundancy
    packages: map(apps, app => 'app-package-${app.name}')
    coolAfterDays: mediaCoolAfterDays
    deleteAfterDays: mediaDeleteAfterDays
    private: networkEnabled
  }
}

module vault 'vault.bicep' = {
  params: {
    place: place
    workspaceId: monitoring.outputs.workspaceId
    private: networkEnabled
  }
}

module endpoints 'endpoints.bicep' = if (networkEnabled) {
  params: {
    place: place
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointsSubnetId
    hostStorageId: storage.outputs.hostId
    dataStorageId: storage.outputs.dataId
    vaultId: vault.outputs.vaultId
    namespaceId: serviceBusSku == 'Premium' ? messaging.outputs.namespaceId : ''
  }
}

module webPubSub 'webPubSub.bicep' = if (webPubSubEnabled) {
  params: {
    place: place
    units: webPubSubUnits
  }
}

module identities 'identity.bicep' = [for app in apps: {
  params: {
    place: place
    app: app.name
  }
}]

module access 'rbac.bicep' = [for (app, i) in apps: {
  params: {
    principalId: identities[i].outputs.principalId
    principalType: 'ServicePrincipal'
    writeSecrets: false
    manageQueues: scaleByQueueLength
    namespaceName: messaging.outputs.namespaceName
    hostStorageName: storage.outputs.hostName
    dataStorageName: storage.outputs.dataName
    vaultName: vault.outputs.vaultName
    insightsName: monitoring.outputs.insightsName
    webPubSubName: webPubSubEnabled ? webPubSub!.outputs.name : ''
  }
}]

module developer 'rbac.bicep' = if (!empty(principalId)) {
  params: {
    principalId: principalId
    principalType: principalType
    writeSecrets: true
    manageQueues: false
    namespaceName: messaging.outputs.namespaceName
    hostStorageName: storage.outputs.hostName
    dataStorageName: storage.outputs.dataName
    vaultName: vault.outputs.vaultName
    insightsName: monitoring.outputs.insightsName
    webPubSubName: webPubSubEnabled ? webPubSub!.outputs.name : ''
  }
}

module functionApps 'app.bicep' = [for (app, i) in apps: {
  params: {
    place: place
    app: app
    pythonVersion: pythonVersion
    identityId: identities[i].outputs.id
    hostStorageName: storage.outputs.hostName
    packageContainer: 'app-package-${app.name}'
    subnetId: networkEnabled ? network!.outputs.appsSubnetId : ''
  }
  // The app reads its package as its identity: with the roles and the way there already, its first start succeeds.
  dependsOn: [access, endpoints]
}]

module channelUrls 'channelUrls.bicep' = {
  params: {
    apps: [for (app, i) in apps: { channels: app.channels, url: functionApps[i].outputs.url }]
  }
}

module settings 'settings.bicep' = [for (app, i) in apps: {
  params: {
    appName: functionApps[i].outputs.name
    url: functionApps[i].outputs.url
    channels: app.channels
    channelUrls: channelUrls.outputs.text
    identityClientId: identities[i].outputs.clientId
    busHost: messaging.outputs.host
    hostStorageName: storage.outputs.hostName
    tablesEndpoint: storage.outputs.tablesEndpoint
    blobsEndpoint: storage.outputs.blobsEndpoint
    vaultUri: vault.outputs.vaultUri
    insightsConnection: monitoring.outputs.insightsConnection
    traceSampling: traceSampling
    pushEndpoint: webPubSubEnabled ? webPubSub!.outputs.endpoint : ''
    deskApplicationId: deskApplicationId
  }
}]

// Connections and transcripts are told to one app: the first that has chat or calls, for only those listen.
var hearing = filter(
  range(0, length(apps)),
  i => empty(apps[i].channels) || contains(apps[i].channels, 'chat') || contains(apps[i].channels, 'voice')
)
var hears = empty(hearing) ? 0 : hearing[0]

module pushEvents 'pushEvents.bicep' = if (webPubSubEnabled && deployed && !empty(hearing)) {
  params: {
    webPubSubName: webPubSub!.outputs.name
    appName: functionApps[hears].outputs.name
    appUrl: functionApps[hears].outputs.url
  }
  dependsOn: [settings]
}

module eventGrid 'eventGrid.bicep' = if (!empty(communicationServicesId) && !empty(eventGridApplicationId) && deployed) {
  params: {
    place: place
    communicationServicesId: communicationServicesId
    accounts: eventAccounts
    apps: [for (app, i) in apps: { channels: app.channels, url: functionApps[i].outputs.url }]
    applicationId: eventGridApplicationId
  }
  dependsOn: [settings]
}

module alerts 'alerts.bicep' = {
  params: {
    place: place
    email: alertEmail
    namespaceId: messaging.outputs.namespaceId
    workspaceId: monitoring.outputs.workspaceId
  }
}

module workbook 'workbook.bicep' = {
  params: {
    place: place
    insightsId: monitoring.outputs.insightsId
  }
}

output vaultName string = vault.outputs.vaultName
output tablesEndpoint string = storage.outputs.tablesEndpoint
output apps array = [for (app, i) in apps: {
  name: app.name
  resource: functionApps[i].outputs.name
  url: functionApps[i].outputs.url
  channels: app.channels
}]
