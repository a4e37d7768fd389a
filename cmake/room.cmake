# SPDX-License-Identifier: GPL-3.0-or-later

# ziglan_room(NAME SOURCES file... LINKS target...)
#
# A room is a static library of one folder's sources; LINKS are the rooms below it and foreign
# libraries. A room that has no source yet is an interface, so that others can link it already.
function(ziglan_room name)
    cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;LINKS")
    if(room_SOURCES)
        add_library(${name} STATIC ${room_SOURCES})
        target_link_libraries(${name} PUBLIC ziglan_mode ${room_LINKS} PRIVATE ziglan_warnings)
        set_target_properties(${name} PROPERTIES OUTPUT_NAME room_${name})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE ziglan_mode ${room_LINKS})
    endif()
endfunction()

# ziglan_program(NAME SOURCES file... LINKS target...): an executable that is installed. Not in mode
# fuzz, where only the fuzzers' rooms matter.
function(ziglan_program name)
    cmake_parse_arguments(PARSE_ARGV 1 program "" "" "SOURCES;LINKS")
    if(ZIGLAN_MODE STREQUAL "fuzz")
        return()
    endif()
    add_executable(${name} ${program_SOURCES})
    target_link_libraries(${name} PRIVATE ziglan_mode ziglan_warnings ${program_LINKS})
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
