#!/bin/sh
# Installs Dialtone Kit from this folder into .venv, without a network. Run it again to repair it.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}
"$python" check.py --before-install
"$python" -m venv --clear .venv
# No settings of yours may lead pip elsewhere.
PIP_CONFIG_FILE=/dev/null .venv/bin/python -m pip --isolated install --quiet \
  --disable-pip-version-check --no-cache-dir --no-index -f wheels dialtone-kit
echo "Installed. Check it:      $python check.py"
echo "Begin with lesson 00:    .venv/bin/dialtone lab"
