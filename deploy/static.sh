# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Libraries that the distribution has not as static ones, or only with more than is used here: for
# programs that need no shared library (deploy/tarball). Sourced by deploy/setup.

# At least, in any suite.
static_floors='
libmnl        1.0.4
qrencode      4.1.1
ldns          1.8.3
libmicrohttpd 0.9.75
'

# By autotools: with these options of configure, which is made first where the source has none.
build_by_configure() { # name option...
    local name=$1
    shift
    cd "$work/$name" || return 1
    if [ ! -x configure ]; then
        step "$name-autoreconf" autoreconf -fi || return 1
    fi
    step "$name-configure" ./configure --prefix="$stage" --disable-shared --enable-static \
        --with-pic "$@" "${configure_for[@]}" || return 1
    step "$name-make" make -j "$jobs" || return 1
    step "$name-install" make install || return 1
    built "$name"
}

# The suite's own static library will do, too, where the mirror has no source.
build_libmnl() {
    local file got
    if unpack libmnl 2>/dev/null; then
        build_by_configure libmnl --disable-dependency-tracking
        return
    fi
    if private_apt && (cd "$downloads" && papt apt-get -qq download "libmnl-dev:$arch/$suite" \
            >"$logs/fetch-libmnl.log" 2>&1); then
        file=$(cd "$downloads" && ls -t libmnl-dev_*_"$arch".deb | sed -n 1p)
        version=$(dpkg-deb -f "$downloads/$file" Version)
        remember libmnl "binary${cross:+-$arch}" "${version%-*}" "$file"
    fi
    got=$(fetch_cached libmnl "binary${cross:+-$arch}") || { say "no libmnl in $suite"; return 1; }
    version=${got%% *}
    rm -rf "$work/libmnl"
    dpkg-deb -x "$downloads/${got#* }" "$work/libmnl"
    cp -a "$work/libmnl/usr/include/." "$stage/include/"
    find "$work/libmnl" -name libmnl.a -exec cp {} "$stage/lib/" \;
    [ -f "$stage/lib/libmnl.a" ] || return 1
    built libmnl
}

build_qrencode() {
    unpack qrencode || return 1
    step qrencode-cmake cmake -S "$work/qrencode" -B "$work/qrencode-build" "${cmake_for[@]}" \
        -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$stage" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DWITH_TOOLS=NO -DWITH_TESTS=NO \
        -DBUILD_SHARED_LIBS=NO || return 1
    step qrencode-make cmake --build "$work/qrencode-build" -j "$jobs" || return 1
    step qrencode-install cmake --install "$work/qrencode-build" || return 1
    built qrencode
}

# Messages are read and written, nothing is signed: so without OpenSSL.
build_ldns() {
    unpack ldns || return 1
    build_by_configure ldns --without-ssl --disable-dane --disable-ecdsa --disable-gost \
        --disable-dsa --disable-sha2 --disable-ed25519 --disable-ed448
}

# The pages of a local port: so without TLS.
build_libmicrohttpd() {
    unpack libmicrohttpd || return 1
    build_by_configure libmicrohttpd --disable-https --disable-doc --disable-examples \
        --disable-tools --disable-curl --disable-dependency-tracking
}

static_libraries="libmnl qrencode ldns libmicrohttpd"

static_hash() {
    {
        recipe_hash
        cat "$1/versions"
        declare -f build_by_configure build_libmnl build_qrencode build_ldns build_libmicrohttpd
        echo "$static_libraries $static_floors"
    } | sha256sum | cut -c1-16
}

# The same libraries, and those that deploy/tarball needs besides.
static_ensure() {
    local usual=$prefix recipe name
    local prefix=$cache/static${cross:+.$arch}
    recipe=$(static_hash "$usual")
    [ "$(cat "$prefix/recipe" 2>/dev/null)" != "$recipe" ] || return 0
    cleanup
    work_begin
    say "building more static libraries into $cache"
    cp -a "$usual/." "$stage"
    for name in $static_libraries; do
        for suite in $suites none; do
            [ "$suite" != none ] || die "$name could not be built; logs are in $logs"
            if build_one "$name"; then break; fi
        done
    done
    stage_publish "$recipe" "$cache/static-$(stage_name "$recipe")"
}
