# One interface target that every target of the project links: warnings, hardening, sanitizers.
add_library(micropipe_options INTERFACE)
target_compile_definitions(micropipe_options INTERFACE _GNU_SOURCE)
target_compile_options(micropipe_options INTERFACE
  -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wvla -Wnull-dereference
  -Wdouble-promotion -Wimplicit-fallthrough -fno-common -fno-omit-frame-pointer
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings>
  $<$<COMPILE_LANGUAGE:CXX>:-g1>)   # only tests and benchmarks are C++: lines do, and all the rest is a quarter of their compile time
option(MICROPIPE_WERROR "Warnings are errors" OFF)
if(MICROPIPE_WERROR)
  target_compile_options(micropipe_options INTERFACE -Werror)
endif()
if(MICROPIPE_SANITIZE)
  # What ships is C, and gets all checks; the tests are C++, and those for undefined behaviour are a third of their compile time.
  string(REPLACE ",undefined" "" test_sanitizers "${MICROPIPE_SANITIZE}")
  target_compile_options(micropipe_options INTERFACE -fno-sanitize-recover=all
    "$<$<COMPILE_LANGUAGE:C>:-fsanitize=${MICROPIPE_SANITIZE}>"
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${test_sanitizers}>")
  target_link_options(micropipe_options INTERFACE -fsanitize=${MICROPIPE_SANITIZE})
endif()
