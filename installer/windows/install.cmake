# SPDX-License-Identifier: GPL-3.0-or-later
# Windows: a folder with the programs and what they load, as NSIS installer, MSI and portable ZIP. Not yet run on Windows.
target_sources(oriel PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/windows/oriel.rc")

# vcpkg's toolchain installs the libraries beside the programs, Qt's own script its plugins.
set(X_VCPKG_APPLOCAL_DEPS_INSTALL ON)
install(TARGETS ${ORIEL_PROGRAMS} RUNTIME DESTINATION .)
if(Qt6_VERSION VERSION_LESS 6.5)
  qt_generate_deploy_app_script(TARGET oriel FILENAME_VARIABLE deploy_script)
else()
  qt_generate_deploy_app_script(TARGET oriel OUTPUT_SCRIPT deploy_script)
endif()
set(QT_DEPLOY_BIN_DIR .)
install(SCRIPT "${deploy_script}")
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" DESTINATION . RENAME LICENSE.txt)

# WiX takes a licence only by a name that ends in .txt or .rtf.
configure_file("${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_CURRENT_BINARY_DIR}/LICENSE.txt" COPYONLY)
set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_CURRENT_BINARY_DIR}/LICENSE.txt")
set(CPACK_GENERATOR "NSIS;WIX;ZIP")
set(CPACK_SYSTEM_NAME windows-x64)
set(CPACK_PACKAGE_INSTALL_DIRECTORY Oriel)
set(icon "${CMAKE_SOURCE_DIR}/resources/icons/app/oriel.ico")

set(CPACK_NSIS_DISPLAY_NAME Oriel)
set(CPACK_NSIS_PACKAGE_NAME Oriel)
set(CPACK_NSIS_MUI_ICON "${icon}")
set(CPACK_NSIS_MUI_UNIICON "${icon}")
set(CPACK_NSIS_INSTALLED_ICON_NAME oriel.exe)
set(CPACK_NSIS_EXECUTABLES_DIRECTORY .)
set(CPACK_NSIS_ENABLE_UNINSTALL_BEFORE_INSTALL ON)
# MCP clients start "oriel bridge" by name.
set(CPACK_NSIS_MODIFY_PATH ON)
set(CPACK_NSIS_MANIFEST_DPI_AWARE ON)

# Never changes: by it Windows Installer knows an older Oriel.
set(CPACK_WIX_UPGRADE_GUID 6E0B8F0C-3B5D-4C57-9B0E-5B9B1C6B7A41)
set(CPACK_WIX_PRODUCT_ICON "${icon}")
set(CPACK_WIX_PROGRAM_MENU_FOLDER Oriel)
set(CPACK_WIX_PATCH_FILE "${CMAKE_CURRENT_SOURCE_DIR}/windows/path.wixpatch")
