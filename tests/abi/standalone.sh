#!/bin/sh
# standalone.sh SDK SOURCE OUTPUT: a processor needs nothing but a compiler and the headers, and exports one symbol.
set -eu
cc -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$1" -shared -fPIC -o "$3" "$2"
exported=$(nm --dynamic --defined-only "$3" | awk '$2 == "T" || $2 == "D" || $2 == "B" { print $3 }')
if [ "$exported" != mpipe_plugin_v1 ]; then
    echo "$3 exports: $exported" >&2
    exit 1
fi
