#include "tests/io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool skip_value(const char **at);

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " \n\t");
}

static bool skip_string(const char **at)
{
    if (*(*at)++ != '"') return false;
    for (; **at && **at != '"'; ++*at)
        if (**at == '\\') ++*at;
    return *(*at)++ == '"';
}

static bool skip_items(const char **at, char close, bool keys)
{
    ++*at;
    skip_blanks(at);
    if (**at == close) return (*at)++, true;
    for (;;) {
        skip_blanks(at);
        if (keys && !skip_string(at)) return false;
        skip_blanks(at);
        if (keys && *(*at)++ != ':') return false;
        if (!skip_value(at)) return false;
        skip_blanks(at);
        if (**at == close) return (*at)++, true;
        if (*(*at)++ != ',') return false;
    }
}

static bool skip_value(const char **at)
{
    skip_blanks(at);
    if (**at == '{') return skip_items(at, '}', true);
    if (**at == '[') return skip_items(at, ']', false);
    if (**at == '"') return skip_string(at);
    if (strncmp(*at, "null", 4) == 0) return *at += 4, true;
    if (!strchr("-0123456789", **at) || **at == '\0') return false;
    char *end;
    const double number = strtod(*at, &end);
    *at = end;
    return isfinite(number);
}

bool is_json(const char *text)
{
    const char *at = text;
    if (!skip_value(&at)) return false;
    skip_blanks(&at);
    return *at == '\0';
}

const char *json_value(const char *json, const char *key)
{
    char quoted[80];
    snprintf(quoted, sizeof quoted, "\"%s\": ", key);
    const char *at = strstr(json, quoted);
    return at ? at + strlen(quoted) : "";
}

bool json_starts(const char *json, const char *key, const char *start)
{
    return strncmp(json_value(json, key), start, strlen(start)) == 0;
}
