#!/bin/sh
# check.sh FOLDER NAME...: has Spin look at those lines of configurations.txt; --all: at all of them. What it makes is in
# FOLDER. Says in a line each what it found. 0: all as expected.
set -eu
models=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
shift
[ "$1" != --all ] || set -- $(sed -n 's/^\([A-Za-z_]\{1,\}\) .*/\1/p' "$models/configurations.txt")

# What `pan` printed: its errors, states and depth, if it saw everything or found something.
verdict() {
    awk '
        /errors: / { errors = $NF; sub(/.*depth reached /, ""); depth = $0 + 0 }
        /states, stored/ { states = $1 }
        /^error: |out of memory|resource exhausted|max search depth too small|Search not completed/ { cut = 1 }
        END {
            found = errors > 0 ? "error" : errors != "" && !cut ? "clean" : "unfinished"
            print found, states + 0, depth + 0
        }' "$1"
}

# check NAME SET EXPECTED MODEL DEFINITIONS...
check() {
    name=$1 expected=$3 model=$4
    optimise=-O0 # what a compiler needs to optimise is more than a short search gains
    [ "$2" = test ] || optimise=-O2
    shift 4
    [ "$expected" = clean ] || set -- "-DBUG=$name" "$@"
    mkdir -p "$folder/$name"
    cd "$folder/$name"
    rm -f -- *.trail
    spin -a "$@" "$models/$model.pml" >spin.log || { cat spin.log; return 1; }
    ${CC:-cc} -w $optimise -DCOLLAPSE -DSAFETY -DMEMLIM=6000 -o pan pan.c
    start=$(date +%s)
    ./pan -m1000000 >pan.log 2>&1 || true
    set -- $(verdict pan.log)
    printf '%-24s %-5s  %9d states, depth %5d, %4d s\n' "$name" "$1" "$2" "$3" $(($(date +%s) - start))
    [ "$1" = "$expected" ] || {
        cat pan.log
        echo "$name: $expected was expected; the steps to an error: cd $folder/$name && ./pan -r"
        return 1
    }
}

status=0
for name; do
    line=$(grep "^$name " "$models/configurations.txt") || { echo "check.sh: no line '$name'" >&2; exit 2; }
    (check $line) || status=1
done
exit $status
