// Where each channel is called, told to every app: any of them shows and gives providers the callbacks of all.

@description('The function apps: channels and url.')
param apps array

output text string = join(flatten(map(apps, app => map(app.channels, channel => '${channel}=${app.url}'))), ' ')
