# SPDX-License-Identifier: GPL-3.0-or-later

# oriel_library(<name> [GUI] SOURCES ... [LINK ...] [PRIVATE_LINK ...])
# One floor or room of the house: the static library oriel_<name>.
function(oriel_library name)
  cmake_parse_arguments(ARG "GUI" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(oriel_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(oriel_${name} PUBLIC oriel_flags ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
  set_target_properties(oriel_${name} PROPERTIES AUTOMOC ON)
  if(ARG_GUI)
    target_link_libraries(oriel_${name} PUBLIC Qt6::Gui Qt6::Widgets)
    target_precompile_headers(oriel_${name} REUSE_FROM oriel_pch_ui)
  else()
    target_precompile_headers(oriel_${name} REUSE_FROM oriel_pch_core)
  endif()
endfunction()

# Tests of sections that are built and can be run by name, but are not settled yet: they are shown as disabled and decide nothing. Shrinks only.
set(ORIEL_UNSETTLED_TESTS tst_overview_data tst_overview_models tst_overview_section tst_trace_words tst_trace_list_model tst_traces_section
    tst_logs_section tst_servers_section tst_settings_section)

# oriel_test(<name> [GUI] SOURCES ... [LINK ...] [LABELS ...] [ENVIRONMENT ...] [WRAPPER ...] [TIMEOUT seconds])
# One QtTest executable, registered with ctest. GUI tests run on the offscreen platform.
function(oriel_test name)
  cmake_parse_arguments(ARG "GUI" "TIMEOUT" "SOURCES;LINK;LABELS;ENVIRONMENT;WRAPPER" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE oriel_flags ${ARG_LINK} Qt6::Test)
  set_target_properties(${name} PROPERTIES AUTOMOC ON RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  set(environment "QT_QPA_PLATFORM=offscreen;TSAN_OPTIONS=ignore_noninstrumented_modules=1" ${ARG_ENVIRONMENT})
  if(ARG_GUI)
    target_link_libraries(${name} PRIVATE Qt6::Gui Qt6::Widgets)
    target_precompile_headers(${name} REUSE_FROM oriel_pch_ui)
  else()
    target_precompile_headers(${name} REUSE_FROM oriel_pch_core)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${ARG_WRAPPER} $<TARGET_FILE:${name}>)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${environment}" LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if(name IN_LIST ORIEL_UNSETTLED_TESTS)
    set_tests_properties(${name} PROPERTIES DISABLED TRUE)
  endif()
endfunction()
