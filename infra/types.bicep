// The shapes that main.bicep and its modules share.

@export()
@description('Where everything goes, and how it is named.')
type placeOption = {
  @description('Region.')
  location: string
  @description('What makes names unique: 13 characters.')
  token: string
  @description('Tags of everything.')
  tags: object
  @description('Abbreviations by kind of resource.')
  names: object
}

@export()
@description('A function app and the channels that it serves.')
type appOption = {
  @description('Its name in azure.yaml, and part of its resource\'s name.')
  @minLength(1)
  @maxLength(16)
  name: string
  @description('Channels by name; none: all.')
  channels: string[]
  @description('Memory of an instance in MB; CPU goes with it.')
  instanceMemoryMB: 512 | 2048 | 4096
  @description('Most instances of each function; all HTTP functions count as one.')
  @minValue(40)
  @maxValue(1000)
  maximumInstanceCount: int
  @description('Requests that an instance answers at once.')
  @minValue(1)
  @maxValue(1000)
  httpConcurrency: int
  @description('Instances that always wait for webhooks: a cold start may be longer than a provider waits.')
  @minValue(0)
  @maxValue(100)
  alwaysReady: int
  @description('What providers call and sign, such as https://chat.example.com, without a slash at the end; else the app\'s own host name.')
  publicBaseUrl: string?
}

@export()
@description('An account at Azure Communication Services whose events are subscribed to.')
type eventAccount = {
  @description('Its id in Monikanava\'s configuration; with the event\'s name it makes a subscription\'s, of 64 at most.')
  @minLength(1)
  @maxLength(55)
  account: string
  @description('Its channel.')
  channel: 'sms' | 'whatsapp' | 'voice'
  @description('Its number without +, or its channel id: events of other addresses are left out.')
  address: string
}
