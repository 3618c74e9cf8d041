#!/bin/sh
# The launcher's decisions, in a small tree of its own and with stand-ins for the tools that it calls.
set -u
here=$PWD
tools=$here/tools
tree="$here/a tree"
export STATE="$here/state" HAMLET_TOOLS="$tools" STUB_UID=1000
unset HAMLET_BUILD HAMLET_INSTALL
failures=0

mkdir "$tools" "$tree" "$STATE"
cp "$SOURCE_DIR/hamlet" "$tree/"
for room in io hamiltonians predictors scheduler cmake; do mkdir "$tree/$room"; touch "$tree/$room/file"; done
touch "$tree/CMakeLists.txt" "$tree/CMakePresets.json"

stub() { { echo '#!/bin/sh'; cat; } >"$tools/$1"; chmod +x "$tools/$1"; }
stub dpkg-query <<'END'
shift 3
for package in "$@"; do
    grep -q -x -e "$package" "$STATE/missing" 2>/dev/null || printf 'installed/%s ' "$package"
done
END
stub apt-get <<'END'
echo "apt-get $*" >>"$STATE/log"
case " $* " in
*' update '*) touch "$STATE/lists" ;;
*) [ -f "$STATE/lists" ] || { echo 'unable to locate'; exit 100; }
   rm -f "$STATE/missing" ;;
esac
END
stub sudo <<'END'
echo "sudo $1" >>"$STATE/log"
if [ "$1" = -n ]; then shift; fi
exec "$@"
END
stub id <<'END'
echo "$STUB_UID"
END
stub cmake <<'END'
case $1 in
--preset)
    folder=$4
    echo "configure ${folder##*/} $2" >>"$STATE/log"
    echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"$folder/CMakeCache.txt" ;;
--build)
    echo "build ${2##*/}" >>"$STATE/log"
    sleep "${STUB_SLEEP:-0}"
    if [ -f "$STATE/broken" ]; then echo 'x.c:1: error: broken'; exit 2; fi
    printf '#!/bin/sh\nfor a in "$@"; do echo "<$a>"; done\nexit 4\n' >"$2/hamlet"
    chmod +x "$2/hamlet" ;;
esac
END
stub ctest <<'END'
echo "ctest ${2##*/} $*" >>"$STATE/log"
case $2 in *mpich) exit "${STUB_MPICH:-0}" ;; *) exit "${STUB_CTEST:-0}" ;; esac
END
for name in mpicc.mpich mpiexec.mpich; do stub $name </dev/null; done

launch() { # fills status, output, errors, and log: what the tools were called for
    : >"$STATE/log"
    "$tree/hamlet" "$@" >"$here/output" 2>"$here/errors" </dev/null
    status=$?
    output=$(cat "$here/output")
    errors=$(cat "$here/errors")
    log=$(cat "$STATE/log")
}
expect() { # what, actual, pattern
    # shellcheck disable=SC2254
    case $2 in
    $3) ;;
    *) echo "$what: $1 is '$2', expected '$3'"; failures=1 ;;
    esac
}

what='missing packages, a user without a terminal'
printf 'cmake\nlibyaml-dev\n' >"$STATE/missing"
launch run x
expect status "$status" 2
expect errors "$errors" '*apt-get update && sudo apt-get install --no-install-recommends cmake libyaml-dev'
expect log "$log" ''

what='the same, with HAMLET_INSTALL=yes'
export HAMLET_INSTALL=yes
launch run x
expect status "$status" 4
expect errors "$errors" '*Installing: cmake libyaml-dev*Building, once'
expect log "$log" 'sudo -n
apt-get *install cmake libyaml-dev
sudo -n
apt-get * update
sudo -n
apt-get *install cmake libyaml-dev
configure release release
build release'
unset HAMLET_INSTALL

what='root'
rm -r "$tree/build"
echo cmake >"$STATE/missing"
STUB_UID=0
launch run x
expect status "$status" 4
expect log "$log" 'apt-get *install cmake
configure *'

what='root, with HAMLET_INSTALL=no'
rm -r "$tree/build"
echo cmake >"$STATE/missing"
HAMLET_INSTALL=no
export HAMLET_INSTALL
launch run x
expect status "$status" 2
expect log "$log" ''
unset HAMLET_INSTALL
rm "$STATE/missing"
STUB_UID=1000

what='the first launch'
launch run 'a b' ''
expect status "$status" 4
expect output "$output" '<run>
<a b>
<>'
expect errors "$errors" 'hamlet: Building, once'

what='a second launch'
launch run
expect status "$status" 4
expect errors "$errors" ''
expect log "$log" ''

what='a launch through a link from elsewhere'
ln -s "$tree/hamlet" "$here/link"
: >"$STATE/log"
output=$(cd / && "$here/link" run)
expect output "$output" '<run>'
expect log "$(cat "$STATE/log")" ''

what='a changed source'
sleep 0.02
touch "$tree/io/file"
launch run
expect log "$log" 'configure release release
build release'

what='a removed source'
sleep 0.02
rm "$tree/io/file"
launch run
expect log "$log" '*build release'

what='a build that fails'
sleep 0.02
touch "$tree/scheduler/file" "$STATE/broken"
launch run
expect status "$status" 1
expect output "$output" ''
expect errors "$errors" '*error: broken*could not be built (whole log: *build/release.log)'
rm "$STATE/broken"
launch run
expect status "$status" 4
expect log "$log" '*build release'

what='a tree that was moved'
mv "$tree" "$tree 2"
tree="$tree 2"
echo old >"$tree/build/release/old"
launch run
expect log "$log" 'configure release release
build release'
expect 'the old build' "$(ls "$tree/build/release")" 'CMakeCache.txt*'
if [ -e "$tree/build/release/old" ]; then echo "$what: the old build is reused"; failures=1; fi

what='two launches at a time'
rm -r "$tree/build"
: >"$STATE/log"
export STUB_SLEEP=1
"$tree/hamlet" one >"$here/one" 2>&1 &
"$tree/hamlet" two >"$here/two" 2>&1
wait $!
unset STUB_SLEEP
expect log "$(cat "$STATE/log")" 'configure release release
build release'
expect one "$(tail -n 1 "$here/one")" '<one>'
expect two "$(tail -n 1 "$here/two")" '<two>'

what='a folder for builds that cannot be written'
touch "$here/plain"
HAMLET_BUILD=$here/plain/build
export HAMLET_BUILD
launch run
expect status "$status" 2
expect errors "$errors" 'hamlet: cannot write in *set HAMLET_BUILD*'
expect log "$log" ''

what='HAMLET_BUILD'
HAMLET_BUILD=elsewhere
launch run
expect status "$status" 4
[ -x "$here/elsewhere/release/hamlet" ] || { echo "$what: nothing is built in it"; failures=1; }
unset HAMLET_BUILD

what='test'
launch test -R io
expect status "$status" 0
expect log "$log" 'configure test release
build test
configure test-mpich mpich
build test-mpich
ctest test-mpich * -L mpi -R io
ctest test * -R io'

what='test, with packages missing that only some tests need'
echo python3-ase >"$STATE/missing"
launch test
expect status "$status" 0
expect errors "$errors" '*tests that need them are skipped: python3-ase
*'

for codes in '1 0' '0 1'; do
    what="test, with ctest returning $codes"
    export STUB_MPICH="${codes% *}" STUB_CTEST="${codes#* }"
    launch test
    expect status "$status" 1
    expect log "$log" '*ctest test-mpich *ctest test *'
done
exit $failures
