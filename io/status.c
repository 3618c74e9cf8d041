#include "io/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 16384 };

static _Thread_local char message[MESSAGE_BYTES];

static const struct {
    int exit_code;
    const char *text;
} table[HM_STATUS_COUNT] = {
#define HM_STATUS(name, exit_code, text) [name] = {exit_code, text},
#include "io/status.def"
#undef HM_STATUS
};

/* Formats into a scratch first: the arguments may point into the message itself. */
static void store(size_t offset, const char *format, va_list arguments)
{
    char scratch[MESSAGE_BYTES];
    vsnprintf(scratch, sizeof scratch, format, arguments);
    if (offset < MESSAGE_BYTES) snprintf(message + offset, MESSAGE_BYTES - offset, "%s", scratch);
}

enum hm_status hm_fail(enum hm_status code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    store(0, format, arguments);
    va_end(arguments);
    return code;
}

enum hm_status hm_fail_append(enum hm_status code, const char *format, ...)
{
    size_t length = strlen(message);
    if (length > 0 && length + 1 < MESSAGE_BYTES) {
        message[length++] = '\n';
        message[length] = '\0';
    }
    va_list arguments;
    va_start(arguments, format);
    store(length, format, arguments);
    va_end(arguments);
    return code;
}

const char *hm_status_message(void)
{
    return message;
}

void hm_status_clear(void)
{
    message[0] = '\0';
}

const char *hm_status_text(enum hm_status status)
{
    return status >= 0 && status < HM_STATUS_COUNT ? table[status].text : "unknown status";
}

int hm_status_exit_code(enum hm_status status)
{
    return status >= 0 && status < HM_STATUS_COUNT ? table[status].exit_code : 1;
}

enum hm_status hm_status_from_exit_code(int exit_code)
{
    for (int status = 0; status < HM_STATUS_COUNT; status++)
        if (table[status].exit_code == exit_code) return (enum hm_status)status;
    return HM_INTERNAL;
}
