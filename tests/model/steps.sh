#!/bin/sh
# steps.sh ROOT: the steps of the protocol have the same names in the model, in comments of the code where it takes them,
# and in the table of docs/commit-protocol.md, which also names the right file. Says what differs.
set -eu
cd -- "$1"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

grep -ho 'STEP([a-z_]*, ' tests/model/*.pml | sed 's|STEP(\(.*\), |\1|' | grep -vx name | sort -u >"$scratch/model"
grep -rno '/\* step: [a-z_, ]* \*/' host --include='*.[ch]' |
    sed 's|^host/\([^:]*\):[0-9]*:/\* step: \(.*\) \*/|\1 \2|' |
    awk '{ file = $1; sub(/^[^ ]* /, ""); n = split($0, names, ", "); for (i = 1; i <= n; i++) print names[i], file }' |
    sort -u >"$scratch/places"
sed 's/ .*//' "$scratch/places" | sort -u >"$scratch/code"
# | `name` | `file` `function()` | what it is |
sed -n 's/^| `\([a-z_]*\)` | `\([a-z_/.]*\)` `\([a-z_]*\)()` |.*/\1 \2 \3/p' docs/commit-protocol.md |
    sort -u >"$scratch/table"
sed 's/ .*//' "$scratch/table" | sort -u >"$scratch/docs"
cut -d ' ' -f 1,2 "$scratch/table" | sort -u >"$scratch/table_places"

status=0
# differ WHAT A B
differ() {
    diff "$scratch/$2" "$scratch/$3" >"$scratch/difference" && return 0
    echo "$1"
    grep '^[<>]' "$scratch/difference"
    status=1
}
[ "$(wc -l <"$scratch/model")" -ge 30 ] || { echo "the model names no steps"; exit 1; }
differ "steps of the model (<) and of the code (>):" model code
differ "steps of the model (<) and of docs/commit-protocol.md (>):" model docs
differ "files with the steps: the code (<), docs/commit-protocol.md (>):" places table_places
while read -r name file function; do
    grep -q "\b$function(" "host/$file" || { echo "$name: there is no $function() in $file"; status=1; }
done <"$scratch/table"
exit $status
