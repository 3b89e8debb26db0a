#!/bin/bash
# A development CA, one server leaf and one client leaf, with the openssl command line. Never production.
#
#   certs/dev-ca.sh [FOLDER]     default: certs/dev, which git ignores; existing files are kept
set -euo pipefail
folder=${1:-"$(dirname "${BASH_SOURCE[0]}")/dev"}
umask 077
mkdir -p "$folder"
cd "$folder"
command -v openssl >/dev/null || { echo "openssl is not installed: apt-get install openssl" >&2; exit 1; }

key() { [ -e "$1" ] || openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

leaf() { # leaf NAME SUBJECT EXTENDED_KEY_USAGE [SUBJECT_ALT_NAME]
    [ -e "$1.pem" ] && return
    key "$1.key"
    openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
    {
        echo "basicConstraints=critical,CA:FALSE"
        echo "keyUsage=critical,digitalSignature"
        echo "extendedKeyUsage=$3"
        [ -z "${4:-}" ] || echo "subjectAltName=$4"
    } >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 90 -sha256 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
    rm "$1.csr" "$1.ext"
}

key ca.key
[ -e ca.pem ] || openssl req -x509 -new -key ca.key -days 365 -sha256 -subj "/CN=Minh Bach development CA, never production" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
leaf server "/CN=localhost" serverAuth "DNS:localhost,IP:127.0.0.1,IP:::1"
leaf client "/CN=minhbach development client" clientAuth

openssl verify -CAfile ca.pem server.pem client.pem
echo "in $PWD: ca.pem, server.pem + server.key, client.pem + client.key"
