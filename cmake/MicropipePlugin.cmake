# micropipe_pack(NAME SOURCES a.c b.c [LIBRARIES lib...] [OUTPUT_DIR dir])
#
# A pack: one shared object that sees the SDK only, exports one symbol and has no undefined one, in a folder
# of its own beside its pack.cfg: <build>/packs/NAME/NAME.so. Installed with the SDK for packs outside this tree.
set(MICROPIPE_VERSION_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/processor.map)
if(NOT MICROPIPE_PACKS_DIR)
  set(MICROPIPE_PACKS_DIR ${CMAKE_BINARY_DIR}/packs)
endif()

function(micropipe_pack name)
  cmake_parse_arguments(PACK "" "OUTPUT_DIR" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT PACK_OUTPUT_DIR)
    set(PACK_OUTPUT_DIR ${MICROPIPE_PACKS_DIR}/${name})
  endif()
  add_library(pack_${name} MODULE ${PACK_SOURCES})
  set_target_properties(pack_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name} C_VISIBILITY_PRESET hidden
    CXX_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY ${PACK_OUTPUT_DIR}
    LINK_DEPENDS ${MICROPIPE_VERSION_SCRIPT})
  target_link_libraries(pack_${name} PRIVATE micropipe_sdk ${PACK_LIBRARIES})
  if(TARGET micropipe_options)
    target_link_libraries(pack_${name} PRIVATE micropipe_options)
  endif()
  target_link_options(pack_${name} PRIVATE -Wl,--version-script=${MICROPIPE_VERSION_SCRIPT})
  if(NOT MICROPIPE_SANITIZE)   # the sanitizers' run-time is in the host, so it stays undefined here
    target_link_options(pack_${name} PRIVATE -Wl,-z,defs)
  endif()
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/pack.cfg)
    configure_file(pack.cfg ${PACK_OUTPUT_DIR}/pack.cfg COPYONLY)
  endif()
endfunction()
