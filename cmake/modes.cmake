# SPDX-License-Identifier: GPL-3.0-or-later
# What every target of ours is compiled with, by mode (see CMakePresets.json).

set(ZIGLAN_MODE release CACHE STRING "dev, release, threads or fuzz")
set_property(CACHE ZIGLAN_MODE PROPERTY STRINGS dev release threads fuzz)
option(ZIGLAN_WERROR "warnings are errors (tests/run sets it)" "$ENV{ZIGLAN_WERROR}")
# A debugger wants all of it, a sanitizer's report only the lines; without the rest a build takes a
# quarter less.
set(ZIGLAN_DEBUG_INFO -g3 CACHE STRING "how much for debuggers, in modes dev and threads")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# CMake's own build types would add flags, above all -DNDEBUG. The modes bring all flags themselves,
# and asserts stay on in what ships.
set(CMAKE_BUILD_TYPE None)

add_library(ziglan_mode INTERFACE)
target_compile_definitions(ziglan_mode INTERFACE _GNU_SOURCE=)
target_include_directories(ziglan_mode INTERFACE ${CMAKE_SOURCE_DIR})
if(ZIGLAN_MODE STREQUAL "dev")
    set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
    target_compile_options(ziglan_mode INTERFACE
        -O1 ${ZIGLAN_DEBUG_INFO} -fno-omit-frame-pointer ${sanitize})
    target_link_options(ziglan_mode INTERFACE ${sanitize})
elseif(ZIGLAN_MODE STREQUAL "threads")
    target_compile_options(ziglan_mode INTERFACE
        -O1 ${ZIGLAN_DEBUG_INFO} -fno-omit-frame-pointer -fsanitize=thread)
    target_link_options(ziglan_mode INTERFACE -fsanitize=thread)
elseif(ZIGLAN_MODE STREQUAL "release")
    # Many small files name the same structs: each type is kept once in the debug information.
    target_compile_options(ziglan_mode INTERFACE
        -O2 -g -fdebug-types-section -fstack-protector-strong -fstack-clash-protection
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -ffunction-sections -fdata-sections)
    target_link_options(ziglan_mode INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64")
        target_compile_options(ziglan_mode INTERFACE -fcf-protection)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
        target_compile_options(ziglan_mode INTERFACE -mbranch-protection=standard)
    endif()
elseif(ZIGLAN_MODE STREQUAL "fuzz")
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "the mode fuzz needs clang (cmake --preset fuzz)")
    endif()
    set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
    target_compile_options(ziglan_mode INTERFACE
        -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link ${sanitize})
    target_link_options(ziglan_mode INTERFACE ${sanitize})
else()
    message(FATAL_ERROR "ZIGLAN_MODE is '${ZIGLAN_MODE}'; it must be dev, release, threads or fuzz")
endif()

# There are hundreds of tests, and GNU ld takes longer to link them than it takes to compile them.
# What ships is linked by the distribution's own linker, in mode release as well.
include(CheckLinkerFlag)
check_linker_flag(C -fuse-ld=mold ZIGLAN_HAS_MOLD)
if(ZIGLAN_HAS_MOLD AND ZIGLAN_MODE MATCHES "^(dev|threads)$")
    target_link_options(ziglan_mode INTERFACE -fuse-ld=mold)
endif()

# The warnings for our own code. Headers of other people are SYSTEM includes and give none;
# generated code is compiled without warnings.
add_library(ziglan_warnings INTERFACE)
target_compile_options(ziglan_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes
    -Wundef -Wvla -Wcast-align -Wwrite-strings -Wformat=2 -Wimplicit-fallthrough
    -Wpointer-arith
    # clang's -Wcast-qual complains about macros of generated and foreign headers, gcc's does not
    $<$<C_COMPILER_ID:GNU>:-Wcast-qual -Wduplicated-cond -Wlogical-op>
    $<$<BOOL:${ZIGLAN_WERROR}>:-Werror>)

# Tests pass small literals to sized parameters everywhere, so they do without -Wsign-conversion.
add_library(ziglan_warnings_tests INTERFACE)
target_link_libraries(ziglan_warnings_tests INTERFACE ziglan_warnings)
target_compile_options(ziglan_warnings_tests INTERFACE -Wno-sign-conversion)
