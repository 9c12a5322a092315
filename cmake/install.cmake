# What `cmake --install` puts where, in components: sdk (headers, archives, the CMake package, pkg-config's files), runtime
# (shared libraries), exporters (add_exporter.cmake). Installing a static and a shared build into one prefix gives both.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libexporter)
set(kind static)
if(BUILD_SHARED_LIBS)
  set(kind shared)
endif()

function(install_library target name)
  install(TARGETS ${target} EXPORT ${name}-${kind}
          LIBRARY COMPONENT runtime NAMELINK_COMPONENT sdk
          ARCHIVE COMPONENT sdk
          FILE_SET HEADERS COMPONENT sdk)
  install(EXPORT ${name}-${kind} NAMESPACE exporter:: DESTINATION ${package_dir} COMPONENT sdk)
endfunction()
install_library(exporter libexporter)
install_library(exporter_http libexporter-http)
install_library(exporter_instruments libexporter-instruments)

# An archive can't take libcurl into itself, so ours goes with it, where it gets in nobody's way.
set(curl_libraries "")
set(curl_package "")
if(EXPORTER_SYSTEM_CURL)
  set(curl_package libcurl)
else()
  set(curl_libraries "\${libdir}/libexporter/libcurl.a")
  if(NOT BUILD_SHARED_LIBS)
    install(FILES ${EXPORTER_CURL_ARCHIVE} DESTINATION ${CMAKE_INSTALL_LIBDIR}/libexporter COMPONENT sdk)
  endif()
endif()

if(EXPORTER_INSTRUMENTS AND EXPORTER_PROMETHEUS_CPP_FOLDER)
  install(DIRECTORY ${EXPORTER_PROMETHEUS_CPP_FOLDER}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk)
  install(DIRECTORY ${EXPORTER_PROMETHEUS_CPP_FOLDER}/lib/ DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk)
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/package/libexporter-config.cmake.in libexporter-config.cmake
                              INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(libexporter-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/libexporter-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/libexporter-config-version.cmake
        DESTINATION ${package_dir} COMPONENT sdk)

file(RELATIVE_PATH to_prefix /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
string(REGEX REPLACE "/$" "" to_prefix ${to_prefix})
foreach(name libexporter libexporter-http libexporter-instruments)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/package/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)
endforeach()
