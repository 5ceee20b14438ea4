// Service Bus: one namespace, and every queue that functions/ sends to or listens on (infra/queues.json).
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('Basic would have neither sessions nor duplicate detection.')
@allowed(['Standard', 'Premium'])
param sku string

@description('Messaging units of Premium.')
@minValue(1)
@maxValue(16)
param capacity int

@description('Whether the internet is refused (Premium only).')
param private bool

@description('Most that lies in a queue, in MB: room for an outage of a provider.')
@allowed([1024, 2048, 3072, 4096, 5120])
param queueMegabytes int = 5120

var queues = loadJsonContent('../queues.json')

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: '${place.names.serviceBus}${place.token}'
  location: place.location
  tags: place.tags
  sku: sku == 'Premium' ? { name: sku, tier: sku, capacity: capacity } : { name: sku, tier: sku }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  }
}

// Sessions and duplicate detection are fixed when a queue is made: changing them means a new queue.
@batchSize(8)
resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [for item in queues: {
  parent: namespace
  name: item.name
  properties: {
    requiresSession: item.requiresSession
    requiresDuplicateDetection: item.requiresDuplicateDetection
    duplicateDetectionHistoryTimeWindow: item.duplicateDetectionHistoryTimeWindow
    lockDuration: item.lockDuration
    maxDeliveryCount: item.maxDeliveryCount
    defaultMessageTimeToLive: item.defaultMessageTimeToLive
    deadLetteringOnMessageExpiration: item.deadLetteringOnMessageExpiration
    maxSizeInMegabytes: queueMegabytes
  }
}]

output namespaceId string = namespace.id
output namespaceName string = namespace.name
output host string = split(split(namespace.properties.serviceBusEndpoint, '/')[2], ':')[0]
