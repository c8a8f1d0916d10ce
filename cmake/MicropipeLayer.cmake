# micropipe_layer(NAME SOURCES a.c b.c [BELOW layer...] [LIBRARIES lib...])
#
# One folder of host/ = one static library = one include directory. A layer sees the headers of the layers
# that it names in BELOW, and of what lies below those; an #include upwards does not compile, a call upwards
# does not link in that layer's own test. LIBRARIES are external and stay private to the layer.
function(micropipe_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;BELOW;LIBRARIES" ${ARGN})
  add_library(micropipe_${name} STATIC ${LAYER_SOURCES})
  target_include_directories(micropipe_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  set_target_properties(micropipe_${name} PROPERTIES C_VISIBILITY_PRESET hidden)
  list(TRANSFORM LAYER_BELOW PREPEND micropipe_)
  target_link_libraries(micropipe_${name} PUBLIC ${LAYER_BELOW} PRIVATE micropipe_options ${LAYER_LIBRARIES})
endfunction()
