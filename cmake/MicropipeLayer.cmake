# micropipe_layer(NAME SOURCES a.c b.c [BELOW layer...] [LIBRARIES lib...])
#
# One folder of host/ = one static library = one include directory. A layer sees the headers of the layers
# that it names in BELOW, and of what lies below those; an #include upwards does not compile, a call upwards
# does not link in that layer's own test. LIBRARIES are external and stay private to the layer.
# The name of a header is its own in all layers: else a new #include could get another module's.
function(micropipe_layer name)
  cmake_parse_arguments(LAYER "" "" "SOURCES;BELOW;LIBRARIES" ${ARGN})
  add_library(micropipe_${name} STATIC ${LAYER_SOURCES})
  file(GLOB headers RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *.h)
  foreach(header ${headers})
    get_property(owner GLOBAL PROPERTY micropipe_header_${header})
    if(owner)
      message(FATAL_ERROR "${header}: ${owner} and ${name} have a header of that name; rename one")
    endif()
    set_property(GLOBAL PROPERTY micropipe_header_${header} ${name})
  endforeach()
  target_include_directories(micropipe_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  set_target_properties(micropipe_${name} PROPERTIES C_VISIBILITY_PRESET hidden)
  list(TRANSFORM LAYER_BELOW PREPEND micropipe_)
  target_link_libraries(micropipe_${name} PUBLIC ${LAYER_BELOW} PRIVATE micropipe_options ${LAYER_LIBRARIES})
endfunction()

# micropipe_layer_sources(SOURCES FOLDERS layer...)
#
# The sources of the layers, with their paths, and the layers' folders: for a test that compiles them once more, its way.
function(micropipe_layer_sources sources_variable folders_variable)
  set(all_sources)
  set(all_folders)
  foreach(layer ${ARGN})
    get_target_property(sources micropipe_${layer} SOURCES)
    get_target_property(folder micropipe_${layer} SOURCE_DIR)
    list(TRANSFORM sources PREPEND ${folder}/)
    list(APPEND all_sources ${sources})
    list(APPEND all_folders ${folder})
  endforeach()
  set(${sources_variable} ${all_sources} PARENT_SCOPE)
  set(${folders_variable} ${all_folders} PARENT_SCOPE)
endfunction()
