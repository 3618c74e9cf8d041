#!/bin/sh
# check_readme.sh ROOT: what README.md names exists. Prints each fault and exits 1.
#
# - the first two ./hamlet commands of its code blocks are a run and `./hamlet test`
# - FILE of each `hamlet run|validate|sweep FILE` in a code block exists
# - relative links lead to files
# - `folder/file` in backticks, of one of the project's folders, exists
set -u
cd "$1" || exit 1
if [ ! -f README.md ]; then echo 'README.md is missing'; exit 1; fi
failures=0

commands=$(awk '/^[ \t]*```/ { code = !code; next } code { sub(/^[ \t]*[$][ \t]*/, ""); print }' README.md)

first=$(printf '%s\n' "$commands" | grep -E '^\./hamlet( |$)' | head -n 2)
case $first in
'./hamlet run '*'
./hamlet test'*) ;;
*) printf 'the first two commands are not a run and ./hamlet test:\n%s\n' "$first"; failures=1 ;;
esac

exists() { # path, where it is named
    if [ ! -e "$1" ]; then echo "README.md $2 $1, which does not exist"; failures=1; fi
}

# The file may come after options, none of which takes a path of the project.
for file in $(printf '%s\n' "$commands" | grep -E '(^|[ /])hamlet (run|validate|sweep) ' | grep -o -E '[^ ]+\.ya?ml'); do
    case $file in examples/* | ./* | tests/*) exists "$file" 'runs' ;; esac
done

for link in $(grep -o -E '\]\([^)#]+' README.md | sed 's/^](//'); do
    case $link in *://* | mailto:*) ;; *) exists "$link" 'links to' ;; esac
done

folders='io|hamiltonians|predictors|scheduler|tests|examples|cmake|docs'
for path in $(grep -o -E "\`($folders)/[A-Za-z0-9_./-]*\`" README.md | tr -d '`' | sort -u); do
    exists "$path" 'names'
done
exit $failures
