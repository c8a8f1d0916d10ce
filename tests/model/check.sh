#!/bin/sh
# check.sh FOLDER VERB NAME: has Spin search a model of configurations.txt.
#   build MODEL   makes the program that searches, in FOLDER
#   search MODEL  that it finds no error, having seen every order of steps
#   finite MODEL     that no order of steps goes on for ever: with `search`, that each frame arrives
#   find BUG         that it finds the bug
#   all              everything, one after the other
# A line of result each, with states and depth. 0: all as expected.
set -eu
models=$(cd -- "$(dirname -- "$0")" && pwd)
folder=$1
verb=$2
optimise=-O0 # what a compiler needs to optimise is more than a short search gains

# line KIND NAME: the rest of that line of the table.
line() {
    sed -n "s/^$1 \{1,\}$2 \{1,\}//p" "$models/configurations.txt" | grep . ||
        { echo "check.sh: there is no $1 '$2'" >&2; exit 2; }
}

build() {
    # shellcheck disable=SC2046  # the definitions are words
    set -- "$1" $(line model "$1")
    mkdir -p "$folder/$1"
    cd "$folder/$1"
    source=$models/$3.pml
    shift 3
    spin -a "$@" "$source" >spin.log || { head -n 20 spin.log; return 1; }
    compile SAFETY pan
}

# compile FOR PROGRAM
compile() {
    ${CC:-cc} -w "$optimise" -DCOLLAPSE "-D$1" -DMEMLIM=6000 -o "$2" pan.c
}

# Of what `pan` printed: found or clean, states, depth; unfinished if it has not seen all and found nothing.
verdict() {
    awk '
        /errors: / { errors = $NF; sub(/.*depth reached /, ""); depth = $0 + 0 }
        /states, stored/ { states = $1 }
        /out of memory|resource|max search depth too small|Search not completed/ { cut = 1 }
        END { print (errors > 0 ? "found" : errors != "" && !cut ? "clean" : "unfinished"), states + 0, depth + 0 }' "$1"
}

# run MODEL NAME EXPECTED [PROGRAM OPTION]
run() {
    mkdir -p "$folder/$1/$2"
    cd "$folder/$1/$2"
    rm -f -- *.trail
    begin=$(date +%s)
    "../${4:-pan}" -m1000000 ${5:+"$5"} >pan.log 2>&1 || true
    set -- "$1" "$2" "$3"
    # shellcheck disable=SC2046
    set -- "$@" $(verdict pan.log)
    printf '%-24s %-10s %9d states, depth %5d, %4d s\n' "$2" "$4" "$5" "$6" $(($(date +%s) - begin))
    [ "$4" = "$3" ] || {
        cat pan.log
        echo "$2: that was to be $3; the steps to an error: cd $PWD && BUG=${BUG:-0} ../pan -r"
        return 1
    }
}

search() {
    run "$1" "$1" clean
}

# Nothing in the models is marked as progress, so that any cycle is one without.
finite() {
    (cd "$folder/$1" && compile NP pan_finite)
    run "$1" "$1Finite" clean pan_finite -l
}

find_bug() {
    # shellcheck disable=SC2046
    set -- "$1" $(line bug "$1")
    BUG=$(awk -v name="$1" '$1 == "#define" && $2 == name { print $3 }' "$models/bugs.pml")
    export BUG
    run "$3" "$1" found
}

all() {
    status=0
    optimise=-O2
    for name in $(awk '$1 == "model" { print $2 }' "$models/configurations.txt"); do
        (build "$name") || return 1
        (search "$name") || status=1
    done
    for name in $(awk '$1 == "finite" { print $2 }' "$models/configurations.txt"); do
        (finite "$name") || status=1
    done
    for name in $(awk '$1 == "bug" { print $2 }' "$models/configurations.txt"); do
        (find_bug "$name") || status=1
    done
    return $status
}

case $verb in
build | search | finite) "$verb" "$3" ;;
find) find_bug "$3" ;;
all) all ;;
*) exit 2 ;;
esac
