# SPDX-License-Identifier: GPL-3.0-or-later

# ziglan_room(NAME SOURCES file... LINKS target... [FOLDERS folder...])
#
# A room is a static library of one folder's sources; LINKS are the rooms below it and foreign
# libraries. Each room remembers its folder, so that a test can link the rooms whose headers it
# includes (link_rooms in tests/CMakeLists.txt). FOLDERS names subfolders that belong to the same
# room.
function(ziglan_room name)
    cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;LINKS;FOLDERS")
    add_library(${name} STATIC ${room_SOURCES})
    target_link_libraries(${name} PUBLIC ziglan_mode ${room_LINKS} PRIVATE ziglan_warnings)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME room_${name})
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    set_property(GLOBAL PROPERTY ZIGLAN_ROOM_OF_${folder} ${name})
    foreach(sub IN LISTS room_FOLDERS)
        set_property(GLOBAL PROPERTY ZIGLAN_ROOM_OF_${folder}/${sub} ${name})
    endforeach()
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
