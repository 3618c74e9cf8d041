/* Reading what `--json` printed, as far as tests need it. MPI: local. */
#ifndef HM_TESTS_IO_JSON_H
#define HM_TESTS_IO_JSON_H

#include <stdbool.h>

/* Is the whole text one JSON value, with finite numbers only? */
bool is_json(const char *text);

/* Where the value of a key starts; "" if the key is missing. */
const char *json_value(const char *json, const char *key);
bool json_starts(const char *json, const char *key, const char *start);

#endif
