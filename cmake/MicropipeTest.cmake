# micropipe_test(NAME LABEL label SOURCES x_test.cc [LAYERS layer...] [LIBRARIES lib...] [TIMEOUT s] [ENVIRONMENT k=v])
#
# One GoogleTest binary; ctest runs each TEST of it as a test of its own, with a time-out, under its label:
# unit | race | fault | system | abi | plugins | packs. LAYERS links the layers under test and so what lies below them.
# Of the environment one variable can be set: gtest_discover_tests() takes a list apart.
# A test of the whole system starts processes and waits on clocks, so ctest runs it alone.
find_package(GTest REQUIRED)
include(GoogleTest)

# GoogleTest's headers are half of what a test costs to compile: they are compiled once, for all tests.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cc CONTENT "")
add_library(test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cc)
target_link_libraries(test_headers PRIVATE micropipe_options GTest::gmock)
# As the programs that use them, not as a library would be.
set_target_properties(test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(test_headers PRIVATE -fPIE)
target_precompile_headers(test_headers PRIVATE
  "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/tests/test_headers.h>")

# All sources of a test are compiled as one: the headers and the templates of GoogleTest cost more than the tests. So what
# two of them have in an unnamed namespace needs two names, or one header.
function(micropipe_compile_as_one name)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  target_precompile_headers(${name} REUSE_FROM test_headers)
  target_compile_options(${name} PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>) # they look like headers
endfunction()

# micropipe_test_library(NAME SOURCES x.cc [LIBRARIES lib...]): what several tests link.
function(micropipe_test_library name)
  cmake_parse_arguments(LIBRARY "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(${name} STATIC ${LIBRARY_SOURCES})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIE) # as the precompiled headers
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${LIBRARY_LIBRARIES} PRIVATE micropipe_options GTest::gmock)
  micropipe_compile_as_one(${name})
endfunction()

function(micropipe_test name)
  cmake_parse_arguments(TEST "" "LABEL;TIMEOUT;ENVIRONMENT" "SOURCES;LAYERS;LIBRARIES" ${ARGN})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 60)
  endif()
  set(alone FALSE)
  if(TEST_LABEL STREQUAL system)
    set(alone TRUE)
  endif()
  list(TRANSFORM TEST_LAYERS PREPEND micropipe_)
  add_executable(${name} ${TEST_SOURCES})
  micropipe_compile_as_one(${name})
  micropipe_count_together(${name})
  target_link_libraries(${name} PRIVATE ${TEST_LAYERS} ${TEST_LIBRARIES} micropipe_options GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS ${TEST_LABEL} TIMEOUT ${TEST_TIMEOUT} RUN_SERIAL ${alone} ENVIRONMENT "${TEST_ENVIRONMENT}")
endfunction()
