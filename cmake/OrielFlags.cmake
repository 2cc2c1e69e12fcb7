# SPDX-License-Identifier: GPL-3.0-or-later
# The one place for compiler flags: every target of the project links oriel_flags.
add_library(oriel_flags INTERFACE)
target_compile_features(oriel_flags INTERFACE cxx_std_20)
target_include_directories(oriel_flags INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/gateway_core")
target_compile_definitions(oriel_flags INTERFACE
  QT_NO_KEYWORDS QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_FOREACH QT_NO_CONTEXTLESS_CONNECT
  QT_DISABLE_DEPRECATED_BEFORE=0x060400
  ORIEL_VERSION="${PROJECT_VERSION}")
target_link_libraries(oriel_flags INTERFACE Qt6::Core Qt6::Network)
if(MSVC)
  target_compile_options(oriel_flags INTERFACE /W4 /utf-8 /permissive- /Zc:__cplusplus $<$<BOOL:${ORIEL_WERROR}>:/WX>)
else()
  target_compile_options(oriel_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wcast-align
    $<$<BOOL:${ORIEL_WERROR}>:-Werror> $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
if(ORIEL_SANITIZE)
  target_compile_options(oriel_flags INTERFACE -fsanitize=${ORIEL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(oriel_flags INTERFACE -fsanitize=${ORIEL_SANITIZE})
endif()

# Precompiled headers: one for everything without a screen, one for widgets.
add_library(oriel_pch_core OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cpp")
target_link_libraries(oriel_pch_core PRIVATE oriel_flags)
target_precompile_headers(oriel_pch_core PRIVATE
  <QByteArray> <QByteArrayView> <QCoreApplication> <QDateTime> <QHash> <QList> <QLoggingCategory> <QObject> <QPointer> <QString>
  <QStringList> <QThread> <QTimer> <QVariant> <algorithm> <array> <atomic> <chrono> <cstdint> <functional> <map> <memory>
  <mutex> <optional> <span> <string> <string_view> <tuple> <unordered_map> <utility> <variant> <vector>)
if(ORIEL_GUI)
  add_library(oriel_pch_ui OBJECT "${CMAKE_SOURCE_DIR}/cmake/pch.cpp")
  target_link_libraries(oriel_pch_ui PRIVATE oriel_flags Qt6::Gui Qt6::Widgets)
  target_precompile_headers(oriel_pch_ui PRIVATE <QtWidgets/QtWidgets> <algorithm> <memory> <functional> <optional> <vector>)
endif()
