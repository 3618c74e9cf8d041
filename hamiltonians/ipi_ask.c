/* One request of `ipi`, from STATUS to the last byte of the answer. */
#include "hamiltonians/ipi_internal.h"

#include "hamiltonians/ipi_protocol.h"

#include "io/log.h"

#include <stdio.h>
#include <string.h>

enum { INIT_MOST = 128, SKIP_BYTES = 4096 };

static enum hm_status receive_word(struct ipi *ipi, const struct hm_ipi_patience *patience, const char *when,
                                   enum hm_ipi_word *word)
{
    unsigned char bytes[HM_IPI_WORD_BYTES];
    char quoted[4 * HM_IPI_WORD_BYTES + 3];
    HM_TRY(hm_ipi_judge(ipi, hm_ipi_receive(ipi->connection, bytes, sizeof bytes, patience), when));
    *word = hm_ipi_read_word(bytes);
    if (*word != HM_IPI_UNKNOWN && *word != HM_IPI_FORCEREADY) return HM_OK;
    hm_ipi_quote_word(bytes, quoted);
    return hm_ipi_fault(ipi, "answered %s to STATUS %s", quoted, when);
}

static enum hm_status get_ready(struct ipi *ipi, const struct hm_ipi_patience *patience)
{
    static const char when[] = "before the positions";
    unsigned char status[HM_IPI_WORD_BYTES], init[INIT_MOST];
    char text[64];
    enum hm_ipi_word word = HM_IPI_NEEDINIT;
    hm_ipi_write_word(status, "STATUS");
    for (int turn = 0; turn < 2; turn++) {
        HM_TRY(hm_ipi_judge(ipi, hm_ipi_send(ipi->connection, status, sizeof status, patience), when));
        HM_TRY(receive_word(ipi, patience, when, &word));
        if (word == HM_IPI_READY) return HM_OK;
        if (word == HM_IPI_HAVEDATA) return hm_ipi_fault(ipi, "has forces before it was given positions");
        snprintf(text, sizeof text, "hamlet: %zu atoms", ipi->natom);
        const size_t size = hm_ipi_write_init(init, ipi->group, text);
        HM_TRY(hm_ipi_judge(ipi, hm_ipi_send(ipi->connection, init, size, patience), when));
    }
    return hm_ipi_fault(ipi, "asks for INIT again and again");
}

static enum hm_status receive_answer(struct ipi *ipi, const struct hm_ipi_patience *patience, struct hm_label *label)
{
    static const char when[] = "with its forces half sent";
    struct hm_ipi_answer answer = {.wanted = HM_IPI_WORD_BYTES};
    unsigned char skipped[SKIP_BYTES];
    size_t got = 0;
    enum hm_ipi_progress progress = HM_IPI_MORE;
    while (progress == HM_IPI_MORE) {
        HM_TRY(hm_ipi_judge(ipi, hm_ipi_receive(ipi->connection, ipi->in + got, answer.wanted - got, patience), when));
        got = answer.wanted;
        progress = hm_ipi_read_answer(ipi->in, got, ipi->natom, label->force, &answer);
    }
    if (progress == HM_IPI_NONSENSE && answer.other)
        return hm_ipi_fault(ipi, "has %d atoms, the geometry %zu: its input is of another system", (int)answer.natom,
                            ipi->natom);
    if (progress == HM_IPI_NONSENSE) return hm_ipi_fault(ipi, "sent forces that are none: %s", answer.what);
    while (answer.text > 0) {
        const size_t part = answer.text < SKIP_BYTES ? answer.text : SKIP_BYTES;
        HM_TRY(hm_ipi_judge(ipi, hm_ipi_receive(ipi->connection, skipped, part, patience), when));
        answer.text -= part;
    }
    label->energy = answer.energy;
    memcpy(label->virial, answer.virial, sizeof label->virial);
    return HM_OK;
}

enum hm_status hm_ipi_ask(struct ipi *ipi, const struct hm_frame *frame, struct hm_label *label)
{
    const struct hm_ipi_patience patience = {hm_clock() + ipi->deadline, ipi->interrupt};
    static const char when[] = "with positions to work on";
    enum hm_ipi_word word;
    double cell[9];
    HM_TRY(get_ready(ipi, &patience));
    hm_ipi_fill_cell(frame, ipi->box, cell);
    hm_ipi_wrap(frame, cell, ipi->x);
    /* All that is left to say, at once: the client takes it up word by word, and each wait for it costs two wake-ups.
     */
    size_t size = hm_ipi_write_posdata(ipi->out, cell, ipi->natom, ipi->x);
    size += hm_ipi_write_word(ipi->out + size, "STATUS");
    size += hm_ipi_write_word(ipi->out + size, "GETFORCE");
    HM_TRY(hm_ipi_judge(ipi, hm_ipi_send(ipi->connection, ipi->out, size, &patience), when));
    HM_TRY(receive_word(ipi, &patience, when, &word)); /* when it has forces */
    if (word != HM_IPI_HAVEDATA) return hm_ipi_fault(ipi, "lost the positions it was given");
    return receive_answer(ipi, &patience, label);
}
