#!/bin/sh
# headers_alone.sh SDK COMPILER STANDARD: each public header compiles with nothing before it, without a warning.
set -eu
sdk=$1 compiler=$2 standard=$3
case $standard in
c++*) language=c++ ;;
*) language=c ;;
esac

failed=0
for header in $(cd "$sdk" && find micropipe -name '*.h' | sort); do
    # The declaration is for version.h, which has macros only: C wants something in every file.
    if ! printf '#include <%s>\nextern int a_declaration;\n' "$header" |
        "$compiler" -x "$language" -std="$standard" -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$sdk" -; then
        echo "$header does not compile alone with $compiler -std=$standard" >&2
        failed=1
    fi
done
exit $failed
