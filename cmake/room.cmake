# SPDX-License-Identifier: GPL-3.0-or-later

# ziglan_room(NAME [PURE] SOURCES file... LINKS target... [FOLDERS folder...]
#             [IMPLEMENTS header...] [MAY_CALL file.c:symbol...])
#
# A room is a static library of one folder's sources; LINKS are the rooms below it and foreign
# libraries. Each room remembers its folder, so that a test can link the rooms whose headers it
# includes (link_rooms in tests/CMakeLists.txt). FOLDERS names subfolders that belong to the same
# room. IMPLEMENTS names headers of another folder whose functions this room defines.
#
# A PURE room decides and never touches the system. It may link PURE rooms and the libraries below;
# that is checked when all rooms are known. Its objects must not call what cmake/checks/pure.cmake
# names; that is checked when the room is built. MAY_CALL names exceptions, each with a reason
# beside it.
function(ziglan_room name)
    cmake_parse_arguments(PARSE_ARGV 1 room "PURE" "" "SOURCES;LINKS;FOLDERS;IMPLEMENTS;MAY_CALL")
    add_library(${name} STATIC ${room_SOURCES})
    target_link_libraries(${name} PUBLIC ziglan_mode ${room_LINKS} PRIVATE ziglan_warnings)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME room_${name})
    file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    set_property(GLOBAL PROPERTY ZIGLAN_ROOM_OF_${folder} ${name})
    foreach(sub IN LISTS room_FOLDERS)
        set_property(GLOBAL PROPERTY ZIGLAN_ROOM_OF_${folder}/${sub} ${name})
    endforeach()
    foreach(header IN LISTS room_IMPLEMENTS)
        set_property(GLOBAL PROPERTY ZIGLAN_ROOM_OF_${header} ${name})
    endforeach()
    set_target_properties(${name} PROPERTIES ZIGLAN_ROOM ${folder} ZIGLAN_PURE "${room_PURE}")
    if(room_PURE)
        set_property(GLOBAL APPEND PROPERTY ZIGLAN_PURE_ROOMS ${name})
        list(JOIN room_MAY_CALL "," may_call)
        add_custom_command(TARGET ${name} POST_BUILD
            COMMAND ${CMAKE_COMMAND} -D NM=${CMAKE_NM} -D ARCHIVE=$<TARGET_FILE:${name}>
                -D ROOM=${name} -D MAY_CALL=${may_call} -P ${ZIGLAN_PURE_CHECK}
            VERBATIM)
        set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${ZIGLAN_PURE_CHECK})
    endif()
endfunction()

set(ZIGLAN_PURE_CHECK ${CMAKE_CURRENT_LIST_DIR}/checks/pure.cmake)

# Libraries that only compute, in the way in which we use them: first for all pure rooms, then for
# those in one folder.
set(ZIGLAN_PURE_LIBRARIES lib::sodium lib::jansson lib::cyaml)
set(ZIGLAN_PURE_LIBRARIES_proto/wire lib::protobuf_c)
set(ZIGLAN_PURE_LIBRARIES_proto/link/tls lib::ngtcp2 lib::ngtcp2_crypto_wolfssl lib::wolfssl)
set(ZIGLAN_PURE_LIBRARIES_proto/link/quic lib::ngtcp2 lib::ngtcp2_crypto_wolfssl lib::nghttp3)
set(ZIGLAN_PURE_LIBRARIES_client/names lib::ldns)

# Report what `target` links, itself or through targets that are no rooms, if the pure room `room`
# must not link it. `way` is the chain of links from the room to `target`, for the message.
function(ziglan_check_links room target way)
    get_target_property(folder ${room} ZIGLAN_ROOM)
    set(allowed ziglan_mode ziglan_warnings ${ZIGLAN_PURE_LIBRARIES})
    while(NOT folder STREQUAL "")
        list(APPEND allowed ${ZIGLAN_PURE_LIBRARIES_${folder}})
        get_filename_component(folder "${folder}" DIRECTORY)
    endwhile()
    get_target_property(links ${target} LINK_LIBRARIES)
    if(NOT links)
        return()
    endif()
    foreach(link IN LISTS links)
        string(REGEX REPLACE "^[$]<LINK_ONLY:(.*)>$" "\\1" link "${link}")
        if(link IN_LIST allowed)
            continue()
        endif()
        if(TARGET ${link})
            get_target_property(is_pure ${link} ZIGLAN_PURE)
            get_target_property(is_room ${link} ZIGLAN_ROOM)
            get_target_property(is_foreign ${link} IMPORTED)
            if(is_pure)
                continue() # its own links are checked on its own
            elseif(NOT is_room AND NOT is_foreign)
                ziglan_check_links(${room} ${link} "${way} -> ${link}")
                continue()
            endif()
        endif()
        message(SEND_ERROR "the room ${room} is PURE and must not link ${link} "
            "(${way} -> ${link}): a pure room links pure rooms and libraries that only compute "
            "(cmake/room.cmake)")
    endforeach()
endfunction()

function(ziglan_check_pure_rooms)
    get_property(names GLOBAL PROPERTY ZIGLAN_PURE_ROOMS)
    foreach(name IN LISTS names)
        ziglan_check_links(${name} ${name} ${name})
    endforeach()
endfunction()
cmake_language(DEFER CALL ziglan_check_pure_rooms)

# ziglan_program(NAME SOURCES file... LINKS target...): an executable that is installed. Not in mode
# fuzz, where only the fuzzers' rooms matter. With ZIGLAN_STATIC it needs nothing of the machine
# that runs it, and the linker's map beside it says what is inside (deploy/sbom).
function(ziglan_program name)
    cmake_parse_arguments(PARSE_ARGV 1 program "" "" "SOURCES;LINKS")
    if(ZIGLAN_MODE STREQUAL "fuzz")
        return()
    endif()
    add_executable(${name} ${program_SOURCES})
    target_link_libraries(${name} PRIVATE ziglan_mode ziglan_warnings ${program_LINKS})
    if(ZIGLAN_STATIC)
        target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/static_names.c)
        # The last of such options counts, and CMake's own -pie stands before the libraries.
        target_link_libraries(${name} PRIVATE -static-pie)
        target_link_options(${name} PRIVATE -Wl,-Map=$<TARGET_FILE:${name}>.map)
    endif()
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
