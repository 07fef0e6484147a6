#!/bin/sh
# Set up what the Makefile needs, and say in one line what is missing when it cannot.
#   setup.sh python PYTHON VENV   a virtual environment with the locked requirements; VENV/ready marks it complete
#   setup.sh tests VENV           what the tests need beyond that
#   setup.sh blast                NCBI BLAST+ on PATH, from Debian's packages if it is not there
set -eu

fail() {
    echo "error: $1" >&2
    exit 1
}

# Run a package installation as root, quietly; fails where that is not possible.
install_package() {
    command -v apt-get >/dev/null || return 1
    if [ "$(id -u)" = 0 ]; then as_root=; elif sudo -n true 2>/dev/null; then as_root=sudo; else return 1; fi
    echo "Installing $1 from Debian's packages ..."
    { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1"; } \
        >"${TMPDIR:-/tmp}/setup.$$.log" 2>&1 || { tail -n 5 "${TMPDIR:-/tmp}/setup.$$.log" >&2; return 1; }
    rm -f "${TMPDIR:-/tmp}/setup.$$.log"
}

install_requirements() {
    "$venv/bin/python" -m pip install -q --disable-pip-version-check -r "$1" ||
        fail "pip could not install $1 (see above); check the network, then run make again"
}

case $1 in
python)
    python=$2 venv=$3
    command -v "$python" >/dev/null || fail "no $python found; install Python 3.11.4 or newer, or name one: make PYTHON=/path/to/python"
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11, 4))' ||
        fail "$("$python" --version) is too old; name Python 3.11.4 or newer: make PYTHON=python3.11"
    "$python" -c 'import ensurepip' 2>/dev/null || install_package python3-venv ||
        fail "$python cannot make virtual environments; on Debian and Ubuntu, install the package python3-venv"
    echo "Setting up Python requirements in $venv (once) ..."
    "$python" -m venv "$venv"
    install_requirements requirements.txt
    touch "$venv/ready"
    ;;
tests)
    venv=$2
    install_requirements workflow_tests/requirements.txt
    touch "$venv/tests"
    ;;
blast)
    for tool in makeblastdb blastn blastp windowmasker; do
        command -v $tool >/dev/null || install_package ncbi-blast+ ||
            fail "$tool not found; install NCBI BLAST+ (Debian: apt install ncbi-blast+, macOS: brew install blast) or put conda on PATH"
    done
    ;;
*) fail "usage: setup.sh python PYTHON VENV | setup.sh tests VENV | setup.sh blast" ;;
esac
