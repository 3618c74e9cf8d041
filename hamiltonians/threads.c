#include "hamiltonians/threads.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

typedef int get_count(void);
typedef void set_count(int);

struct library {
    get_count *get;
    set_count *set;
};

static struct library openmp, openblas;
static pthread_once_t looked_up = PTHREAD_ONCE_INIT;

static struct library find(void *program, const char *get, const char *set)
{
    struct library library = {NULL, NULL};
    /* The conversion that POSIX writes down for dlsym: functions are not objects to ISO C. */
    *(void **)&library.get = dlsym(program, get);
    *(void **)&library.set = dlsym(program, set);
    if (!library.get || !library.set) library = (struct library){NULL, NULL};
    return library;
}

static void look_up(void)
{
    void *program = dlopen(NULL, RTLD_LAZY);
    if (!program) return;
    openmp = find(program, "omp_get_max_threads", "omp_set_num_threads");
    openblas = find(program, "openblas_get_num_threads", "openblas_set_num_threads");
}

static int exchange(const struct library *library, int count)
{
    if (!library->set || count < 1) return 0;
    const int before = library->get();
    if (before != count) library->set(count);
    return before;
}

void hm_threads_set(int count, struct hm_threads *before)
{
    pthread_once(&looked_up, look_up);
    *before = (struct hm_threads){exchange(&openmp, count), exchange(&openblas, count)};
}

void hm_threads_restore(const struct hm_threads *before)
{
    exchange(&openmp, before->openmp);
    exchange(&openblas, before->openblas);
}
