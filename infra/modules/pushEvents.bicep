// The hub's event handler: tells the app of chat clients that connect. The app must run, for it makes the key.

@description('Web PubSub.')
param webPubSubName string

@description('The function app that hears of connections.')
param appName string

@description('Its public URL.')
param appUrl string

resource site 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource webPubSub 'Microsoft.SignalRService/webPubSub@2024-03-01' existing = {
  name: webPubSubName
}

resource hub 'Microsoft.SignalRService/webPubSub/hubs@2024-03-01' = {
  parent: webPubSub
  name: 'chat'
  properties: {
    anonymousConnectPolicy: 'deny'
    eventHandlers: [
      {
        // The key is the proof: with local authentication off the service has none to sign with that we know.
        urlTemplate: '${appUrl}/api/push/events?code=${uriComponent(listKeys('${site.id}/host/default', site.apiVersion).functionKeys.default)}'
        systemEvents: ['connected']
        // The transcripts of calls come as messages; what chat clients send goes to a group, and not here.
        userEventPattern: 'message'
      }
    ]
  }
}
