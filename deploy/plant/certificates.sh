#!/bin/sh
# Certificates for the broker: an authority of your own and a server certificate, for two years.
#   sh certificates.sh FOLDER HOST…      HOST: each name or address by which stations reach the broker
# An authority that is already there is kept. ca.key signs; take it off the broker's machine afterwards.
set -eu

folder=${1:?which folder?}
shift
[ $# -gt 0 ] || { echo "certificates.sh: name at least one host" >&2; exit 2; }
mkdir -p "$folder"
umask 077

names=''
for host in "$@"; do
    case $host in
        *[!0-9.]*) names="$names,DNS:$host" ;;
        *) names="$names,IP:$host" ;;
    esac
done

if [ ! -f "$folder/ca.key" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=plant authority" \
        -keyout "$folder/ca.key" -out "$folder/ca.pem" 2>/dev/null
fi
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
    -keyout "$folder/server.key" -out "$folder/server.csr" 2>/dev/null
printf 'subjectAltName=%s\n' "${names#,}" >"$folder/server.ext"
openssl x509 -req -in "$folder/server.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
    -days 730 -extfile "$folder/server.ext" -out "$folder/server.pem" 2>/dev/null
rm "$folder/server.csr" "$folder/server.ext"
chmod 644 "$folder/ca.pem" "$folder/server.pem"
echo "$folder: ca.pem for the stations, server.pem and server.key for the broker"
