// One page that shows how the channels do: Application Insights > Workbooks > Monikanava.
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('Application Insights.')
param insightsId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(insightsId, 'workbook')
  location: place.location
  tags: place.tags
  kind: 'shared'
  properties: {
    displayName: 'Monikanava'
    category: 'workbook'
    sourceId: insightsId
    serializedData: string(loadJsonContent('../workbook.json'))
  }
}
