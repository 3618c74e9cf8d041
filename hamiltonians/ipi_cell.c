#include "hamiltonians/ipi_internal.h"

#include <math.h>
#include <string.h>

/* Where there is no period: an edge of that length, perpendicular to the others. */
void hm_ipi_fill_cell(const struct hm_frame *frame, double box, double cell[9])
{
    memcpy(cell, frame->cell, 9 * sizeof *cell);
    for (int row = 0; row < 3; row++) {
        for (int axis = 0; axis < 3 && !frame->periodic[row]; axis++) {
            double edge[3] = {0}, length = 0, basis[2][3];
            int known = 0;
            edge[(row + axis) % 3] = 1;
            for (int other = 0; other < 3; other++) { /* Gram-Schmidt against the edges that there are */
                if (other == row || (other > row && !frame->periodic[other])) continue;
                double *b = basis[known], norm = 0;
                memcpy(b, cell + 3 * other, sizeof basis[0]);
                for (int j = 0; j < known; j++) {
                    const double dot = b[0] * basis[j][0] + b[1] * basis[j][1] + b[2] * basis[j][2];
                    for (int k = 0; k < 3; k++) b[k] -= dot * basis[j][k];
                }
                for (int k = 0; k < 3; k++) norm += b[k] * b[k];
                for (int k = 0; k < 3; k++) b[k] /= sqrt(norm);
                const double dot = edge[0] * b[0] + edge[1] * b[1] + edge[2] * b[2];
                for (int k = 0; k < 3; k++) edge[k] -= dot * b[k];
                known++;
            }
            for (int k = 0; k < 3; k++) length += edge[k] * edge[k];
            if (length < 0.3) continue; /* of three axes, one is at least 1/sqrt(3) away from any plane */
            for (int k = 0; k < 3; k++) cell[3 * row + k] = box * edge[k] / sqrt(length);
            break;
        }
    }
}

void hm_ipi_wrap(const struct hm_frame *frame, const double cell[9], double *x)
{
    double across[9], volume = 0;
    for (int row = 0; row < 3; row++) {
        const double *b = cell + 3 * ((row + 1) % 3), *c = cell + 3 * ((row + 2) % 3);
        for (int k = 0; k < 3; k++)
            across[3 * row + k] = b[(k + 1) % 3] * c[(k + 2) % 3] - b[(k + 2) % 3] * c[(k + 1) % 3];
    }
    for (int k = 0; k < 3; k++) volume += cell[k] * across[k];
    memcpy(x, frame->x, 3 * frame->natom * sizeof *x);
    for (size_t i = 0; i < frame->natom; i++)
        for (int row = 0; row < 3; row++) {
            const double *a = across + 3 * row;
            const double turns = rint((a[0] * x[3 * i] + a[1] * x[3 * i + 1] + a[2] * x[3 * i + 2]) / volume);
            for (int k = 0; k < 3 && frame->periodic[row]; k++) x[3 * i + (size_t)k] -= turns * cell[3 * row + k];
        }
}
