#!/bin/sh
# The manual is what the program says of itself: the pages in docs/ that are generated are up to date, man pages and shell
# completion name every command and every key, and what reads them finds no fault in them.
set -u
failures=0
fail() { echo "$*"; failures=1; }

"$HAMLET" manual manual || exit 1
for page in keys.md commands.md; do
    cmp "$SOURCE_DIR/docs/$page" "manual/$page" || fail "docs/$page is stale: hamlet manual manual; cp manual/$page docs"
done

commands=$("$HAMLET" --help | sed -n 's/^  hamlet \([a-z]*\) .*/\1/p')
[ "$(echo "$commands" | wc -l)" -ge 10 ] || fail "hamlet --help lists too few commands: $commands"
for command in $commands; do
    [ -s "manual/hamlet-$command.1" ] || fail "there is no man page of hamlet $command"
    grep -q "^\.BR hamlet.-$command (1)" manual/hamlet.1 || fail "hamlet.1 does not name $command"
    for option in $("$HAMLET" "$command" --help | grep -o -E -- '--[a-z-]+' | grep -v -E 'version|usage|help' | sort -u); do
        name=$(printf '%s' "$option" | sed 's/-/\\\\-/g')
        grep -q -- "$name" "manual/hamlet-$command.1" || fail "hamlet-$command.1 does not name $option"
        grep -q -- "--${option#--}" manual/_hamlet || fail "_hamlet does not name $option"
    done
done
"$HAMLET" explain | sed -n 's/^  \([a-z_.]*\) .*/\1/p' >keys
[ "$(wc -l <keys)" -ge 50 ] || fail 'hamlet explain lists too few keys'
while read -r key; do
    grep -q -F "\`$key\`" manual/keys.md || fail "keys.md does not name $key"
    grep -q -F "\"$key\"" manual/hamlet-config.5 || fail "hamlet-config.5 does not name $key"
done <keys

if command -v man >/dev/null && command -v groff >/dev/null; then
    for page in manual/*.[15]; do
        groff -man -Tutf8 -ww -z "$page" 2>warnings
        [ ! -s warnings ] || { cat warnings; fail "$page has faults"; }
    done
fi

if command -v bash >/dev/null; then
    complete() { # words of a command line, the last being typed; what is offered for it
        bash -c '. manual/hamlet.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hamlet; printf "%s\n" "${COMPREPLY[@]}"' \
            bash "$@" 2>&1
    }
    touch a.yaml a.h5 a.chk
    [ "$(complete hamlet wat)" = watch ] || fail "no completion of a command: $(complete hamlet wat)"
    [ "$(complete hamlet report --ref)" = --reference= ] || fail "of an option: $(complete hamlet report --ref)"
    [ "$(complete hamlet explain policy.freq)" = policy.frequency ] || fail "of a key: $(complete hamlet explain policy.freq)"
    [ "$(complete hamlet run --set policy.freq)" = policy.frequency= ] || fail 'of a setting'
    complete hamlet run '' | grep -q -x a.yaml || fail "of a configuration: $(complete hamlet run '')"
    complete hamlet run '' | grep -q -x a.h5 && fail 'a trajectory is offered as a configuration'
    [ "$(complete hamlet watch a)" = a.h5 ] || fail "of a trajectory: $(complete hamlet watch a)"
    [ "$(complete hamlet resume a)" = a.chk ] || fail "of a checkpoint: $(complete hamlet resume a)"
fi
if command -v zsh >/dev/null; then zsh -n manual/_hamlet || fail '_hamlet has faults'; fi

mkdir file && chmod 500 file
[ "$(id -u)" -eq 0 ] || ! "$HAMLET" manual file/x 2>/dev/null || fail 'a folder that cannot be made is no failure'
"$HAMLET" manual 2>/dev/null && fail 'hamlet manual without a folder is no failure'
exit $failures
