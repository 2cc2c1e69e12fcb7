# SPDX-License-Identifier: GPL-3.0-or-later
install(TARGETS ${ORIEL_PROGRAMS} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

set(linux "${CMAKE_SOURCE_DIR}/resources/linux")
install(FILES "${linux}/${ORIEL_APP_ID}.desktop" DESTINATION "${CMAKE_INSTALL_DATADIR}/applications")
install(FILES "${linux}/${ORIEL_APP_ID}.metainfo.xml" DESTINATION "${CMAKE_INSTALL_DATADIR}/metainfo")
set(icon "${CMAKE_SOURCE_DIR}/resources/icons/app/oriel")
install(FILES "${icon}.svg" DESTINATION "${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps")
foreach(size 16 24 32 48 64 128 256 512)
  install(FILES "${icon}-${size}.png" DESTINATION "${CMAKE_INSTALL_DATADIR}/icons/hicolor/${size}x${size}/apps" RENAME oriel.png)
endforeach()

# Manual pages and the changelog are packed without a time stamp, so that the same sources give the same package.
find_program(ORIEL_GZIP gzip REQUIRED)
function(oriel_install_gz source name destination)
  set(packed "${CMAKE_CURRENT_BINARY_DIR}/${name}.gz")
  execute_process(COMMAND "${ORIEL_GZIP}" -9nc "${source}" OUTPUT_FILE "${packed}" COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${source}")
  install(FILES "${packed}" DESTINATION "${destination}")
endfunction()
foreach(program ${ORIEL_PROGRAMS})
  oriel_install_gz("${linux}/${program}.1" "${program}.1" "${CMAKE_INSTALL_MANDIR}/man1")
endforeach()
oriel_install_gz("${CMAKE_CURRENT_SOURCE_DIR}/linux/changelog" changelog "${CMAKE_INSTALL_DATADIR}/doc/oriel")
install(FILES "${CMAKE_CURRENT_SOURCE_DIR}/linux/copyright" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/oriel")
install(FILES "${CMAKE_SOURCE_DIR}/resources/fonts/OFL-1.1.txt" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/oriel")

set(CPACK_GENERATOR "TGZ;DEB")
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_SYSTEM_NAME "linux-${CMAKE_SYSTEM_PROCESSOR}")
# Directories of a package are 0755 whatever the umask of who builds it.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# What is opened at run time only, where dpkg-shlibdeps cannot see it: QtKeychain opens libsecret, QIcon the SVG engine, Qt SQL its driver.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libsecret-1-0, libqt6svg6")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "libqt6sql6-psql, gnome-keyring | kwalletmanager, fonts-inter, fonts-jetbrains-mono")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "qt6-wayland")

find_program(ORIEL_RPMBUILD rpmbuild)
if(ORIEL_RPMBUILD)
  list(APPEND CPACK_GENERATOR RPM)
endif()
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE GPL-3.0-or-later)
set(CPACK_RPM_PACKAGE_REQUIRES "libsecret, qt6-qtsvg")
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none")
# Folders that belong to other packages.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/share/applications /usr/share/metainfo /usr/share/man /usr/share/man/man1
    /usr/share/icons /usr/share/icons/hicolor)
foreach(size 16x16 24x24 32x32 48x48 64x64 128x128 256x256 512x512 scalable)
  list(APPEND CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION "/usr/share/icons/hicolor/${size}" "/usr/share/icons/hicolor/${size}/apps")
endforeach()
