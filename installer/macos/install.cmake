# SPDX-License-Identifier: GPL-3.0-or-later
# macOS: Oriel.app in a disk image. The bundle is signed after packaging by installer/sign/macos.sh. Not yet run on a Mac.
set(icon "${CMAKE_SOURCE_DIR}/resources/icons/app/oriel.icns")
target_sources(oriel PRIVATE "${icon}")
set_source_files_properties("${icon}" TARGET_DIRECTORY oriel PROPERTIES MACOSX_PACKAGE_LOCATION Resources)
set_target_properties(oriel PROPERTIES
  MACOSX_BUNDLE ON
  MACOSX_BUNDLE_INFO_PLIST "${CMAKE_CURRENT_SOURCE_DIR}/macos/Info.plist.in"
  MACOSX_BUNDLE_BUNDLE_NAME Oriel
  MACOSX_BUNDLE_GUI_IDENTIFIER "${ORIEL_APP_ID}"
  MACOSX_BUNDLE_ICON_FILE oriel.icns
  MACOSX_BUNDLE_BUNDLE_VERSION "${PROJECT_VERSION}"
  MACOSX_BUNDLE_SHORT_VERSION_STRING "${PROJECT_VERSION}")

install(TARGETS oriel BUNDLE DESTINATION .)
if(TARGET oriel-demo-server)
  # Oriel looks for it beside its own program.
  set_target_properties(oriel-demo-server PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin/oriel.app/Contents/MacOS")
  install(TARGETS oriel-demo-server RUNTIME DESTINATION oriel.app/Contents/MacOS)
endif()
if(Qt6_VERSION VERSION_LESS 6.5)
  qt_generate_deploy_app_script(TARGET oriel FILENAME_VARIABLE deploy_script)
else()
  qt_generate_deploy_app_script(TARGET oriel OUTPUT_SCRIPT deploy_script)
endif()
install(SCRIPT "${deploy_script}")

set(CPACK_GENERATOR DragNDrop)
set(CPACK_SYSTEM_NAME "macos-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_DMG_VOLUME_NAME Oriel)
set(CPACK_DMG_FORMAT UDZO)
# Stripping would break signatures that Homebrew's libraries carry.
set(CPACK_STRIP_FILES OFF)
