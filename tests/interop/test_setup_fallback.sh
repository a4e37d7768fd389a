#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# deploy/setup where the newer suite is of no use: its first message names the true cause, and the
# next suite is built. The archive is a folder, signed by a key of this test, of sources that only
# unpack the libraries which this machine has already; all else is apt and deploy/setup themselves.
set -euo pipefail
export LC_ALL=C

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
prefix=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/prefix
skip() { echo "skipped: $*"; exit 77; }
for program in apt-get dpkg-deb gpg unshare; do
    command -v "$program" >/dev/null || skip "there is no $program"
done
[ -e "$prefix/versions" ] || skip "deploy/setup did not run here"
codename=$(. /etc/os-release; echo "${VERSION_CODENAME:-}")
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || skip "there is no $keyring"
if [ -z "${SETUP_ALONE:-}" ]; then
    unshare -m true 2>/dev/null || skip "mounts of an own need root"
    SETUP_ALONE=1 exec unshare -m bash "$0"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=$work/archive
mkdir -p "$archive/pool" "$work/gpg" "$work/apt"/{parts,lists/partial,cache/archives/partial}
chmod 700 "$work/gpg"
failures=0
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

# --- the key, in place of the distribution's in this mount namespace only ---
gpg() { command gpg --homedir "$work/gpg" --batch --quiet "$@" 2>/dev/null; }
gpg --passphrase '' --quick-gen-key test rsa2048
gpg --export >"$work/key.gpg"
mount --bind "$work/key.gpg" "$keyring"
# Nor do this machine's own settings of apt count.
mkdir "$work/none"
mount --bind "$work/none" /etc/apt/apt.conf.d

# --- sources: what their installation would make is in $prefix ---
mkdir -p "$work/autotools" "$work/cmake"
cat >"$work/autotools/configure" <<'END'
#!/bin/sh
for word; do
    case $word in --prefix=*) to=${word#--prefix=} ;; esac
done
printf 'all:\ninstall:\n\tcp -a PREFIX/include PREFIX/lib %s\n' "$to" >Makefile
END
sed -i "s,PREFIX,$prefix,g" "$work/autotools/configure"
printf '#!/bin/sh\n' >"$work/autotools/autogen.sh"
: >"$work/autotools/configure.ac"
chmod +x "$work/autotools"/*.sh "$work/autotools/configure"
cat >"$work/cmake/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.16)
project(nothing NONE)
install(FILES $prefix/versions DESTINATION share)
END

entry() { # folder package version: one paragraph of a suite's Sources
    local name=$2_$3 file sums=''
    tar -C "$work" -czf "$archive/pool/$name.orig.tar.gz" "$1"
    echo "of $name" >"$archive/pool/$name-1.dsc"
    printf 'Package: %s\nFormat: 3.0 (quilt)\nBinary: %s\nVersion: %s-1\nDirectory: pool\n' \
        "$2" "$2" "$3"
    for file in "$name-1.dsc" "$name.orig.tar.gz"; do
        sums+=$(printf '\n %s %s %s' "$(sha256sum <"$archive/pool/$file" | cut -d' ' -f1)" \
            "$(stat -c %s "$archive/pool/$file")" "$file")
    done
    printf 'Checksums-Sha256:%s\n\n' "$sums"
}

suite() { # name valid-until: with the Sources from standard input
    local dir=$archive/dists/$1 file
    mkdir -p "$dir/main/source" "$dir/main/binary-$(dpkg --print-architecture)"
    cat >"$dir/main/source/Sources"
    printf 'Package: nothing\nVersion: 1\nArchitecture: all\n\n' \
        >"$dir/main/binary-$(dpkg --print-architecture)/Packages" # apt passes over an empty one
    {
        printf 'Origin: Test\nSuite: %s\nCodename: %s\nComponents: main\nArchitectures: %s\n' \
            "$1" "$1" "$(dpkg --print-architecture)"
        printf 'Date: %s\nValid-Until: %s\nSHA256:\n' "$(date -Ru -d '3 days ago')" \
            "$(date -Ru -d "$2")"
        for file in main/source/Sources "main/binary-$(dpkg --print-architecture)/Packages"; do
            printf ' %s %s %s\n' "$(sha256sum <"$dir/$file" | cut -d' ' -f1)" \
                "$(stat -c %s "$dir/$file")" "$file"
        done
    } >"$dir/Release"
    rm -f "$dir/InRelease"
    gpg --clearsign -o "$dir/InRelease" "$dir/Release"
}

whole() { # the sources that a suite needs
    entry autotools libsodium "$1"
    entry autotools wolfssl "$2"
    entry cmake nghttp3 "$3"
    entry cmake ngtcp2 "$4"
}
suite "$codename" tomorrow </dev/null
whole 1.0.20 5.9.1 1.12.0 1.20.0 | suite sid yesterday
whole 1.0.18 5.7.2 1.8.0 1.11.0 | suite trixie tomorrow

# --- the machine's apt, which set-up asks for the archive ---
printf 'deb [signed-by=%s] file:%s %s main\n' "$keyring" "$archive" "$codename" \
    >"$work/apt/parts/test.list"
cat >"$work/apt/apt.conf" <<END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/apt/parts";
Dir::State::lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
END
export APT_CONFIG=$work/apt/apt.conf
apt-get -qq update

setup() { # suites: with a cache of its own; what it prints goes to $work/said
    rm -rf "$work/cache"
    XDG_CACHE_HOME=$work/cache deploy/setup --suites "$1" >"$work/said" 2>&1
}
expect() { # sentence pattern: the first trouble that is told has it
    local trouble
    trouble=$(sed -En '/no package lists|cannot be|is older|could not|is of no/{p;n;p;q}' \
        "$work/said")
    if [[ $trouble =~ $2 ]]; then
        echo "ok: $1"
    else
        fail "$1: $(cat "$work/said")"
    fi
}
useless() { # sentence pattern: a suite that is of no use, for this cause
    if setup sid; then fail "$1: set-up ended well"; fi
    expect "$1" "$2"
}

# --- the whole way: the newer suite has expired, and the next one is built ---
setup "sid trixie" || fail "set-up beside an expired suite ended with $?"
expect "an expired suite is told as such" 'Release file .* is expired'
for built in "libsodium 1.0.18" "wolfssl 5.7.2" "nghttp3 1.8.0" "ngtcp2 1.11.0"; do
    grep -qx "$built trixie" "$work/cache/ziglan/prefix/versions" ||
        fail "no $built: $(cat "$work/said")"
done

# --- other causes ---
rm "$archive/dists/sid"/*Release
useless "a suite that is gone is told as such" 'does not have a Release file'
whole 1.0.20 5.9.1 1.12.0 1.20.0 | suite sid tomorrow
rm "$archive/dists/sid/main/source/Sources"
useless "a suite whose lists are incomplete is told as such" 'Failed to fetch|not found'
entry autotools libsodium 1.0.20 | suite sid tomorrow
useless "a source that a suite lacks is named" 'E: .* wolfssl'
whole 1.0.20 5.9.0 1.12.0 1.20.0 | suite sid tomorrow
useless "a source that is too old is named" 'wolfssl 5.9.0 of sid is older than 5.9.1'

# --- an archive that does not answer: the machine has its lists from before ---
lists=$work/apt/lists/127.0.0.1:9_dists_$codename
cp "$archive/dists/$codename/InRelease" "${lists}_InRelease"
cp "$archive/dists/$codename/main/binary-$(dpkg --print-architecture)/Packages" \
    "${lists}_main_binary-$(dpkg --print-architecture)_Packages"
sed -i "s, file:[^ ]*, http://127.0.0.1:9," "$work/apt/parts/test.list"
useless "an archive that does not answer is told as such" 'Could not connect|Failed to fetch'

exit $((failures > 0))
