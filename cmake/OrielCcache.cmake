# SPDX-License-Identifier: GPL-3.0-or-later
# Uses ccache where it is installed. No other linker than the compiler's own: mold 1.10 (Debian 12) loses exception tables, and what
# is thrown then ends the program although it is caught.
find_program(ORIEL_CCACHE ccache)
if(ORIEL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};CCACHE_NOHASHDIR=1;${ORIEL_CCACHE}")
endif()
