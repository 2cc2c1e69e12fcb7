# SPDX-License-Identifier: GPL-3.0-or-later
# Uses ccache and mold where they are installed; both only save time.
find_program(ORIEL_CCACHE ccache)
if(ORIEL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};CCACHE_NOHASHDIR=1;${ORIEL_CCACHE}")
endif()
find_program(ORIEL_MOLD mold)
if(ORIEL_MOLD AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  add_link_options(-fuse-ld=mold)
endif()
