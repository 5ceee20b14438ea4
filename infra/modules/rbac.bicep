// Every role of one principal, on one page.

@description('Object id of an app\'s identity, or of who deploys.')
param principalId string

@description('What kind of principal it is: naming it spares waiting for Entra ID\'s replicas.')
@allowed(['ServicePrincipal', 'User'])
param principalType string

@description('Whether it may write secrets, not only read them.')
param writeSecrets bool

@description('Whether it may manage the namespace, which scaling by the queues\' lengths asks for.')
param manageQueues bool

@description('Service Bus namespace.')
param namespaceName string

@description('Storage account of leases and packages.')
param hostStorageName string

@description('Storage account of tables and media.')
param dataStorageName string

@description('Key Vault.')
param vaultName string

@description('Application Insights.')
param insightsName string

@description('Web PubSub; empty: none.')
param webPubSubName string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roles = {
  'Azure Service Bus Data Owner': '090c5cfd-751d-490a-894a-3ce6f1109419'
  'Azure Service Bus Data Receiver': '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  'Azure Service Bus Data Sender': '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb'
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  'Web PubSub Service Owner': '12cf5a90-567b-43ae-8102-96cf46c7d9b4'
}
var onQueues = manageQueues
  ? ['Azure Service Bus Data Owner']
  : ['Azure Service Bus Data Receiver', 'Azure Service Bus Data Sender']
// The host keeps leases and keys in blobs, and what went wrong with itself in a table.
var onHostStorage = ['Storage Blob Data Owner', 'Storage Table Data Contributor']
var onTables = ['Storage Table Data Contributor']
var onMedia = ['Storage Blob Data Contributor']
var onVault = [writeSecrets ? 'Key Vault Secrets Officer' : 'Key Vault Secrets User']
var onInsights = ['Monitoring Metrics Publisher']
var onWebPubSub = empty(webPubSubName) ? [] : ['Web PubSub Service Owner']

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostStorageName
}

resource dataStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataStorageName
}

resource dataBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: dataStorage
  name: 'default'
}

resource media 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' existing = {
  parent: dataBlobs
  name: 'media'
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource webPubSub 'Microsoft.SignalRService/webPubSub@2024-03-01' existing = {
  name: empty(webPubSubName) ? 'none' : webPubSubName
}

resource queuesRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in onQueues: {
  scope: namespace
  name: guid(namespace.id, principalId, roles[role])
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
  }
}]

resource hostStorageRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in onHostStorage: {
  scope: hostStorage
  name: guid(hostStorage.id, principalId, roles[role])
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
  }
}]

resource tablesRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in onTables: {
  scope: dataStorage
  name: guid(dataStorage.id, principalId, roles[role])
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
  }
}]

resource mediaRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in onMedia: {
  scope: media
  name: guid(media.id, principalId, roles[role])
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
  }
}]

resource vaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in onVault: {
  scope: vault
  name: guid(vault.id, principalId, roles[role])
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
  }
}]

resource insightsRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in onInsights: {
  scope: insights
  name: guid(insights.id, principalId, roles[role])
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
  }
}]

resource webPubSubRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in onWebPubSub: {
  scope: webPubSub
  name: guid(webPubSub.id, principalId, roles[role])
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles[role])
  }
}]
