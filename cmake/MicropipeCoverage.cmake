# A build that counts the branches that are taken: see ./run coverage.
option(MICROPIPE_COVERAGE "Count the branches that are taken" OFF)
if(MICROPIPE_COVERAGE)
  target_compile_options(micropipe_options INTERFACE --coverage -fprofile-update=atomic -fdata-sections
    -fno-builtin-fork)   # gcov's fork() forgets the counts in the child
  target_link_options(micropipe_options INTERFACE --coverage)
  add_library(shared_counts OBJECT cmake/shared_counts.c)
  target_link_libraries(shared_counts PRIVATE micropipe_options)
  target_link_options(shared_counts INTERFACE LINKER:--wrap=_exit LINKER:--wrap=_Exit LINKER:--sort-section=name)
endif()

# micropipe_count_together(PROGRAM): in such a build, what the processes count that it forks is not lost with them.
function(micropipe_count_together program)
  if(MICROPIPE_COVERAGE)
    target_link_libraries(${program} PRIVATE shared_counts)
  endif()
endfunction()
