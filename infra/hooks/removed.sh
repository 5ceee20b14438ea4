#!/bin/sh
# azd, after `down`: the next `up` begins with apps that have no code, and nothing can be subscribed to them.
set -eu
azd env set MONIKANAVA_DEPLOYED false
