// Events of Azure Communication Services to the webhooks: one subscription for each account and type of event.
import { eventAccount, placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('Azure Communication Services.')
param communicationServicesId string

@description('The accounts whose events are subscribed to.')
param accounts eventAccount[]

@description('The function apps: channels and url.')
param apps array

@description('Application for whose tokens Event Grid asks: each delivery carries one, which the adapter checks.')
param applicationId string

var events = loadJsonContent('../events.json')
// An app that names the channel goes before one that serves all; while a channel moves two do, and the last is new.
var byBreadth = concat(filter(apps, app => empty(app.channels)), filter(apps, app => !empty(app.channels)))
var subscriptions = flatten(map(
  accounts,
  one => map(filter(events, event => event.channel == one.channel), event => {
    account: one
    event: event
    url: last(filter(byBreadth, app => empty(app.channels) || contains(app.channels, one.channel))).url
  })
))

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: '${place.names.eventGridTopic}${place.token}'
  location: 'global'
  tags: place.tags
  properties: {
    source: communicationServicesId
    topicType: 'Microsoft.Communication.CommunicationServices'
  }
}

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [for item in subscriptions: {
  parent: topic
  name: '${item.account.account}-${item.event.name}'
  properties: {
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    destination: {
      endpointType: 'WebHook'
      properties: {
        endpointUrl: '${item.url}/api/channels/${item.account.channel}/${item.account.account}'
        azureActiveDirectoryTenantId: tenant().tenantId
        azureActiveDirectoryApplicationIdOrUri: applicationId
        maxEventsPerBatch: 20
        preferredBatchSizeInKilobytes: 256
        minimumTlsVersionAllowed: '1.2'
      }
    }
    filter: {
      includedEventTypes: [item.event.type]
      advancedFilters: empty(item.event.key)
        ? []
        : [
            {
              operatorType: 'StringIn'
              key: item.event.key
              values: [item.account.address, '+${item.account.address}']
            }
          ]
    }
    retryPolicy: {
      maxDeliveryAttempts: item.event.attempts
      eventTimeToLiveInMinutes: item.event.minutes
    }
  }
}]
