# To be sourced with a requirements file: `$python` has its packages, in an environment inside of `$work`. Where that cannot be had the script ends, and says so.
if ! command -v python3 >/dev/null; then
  echo 'skipped: there is no python3 here'
  exit 0
fi
if ! python3 -m venv "$work/venv"; then
  echo 'skipped: this python3 cannot make an environment (on Debian: python3-venv)'
  exit 0
fi
python="$work/venv/bin/python"
if ! "$python" -m pip install --quiet --disable-pip-version-check -r "$1"; then
  echo 'skipped: the Python packages cannot be had'
  exit 0
fi
export PYTHONDONTWRITEBYTECODE=1
