#!/bin/sh
# example_in.sh SOURCE DOCUMENT: the first C block of a document is that source, so that what a reader copies is what is tested.
set -eu
awk '/^```c$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$2" | diff -u "$1" -
