# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
#
# Programs that use libstun2, as an application developer has them: the library is installed below a
# prefix of its own, and its examples are compiled outside the tree, with the installed headers and
# pkg-config alone. They run as a user without rights. Source it after check.sh; then:
#
#   apps_begin                     skip if there is no compiler; a lab with libstun2 installed
#   apps_compile NAME [ARGUMENT...]
#                                  compile client/examples/NAME.c, with more files and flags
#   apps_relay MACHINE ADDRESS     a relay for strangers with the pool chat; its URL: APPS_RELAY
#   app_start NAME HOST PROGRAM ARGUMENT...
#                                  run one in the background; its standard input is a pipe, its pid
#                                  is in APP_PID[NAME]
#   app_tell NAME LINE             say something to it
#   app_said NAME PATTERN          whether it did so on standard error; app_heard: a whole line that
#                                  it wrote to standard output
#   app_key NAME                   prints its key
#   app_end NAME...                end them

declare -A APP_PID

apps_begin() {
    command -v cc >/dev/null && command -v pkg-config >/dev/null && command -v cmake >/dev/null &&
        command -v setpriv >/dev/null ||
        { echo "skipped: cc, pkg-config, cmake and setpriv are needed"; exit 77; }
    test_begin
    lab_begin
    local component build
    build=$(dirname "$ZIGLAN_BIN")
    APPS_PREFIX=$LAB_DIR/prefix APPS_SOURCE=$LAB_NET/../../client/examples APPS_DIR=$LAB_DIR/app
    lab_mkdir "$APPS_DIR"
    for component in libstun2-0 libstun2-dev; do
        cmake --install "$build" --prefix "$APPS_PREFIX" --component "$component" \
            >"$LAB_DIR/install" 2>&1 ||
            { not_ok "cmake --install --component $component"; cat "$LAB_DIR/install"; exit 1; }
    done
    export PKG_CONFIG_PATH=$APPS_PREFIX/lib/pkgconfig LD_LIBRARY_PATH=$APPS_PREFIX/lib
    APPS_FLAGS=(-Wall -Wextra -Werror -pedantic)
    # The library of mode dev has sanitizers inside, which the program must bring.
    ! says libasan readelf -d "$APPS_PREFIX/lib/libstun2.so" ||
        APPS_FLAGS+=(-fsanitize=address,undefined)
}

apps_compile() { # name [argument...]
    cp "$APPS_SOURCE"/*.[ch] "$APPS_DIR/" &&
        # shellcheck disable=SC2046
        (cd "$APPS_DIR" && cc "${APPS_FLAGS[@]}" -o "$1" "$1.c" "${@:2}" \
            $(pkg-config --cflags --libs stun2) -lev)
}

apps_relay() { # machine address
    lab_relay_init "$1" "$2" >/dev/null || { not_ok "relayd init"; exit 1; }
    printf 'open_relay: true\napps: [chat]\n' >>"$LAB_DIR/$1/relayd.yaml"
    lab_relay_up "$1" >/dev/null
    wait_for 20 relay_answers "$1" || { not_ok "relayd starts"; cat "$LAB_DIR/$1.log"; exit 1; }
    APPS_RELAY=$(relay_answers "$1" | grep -o 'relay://[^ ]*')
}

app_start() { # name host program argument...
    local name=$1 host=$2
    mkfifo "$APPS_DIR/$name.in"
    # Both ends, so that neither side waits for the other.
    ip netns exec "$(lab_ns "$host")" setpriv --reuid=65534 --regid=65534 --clear-groups \
        --bounding-set=-all --inh-caps=-all "$APPS_DIR/$3" "${@:4}" \
        <>"$APPS_DIR/$name.in" >"$APPS_DIR/$name.out" 2>"$LAB_DIR/app-$name.log" &
    APP_PID[$name]=$!
    disown $!
}

app_tell() { echo "$2" 1<>"$APPS_DIR/$1.in"; } # that waits for nobody
app_said() { grep -q -- "$2" "$LAB_DIR/app-$1.log"; }
app_heard() { grep -qx -- "$2" "$APPS_DIR/$1.out"; }
app_key() { sed -n 's/.*our key is //p' "$LAB_DIR/app-$1.log"; }
app_end() {
    local name
    for name; do kill "${APP_PID[$name]}"; done
}
