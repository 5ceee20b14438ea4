#!/bin/sh
# azd, after `deploy`: the webhooks answer now, so events can be subscribed to.
set -eu
if [ "${MONIKANAVA_DEPLOYED:-false}" != true ]; then
  azd env set MONIKANAVA_DEPLOYED true
  echo 'With Web PubSub or Event Grid: run `azd provision` once more, it subscribes them to the apps.'
  echo 'Event Grid asks the webhooks of eventAccounts first: apply a configuration that has these accounts before.'
fi
