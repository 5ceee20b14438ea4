// Who is told when something is wrong: by Service Bus' own metrics, and by queries on what the apps tell.
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('Who is told by e-mail; empty: alerts are only shown in the portal.')
param email string

@description('Service Bus namespace.')
param namespaceId string

@description('Log Analytics workspace.')
param workspaceId string

var alerts = loadJsonContent('../alerts.json')
var receivers = empty(email) ? [] : [group.id]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: '${place.names.actionGroup}${place.token}'
  location: 'global'
  tags: place.tags
  properties: {
    groupShortName: 'monikanava'
    enabled: true
    emailReceivers: [{ name: 'operations', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource metricAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [for item in alerts.metrics: {
  name: item.name
  location: 'global'
  tags: place.tags
  properties: {
    description: item.description
    severity: item.severity
    enabled: true
    scopes: [namespaceId]
    evaluationFrequency: 'PT1M'
    windowSize: item.window
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: item.name
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: item.metric
          operator: item.operator
          threshold: item.threshold
          timeAggregation: item.aggregation
          dimensions: [{ name: 'EntityName', operator: 'Include', values: item.entities }]
        }
      ]
    }
    actions: map(receivers, id => { actionGroupId: id })
  }
}]

// Whatever the query finds is a row too many: its Subject says whose.
resource logAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for item in alerts.logs: {
  name: item.name
  location: place.location
  tags: place.tags
  kind: 'LogAlert'
  properties: {
    displayName: item.name
    description: item.description
    severity: item.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT5M'
    windowSize: item.window
    autoMitigate: true
    // Tables appear with their first rows, which on a new workspace are not there yet.
    skipQueryValidation: true
    criteria: {
      allOf: [
        {
          query: item.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [{ name: 'Subject', operator: 'Include', values: ['*'] }]
        }
      ]
    }
    actions: { actionGroups: receivers }
  }
}]
