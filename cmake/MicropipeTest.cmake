# micropipe_test(NAME LABEL label SOURCES x_test.cc [LAYERS layer...] [LIBRARIES lib...] [TIMEOUT s] [ENVIRONMENT k=v...])
#
# One GoogleTest binary; ctest runs each TEST of it as a test of its own, with a time-out, under its label:
# unit | race | system | abi | plugins. LAYERS links the layers under test and so what lies below them.
find_package(GTest REQUIRED)
include(GoogleTest)

function(micropipe_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT" "SOURCES;LAYERS;LIBRARIES;ENVIRONMENT" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 60)
  endif()
  list(TRANSFORM TEST_LAYERS PREPEND micropipe_)
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_LAYERS} ${TEST_LIBRARIES} micropipe_options GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${TEST_LABEL} TIMEOUT ${TEST_TIMEOUT} ENVIRONMENT "${TEST_ENVIRONMENT}")
endfunction()
