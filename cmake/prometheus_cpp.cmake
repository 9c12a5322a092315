# exporter_prometheus_cpp: prometheus-cpp's core (registry and instruments; neither its server nor its pushing). Where the
# surrounding project has a target prometheus-cpp::core, that is taken; with EXPORTER_SYSTEM_PROMETHEUS_CPP the system's;
# else it is built from Debian's source package while the first target that needs it is built, or from the sources in
# EXPORTER_PROMETHEUS_CPP_SOURCE.
option(EXPORTER_SYSTEM_PROMETHEUS_CPP "Use the system's prometheus-cpp" OFF)
set(EXPORTER_PROMETHEUS_CPP_SOURCE "" CACHE PATH "Sources of prometheus-cpp, instead of Debian's source package")

add_library(exporter_prometheus_cpp INTERFACE)
set(EXPORTER_PROMETHEUS_CPP_FOLDER "")
if(EXPORTER_SYSTEM_PROMETHEUS_CPP AND NOT TARGET prometheus-cpp::core)
  find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core)
endif()
if(TARGET prometheus-cpp::core)
  target_link_libraries(exporter_prometheus_cpp INTERFACE prometheus-cpp::core)
  return()
endif()

include(ExternalProject)
set(EXPORTER_PROMETHEUS_CPP_FOLDER ${PROJECT_BINARY_DIR}/prometheus-cpp)
set(folder ${EXPORTER_PROMETHEUS_CPP_FOLDER})
if(EXPORTER_PROMETHEUS_CPP_SOURCE)
  set(source ${EXPORTER_PROMETHEUS_CPP_SOURCE})
  set(fetch "")
else()
  set(source ${PROJECT_BINARY_DIR}/sources/prometheus-cpp)
  set(fetch ${PROJECT_SOURCE_DIR}/cmake/debian_source prometheus-cpp ${PROJECT_BINARY_DIR}/sources)
endif()
set(launcher "")
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher -DCMAKE_CXX_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
set(all "")
if(NOT EXPORTER_INSTRUMENTS)
  set(all EXCLUDE_FROM_ALL TRUE)
endif()
ExternalProject_Add(
  exporter_prometheus_cpp_build
  ${all}
  PREFIX ${folder}/build
  SOURCE_DIR ${source}
  DOWNLOAD_COMMAND "${fetch}"
  CMAKE_ARGS -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS=-ffunction-sections -fdata-sections" "-DCMAKE_CXX_FLAGS_RELEASE=-Os -DNDEBUG"
             -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} ${launcher} -DCMAKE_INSTALL_PREFIX=${folder} -DCMAKE_INSTALL_LIBDIR=lib
             -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF
             -DENABLE_PULL=OFF -DENABLE_PUSH=OFF -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF -DUSE_THIRDPARTY_LIBRARIES=OFF
  LOG_DOWNLOAD TRUE LOG_CONFIGURE TRUE LOG_BUILD TRUE LOG_INSTALL TRUE LOG_OUTPUT_ON_FAILURE TRUE
  BUILD_BYPRODUCTS ${folder}/lib/libprometheus-cpp-core.a)
# So that it may be installed elsewhere.
ExternalProject_Add_Step(
  exporter_prometheus_cpp_build relocatable DEPENDEES install
  COMMAND sed -i "s|^prefix=.*|prefix=\${pcfiledir}/../..|" ${folder}/lib/pkgconfig/prometheus-cpp-core.pc)
file(MAKE_DIRECTORY ${folder}/include)
add_dependencies(exporter_prometheus_cpp exporter_prometheus_cpp_build)
target_include_directories(exporter_prometheus_cpp SYSTEM INTERFACE ${folder}/include)
target_link_libraries(exporter_prometheus_cpp INTERFACE ${folder}/lib/libprometheus-cpp-core.a Threads::Threads)
