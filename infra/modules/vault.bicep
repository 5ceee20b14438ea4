// Key Vault: the secrets that the configuration names as {secret: NAME}. Only who has a role can read them.
import { placeOption } from '../types.bicep'

@description('Where it goes, and how it is named.')
param place placeOption

@description('Log Analytics workspace that hears who read what.')
param workspaceId string

@description('Whether the internet is refused.')
param private bool

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: '${place.names.keyVault}${place.token}'
  location: place.location
  tags: place.tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: { bypass: 'AzureServices', defaultAction: private ? 'Deny' : 'Allow' }
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

output vaultId string = vault.id
output vaultName string = vault.name
output vaultUri string = vault.properties.vaultUri
