# exporter_curl: libcurl for the HTTP client: HTTP and TLS, nothing else. It is built from Debian's source package while
# the first target that needs it is built (Debian's own archive can't be linked statically), so that configuring, and
# building exporters without an HTTP client, cost nothing. EXPORTER_SYSTEM_CURL takes the system's; EXPORTER_CURL_SOURCE
# names a folder with other sources. OPENSSL_init_ssl is renamed in it, so that OpenSSL, which starts itself where it is
# first used, is not started (1.5 MB of resident memory) by programs that never ask over TLS; and connect, which 7.88 calls
# for sockets that its user has connected, too.
option(EXPORTER_SYSTEM_CURL "Use the system's libcurl (a shared library: no static exporters)" OFF)
set(EXPORTER_CURL_SOURCE "" CACHE PATH "Sources of libcurl, instead of Debian's source package")

if(EXPORTER_SYSTEM_CURL)
  if(EXPORTER_STATIC)
    message(FATAL_ERROR "EXPORTER_SYSTEM_CURL needs -DEXPORTER_STATIC=OFF: the system's libcurl is a shared library")
  endif()
  find_package(CURL 7.85 REQUIRED)
  add_library(exporter_curl INTERFACE)
  target_link_libraries(exporter_curl INTERFACE CURL::libcurl)
  return()
endif()

include(ExternalProject)
set(folder ${PROJECT_BINARY_DIR}/curl)
if(EXPORTER_CURL_SOURCE)
  set(source ${EXPORTER_CURL_SOURCE})
  set(fetch "")
else()
  set(source ${PROJECT_BINARY_DIR}/sources/curl)
  set(fetch ${PROJECT_SOURCE_DIR}/cmake/debian_source curl ${PROJECT_BINARY_DIR}/sources)
endif()
set(launcher "")
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher -DCMAKE_C_COMPILER_LAUNCHER=${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
set(EXPORTER_CURL_ARCHIVE ${folder}/lib/libcurl.a)
set(pic "")
if(BUILD_SHARED_LIBS OR CMAKE_POSITION_INDEPENDENT_CODE)
  set(pic -DCMAKE_POSITION_INDEPENDENT_CODE=ON)
endif()
set(off ALTSVC COOKIES CRYPTO_AUTH DOH GETOPTIONS HSTS LIBCURL_OPTION MIME NETRC NTLM PARSEDATE PROGRESS_METER)
list(TRANSFORM off REPLACE "(.+)" "-DCURL_DISABLE_\\1=ON")
ExternalProject_Add(
  exporter_curl_build
  EXCLUDE_FROM_ALL TRUE
  PREFIX ${folder}
  SOURCE_DIR ${source}
  DOWNLOAD_COMMAND "${fetch}"
  CMAKE_ARGS -DCMAKE_BUILD_TYPE=Release "-DCMAKE_C_FLAGS=-ffunction-sections -fdata-sections -DOPENSSL_init_ssl=exporter_openssl_later -Dconnect=exporter_connect" "-DCMAKE_C_FLAGS_RELEASE=-Os -DNDEBUG"
             -DCMAKE_C_COMPILER=${CMAKE_C_COMPILER} ${launcher} -DCMAKE_INSTALL_PREFIX=${folder} -DCMAKE_INSTALL_LIBDIR=lib
             ${pic} -DBUILD_SHARED_LIBS=OFF -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DENABLE_MANUAL=OFF -DPICKY_COMPILER=OFF
             -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_NGHTTP2=OFF
             -DUSE_LIBIDN2=OFF -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBSSH=OFF -DCURL_USE_GSSAPI=OFF
             -DUSE_LIBRTMP=OFF -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none ${off}
  LOG_DOWNLOAD TRUE LOG_CONFIGURE TRUE LOG_BUILD TRUE LOG_INSTALL TRUE LOG_OUTPUT_ON_FAILURE TRUE
  BUILD_BYPRODUCTS ${EXPORTER_CURL_ARCHIVE})
file(MAKE_DIRECTORY ${folder}/include)

add_library(exporter_curl INTERFACE)
add_dependencies(exporter_curl exporter_curl_build)
target_include_directories(exporter_curl SYSTEM INTERFACE ${folder}/include)
target_compile_definitions(exporter_curl INTERFACE CURL_STATICLIB)
target_link_libraries(exporter_curl INTERFACE ${EXPORTER_CURL_ARCHIVE} ssl crypto Threads::Threads)
