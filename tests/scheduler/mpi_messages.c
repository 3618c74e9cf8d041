/* Messages between ranks. */
#include "scheduler/messages.h"
#include "tests/mpi_test.h"

#include <string.h>

static int rank, size;

static void look_around(void)
{
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
}

/* Everyone sends a growing message to the next; sizes from nothing to beyond any eager limit. */
static void test_ring(void)
{
    struct hm_outbox outbox = HM_OUTBOX_EMPTY;
    struct hm_inbox inbox = {0};
    look_around();
    for (size_t count = 0; count < 400000; count = 3 * count + 1) {
        struct hm_archive *archive = hm_outbox_open(&outbox);
        for (size_t i = 0; i < count; i++) hm_archive_put_real(archive, (double)i + rank);
        HM_ASSERT_OK(hm_outbox_send(&outbox, MPI_COMM_WORLD, (rank + 1) % size, HM_MESSAGE_ROWS));
        HM_ASSERT_OK(hm_inbox_expect(&inbox, MPI_COMM_WORLD, (rank + size - 1) % size, HM_MESSAGE_ROWS));
        CU_ASSERT_EQUAL(inbox.archive.size, count * sizeof(double));
        size_t wrong = 0;
        for (size_t i = 0; i < count; i++) {
            double value = -1;
            if (hm_archive_get_real(&inbox.archive, &value) != HM_OK || value != (double)i + (rank + size - 1) % size)
                wrong++;
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
    hm_outbox_release(&outbox);
    hm_inbox_release(&inbox);
}

static void test_failure_carries_its_message(void)
{
    struct hm_inbox inbox = {0};
    look_around();
    if (size == 1) return; /* a failure is told to another rank, and waits until it is heard */
    if (rank == size - 1) {
        HM_ASSERT_OK(
            hm_message_send_failure(MPI_COMM_WORLD, 0, hm_fail(HM_ORACLE_FAILED, "the oracle of %d broke", rank)));
    }
    if (rank == 0) {
        CU_ASSERT_EQUAL(hm_inbox_expect(&inbox, MPI_COMM_WORLD, size - 1, HM_MESSAGE_LABEL), HM_ORACLE_FAILED);
        CU_ASSERT_PTR_NOT_NULL(strstr(hm_status_message(), "broke"));
    }
    hm_inbox_release(&inbox);
    MPI_Barrier(MPI_COMM_WORLD);
}

static void test_agree(void)
{
    look_around();
    CU_ASSERT_EQUAL(hm_agree(MPI_COMM_WORLD, HM_OK), HM_OK);
    enum hm_status mine = rank == size / 2 ? hm_fail(HM_BAD_INPUT, "rank %d found it", rank) : HM_OK;
    CU_ASSERT_EQUAL(hm_agree(MPI_COMM_WORLD, mine), HM_BAD_INPUT);
    char expected[64];
    snprintf(expected, sizeof expected, "rank %d found it", size / 2);
    CU_ASSERT_STRING_EQUAL(hm_status_message(), expected);
}

static const struct hm_test tests[] = {
    {"ring of growing messages", test_ring},
    {"a failure carries its message", test_failure_carries_its_message},
    {"agreement on the worst status", test_agree},
};

HM_MPI_TEST_MAIN("messages", tests)
