/* Hamiltonians: everything that can tell the exact force on a set of atoms.
 *
 * One family, one shape: a const table of operations behind a handle. A new Hamiltonian is one file that
 * defines `const struct hm_hamiltonian_ops hm_hamiltonian_<name>` and one line in hamiltonians.def.
 *
 *   F = -dE/dx          virial = sum over atoms of x F^T (symmetric for pair forces)
 *
 * Shapes: force (natom, 3); virial (3, 3).
 * Units: Hartree atomic units.
 * Errors: create fails with HM_BAD_CONFIG (file:line:column: message). evaluate fails only when it cannot go on
 *   (HM_OUT_OF_MEMORY, HM_ORACLE_FAILED), or with HM_STOPPED where it waits for others and is called off; physics that
 *   went wrong (not converged, non-finite) is data in the label.
 * Owns: the handle owns its scratch; label arrays belong to the caller; the communicator of the group is borrowed for
 * as long as the handle lives, the rest of struct hm_oracle_group only by create. MPI: evaluate is collective over the
 * group's communicator. Everything else is local.
 */
#ifndef HM_HAMILTONIANS_HAMILTONIAN_H
#define HM_HAMILTONIANS_HAMILTONIAN_H

#include "io/archive.h"
#include "io/config.h"
#include "io/frame.h"
#include "io/interrupt.h"
#include "io/method.h"

enum hm_label_status { HM_LABEL_CONVERGED = 0, HM_LABEL_NOT_CONVERGED = 1, HM_LABEL_NOT_FINITE = 2 };

enum { HM_ITERATIONS_UNKNOWN = -1 };

struct hm_label {
    double energy;
    double *force;    // (natom, 3) owned by the caller
    double virial[9]; // (3, 3)
    double dipole[3]; // NaN where unknown
    enum hm_label_status status;
    int iterations; // self-consistency cycles; 1 for an analytic force, or HM_ITERATIONS_UNKNOWN
    double seconds; // wall time of the evaluation
};

/* Whom a Hamiltonian works for: one of several groups of ranks that answer at once. NULL: alone, and not interrupted.
 */
struct hm_oracle_group {
    int index, count;              // 0 of 1 where the driver is its own oracle
    const void *communicator;      // a pointer to an MPI_Comm, for Hamiltonians that work in parallel; NULL = one rank
    struct hm_interrupt interrupt; // asked by those that wait for others
};

struct hm_hamiltonian_ops {
    struct hm_method method;
    const char *const *keys; // of its section beside `type`, NULL at the end; others are refused
    bool analytic;           // cheap and exact: energies may be evaluated at every frame
    const char *caution;     // what a run's log says of it, or NULL

    enum hm_status (*create)(const struct hm_config *config, const struct hm_frame *frame,
                             const struct hm_oracle_group *group, void **self);
    enum hm_status (*evaluate)(void *self, const struct hm_frame *frame, struct hm_label *label);
    void (*destroy)(void **self);

    /* Optional (NULL): warm state that the next evaluation starts from (an SCF density). */
    void (*save)(const void *self, struct hm_archive *archive);
    enum hm_status (*load)(void *self, struct hm_archive *archive);
    void (*reset)(void *self);

    /* Optional: after how many seconds at most an evaluation gives up by itself. */
    double (*patience)(const struct hm_config *config);

    /* Optional: the bonds, for analysis; borrowed, (*nbond, 2) atom indices. */
    const size_t (*(*bonds)(const void *self, size_t *nbond))[2];
};

struct hm_hamiltonian {
    const struct hm_hamiltonian_ops *ops;
    void *self;
};

/* The table named by `hamiltonian.type`. */
enum hm_status hm_hamiltonian_find(const struct hm_config *config, const struct hm_hamiltonian_ops **ops);
/* After how many seconds at most an evaluation of it gives up by itself; 0 where it never does. */
double hm_hamiltonian_patience(const struct hm_config *config);
/* The i-th registered table, NULL past the end. */
const struct hm_hamiltonian_ops *hm_hamiltonian_registered(size_t index);

enum hm_status hm_hamiltonian_create(const struct hm_config *config, const struct hm_frame *frame,
                                     const struct hm_oracle_group *group, struct hm_hamiltonian *hamiltonian);
void hm_hamiltonian_destroy(struct hm_hamiltonian *hamiltonian);

/* Times the evaluation; a non-finite position, energy, force or virial makes the label HM_LABEL_NOT_FINITE. */
enum hm_status hm_hamiltonian_evaluate(struct hm_hamiltonian *hamiltonian, const struct hm_frame *frame,
                                       struct hm_label *label);
void hm_hamiltonian_save(const struct hm_hamiltonian *hamiltonian, struct hm_archive *archive);
enum hm_status hm_hamiltonian_load(struct hm_hamiltonian *hamiltonian, struct hm_archive *archive);
/* The next evaluation starts from nothing. */
void hm_hamiltonian_reset(struct hm_hamiltonian *hamiltonian);
const size_t (*hm_hamiltonian_bonds(const struct hm_hamiltonian *hamiltonian, size_t *nbond))[2];

#endif
