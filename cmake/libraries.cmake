# SPDX-License-Identifier: GPL-3.0-or-later
# Foreign libraries as imported targets lib::NAME. Imported targets are SYSTEM includes, so their
# headers give no warnings of ours.

# --- built by deploy/setup: static libraries, only from its prefix ---
if(DEFINED ENV{XDG_CACHE_HOME})
    set(cache_home $ENV{XDG_CACHE_HOME})
else()
    set(cache_home $ENV{HOME}/.cache)
endif()
set(ZIGLAN_PREFIX ${cache_home}/ziglan/prefix CACHE PATH "what deploy/setup has built")
if(NOT EXISTS ${ZIGLAN_PREFIX}/versions)
    message(FATAL_ERROR "${ZIGLAN_PREFIX} is missing. Please run deploy/setup first.")
endif()

function(prefix_library name)
    set(file ${ZIGLAN_PREFIX}/lib/lib${name}.a)
    if(NOT EXISTS ${file})
        message(FATAL_ERROR "${file} is missing. Please run deploy/setup --fresh.")
    endif()
    add_library(lib::${name} STATIC IMPORTED GLOBAL)
    set_target_properties(lib::${name} PROPERTIES
        IMPORTED_LOCATION ${file}
        INTERFACE_INCLUDE_DIRECTORIES ${ZIGLAN_PREFIX}/include)
    if(ARGN)
        target_link_libraries(lib::${name} INTERFACE ${ARGN})
    endif()
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
prefix_library(sodium Threads::Threads)
prefix_library(wolfssl Threads::Threads m)
prefix_library(nghttp3)
prefix_library(ngtcp2)
prefix_library(ngtcp2_crypto_wolfssl lib::ngtcp2 lib::wolfssl)
target_compile_definitions(lib::ngtcp2 INTERFACE NGTCP2_STATICLIB)
target_compile_definitions(lib::nghttp3 INTERFACE NGHTTP3_STATICLIB)

# --- packages of the distribution, and where they have no static library those of the prefix ---
option(ZIGLAN_STATIC "programs that need no shared library (deploy/tarball)")
if(ZIGLAN_STATIC)
    set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()
find_package(PkgConfig REQUIRED)

# What a static library needs besides stands behind it; a shared one finds that itself.
function(system_library name header library)
    find_path(${name}_INCLUDE ${header} HINTS ${ZIGLAN_PREFIX}/include REQUIRED)
    find_library(${name}_LIBRARY ${library} HINTS ${ZIGLAN_PREFIX}/lib REQUIRED)
    mark_as_advanced(${name}_INCLUDE ${name}_LIBRARY)
    add_library(lib::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(lib::${name} PROPERTIES IMPORTED_LOCATION ${${name}_LIBRARY})
    if(NOT ${name}_INCLUDE STREQUAL "/usr/include")
        set_target_properties(lib::${name} PROPERTIES
            INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE})
    endif()
    if(ZIGLAN_STATIC AND ARGN)
        target_link_libraries(lib::${name} INTERFACE ${ARGN})
    endif()
endfunction()

system_library(ev ev.h ev m)
system_library(lmdb lmdb.h lmdb Threads::Threads)
system_library(microhttpd microhttpd.h microhttpd Threads::Threads)
system_library(protobuf_c protobuf-c/protobuf-c.h protobuf-c)
system_library(ldns ldns/ldns.h ldns)
if(ZIGLAN_STATIC)
    system_library(yaml yaml.h yaml)
endif()
system_library(cyaml cyaml/cyaml.h cyaml lib::yaml)
system_library(qrencode qrencode.h qrencode)
system_library(jansson jansson.h jansson)
system_library(mnl libmnl/libmnl.h mnl)
system_library(miniupnpc miniupnpc/miniupnpc.h miniupnpc)
system_library(natpmp natpmp.h natpmp)
system_library(seccomp seccomp.h seccomp)
system_library(cap_ng cap-ng.h cap-ng)
set(CMAKE_FIND_LIBRARY_SUFFIXES .so) # of tests, which need not run elsewhere
system_library(cmocka cmocka.h cmocka)
find_program(PROTOC_C protoc-c REQUIRED)

# --- "ziglan_version.h": ZIGLAN_VERSION, and ZIGLAN_LIBRARIES such as "libsodium 1.0.22, ..." ---
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ZIGLAN_PREFIX}/versions)
file(STRINGS ${ZIGLAN_PREFIX}/versions lines)
set(ZIGLAN_LIBRARIES "")
foreach(line IN LISTS lines)
    string(REGEX REPLACE " [^ ]*$" "" line "${line}")
    list(APPEND ZIGLAN_LIBRARIES "${line}")
endforeach()
list(JOIN ZIGLAN_LIBRARIES ", " ZIGLAN_LIBRARIES)
set(ZIGLAN_GENERATED ${CMAKE_BINARY_DIR}/generated)
configure_file(cmake/ziglan_version.h.in ${ZIGLAN_GENERATED}/ziglan_version.h @ONLY)
target_include_directories(ziglan_mode SYSTEM INTERFACE ${ZIGLAN_GENERATED})
