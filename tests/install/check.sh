#!/usr/bin/env bash
# Installs a build and uses it as others would, in every way that docs promise:
#   tests/install/check.sh BUILD_DIR
# CMake package, pkg-config, add_subdirectory; shared and static; C++ and C. Then looks at what the
# shared library shows and weighs it.
set -euo pipefail

build=$(realpath "${1:?the build directory}")
here=$(realpath "$(dirname "$0")")
source=$(realpath "$here/../..")
bytes_max=$((2 * 1024 * 1024))

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data=$work/data
mkdir "$data"

say() { printf -- '-- %s\n' "$*"; }
fail() {
  printf 'install check: %s\n' "$*" >&2
  exit 1
}
quietly() { "$@" >"$work/out.txt" 2>&1 || { cat "$work/out.txt" >&2; fail "failed: $*"; }; }
launcher=()
if command -v ccache >/dev/null; then
  launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DCMAKE_C_COMPILER_LAUNCHER=ccache)
fi

# Everything is found relative to itself: so the tree is moved after it was installed.
quietly cmake --install "$build" --prefix "$work/first"
prefix=$work/moved
mv "$work/first" "$prefix"
library=$(find "$prefix" -name libnacre.so)
libdir=$(dirname "$library")
export LD_LIBRARY_PATH=$libdir

say "CMake package, shared and static"
quietly cmake -S "$here/package" -B "$work/package" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$work/package"
for program in cc_nacre cc_static c_nacre c_static; do
  quietly "$work/package/$program" "$data"
done
if ldd "$work/package/cc_static" | grep -q libnacre; then
  fail "nacre::static links the shared library"
fi

say "a version that is too new is refused"
mkdir "$work/refused"
printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(refused LANGUAGES NONE)' \
  'find_package(nacre 0.2 REQUIRED)' \
  >"$work/refused/CMakeLists.txt"
if cmake -S "$work/refused" -B "$work/refused/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
  >"$work/out.txt" 2>&1; then
  fail "find_package(nacre 0.2) accepted another minor version"
fi
grep -q 'nacreConfig.cmake, version: 0.1' "$work/out.txt" || fail "refused for another reason"

say "pkg-config, shared and static"
export PKG_CONFIG_PATH=$libdir/pkgconfig
read -ra flags <<<"$(pkg-config --cflags nacre)"
read -ra shared <<<"$(pkg-config --libs nacre)"
read -ra static <<<"$(pkg-config --static --libs nacre)"
quietly g++ -std=c++20 "$here/consumer.cc" -o "$work/cc_shared" "${flags[@]}" "${shared[@]}"
quietly g++ -std=c++20 -static "$here/consumer.cc" -o "$work/cc_static" "${flags[@]}" "${static[@]}"
quietly gcc -std=c99 "$here/consumer.c" -o "$work/c_shared" "${flags[@]}" "${shared[@]}"
quietly gcc -std=c99 -static "$here/consumer.c" -o "$work/c_static" "${flags[@]}" "${static[@]}"
for program in cc_shared cc_static c_shared c_static; do
  quietly "$work/$program" "$data"
done

# With the flags of the release preset, so that ccache has the library already.
say "add_subdirectory"
quietly cmake -S "$here/subdirectory" -B "$work/subdirectory" -G Ninja -DNACRE_SOURCE="$source" \
  -DCMAKE_BUILD_TYPE=Release -DNACRE_WARNINGS=ON "${launcher[@]}"
quietly cmake --build "$work/subdirectory"
for program in cc_nacre cc_static c_nacre; do
  quietly "$work/subdirectory/$program" "$data"
done

if [ -e "$build/bin/nacre" ]; then
  say "the command"
  quietly "$prefix/bin/nacre" --version
fi

say "what the shared library shows"
name='(nacre::|(typeinfo|typeinfo name|vtable) for nacre::|nacre_|(non-)?virtual thunk to nacre::)'
# Templates are printed with their result first: the mangled name tells what they are members of.
nm -D --defined-only "$library" | awk '{print $3}' | sed 's/@.*//' >"$work/mangled.txt"
grep -vE '^(_ZN5nacre|_ZNK5nacre|nacre_)' "$work/mangled.txt" | c++filt >"$work/others.txt" || true
if grep -vE "^$name" "$work/others.txt" >&2; then
  fail "the shared library shows names that are not its own"
fi
[ -s "$work/mangled.txt" ] || fail "the shared library shows nothing"

say "what it weighs"
strip -o "$work/stripped.so" "$library"
bytes=$(stat -c %s "$work/stripped.so")
[ "$bytes" -lt "$bytes_max" ] || fail "stripped, the library has $bytes bytes; $bytes_max at most"
say "$(wc -l <"$work/mangled.txt") names, $bytes bytes stripped: fine"
