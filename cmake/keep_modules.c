/* Linked into sanitizer builds only: modules that the MPI library opens stay loaded, so that the leak checker can name
 * the module in which memory was allocated, and tests/lsan.supp can tell the library's leaks from Hamlet's. */
#include <dlfcn.h>

int dlclose(void *handle)
{
    (void)handle;
    return 0;
}
