# SPDX-License-Identifier: GPL-3.0-or-later
# jemalloc in place of glibc's malloc, where the machine has it: what a call needs is made on the gateway's thread and freed on
# others, for which glibc takes a lock each time. The sanitizers bring an allocator of their own.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT ORIEL_SANITIZE)
  find_library(ORIEL_JEMALLOC jemalloc)
endif()

# oriel_allocator(<program>)
function(oriel_allocator program)
  if(ORIEL_JEMALLOC)
    target_sources(${program} PRIVATE "${CMAKE_SOURCE_DIR}/app/allocator.cpp")
    target_link_libraries(${program} PRIVATE "${ORIEL_JEMALLOC}")
  endif()
endfunction()
