#!/bin/sh
# A family's .def decides which methods are compiled, in a small project of its own.
set -u
failures=0
mkdir tree tree/predictors tree/scheduler
cat >tree/CMakeLists.txt <<END
cmake_minimum_required(VERSION 3.20)
project(family LANGUAGES NONE)
include("$SOURCE_DIR/cmake/HamletFamily.cmake")
hamlet_family(predictors predictors/predictors.def predictor)
hamlet_family(policies scheduler/policies.def policy policy_)
list(SORT predictors)
list(SORT policies)
file(WRITE "\${PROJECT_BINARY_DIR}/sources" "\${predictors} \${policies}")
add_custom_target(all_of_it ALL)
END
for name in zero linear unlisted; do
    echo "const struct hm_predictor_ops hm_predictor_$name = {0};" >tree/predictors/$name.c
done
echo 'extern const struct hm_predictor_ops hm_predictor_zero;' >tree/predictors/shared.c
echo 'const struct hm_policy_ops hm_policy_never = {0};' >tree/scheduler/policy_never.c
echo 'const struct hm_policy_ops hm_policy_always = {0};' >tree/scheduler/policy_always.c
echo 'static int shared;' >tree/scheduler/policy.c
printf '// HM_POLICY(always)\nHM_POLICY(never)\n' >tree/scheduler/policies.def

configures() { # what, the sources
    if cmake -S tree -B build >log 2>&1 && [ "$(cat build/sources)" = "$2" ]; then return; fi
    echo "$1: the sources are $(cat build/sources 2>/dev/null)"
    cat log
    failures=1
}
refuses() { # what, a word of the message
    if ! cmake -S tree -B build >log 2>&1 && tr -s ' \n' '  ' <log | grep -q -F "$2"; then return; fi
    echo "$1: not refused with '$2'"
    cat log
    failures=1
}

policies='scheduler/policy.c;scheduler/policy_never.c'
printf '// The methods.\nHM_PREDICTOR(zero)\n  HM_PREDICTOR( linear ) // with a comment\n' >tree/predictors/predictors.def
configures 'two methods of three' "predictors/linear.c;predictors/shared.c;predictors/zero.c $policies"

sleep 1.1
echo 'HM_PREDICTOR(zero)' >tree/predictors/predictors.def
cmake --build build >log 2>&1
if [ "$(cat build/sources)" != "predictors/shared.c;predictors/zero.c $policies" ]; then
    echo "a changed .def does not configure again: $(cat build/sources)"
    failures=1
fi

echo 'HM_PREDICTOR(gone)' >tree/predictors/predictors.def
refuses 'a method without a file' 'predictors/gone.c does not exist'
echo 'HM_PREDICTOR(zero) HM_PREDICTOR(linear)' >tree/predictors/predictors.def
refuses 'two methods in a line' 'cannot read'
rm tree/predictors/predictors.def
refuses 'no .def' 'predictors/predictors.def is missing'
exit $failures
