# What makes static exporters small: leaner copies of the libraries they are linked from, in build/<preset>/lean.
#
#   - C libraries without the tables by which exceptions would pass through C code, which none do: half a megabyte of
#     OpenSSL alone.
#   - RE2 without the C++ streams of its log, which nobody reads: 0.7 MB with the locales they bring. It is compiled from
#     Debian's source package, of the very version that is installed; without it the installed archive is taken.
#   - left_out.ld, a linker script that ends references which keep code that never runs: see LEFT_OUT below.
#
# exporter_lean gives exporters all three. Other builds have an empty one, and EXPORTER_LEAN=OFF makes it so.
add_library(exporter_lean INTERFACE)
option(EXPORTER_LEAN "Link static exporters from leaner copies of libraries" ON)
if(NOT EXPORTER_LEAN OR NOT EXPORTER_STATIC OR NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR NOT CMAKE_OBJCOPY OR NOT CMAKE_NM)
  return()
endif()
set(lean ${PROJECT_BINARY_DIR}/lean)
file(MAKE_DIRECTORY ${lean})

# Whether what a file is made from is no longer what it was; takes down what it is now.
function(made_from file now changed)
  set(seen "")
  if(EXISTS ${file}.from)
    file(READ ${file}.from seen)
  endif()
  file(WRITE ${file}.from "${now}")
  if(seen STREQUAL now)
    set(${changed} NO PARENT_SCOPE)
  else()
    set(${changed} YES PARENT_SCOPE)
  endif()
endfunction()

foreach(library crypto ssl zstd z deflate nghttp2 yaml crypt re2)
  find_library(EXPORTER_ARCHIVE_${library} NAMES lib${library}.a)
  mark_as_advanced(EXPORTER_ARCHIVE_${library})
  set(archive ${EXPORTER_ARCHIVE_${library}})
  if(NOT archive OR library STREQUAL "re2")
    continue()
  endif()
  # By content: a security update may be older than the copy of what it replaces.
  set(copy ${lean}/lib${library}.a)
  file(SHA256 ${archive} now)
  made_from(${copy} ${now} changed)
  if(changed OR NOT EXISTS ${copy})
    execute_process(COMMAND ${CMAKE_OBJCOPY} --remove-section .eh_frame --remove-section .rela.eh_frame ${archive} ${copy})
  endif()
  set_property(TARGET exporter_lean APPEND PROPERTY INTERFACE_LINK_DEPENDS ${copy})
endforeach()
target_link_directories(exporter_lean BEFORE INTERFACE ${lean})

# LEFT_OUT: functions that keep code in the program but are never called, as library, pattern, and what stands for them.
# exporter_left_out does nothing and returns 0 (exporter_left_out.c): where a function may well be called and 0 means "not
# there". abort stands where a call would be a mistake of ours.
set(LEFT_OUT
  # zstd: pages are compressed at level 1, whose strategy is "fast" whatever the size, and without dictionaries.
  zstd "ZSTD_compressBlock_(doubleFast|greedy|lazy|btlazy|btopt|btultra)[A-Za-z0-9_]*" abort
  zstd "ZSTD_(fillDoubleHashTable|dedicatedDictSearch_lazy_loadDictionary|insertAndFindFirstIndex|row_update|updateTree)" abort
  # crypt: passwords of the web configuration are bcrypt, or refused before crypt sees them.
  crypt "_crypt_(crypt|gensalt)_(bigcrypt|bsdicrypt|descrypt|gost_yescrypt|md5crypt|nt|scrypt|sha1crypt|sha256crypt|sha512crypt|sunmd5|yescrypt)_rn" abort
  # OpenSSL's fused AES-CBC-HMAC: without it the cipher suites use AES-CBC and HMAC, as on machines without AES instructions.
  crypto "EVP_aes_[0-9]+_cbc_hmac_sha[0-9]+" exporter_left_out
  crypto "ossl_cipher_capable_aes_cbc_hmac_sha[0-9]+" exporter_left_out
  crypto "ossl_aes[0-9]+cbc_hmac_sha[0-9]+_functions" exporter_left_out
  # OpenSSL's ciphers that no cipher suite of ours uses, of files that only openssl(1) would read.
  crypto "EVP_(aria|camellia|seed|sm4|bf|cast5|rc2|rc4|desx)_?[A-Za-z0-9_]*" exporter_left_out
  # Engines that must be asked for, and fetching certificates by HTTP.
  crypto "engine_load_(afalg|padlock)_int" exporter_left_out
  crypto "OSSL_HTTP_get" exporter_left_out
  # Modules, which static programs can't load.
  crypto "DSO_[A-Za-z_]+" exporter_left_out)

# libstdc++'s report of an exception that nobody caught holds a demangler; App has one without.
set(script "/* Written by cmake/lean.cmake. */\n_ZN9__gnu_cxx27__verbose_terminate_handlerEv = abort;\n")
while(LEFT_OUT)
  list(POP_FRONT LEFT_OUT library pattern instead)
  if(EXISTS ${lean}/lib${library}.a)
    execute_process(COMMAND ${CMAKE_NM} --defined-only --extern-only --format=posix ${lean}/lib${library}.a
                    OUTPUT_VARIABLE symbols ERROR_QUIET)
    string(REGEX MATCHALL "\n${pattern} [TRD] " found "${symbols}")
    foreach(symbol ${found})
      string(REGEX MATCH "[A-Za-z0-9_]+" symbol "${symbol}")
      string(APPEND script "${symbol} = ${instead};\n")
    endforeach()
  endif()
endwhile()
file(CONFIGURE OUTPUT ${lean}/left_out.ld CONTENT "${script}" @ONLY)
add_library(exporter_left_out OBJECT ${CMAKE_CURRENT_LIST_DIR}/exporter_left_out.c)
target_link_libraries(exporter_lean INTERFACE $<TARGET_OBJECTS:exporter_left_out> ${lean}/left_out.ld)

# RE2, from the sources of the package that is installed. Its Unicode tables, which the source package doesn't hold, are the
# installed archive's.
execute_process(COMMAND dpkg-query --show "--showformat=\${source:Version}" libre2-dev
                OUTPUT_VARIABLE version RESULT_VARIABLE status ERROR_QUIET)
made_from(${lean}/re2 "${version}" changed)
if(changed)
  file(REMOVE_RECURSE ${PROJECT_BINARY_DIR}/sources/re2)
endif()
if(status EQUAL 0 AND EXPORTER_ARCHIVE_re2 AND NOT EXISTS ${PROJECT_BINARY_DIR}/sources/re2)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/cmake/debian_source re2 ${PROJECT_BINARY_DIR}/sources ${version} RESULT_VARIABLE status)
endif()
if(NOT status EQUAL 0 OR NOT EXISTS ${PROJECT_BINARY_DIR}/sources/re2/re2/re2.cc)
  message(STATUS "Without RE2's sources exporters take the installed archive, and are 0.7 MB larger.")
  return()
endif()
set(tables perl_groups.o unicode_casefold.o unicode_groups.o)
execute_process(COMMAND ${CMAKE_AR} x ${EXPORTER_ARCHIVE_re2} ${tables} WORKING_DIRECTORY ${lean})
list(TRANSFORM tables PREPEND ${lean}/)
file(GLOB sources ${PROJECT_BINARY_DIR}/sources/re2/re2/*.cc)
list(FILTER sources EXCLUDE REGEX "filtered_re2|prefilter_tree|set\\.cc")
add_library(exporter_re2 STATIC ${sources} ${PROJECT_BINARY_DIR}/sources/re2/util/rune.cc
                                ${PROJECT_BINARY_DIR}/sources/re2/util/strutil.cc ${tables})
set_target_properties(exporter_re2 PROPERTIES OUTPUT_NAME re2 ARCHIVE_OUTPUT_DIRECTORY ${lean} EXCLUDE_FROM_ALL TRUE CXX_STANDARD 17)
target_compile_options(exporter_re2 PRIVATE -w -ffunction-sections -fdata-sections)
target_include_directories(exporter_re2 PRIVATE ${CMAKE_CURRENT_LIST_DIR}/re2 ${PROJECT_BINARY_DIR}/sources/re2)
add_dependencies(exporter_lean exporter_re2)
set_property(TARGET exporter_lean APPEND PROPERTY INTERFACE_LINK_DEPENDS ${lean}/libre2.a)
