#!/bin/sh
# azd, after `provision`: which URL, and what else, to give to which provider.
set -eu
cd "$(dirname "$0")/../.."
if [ -z "${MONIKANAVA_CONFIGURATION:-}" ]; then
  echo 'What to paste where: azd env set MONIKANAVA_CONFIGURATION path/of/configuration.yaml'
  echo 'and then: azd hooks run postprovision'
  exit 0
fi
make --silent .make/local
.venv/bin/python -m infra callbacks "$MONIKANAVA_CONFIGURATION"
